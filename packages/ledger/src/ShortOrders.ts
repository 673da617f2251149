/**
 * Orders that cannot be served, over all SKUs: a view of levels and open lines of one moment.
 *
 * Guarantee: the short units of a SKU, with the rest that no order covers, are what is oversold beyond its allowance; what the
 * allowance covers is backordered. Which lines are which is decided by `Shortage`. Rejects with what postgres.js threw.
 */
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import { allowedOf, shortageAt, unitsAt } from "@holdfast/domain/Shortage"
import { backorderLimit, type Backorder, type SkuTerms } from "@holdfast/domain/SkuTerms"
import type { Sql } from "./Database.ts"
import { openLines, type OpenLine } from "./OpenLines.ts"
import { atOneMoment, type Reader } from "./Snapshot.ts"
import { storedTerms } from "./StoredTerms.ts"

export interface ShortOrder {
  /** milliseconds since the epoch */
  readonly placedAt: number
  readonly orderId: string
  readonly channel: string | null
  readonly sku: Sku
  readonly locationId: LocationId
  /** units that are committed to the order at the location */
  readonly units: number
  /** of these, that are not there and that the SKU's allowance covers */
  readonly backordered: number
  /** of these, that are not there and that no allowance covers */
  readonly short: number
  /** version of the SKU at which the order was heard of */
  readonly heard: number
}

export interface BackorderedOrder extends ShortOrder {
  readonly kind: Backorder["kind"]
  /** when the goods are to come, milliseconds since the epoch; null: nobody said */
  readonly expectedAt: number | null
}

/** Units oversold beyond the allowance that no order asked for. */
export interface UncoveredUnits {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly units: number
  /** units at the location under a reservation */
  readonly held: number
}

export interface ShortReport {
  /** those with short units, oldest first */
  readonly orders: ReadonlyArray<ShortOrder>
  /** those with backordered units, oldest first; an order that is covered in part is among `orders` too */
  readonly backordered: ReadonlyArray<BackorderedOrder>
  readonly uncovered: ReadonlyArray<UncoveredUnits>
}

interface OversoldPlace {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly oversold: number
  readonly held: number
}

const oversoldPlaces = (sql: Reader) => sql<Array<OversoldPlace>>`
  select * from (
    select sku, location_id as "locationId", held,
      committed + held - (on_hand - receiving - inspection - damaged - quality) as oversold from stock_level) as level
  where oversold > 0 order by sku, "locationId"`

/** What is open at the location, order by order. */
const ordersAt = ({ sku, locationId }: OversoldPlace, lines: ReadonlyArray<OpenLine>) =>
  lines.flatMap(({ line, beganAt: placedAt, version: heard }) => {
    if (line.kind !== "order") return []
    const { orderId, channel = null, allocations } = line
    return [{ placedAt, orderId, channel, sku, locationId, units: unitsAt(allocations, locationId), heard }]
  })

/** @param places of one SKU @param lines of it @param terms of it */
const reportOfSku = (
  places: ReadonlyArray<OversoldPlace>,
  lines: ReadonlyArray<OpenLine>,
  terms: SkuTerms | undefined
): ShortReport => {
  const shortages = places.map((place) => shortageAt(place.oversold, ordersAt(place, lines)))
  const { lines: missing, rests } = allowedOf(backorderLimit(terms), shortages)
  const { kind = "backorder", expectedAt = null } = terms?.backorder ?? {}
  const uncovered = places.flatMap(({ sku, locationId, held }, i) => {
    const units = rests[i]!
    return units === 0 ? [] : [{ sku, locationId, units, held }]
  })
  return {
    orders: missing.filter(({ short }) => short > 0),
    backordered: missing.filter((order) => order.backordered > 0).map((order) => ({ ...order, kind, expectedAt })),
    uncovered
  }
}

const byPlacement = (a: ShortOrder, b: ShortOrder): number => a.placedAt - b.placedAt

const report = (
  places: ReadonlyArray<OversoldPlace>,
  lines: ReadonlyArray<OpenLine>,
  terms: ReadonlyMap<Sku, SkuTerms>
): ShortReport => {
  const linesOf = Map.groupBy(lines, ({ sku }) => sku)
  const all = [...Map.groupBy(places, ({ sku }) => sku)].map(([sku, ofSku]) =>
    reportOfSku(ofSku, linesOf.get(sku) ?? [], terms.get(sku))
  )
  return {
    orders: all.flatMap(({ orders }) => orders).sort(byPlacement),
    backordered: all.flatMap(({ backordered }) => backordered).sort(byPlacement),
    uncovered: all.flatMap(({ uncovered }) => uncovered)
  }
}

export const shortOrders = (sql: Sql): Promise<ShortReport> =>
  atOneMoment(sql, async (snapshot) => {
    const places = await oversoldPlaces(snapshot)
    if (places.length === 0) return { orders: [], backordered: [], uncovered: [] }
    const skus = [...new Set(places.map(({ sku }) => sku))]
    return report(places, await openLines(snapshot, skus), await storedTerms(snapshot, skus))
  })
