/**
 * Queries on `listing`: what each channel last confirmed for a SKU.
 *
 * Guarantee: a stored version never goes back; one statement per call, so a batch is stored as a whole or not at all.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Sql } from "./Database.ts"

/** `confirmedAt` is milliseconds since the epoch. */
export interface ListingRow {
  readonly sku: Sku
  readonly quantity: number
  readonly version: number
  readonly confirmedAt: number
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

/** Stores the rows; each SKU at most once. A row whose stored version is newer stays as it is. */
export const saveListings = async (sql: Sql, channel: string, rows: ReadonlyArray<ListingRow>): Promise<void> => {
  if (rows.length === 0) return
  await sql`
    insert into listing as l (channel, sku, quantity, version, confirmed_at)
    select ${channel}, t.sku, t.quantity, t.version, to_timestamp(t.confirmed_at / 1000.0)
    from unnest(
      ${rows.map((row) => row.sku)}::text[],
      ${rows.map((row) => row.quantity)}::int[],
      ${rows.map((row) => row.version)}::bigint[],
      ${rows.map((row) => row.confirmedAt)}::float8[]
    ) as t(sku, quantity, version, confirmed_at)
    on conflict (channel, sku) do update
      set quantity = excluded.quantity, version = excluded.version, confirmed_at = excluded.confirmed_at
      where l.version <= excluded.version`
}
