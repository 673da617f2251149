/**
 * What facts about orders and shipments do to one SKU's line of an order.
 *
 * 1. What is open follows from the facts alone, in whatever order they come: what was placed, changed, cancelled and shipped.
 * 2. Units of a hold that was confirmed for the order are part of what the order asks for, not added to it.
 * 3. A change of the order says what it asked for in total at its time; nothing before that time counts any more.
 * 4. A cancellation of the whole line holds for good, unless the order is changed later.
 * 5. A shipment that left takes its units from what is on hand and from what is open.
 * 6. Of several channels that an order is said to come by, and of several places that a shipment is said to leave from, the
 *    first by name is taken, whichever was heard of first.
 *
 * Pure; the draft is changed. Which location open units are committed at: `Allocation`.
 */
import { allocate, type Demand } from "./Allocation.ts"
import { strategyOf, type AllocationPolicy } from "./AllocationPolicy.ts"
import type { OrderLine, ShipmentLine, TimedUnits } from "./DocumentLine.ts"
import type { Draft, Effects } from "./Draft.ts"
import { defaultLocation, firstByName, type LocationId, type OrderId } from "./Identity.ts"
import { orderEntriesMax } from "./Limit.ts"
import { withShipment } from "./Shipment.ts"
import type { StockChangeKind } from "./StockChange.ts"
import type {
  OrderCancelled,
  OrderChanged,
  OrderPlaced,
  ShipmentCancelled,
  ShipmentConfirmed,
  ShipmentCreated
} from "./StockEvent.ts"
import { available, type Hold, type StockState } from "./StockState.ts"

const none: ReadonlyArray<never> = []

export const emptyOrderLine = (orderId: OrderId): OrderLine => ({
  kind: "order",
  orderId,
  placed: none,
  confirmed: 0,
  cancelled: none,
  shipments: none,
  allocations: none
})

const sumOf = (entries: ReadonlyArray<TimedUnits>): number => {
  let sum = 0
  for (const { units } of entries) sum += units
  return sum
}

/** Units that the order asks for in total. Entries before a change of the order are gone already. */
const orderedUnits = ({ placed, confirmed, cancelled, set, voidAt }: OrderLine): number => {
  if (voidAt !== undefined && (set === undefined || set.at <= voidAt)) return 0
  const asked = set === undefined ? Math.max(sumOf(placed), confirmed) : set.units + sumOf(placed)
  return asked - sumOf(cancelled)
}

const shippedUnits = (shipments: ReadonlyArray<ShipmentLine>): number => {
  let units = 0
  for (const { confirmed } of shipments) units += confirmed
  return units
}

/** Units that are neither cancelled nor gone. */
const stillOpen = (line: OrderLine): number => Math.max(0, orderedUnits(line) - shippedUnits(line.shipments))

/** Where orders of a channel are served from; undefined: from the default location. */
export type AllocationPolicies = (channel: string | undefined) => AllocationPolicy | undefined

/** Where the fact itself took place, and the units on hand that it moved there, if it moved any. */
interface Scene {
  readonly locationId: LocationId
  readonly onHand?: number
}

interface Settlement {
  readonly kind: StockChangeKind
  readonly time: number
  readonly demands: ReadonlyArray<Demand>
  readonly policies: AllocationPolicies
  /** of the order, if it was said */
  readonly destination?: string | undefined
  readonly scene?: Scene
  /** of the first change */
  readonly effects?: Effects
}

const committedDelta = (before: OrderLine, after: OrderLine, at: LocationId): number => {
  let delta = 0
  for (const { locationId, units } of after.allocations) if (locationId === at) delta += units
  for (const { locationId, units } of before.allocations) if (locationId === at) delta -= units
  return delta
}

/** Where something of the line changes; the scene first. */
const placesOf = (before: OrderLine, after: OrderLine, scene: Scene | undefined): ReadonlyArray<LocationId> => {
  const [only] = after.allocations
  if (scene === undefined && before.allocations.length === 0 && after.allocations.length === 1)
    return [only!.locationId]
  const all = new Set<LocationId>()
  if (scene !== undefined) all.add(scene.locationId)
  for (const { locationId } of [...after.allocations, ...before.allocations])
    if (committedDelta(before, after, locationId) !== 0) all.add(locationId)
  return all.size === 0 ? [(only ?? before.allocations[0])?.locationId ?? defaultLocation] : [...all]
}

/** Allocates what is open now and notes the changes, one for each location that is touched. The first has the line. */
const settle = (draft: Draft, before: OrderLine, heard: OrderLine, settlement: Settlement): void => {
  const { kind, time, demands, policies, destination, scene, effects } = settlement
  const strategy = strategyOf(policies(heard.channel), (at) => available(draft.level(at)), destination)
  const allocations = allocate(before.allocations, stillOpen(heard), demands, heard.shipments, strategy)
  const line = { ...heard, allocations }
  let first = true
  for (const locationId of placesOf(before, line, scene)) {
    const committed = committedDelta(before, line, locationId)
    const change = first
      ? { ...effects, documentId: line.orderId, line, committed }
      : { documentId: line.orderId, committed }
    if (first && scene?.onHand !== undefined) draft.movement(kind, locationId, time, scene.onHand, change)
    else draft.change(kind, locationId, change)
    first = false
  }
}

const byTime = (a: TimedUnits, b: TimedUnits): number => a.at - b.at || a.units - b.units

/** Two of the oldest entries become one when there are too many: a change dated between them is then not exact. */
const withEntry = (entries: ReadonlyArray<TimedUnits>, entry: TimedUnits): ReadonlyArray<TimedUnits> => {
  if (entries.length === 0) return [entry]
  const [first, second, ...rest] = [...entries, entry].sort(byTime)
  if (entries.length < orderEntriesMax) return [first!, second!, ...rest]
  return [{ at: second!.at, units: first!.units + second!.units }, ...rest]
}

/** A new entry, unless the order was changed since. */
const since = (set: TimedUnits | undefined, entries: ReadonlyArray<TimedUnits>, entry: TimedUnits) =>
  set !== undefined && entry.at <= set.at ? entries : withEntry(entries, entry)

const lineOf = (draft: Draft, orderId: OrderId): OrderLine => draft.line("order", orderId) ?? emptyOrderLine(orderId)

/** Holds that the lines name are consumed first; what they covered is then committed at the hold's own location. */
const demandsOf = (state: StockState, draft: Draft, { lines, orderId }: OrderPlaced): ReadonlyArray<Demand> => {
  const [only] = lines
  if (lines.length === 1 && only!.reservationId === undefined)
    return [{ units: only!.quantity, locationId: only!.locationId }]
  const covered: Array<Demand> = []
  const rest: Array<Demand> = []
  for (const { reservationId, quantity, locationId } of lines) {
    const hold =
      reservationId === undefined || draft.hasEnded(reservationId) ? undefined : state.holds.get(reservationId)
    const units = hold === undefined ? 0 : Math.min(hold.quantity, quantity)
    if (hold !== undefined) {
      draft.change("reservation.consumed", hold.locationId, {
        held: -hold.quantity,
        reservationId: hold.reservationId,
        documentId: orderId
      })
      covered.push({ units, locationId: hold.locationId })
    }
    rest.push({ units: quantity - units, locationId })
  }
  return [...covered, ...rest]
}

const channelOf = (known: string | undefined, said: string | undefined): string | undefined =>
  known === undefined || said === undefined ? (known ?? said) : firstByName(known, said)

export const placeOrder = (
  state: StockState,
  draft: Draft,
  data: OrderPlaced,
  time: number,
  policies: AllocationPolicies
): void => {
  const demands = demandsOf(state, draft, data)
  const before = lineOf(draft, data.orderId)
  let units = 0
  for (const line of data.lines) units += line.quantity
  const channel = channelOf(before.channel, data.channel)
  const placed = since(before.set, before.placed, { at: time, units })
  const heard = channel === undefined ? { ...before, placed } : { ...before, channel, placed }
  settle(draft, before, heard, { kind: "order.placed", time, demands, policies, destination: data.destination })
}

export const changeOrder = (draft: Draft, data: OrderChanged, time: number, policies: AllocationPolicies): void => {
  const before = lineOf(draft, data.orderId)
  let units = 0
  for (const line of data.lines) units += line.quantity
  const { set } = before
  const newer = set === undefined || time > set.at || (time === set.at && units > set.units)
  const later = ({ at }: TimedUnits): boolean => at > time
  const channel = channelOf(before.channel, data.channel)
  const changed = newer
    ? {
        ...before,
        set: { at: time, units },
        placed: before.placed.filter(later),
        cancelled: before.cancelled.filter(later)
      }
    : before
  const heard = channel === undefined ? changed : { ...changed, channel }
  const demands = data.lines.map(({ quantity, locationId }) => ({ units: quantity, locationId }))
  settle(draft, before, heard, { kind: "order.changed", time, demands, policies })
}

export const cancelOrder = (draft: Draft, data: OrderCancelled, time: number, policies: AllocationPolicies): void => {
  const before = lineOf(draft, data.orderId)
  let units = 0
  for (const { quantity } of data.lines) units += quantity ?? 0
  const whole = data.lines.some(({ quantity }) => quantity === undefined)
  const heard = {
    ...before,
    ...(whole ? { voidAt: Math.max(time, before.voidAt ?? 0) } : {}),
    ...(units > 0 ? { cancelled: since(before.set, before.cancelled, { at: time, units }) } : {})
  }
  const demands = data.lines.map(({ locationId }) => ({ units: 0, locationId }))
  const effects = data.reason === undefined ? {} : { reason: data.reason }
  settle(draft, before, heard, { kind: "order.cancelled", time, demands, policies, effects })
}

const quantityOf = (lines: ReadonlyArray<{ readonly quantity?: number }>, otherwise: number): number => {
  let units = 0
  for (const { quantity } of lines) {
    if (quantity === undefined) return otherwise
    units += quantity
  }
  return units
}

export const createShipment = (
  draft: Draft,
  data: ShipmentCreated,
  time: number,
  policies: AllocationPolicies
): void => {
  const before = lineOf(draft, data.orderId)
  const units = quantityOf(data.lines, stillOpen(before))
  const heard = withShipment(before, data, (shipment) => ({ ...shipment, created: shipment.created + units }))
  settle(draft, before, heard, { kind: "shipment.created", time, demands: none, policies })
}

export const cancelShipment = (
  draft: Draft,
  data: ShipmentCancelled,
  time: number,
  policies: AllocationPolicies
): void => {
  const before = lineOf(draft, data.orderId)
  const heard = withShipment(before, data, (shipment) => ({ ...shipment, cancelled: true }))
  settle(draft, before, heard, { kind: "shipment.cancelled", time, demands: none, policies })
}

export const confirmShipment = (
  draft: Draft,
  data: ShipmentConfirmed,
  time: number,
  policies: AllocationPolicies
): void => {
  const before = lineOf(draft, data.orderId)
  const locationId = data.locationId ?? defaultLocation
  const known = before.shipments.find(({ shipmentId }) => shipmentId === data.shipmentId)
  const announced = known === undefined || known.created === 0 ? stillOpen(before) : known.created - known.confirmed
  const units = quantityOf(data.lines, Math.max(0, announced))
  const heard = withShipment(before, data, (shipment) => ({ ...shipment, confirmed: shipment.confirmed + units }))
  const scene = { locationId, onHand: -units }
  settle(draft, before, heard, {
    kind: "shipment.confirmed",
    time,
    demands: [{ units: 0, locationId }],
    policies,
    scene
  })
}

/** Units of a hold become units of an order. */
export const confirmHold = (draft: Draft, hold: Hold, units: number, orderId: OrderId): void => {
  const before = lineOf(draft, orderId)
  const heard = { ...before, confirmed: before.confirmed + units }
  settle(draft, before, heard, {
    kind: "reservation.confirmed",
    time: 0,
    demands: [{ units, locationId: hold.locationId }],
    // its units have their location
    policies: () => undefined,
    scene: { locationId: hold.locationId },
    effects: { held: -units, reservationId: hold.reservationId }
  })
}
