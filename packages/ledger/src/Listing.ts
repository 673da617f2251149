/**
 * Queries on `listing`, what each channel last confirmed for a SKU, and the writing of `listing_history`, all it was told.
 *
 * Guarantee: a stored version never goes back; one statement per call, so a batch is stored as a whole or not at all.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { numberArray, sparseArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** `confirmedAt` is milliseconds since the epoch. */
export interface ListingRow {
  readonly sku: Sku
  readonly quantity: number
  readonly version: number
  readonly confirmedAt: number
}

/** One entry of the history of a listing, see `listing_history`. Times are milliseconds since the epoch. */
export interface ListingHistoryRow {
  readonly sku: Sku
  readonly quantity: number
  readonly version: number
  readonly outcome: "applied" | "rejected" | "found"
  readonly requestedAt: number
  readonly answeredAt: number
  readonly attempts: number
  readonly detail?: string
  readonly lost?: number
}

/** All listings of a channel, in no order. Rejects with what postgres.js threw. */
export const loadListings = async (sql: Sql, channel: string): Promise<ReadonlyArray<ListingRow>> => {
  const rows = await sql`
    select sku, quantity, version, (extract(epoch from confirmed_at) * 1000)::float8 as confirmed_at
    from listing where channel = ${channel}`
  return rows.map((row) => ({
    sku: row["sku"] as Sku,
    quantity: row["quantity"] as number,
    version: row["version"] as number,
    confirmedAt: Math.round(row["confirmed_at"] as number)
  }))
}

const historyInsert = (sql: Sql, channel: string, rows: ReadonlyArray<ListingHistoryRow>) => sql`
  insert into listing_history
    (channel, sku, quantity, version, outcome, requested_at, answered_at, attempts, detail, lost)
  select ${channel}, h.sku, h.quantity, h.version, h.outcome, to_timestamp(h.requested_at / 1000.0),
    to_timestamp(h.answered_at / 1000.0), h.attempts, h.detail, h.lost
  from unnest(
    ${textArray(rows.map(({ sku }) => sku))}::text[],
    ${numberArray(rows.map(({ quantity }) => quantity))}::int[],
    ${numberArray(rows.map(({ version }) => version))}::bigint[],
    ${textArray(rows.map(({ outcome }) => outcome))}::text[],
    ${numberArray(rows.map(({ requestedAt }) => requestedAt))}::float8[],
    ${numberArray(rows.map(({ answeredAt }) => answeredAt))}::float8[],
    ${numberArray(rows.map(({ attempts }) => attempts))}::int[],
    ${sparseArray(rows.map(({ detail }) => detail?.replaceAll("\0", "")))}::text[],
    ${sparseArray(rows.map(({ lost }) => lost))}::int[]
  ) as h(sku, quantity, version, outcome, requested_at, answered_at, attempts, detail, lost)`

/**
 * Stores the rows, each SKU at most once, and adds to the history. A row whose stored version is newer stays as it is.
 *
 * @param history oldest first
 */
export const saveListings = async (
  sql: Sql,
  channel: string,
  rows: ReadonlyArray<ListingRow>,
  history: ReadonlyArray<ListingHistoryRow>
): Promise<void> => {
  if (rows.length + history.length === 0) return
  await sql`
    with told as (${historyInsert(sql, channel, history)})
    insert into listing as l (channel, sku, quantity, version, confirmed_at)
    select ${channel}, t.sku, t.quantity, t.version, to_timestamp(t.confirmed_at / 1000.0)
    from unnest(
      ${textArray(rows.map(({ sku }) => sku))}::text[],
      ${numberArray(rows.map(({ quantity }) => quantity))}::int[],
      ${numberArray(rows.map(({ version }) => version))}::bigint[],
      ${numberArray(rows.map(({ confirmedAt }) => confirmedAt))}::float8[]
    ) as t(sku, quantity, version, confirmed_at)
    on conflict (channel, sku) do update
      set quantity = excluded.quantity, version = excluded.version, confirmed_at = excluded.confirmed_at
      where l.version <= excluded.version`
}
