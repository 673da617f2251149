/**
 * Orders that cannot be served, over all SKUs: a view of levels and open lines of one moment.
 *
 * Guarantee: the short units of a SKU at a location, with the rest that no order covers, are what is oversold there. Which
 * lines are short is decided by `Shortage`. Rejects with what postgres.js threw.
 */
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import { shortageAt, unitsAt } from "@holdfast/domain/Shortage"
import type { Sql } from "./Database.ts"
import { openLines, type OpenLine } from "./OpenLines.ts"
import { atOneMoment, type Reader } from "./Snapshot.ts"

export interface ShortOrder {
  /** milliseconds since the epoch */
  readonly placedAt: number
  readonly orderId: string
  readonly channel: string | null
  readonly sku: Sku
  readonly locationId: LocationId
  /** units that are committed to the order at the location */
  readonly units: number
  /** of these, that cannot be served */
  readonly short: number
  /** version of the SKU at which the order was heard of */
  readonly heard: number
}

/** Oversold units that no order asked for. */
export interface UncoveredUnits {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly units: number
  /** units at the location under a reservation */
  readonly held: number
}

export interface ShortReport {
  /** oldest first */
  readonly orders: ReadonlyArray<ShortOrder>
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

const report = (places: ReadonlyArray<OversoldPlace>, lines: ReadonlyArray<OpenLine>): ShortReport => {
  const bySku = Map.groupBy(lines, ({ sku }) => sku)
  const shortages = places.map((place) => ({
    place,
    ...shortageAt(place.oversold, ordersAt(place, bySku.get(place.sku) ?? []))
  }))
  const orders = shortages.flatMap(({ lines }) => lines)
  const uncovered = shortages.flatMap(({ place: { sku, locationId, held }, rest }) =>
    rest === 0 ? [] : [{ sku, locationId, units: rest, held }]
  )
  return { orders: orders.sort((a, b) => a.placedAt - b.placedAt), uncovered }
}

export const shortOrders = (sql: Sql): Promise<ShortReport> =>
  atOneMoment(sql, async (transaction) => {
    const places = await oversoldPlaces(transaction)
    if (places.length === 0) return { orders: [], uncovered: [] }
    return report(places, await openLines(transaction, [...new Set(places.map(({ sku }) => sku))]))
  })
