/**
 * Queries on `listing_history`: what a channel was told of a SKU, and what it answered, at any time that is kept.
 *
 * Guarantee: an entry that was stored twice is given once. Every function rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { ListingHistoryRow } from "./Listing.ts"
import type { Reader } from "./Snapshot.ts"

/** `lost` entries directly before this one are missing; usually none. */
export type ListingEntry = Omit<ListingHistoryRow, "sku" | "detail" | "lost"> & {
  readonly detail: string | null
  readonly lost: number
}

const columns = (sql: Reader) => sql`
  quantity, version, outcome, round(extract(epoch from requested_at) * 1000)::float8 as "requestedAt",
  round(extract(epoch from answered_at) * 1000)::float8 as "answeredAt", attempts, detail, coalesce(lost, 0) as lost`

/** Those up to a time, the newest last. @param at milliseconds since the epoch @param limit most entries: the newest */
export const entriesUpTo = async (
  sql: Reader,
  channel: string,
  sku: Sku,
  at: number,
  limit: number
): Promise<ReadonlyArray<ListingEntry>> => {
  const rows = await sql<Array<ListingEntry>>`
    select distinct on (answered_at, version, outcome) ${columns(sql)} from (
      select * from listing_history
      where channel = ${channel} and sku = ${sku} and answered_at <= to_timestamp(${at}::float8 / 1000)
      order by answered_at desc limit ${2 * limit}) as newest
    order by answered_at desc, version desc, outcome limit ${limit}`
  return rows.toReversed()
}

/** The last that says what the channel shows, at or before a time. */
export const shownAt = async (
  sql: Reader,
  channel: string,
  sku: Sku,
  at: number
): Promise<ListingEntry | undefined> => {
  const [row] = await sql<Array<ListingEntry>>`
    select ${columns(sql)} from listing_history
    where channel = ${channel} and sku = ${sku} and answered_at <= to_timestamp(${at}::float8 / 1000)
      and outcome <> 'rejected'
    order by answered_at desc, version desc limit 1`
  return row
}

/** The first after a time that says what the channel shows for this version or a newer one. */
export const shownAfter = async (
  sql: Reader,
  channel: string,
  sku: Sku,
  at: number,
  version: number
): Promise<ListingEntry | undefined> => {
  const [row] = await sql<Array<ListingEntry>>`
    select ${columns(sql)} from listing_history
    where channel = ${channel} and sku = ${sku} and answered_at > to_timestamp(${at}::float8 / 1000)
      and outcome <> 'rejected' and version >= ${version}
    order by answered_at, version limit 1`
  return row
}
