/**
 * Shipments that name bundles: how many units of one SKU leave with them.
 *
 * A shipment says how many bundles leave; how many units these are, the order says. One that is heard of before its order takes
 * nothing from what is on hand until the order comes.
 *
 * Guarantee: the same after the same facts in any order of arrival, and exactly what was told where no bundle was named. Pure.
 */
import type { OrderLine, ShipmentLine, ShippedBundle, TimedUnits } from "./DocumentLine.ts"
import type { LocationId } from "./Identity.ts"
import { bundlesOf, demandThrough, eachAt, namesBundles, unitsThrough, withEntry } from "./OrderDemand.ts"
import type { LineOrigin } from "./StockEvent.ts"

type Line = { readonly quantity?: number } & LineOrigin

const none: ReadonlyArray<never> = []

/** Notes the bundles that a fact about a shipment names with a quantity. @param at when, milliseconds since the epoch */
export const withBundles = (
  shipment: ShipmentLine,
  what: "created" | "confirmed",
  lines: ReadonlyArray<Line>,
  at: number
): ShipmentLine => {
  if (!namesBundles(lines)) return shipment
  const bundles = new Map(shipment.bundles?.map((one) => [one.bundle, one]))
  for (const [bundle, own] of Map.groupBy(lines, (line) => line.bundle)) {
    const units = bundlesOf(own)
    if (bundle === undefined || units === 0) continue
    const known: ShippedBundle = bundles.get(bundle) ?? { bundle, created: none, confirmed: none }
    bundles.set(bundle, { ...known, [what]: withEntry(known[what], { at, units }) })
  }
  if (bundles.size === 0) return shipment
  return { ...shipment, bundles: [...bundles.values()].sort((a, b) => (a.bundle < b.bundle ? -1 : 1)) }
}

/**
 * Units of a fact about a shipment that are no matter of bundles and their number.
 * @param otherwise units that leave where no quantity is named; of a bundle no more than the order asks for through it
 */
export const shippedByName = (line: OrderLine, lines: ReadonlyArray<Line>, otherwise: number): number => {
  let units = 0
  for (const { quantity, bundle } of lines) {
    if (bundle === undefined) {
      if (quantity === undefined) return otherwise
      units += quantity
    } else if (quantity === undefined) {
      const demand = demandThrough(line, bundle)
      units += demand === undefined ? 0 : Math.min(otherwise, unitsThrough(demand, line))
    }
  }
  return units
}

const unitsIn = (line: OrderLine, bundle: string, entries: ReadonlyArray<TimedUnits>): number => {
  const demand = demandThrough(line, bundle)
  let units = 0
  for (const entry of entries) units += entry.units * eachAt(demand, entry.at)
  return units
}

const resolved = (line: OrderLine, shipment: ShipmentLine): ShipmentLine => {
  let { created, confirmed } = shipment
  for (const one of shipment.bundles ?? none) {
    created += unitsIn(line, one.bundle, one.created)
    confirmed += unitsIn(line, one.bundle, one.confirmed)
  }
  return { ...shipment, created, confirmed }
}

const namesBundle = ({ bundles }: ShipmentLine): boolean => bundles !== undefined

/** The order's shipments, their bundles as units. */
export const shipmentsOf = (line: OrderLine): ReadonlyArray<ShipmentLine> =>
  line.shipments.some(namesBundle) ? line.shipments.map((shipment) => resolved(line, shipment)) : line.shipments

/** Units that left. */
export const shippedUnits = (line: OrderLine): number => {
  let units = 0
  for (const { confirmed } of shipmentsOf(line)) units += confirmed
  return units
}

/** Units that left with bundles: from where, and when, milliseconds since the epoch. */
export interface BundleMove {
  readonly locationId: LocationId
  readonly at: number
  readonly units: number
}

/** What is known now to have left with bundles, and was not before. */
export const bundlesThatLeft = (before: OrderLine, after: OrderLine): ReadonlyArray<BundleMove> => {
  if (!after.shipments.some(namesBundle)) return none
  const moves = new Map<string, BundleMove>()
  const add = (line: OrderLine, sign: 1 | -1): void => {
    for (const { locationId, bundles = none } of line.shipments)
      for (const { bundle, confirmed } of bundles)
        for (const entry of confirmed) {
          const key = `${entry.at} ${locationId}`
          const units = (moves.get(key)?.units ?? 0) + sign * unitsIn(line, bundle, [entry])
          moves.set(key, { locationId, at: entry.at, units })
        }
  }
  add(after, 1)
  add(before, -1)
  return [...moves.values()].filter(({ units }) => units !== 0)
}
