/**
 * A SKU as it was at an earlier version.
 *
 * Guarantee: exact, or absent. It is counted back from the levels of now, so that only the ledger's rows since then are read;
 * if one of them is not kept any more, nothing is said. Rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { announcedTerms, decodeTerms, type AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { LevelUnits } from "@holdfast/domain/StockState"
import type { Reader } from "./Snapshot.ts"

/** A version that was the newest for some time: a commit may have made several at once, of which the last counts. */
export interface CommittedVersion {
  readonly version: number
  /** milliseconds since the epoch */
  readonly committedAt: number
  /** of its last change */
  readonly occurredAt: number
}

const millis = (sql: Reader, column: string) => sql`round(extract(epoch from ${sql(column)}) * 1000)::float8`

/** The newest version that was committed at or before a time, milliseconds since the epoch. Undefined where none was. */
export const versionAt = async (sql: Reader, sku: Sku, at: number): Promise<CommittedVersion | undefined> => {
  const [row] = await sql<Array<CommittedVersion>>`
    select version, ${millis(sql, "committed_at")} as "committedAt", ${millis(sql, "occurred_at")} as "occurredAt"
    from ledger where sku = ${sku} and committed_at <= to_timestamp(${at}::float8 / 1000)
    order by version desc limit 1`
  return row
}

/** Levels at all locations that the SKU had at that version. Undefined where the ledger does not go back so far. */
export const levelsAt = async (
  sql: Reader,
  sku: Sku,
  version: number
): Promise<ReadonlyArray<LevelUnits> | undefined> => {
  const rows = await sql<Array<LevelUnits & { readonly existed: boolean; readonly isComplete: boolean }>>`
    with later as (
      select location_id, count(*) as changes, sum(on_hand) as on_hand, sum(receiving) as receiving,
        sum(inspection) as inspection, sum(damaged) as damaged, sum(quality) as quality, sum(committed) as committed,
        sum(held) as held, sum(incoming) as incoming, sum(in_transit) as in_transit, sum(safety_stock) as safety_stock
      from ledger where sku = ${sku} and version > ${version} group by location_id)
    select location_id as "locationId", (s.on_hand - coalesce(l.on_hand, 0))::int as "onHand",
      (s.receiving - coalesce(l.receiving, 0))::int as receiving,
      (s.inspection - coalesce(l.inspection, 0))::int as inspection,
      (s.damaged - coalesce(l.damaged, 0))::int as damaged, (s.quality - coalesce(l.quality, 0))::int as quality,
      (s.committed - coalesce(l.committed, 0))::int as committed, (s.held - coalesce(l.held, 0))::int as held,
      (s.incoming - coalesce(l.incoming, 0))::int as incoming,
      (s.in_transit - coalesce(l.in_transit, 0))::int as "inTransit",
      (s.safety_stock - coalesce(l.safety_stock, 0))::int as "safetyStock",
      exists (select 1 from ledger e where e.sku = ${sku} and e.location_id = s.location_id and e.version <= ${version})
        as existed,
      max(s.version) over () - ${version} = coalesce(sum(l.changes) over (), 0) as "isComplete"
    from stock_level s left join later l using (location_id) where s.sku = ${sku} order by location_id`
  if (rows[0]?.isComplete !== true) return undefined
  return rows.flatMap(({ existed, isComplete, ...level }) => (existed && isComplete ? [level] : []))
}

/** What a change did to the units of its location. */
export interface UnitsChange extends LevelUnits {
  readonly version: number
  /** milliseconds since the epoch */
  readonly committedAt: number
  /** on what terms the SKU is sold from then on; null: as before */
  readonly terms: AnnouncedTerms | null
}

/** On what terms the SKU was sold at that version; undefined: on none. */
export const termsAt = async (sql: Reader, sku: Sku, version: number): Promise<AnnouncedTerms | undefined> => {
  const [row] = await sql<Array<{ terms: string }>>`
    select terms from ledger where sku = ${sku} and version <= ${version} and terms is not null order by version desc limit 1`
  return row === undefined ? undefined : announcedTerms(decodeTerms(row.terms))
}

/** Changes of versions `after < version <= upTo`, the newest first. @param limit most changes */
export const changesBack = async (
  sql: Reader,
  sku: Sku,
  after: number,
  upTo: number,
  limit: number
): Promise<ReadonlyArray<UnitsChange>> => {
  const rows = await sql<Array<Omit<UnitsChange, "terms"> & { readonly terms: string | null }>>`
  select version, ${millis(sql, "committed_at")} as "committedAt", location_id as "locationId", on_hand as "onHand",
    coalesce(receiving, 0) as receiving, coalesce(inspection, 0) as inspection, coalesce(damaged, 0) as damaged,
    coalesce(quality, 0) as quality, committed, held, coalesce(incoming, 0) as incoming,
    coalesce(in_transit, 0) as "inTransit", coalesce(safety_stock, 0) as "safetyStock", terms
  from ledger where sku = ${sku} and version > ${after} and version <= ${upTo} order by version desc limit ${limit}`
  return rows.map(({ terms, ...change }) => ({
    ...change,
    terms: terms === null ? null : (announcedTerms(decodeTerms(terms)) ?? { allotments: [] })
  }))
}
