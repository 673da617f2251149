/**
 * Queries on `listing_day`: how often each channel's listings were written within their days.
 *
 * Guarantee: one statement per call, so that a batch is stored as a whole or not at all. Every function rejects with what postgres.js
 * threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { numberArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** Slots of `[until, writes, writes that are not to zero]` by the name of a limit; times are milliseconds since the epoch. */
export interface ListingDayRow {
  readonly sku: Sku
  readonly written: Readonly<Record<string, ReadonlyArray<readonly [number, number, number]>>>
  readonly until: number
}

/** Those that still count; others are removed. */
export const loadListingDays = async (sql: Sql, channel: string): Promise<ReadonlyArray<ListingDayRow>> => {
  await sql`delete from listing_day where channel = ${channel} and until <= now()`
  return sql<Array<ListingDayRow>>`
    select sku, written, round(extract(epoch from until) * 1000)::float8 as until
    from listing_day where channel = ${channel}`
}

/** Each SKU at most once; replaces what was stored of it. */
export const saveListingDays = async (sql: Sql, channel: string, rows: ReadonlyArray<ListingDayRow>): Promise<void> => {
  if (rows.length === 0) return
  await sql`
    insert into listing_day as d (channel, sku, written, until)
    select ${channel}, t.sku, t.written::jsonb, to_timestamp(t.until / 1000.0)
    from unnest(
      ${textArray(rows.map(({ sku }) => sku))}::text[],
      ${textArray(rows.map(({ written }) => JSON.stringify(written)))}::text[],
      ${numberArray(rows.map(({ until }) => until))}::float8[]
    ) as t(sku, written, until)
    order by t.sku
    on conflict (channel, sku) do update set written = excluded.written, until = excluded.until`
}
