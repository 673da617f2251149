/**
 * The auditor's count of one order's line of one SKU: what of it is open, from all that was ever heard of it.
 *
 * Guarantee: the count is made anew from the facts each time, and does not depend on their order.
 * It does not say where the open units are committed; `AllocationJudge` does.
 */
import type { TimedUnits } from "../DocumentLine.ts"
import type { LocationId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"
import { home } from "./FactPostings.ts"

type OrderFactType =
  | "order.placed"
  | "order.changed"
  | "order.cancelled"
  | "shipment.created"
  | "shipment.cancelled"
  | "shipment.confirmed"

export type OrderFact = Extract<SkuFact, { readonly type: OrderFactType }>

export const isOrderFact = (fact: SkuFact): fact is OrderFact =>
  fact.type.startsWith("order.") || fact.type.startsWith("shipment.")

export interface BookedShipment {
  /** unknown until a fact about it brought units */
  at: LocationId | undefined
  created: number
  confirmed: number
  cancelled: boolean
}

export interface BookedOrder {
  /** every channel that what was asked for came by; a cancellation may come by another */
  readonly channels: ReadonlySet<string>
  readonly placed: ReadonlyArray<TimedUnits>
  readonly cancelled: ReadonlyArray<TimedUnits>
  readonly confirmed: number
  readonly set: TimedUnits | undefined
  readonly voidAt: number | undefined
  readonly shipments: ReadonlyMap<string, BookedShipment>
  readonly open: number
}

const sum = (all: ReadonlyArray<{ readonly units: number }>): number => all.reduce((units, one) => units + one.units, 0)

/** Units that all lines of a fact name together. */
export const unitsOf = (lines: ReadonlyArray<{ readonly quantity?: number }>): number =>
  lines.reduce((units, line) => units + (line.quantity ?? 0), 0)

const placedIn = (facts: ReadonlyArray<OrderFact>): ReadonlyArray<TimedUnits> =>
  facts.flatMap((fact) => (fact.type === "order.placed" ? [{ at: fact.time, units: unitsOf(fact.data.lines) }] : []))

const cancelledIn = (facts: ReadonlyArray<OrderFact>): ReadonlyArray<TimedUnits> =>
  facts.flatMap((fact) => {
    const units = fact.type === "order.cancelled" ? unitsOf(fact.data.lines) : 0
    return units > 0 ? [{ at: fact.time, units }] : []
  })

const voidIn = (facts: ReadonlyArray<OrderFact>): number | undefined => {
  const whole = facts.filter(
    (fact) => fact.type === "order.cancelled" && fact.data.lines.some((line) => line.quantity === undefined)
  )
  return whole.length === 0 ? undefined : Math.max(...whole.map((fact) => fact.time))
}

const setIn = (facts: ReadonlyArray<OrderFact>): TimedUnits | undefined => {
  const sets = facts.flatMap((fact) =>
    fact.type === "order.changed" ? [{ at: fact.time, units: unitsOf(fact.data.lines) }] : []
  )
  return sets.toSorted((one, other) => other.at - one.at || other.units - one.units)[0]
}

const shipmentsIn = (facts: ReadonlyArray<OrderFact>): ReadonlyMap<string, BookedShipment> => {
  const shipments = new Map<string, BookedShipment>()
  for (const fact of facts) {
    if (fact.type !== "shipment.created" && fact.type !== "shipment.confirmed" && fact.type !== "shipment.cancelled")
      continue
    const { shipmentId } = fact.data
    const shipment = shipments.get(shipmentId) ?? { at: undefined, created: 0, confirmed: 0, cancelled: false }
    shipments.set(shipmentId, shipment)
    if (fact.type === "shipment.cancelled") {
      shipment.cancelled = true
      continue
    }
    const units = unitsOf(fact.data.lines)
    const at = fact.data.locationId ?? home
    if (units > 0 && (shipment.at === undefined || at < shipment.at)) shipment.at = at
    if (fact.type === "shipment.created") shipment.created += units
    else shipment.confirmed += units
  }
  return shipments
}

/** What still counts of what was placed or cancelled: nothing up to the moment of the last change. */
export const after = (all: ReadonlyArray<TimedUnits>, set: TimedUnits | undefined): ReadonlyArray<TimedUnits> =>
  set === undefined ? all : all.filter((one) => one.at > set.at)

const channelsIn = (facts: ReadonlyArray<OrderFact>): ReadonlySet<string> =>
  new Set(
    facts.flatMap((fact) => {
      const channel = fact.type === "order.placed" || fact.type === "order.changed" ? fact.data.channel : undefined
      return channel === undefined ? [] : [channel]
    })
  )

type Asked = Omit<BookedOrder, "channels" | "shipments" | "open">

const orderedUnits = ({ placed, cancelled, confirmed, set, voidAt }: Asked): number => {
  if (voidAt !== undefined && (set === undefined || set.at <= voidAt)) return 0
  if (set === undefined) return Math.max(sum(placed), confirmed) - sum(cancelled)
  return set.units + sum(after(placed, set)) - sum(after(cancelled, set))
}

/**
 * Counts one order's line.
 * @param facts in the order in which they were heard of
 * @param confirmed units of holds that were confirmed for the order
 */
export const countOrder = (facts: ReadonlyArray<OrderFact>, confirmed: number): BookedOrder => {
  const asked = {
    placed: placedIn(facts),
    cancelled: cancelledIn(facts),
    confirmed,
    set: setIn(facts),
    voidAt: voidIn(facts)
  }
  const shipments = shipmentsIn(facts)
  const shipped = [...shipments.values()].reduce((units, shipment) => units + shipment.confirmed, 0)
  return { ...asked, channels: channelsIn(facts), shipments, open: Math.max(0, orderedUnits(asked) - shipped) }
}

/** Units that shipments still to leave have bound, by location. */
export const boundUnits = (order: BookedOrder): ReadonlyMap<LocationId, number> => {
  const bound = new Map<LocationId, number>()
  for (const { at, created, confirmed, cancelled } of order.shipments.values()) {
    if (at !== undefined && !cancelled && confirmed === 0) bound.set(at, (bound.get(at) ?? 0) + created)
  }
  return bound
}

/**
 * The fact with the units that it means at this moment, where it names none. A shipment created with no units at all
 * is taken as one that was not created: what leaves with it is what is open.
 */
export const withUnits = (fact: OrderFact, order: BookedOrder): OrderFact => {
  if (fact.type !== "shipment.created" && fact.type !== "shipment.confirmed") return fact
  if (fact.data.lines.every((line) => line.quantity !== undefined)) return fact
  const shipment = order.shipments.get(fact.data.shipmentId)
  const created = fact.type === "shipment.confirmed" && shipment !== undefined ? shipment.created : 0
  const quantity = created > 0 ? Math.max(0, created - shipment!.confirmed) : order.open
  return { ...fact, data: { ...fact.data, lines: [{ sku: fact.sku, quantity }] } } as OrderFact
}
