/**
 * The ledger's rows of one SKU as a history: what changed, why, and what it was before and after.
 *
 * Guarantee: `before` and `after` are those of the row's location, counted back from the level as it is stored, so that only
 * the rows from the first shown on are read. Rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { HistoryRow } from "@holdfast/domain/StockHistory"
import { documentKind } from "./OpenLines.ts"
import type { Reader } from "./Snapshot.ts"

export interface HistoryQuery {
  /** most rows: the newest */
  readonly limit: number
  /** only what was committed from then on, milliseconds since the epoch */
  readonly since?: number | undefined
  /** only up to this version */
  readonly upTo?: number | undefined
  /** only what belongs to this order */
  readonly orderId?: string | undefined
}

export interface SkuHistory {
  /** rows that the query is about, shown or not */
  readonly matching: number
  /** newest last */
  readonly rows: ReadonlyArray<HistoryRow>
}

const wanted = (sql: Reader, sku: Sku, { since, upTo, orderId }: HistoryQuery) => sql`
  sku = ${sku} and (${since ?? null}::float8 is null or committed_at >= to_timestamp(${since ?? null}::float8 / 1000))
  and (${upTo ?? null}::bigint is null or version <= ${upTo ?? null})
  and (${orderId ?? null}::text is null or (document_id = ${orderId ?? null} and ${documentKind(sql)} = 'order'))`

const millis = (sql: Reader, column: string) => sql`
  case when isfinite(${sql(column)}) then round(extract(epoch from ${sql(column)}) * 1000)::float8 end`

/** On hand or not, these units are not available. */
const keptBack = (sql: Reader) => sql`
  coalesce(receiving, 0) + coalesce(inspection, 0) + coalesce(damaged, 0) + coalesce(quality, 0) + coalesce(safety_stock, 0)`

/** The rows from the first wanted one on, each with its location's level as it was after it. */
const walked = (sql: Reader, sku: Sku) => sql`
  select *, level_on_hand - coalesce(sum(on_hand) over later, 0) as on_hand_after,
    level_committed - coalesce(sum(committed) over later, 0) as committed_after,
    level_held - coalesce(sum(held) over later, 0) as held_after,
    level_kept_back - coalesce(sum(${keptBack(sql)}) over later, 0) as kept_back_after
  from ledger join (
    select location_id, on_hand as level_on_hand, committed as level_committed, held as level_held,
      ${keptBack(sql)} as level_kept_back from stock_level where sku = ${sku}) as level using (location_id)
  where sku = ${sku} and version >= (select min(version) from wanted)
  window later as (partition by location_id order by version desc rows between unbounded preceding and 1 preceding)`

const unitsAfter = (sql: Reader) => sql`json_build_object('onHand', on_hand_after, 'committed', committed_after,
  'held', held_after, 'available', on_hand_after - kept_back_after - committed_after - held_after)`

const unitsBefore = (sql: Reader) => sql`json_build_object('onHand', on_hand_after - on_hand,
  'committed', committed_after - committed, 'held', held_after - held,
  'available', on_hand_after - on_hand - (kept_back_after - (${keptBack(sql)})) - (committed_after - committed) - (held_after - held))`

const deltas = (sql: Reader) => sql`json_strip_nulls(json_build_object('onHand', nullif(on_hand, 0),
  'receiving', nullif(receiving, 0), 'inspection', nullif(inspection, 0), 'damaged', nullif(damaged, 0),
  'quality', nullif(quality, 0), 'committed', nullif(committed, 0), 'held', nullif(held, 0),
  'safetyStock', nullif(safety_stock, 0), 'incoming', nullif(incoming, 0), 'inTransit', nullif(in_transit, 0),
  'oversold', nullif(oversold, 0)))`

const newest = (sql: Reader, sku: Sku, asked: HistoryQuery) => sql<Array<HistoryRow>>`
  with wanted as materialized (
    select version from ledger where ${wanted(sql, sku, asked)} order by version desc limit ${asked.limit}),
  walked as (${walked(sql, sku)})
  select version, kind, location_id as "locationId", ${millis(sql, "occurred_at")} as "occurredAt",
    ${millis(sql, "committed_at")} as "committedAt", cause_source as source, cause_id as id, channel,
    document_id as "documentId", reservation_id as "reservationId", ${millis(sql, "expires_at")} as "expiresAt",
    ${millis(sql, "counted_at")} as "countedAt", reason, done_by as by, reference, counted as "seenByCount",
    ${deltas(sql)} as deltas, ${unitsBefore(sql)} as before, ${unitsAfter(sql)} as after
  from walked join wanted using (version) order by version`

export const skuHistory = async (sql: Reader, sku: Sku, asked: HistoryQuery): Promise<SkuHistory> => {
  const [[count], rows] = await Promise.all([
    sql<Array<{ matching: number }>>`select count(*)::int as matching from ledger where ${wanted(sql, sku, asked)}`,
    newest(sql, sku, asked)
  ])
  return { matching: count!.matching, rows }
}
