/**
 * What facts about orders and shipments do to one SKU's line of an order.
 *
 * 1. What is open follows from the facts alone, in whatever order they come: what was placed, changed, cancelled and shipped.
 * 2. Units of a hold that was confirmed for the order are part of what the order asks for, not added to it.
 * 3. A change of the order says what it asked for in total at its time; nothing before that time counts any more.
 * 4. A cancellation of the whole line holds for good, unless the order is changed later.
 * 5. A shipment that left takes its units from what is on hand and from what is open.
 * 6. What is asked for by name and through each bundle is told apart (`OrderDemand`), and allocated and shipped together.
 * 7. Of several channels that an order is said to come by, and of several places that a shipment is said to leave from, the
 *    first by name is taken, whichever was heard of first.
 *
 * Pure; the draft is changed. Which location open units are committed at: `Allocation`.
 */
import { allocate, type Demand } from "./Allocation.ts"
import { strategyOf, type AllocationPolicy } from "./AllocationPolicy.ts"
import {
  bundlesThatLeft,
  shipmentsOf,
  shippedByName,
  shippedUnits,
  withBundles,
  type BundleMove
} from "./BundleShipment.ts"
import type { OrderLine } from "./DocumentLine.ts"
import type { Draft, Effects } from "./Draft.ts"
import { defaultLocation, firstByName, type ChannelId, type LocationId, type OrderId } from "./Identity.ts"
import { orderedUnits, withCancellation, withChange, withPlaced } from "./OrderDemand.ts"
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

/** Units that are neither cancelled nor gone. */
const stillOpen = (line: OrderLine): number => Math.max(0, orderedUnits(line) - shippedUnits(line))

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

/** What the order asks for counts for its channel; that may be another one now. */
const claim = (draft: Draft, before: OrderLine, heard: OrderLine): void => {
  const was = Math.max(0, orderedUnits(before))
  const is = Math.max(0, orderedUnits(heard))
  if (before.channel === heard.channel) return draft.claim(heard.channel, { consumed: is - was })
  if (before.channel !== undefined) draft.claim(before.channel, { consumed: -was })
  draft.claim(heard.channel, { consumed: is })
}

/** Allocates what is open now and notes the changes, one for each location that is touched. The first has the line. */
const settle = (draft: Draft, before: OrderLine, heard: OrderLine, settlement: Settlement): void => {
  const { kind, time, demands, policies, destination, scene, effects } = settlement
  if (draft.terms !== undefined) claim(draft, before, heard)
  const strategy = strategyOf(policies(heard.channel), (at) => available(draft.level(at)), destination)
  const allocations = allocate(before.allocations, stillOpen(heard), demands, shipmentsOf(heard), strategy)
  const line = { ...heard, allocations }
  const documentId = line.orderId
  const left = bundlesThatLeft(before, line)
  const isHere = (move: BundleMove): boolean => move.at === time && move.locationId === scene?.locationId
  let first = true
  for (const locationId of placesOf(before, line, scene)) {
    const committed = committedDelta(before, line, locationId)
    const change = first ? { ...effects, documentId, line, committed } : { documentId, committed }
    if (first && scene?.onHand !== undefined)
      draft.movement(kind, locationId, time, scene.onHand - (left.find(isHere)?.units ?? 0), change)
    else draft.change(kind, locationId, change)
    first = false
  }
  for (const move of left)
    if (scene?.onHand === undefined || !isHere(move))
      draft.movement(kind, move.locationId, move.at, -move.units, { documentId })
}

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
      draft.claim(hold.channel, { held: -hold.quantity })
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

/** Of the first hold that the lines name and that says for which channel it is. */
const channelOfHolds = (state: StockState, { lines }: OrderPlaced): ChannelId | undefined => {
  for (const { reservationId } of lines) {
    const channel = reservationId === undefined ? undefined : state.holds.get(reservationId)?.channel
    if (channel !== undefined) return channel
  }
  return undefined
}

export const placeOrder = (
  state: StockState,
  draft: Draft,
  data: OrderPlaced,
  time: number,
  policies: AllocationPolicies
): void => {
  const demands = demandsOf(state, draft, data)
  const before = lineOf(draft, data.orderId)
  const heard = withChannel(withPlaced(before, data.lines, time), data.channel ?? channelOfHolds(state, data))
  settle(draft, before, heard, { kind: "order.placed", time, demands, policies, destination: data.destination })
}

/** Of several channels, the first by name. */
const withChannel = (line: OrderLine, channel: string | undefined): OrderLine => {
  if (channel === undefined || channel === line.channel) return line
  return { ...line, channel: line.channel === undefined ? channel : firstByName(line.channel, channel) }
}

export const changeOrder = (draft: Draft, data: OrderChanged, time: number, policies: AllocationPolicies): void => {
  const before = lineOf(draft, data.orderId)
  const heard = withChannel(withChange(before, data.lines, time), data.channel)
  const demands = data.lines.map(({ quantity, locationId }) => ({ units: quantity, locationId }))
  settle(draft, before, heard, { kind: "order.changed", time, demands, policies })
}

export const cancelOrder = (draft: Draft, data: OrderCancelled, time: number, policies: AllocationPolicies): void => {
  const before = lineOf(draft, data.orderId)
  const heard = withCancellation(before, data.lines, time)
  const demands = data.lines.map(({ locationId }) => ({ units: 0, locationId }))
  const effects = data.reason === undefined ? {} : { reason: data.reason }
  settle(draft, before, heard, { kind: "order.cancelled", time, demands, policies, effects })
}

export const createShipment = (
  draft: Draft,
  data: ShipmentCreated,
  time: number,
  policies: AllocationPolicies
): void => {
  const before = lineOf(draft, data.orderId)
  const units = shippedByName(before, data.lines, stillOpen(before))
  const heard = withShipment(before, data, (shipment) =>
    withBundles({ ...shipment, created: shipment.created + units }, "created", data.lines, time)
  )
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
  const known = shipmentsOf(before).find(({ shipmentId }) => shipmentId === data.shipmentId)
  const announced = known === undefined || known.created === 0 ? stillOpen(before) : known.created - known.confirmed
  const units = shippedByName(before, data.lines, Math.max(0, announced))
  const heard = withShipment(before, data, (shipment) =>
    withBundles({ ...shipment, confirmed: shipment.confirmed + units }, "confirmed", data.lines, time)
  )
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
  const heard = withChannel({ ...before, confirmed: before.confirmed + units }, hold.channel)
  draft.claim(hold.channel, { held: -units })
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
