/**
 * Everything that is known of one SKU, for people: levels, holds, open documents, history, and what is set aside.
 *
 * Guarantee: all of it is of one moment. Rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { SkuTerms } from "@holdfast/domain/SkuTerms"
import type { StockLevel } from "@holdfast/domain/StockState"
import type { Sql } from "./Database.ts"
import { openLines, type OpenLine } from "./OpenLines.ts"
import { skuHistory, type HistoryQuery, type SkuHistory } from "./SkuHistory.ts"
import { atOneMoment, type Reader } from "./Snapshot.ts"
import { storedTerms } from "./StoredTerms.ts"

/** A level, and the version of its SKU at which it changed last. */
export interface VersionedLevel extends StockLevel {
  readonly version: number
}

export interface OpenHold {
  readonly reservationId: string
  readonly locationId: string
  readonly quantity: number
  readonly orderId: string | null
  /** milliseconds until it ends by itself, by the database's clock; not positive when that is due, null when it never does */
  readonly expiresInMillis: number | null
}

/** Facts that are parked and wait, by reason. */
export interface ParkedFacts {
  readonly reason: string
  readonly count: number
  /** the oldest of them */
  readonly firstId: number
}

export interface Quarantine {
  /** milliseconds since the epoch */
  readonly since: number
  readonly detail: string
}

export interface SkuReport {
  readonly sku: Sku
  readonly version: number
  readonly levels: ReadonlyArray<VersionedLevel>
  /** on what terms it is sold; null: on none */
  readonly terms: SkuTerms | null
  readonly quarantine: Quarantine | null
  readonly parked: ReadonlyArray<ParkedFacts>
  /** the next to expire first */
  readonly holds: ReadonlyArray<OpenHold>
  /** oldest first */
  readonly documents: ReadonlyArray<OpenLine>
  readonly history: SkuHistory
}

/** Levels of a SKU at all its locations. */
export const storedLevels = (sql: Reader, sku: Sku): Promise<ReadonlyArray<VersionedLevel>> =>
  sql<Array<VersionedLevel>>`
    select location_id as "locationId", on_hand as "onHand", receiving, inspection, damaged, quality, committed, held,
      incoming, in_transit as "inTransit", safety_stock as "safetyStock",
      coalesce(round(extract(epoch from counted_at) * 1000), -1)::float8 as "countedAt",
      coalesce(round(extract(epoch from safety_stock_at) * 1000), -1)::float8 as "safetyStockAt", version
    from stock_level where sku = ${sku} order by location_id`

/** The version of a SKU is that of the level that changed last. */
export const versionOf = (levels: ReadonlyArray<VersionedLevel>): number =>
  Math.max(0, ...levels.map(({ version }) => version))

const holdsOf = (sql: Reader, sku: Sku) => sql<Array<OpenHold>>`
  select reservation_id as "reservationId", location_id as "locationId", quantity, order_id as "orderId",
    case when isfinite(expires_at) then round(extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 end
      as "expiresInMillis"
  from hold where sku = ${sku} and ended is null order by expires_at, reservation_id`

/** Facts of a SKU that wait, whether it is known or not. */
export const parkedFactsOf = (sql: Reader, sku: string): Promise<ReadonlyArray<ParkedFacts>> => sql<Array<ParkedFacts>>`
  select reason, count(*)::int as count, min(id) as "firstId" from parked
  where sku = ${sku} and replayed_at is null and discarded_at is null group by reason order by reason`

const quarantineOf = (sql: Reader, sku: Sku) => sql<Array<Quarantine>>`
  select round(extract(epoch from since) * 1000)::float8 as since, detail from quarantine
  where sku = ${sku} and not lifted`

/** SKUs that differ from this one only in the case of letters and in blanks around them. */
export const similarSkus = async (sql: Reader, sku: string): Promise<ReadonlyArray<string>> => {
  const rows = await sql<Array<{ sku: string }>>`
    select distinct sku from stock_level where lower(sku) = lower(btrim(${sku})) order by sku limit 5`
  return rows.map((row) => row.sku)
}

/** Undefined when the SKU is not known. */
export const skuReport = (sql: Sql, sku: Sku, asked: HistoryQuery): Promise<SkuReport | undefined> =>
  atOneMoment(sql, async (snapshot) => {
    const levels = await storedLevels(snapshot, sku)
    if (levels.length === 0) return undefined
    const [terms, quarantines, parked, holds, documents, history] = await Promise.all([
      storedTerms(snapshot, [sku]),
      quarantineOf(snapshot, sku),
      parkedFactsOf(snapshot, sku),
      holdsOf(snapshot, sku),
      openLines(snapshot, [sku]),
      skuHistory(snapshot, sku, asked)
    ])
    return {
      sku,
      version: versionOf(levels),
      levels,
      terms: terms.get(sku) ?? null,
      quarantine: quarantines[0] ?? null,
      parked,
      holds,
      documents,
      history
    }
  })

/** What there is and what happened, for whoever asks a running instance. Undefined when the SKU is not known. */
export const levelsAndHistory = (
  sql: Sql,
  sku: Sku,
  asked: HistoryQuery
): Promise<(Pick<SkuReport, "version" | "levels"> & SkuHistory) | undefined> =>
  atOneMoment(sql, async (snapshot) => {
    const levels = await storedLevels(snapshot, sku)
    if (levels.length === 0) return undefined
    return { version: versionOf(levels), levels, ...(await skuHistory(snapshot, sku, asked)) }
  })
