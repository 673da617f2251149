/**
 * The stock rules of one SKU: `decide` says what a fact or a request means, `evolve` applies one change.
 *
 * 1. A fact is applied even when it drives available below zero; the excess is labelled as oversold.
 * 2. A reservation is granted only up to what is available at its location at that moment, never beyond.
 * 3. A hold ends once: consumed by an order, confirmed, released or expired; expired means due at the `now` passed in.
 * 4. An order line ends in the same state whichever of order and cancellation arrives first; units of a hold that is
 *    confirmed for an order already cancelled are not committed.
 * 5. `committed` and `held` never fall below zero.
 *
 * `decide` is pure. `evolve` changes the state it is given, which its actor owns. No clock, no randomness, no I/O.
 */
import { Draft } from "./Draft.ts"
import { defaultLocation, type LocationId, type OrderId, type ReservationId } from "./Identity.ts"
import { holdTtlMillisDefault } from "./Limit.ts"
import { reservationIdOf } from "./Partition.ts"
import type {
  ConfirmRequest,
  DenialReason,
  ReleaseRequest,
  ReservationAnswer,
  ReservationRequest,
  ReserveRequest
} from "./Reservation.ts"
import type { StockChange } from "./StockChange.ts"
import type { GoodsReceived, OrderCancelled, OrderPlaced, SkuFact, StockAdjusted } from "./StockEvent.ts"
import {
  available,
  cancelAll,
  isKnown,
  levelAt,
  orderLineKey,
  type Hold,
  type HoldEnd,
  type StockState
} from "./StockState.ts"

/**
 * What the actor of a SKU may be told. `unique` makes the reservation id and is the same for the same request.
 * `Expire` carries nothing: due holds are ended before anything else is decided.
 */
export type StockCommand =
  | { readonly _tag: "Fact"; readonly fact: SkuFact }
  | { readonly _tag: "Request"; readonly request: ReservationRequest; readonly unique: string }
  | { readonly _tag: "Expire" }

/** Why a fact cannot be applied as it is: it is parked and can be replayed. */
export interface Refusal {
  readonly reason: "unknown_sku" | "quantity_out_of_range"
  readonly detail: string
}

export interface Decision {
  /** in order; the version after change i is `state.version + i + 1` */
  readonly changes: ReadonlyArray<StockChange>
  readonly answer?: ReservationAnswer
  readonly refusal?: Refusal
}

/** A rule that must hold at all times did not: the SKU must be quarantined. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken"
}

/** @param now milliseconds since the epoch, by the database's clock */
export const decide = (state: StockState, command: StockCommand, now: number): Decision => {
  const expired = new Draft(state)
  if (state.expiry.isDue(now)) expire(state, expired, now)
  switch (command._tag) {
    case "Expire":
      return { changes: expired.changes }
    case "Fact":
      return decideFact(state, expired, command.fact)
    case "Request":
      return decideRequest(state, expired, command.request, command.unique, now)
  }
}

const expire = (state: StockState, draft: Draft, now: number): void => {
  for (const id of state.expiry.due(now, (open) => state.holds.has(open))) {
    const hold = state.holds.get(id)!
    draft.change("reservation.expired", hold.locationId, { held: -hold.quantity, reservationId: id })
  }
}

const decideFact = (state: StockState, draft: Draft, fact: SkuFact): Decision => {
  if (!isKnown(state) && fact.type !== "goods.received") {
    return {
      changes: draft.changes,
      refusal: { reason: "unknown_sku", detail: `no stock of ${fact.sku} was ever received` }
    }
  }
  const before = draft.changes.length
  switch (fact.type) {
    case "goods.received":
      receive(draft, fact.data)
      break
    case "stock.adjusted":
      adjust(draft, fact.data)
      break
    case "order.placed":
      placeOrder(state, draft, fact.data)
      break
    case "order.cancelled":
      cancelOrder(draft, fact.data)
  }
  if (draft.inRange()) return { changes: draft.changes }
  return {
    changes: draft.changes.slice(0, before),
    refusal: {
      reason: "quantity_out_of_range",
      detail: `a quantity of ${fact.sku} would leave the range of the ledger`
    }
  }
}

const sumBy = <L extends { readonly locationId?: LocationId }>(
  lines: ReadonlyArray<L>,
  units: (line: L) => number
): Iterable<readonly [LocationId, number]> => {
  const [only] = lines
  if (lines.length === 1 && only !== undefined) return [[only.locationId ?? defaultLocation, units(only)]]
  const sums = new Map<LocationId, number>()
  for (const line of lines) {
    const at = line.locationId ?? defaultLocation
    sums.set(at, (sums.get(at) ?? 0) + units(line))
  }
  return sums
}

const receive = (draft: Draft, data: GoodsReceived): void => {
  for (const [at, units] of sumBy(data.lines, (line) => line.quantity))
    draft.change("goods.received", at, { onHand: units })
}

const adjust = (draft: Draft, data: StockAdjusted): void => {
  for (const [at, units] of sumBy(data.lines, (line) => line.delta)) {
    draft.change("stock.adjusted", at, { onHand: units, reason: data.reason })
  }
}

/** Holds that the lines name are consumed first; what they covered is then committed at the hold's own location. */
const placeOrder = (state: StockState, draft: Draft, data: OrderPlaced): void => {
  const [only] = data.lines
  if (data.lines.length === 1 && only !== undefined && only.reservationId === undefined) {
    return commitLine(draft, data.orderId, only.locationId ?? defaultLocation, only.quantity)
  }
  const demand = new Map<LocationId, number>()
  const add = (at: LocationId, units: number) => demand.set(at, (demand.get(at) ?? 0) + units)
  for (const line of data.lines) {
    const hold = line.reservationId === undefined ? undefined : openHold(state, draft, line.reservationId)
    const covered = hold === undefined ? 0 : Math.min(hold.quantity, line.quantity)
    if (hold !== undefined) {
      const { reservationId, locationId, quantity } = hold
      draft.change("reservation.consumed", locationId, { held: -quantity, reservationId, orderId: data.orderId })
      add(locationId, covered)
    }
    if (line.quantity > covered || hold === undefined) add(line.locationId ?? defaultLocation, line.quantity - covered)
  }
  for (const [at, units] of demand) commitLine(draft, data.orderId, at, units)
}

const commitLine = (draft: Draft, orderId: OrderId, locationId: LocationId, units: number): void => {
  const line = draft.orderLine(orderId, locationId)
  const confirmed = Math.min(line.confirmedAhead, units)
  const rest = units - confirmed
  const cancelled = line.cancelledAhead === cancelAll ? rest : Math.min(rest, line.cancelledAhead)
  const committed = rest - cancelled
  draft.change("order.placed", locationId, {
    committed,
    orderId,
    orderLine: {
      open: line.open + committed,
      confirmedAhead: line.confirmedAhead - confirmed,
      cancelledAhead: line.cancelledAhead === cancelAll ? 0 : line.cancelledAhead - cancelled
    }
  })
}

const cancelOrder = (draft: Draft, data: OrderCancelled): void => {
  const whole = new Set<LocationId>()
  for (const line of data.lines) if (line.quantity === undefined) whole.add(line.locationId ?? defaultLocation)
  for (const [at, units] of sumBy(data.lines, (line) => line.quantity ?? 0)) {
    cancelLine(draft, data, at, whole.has(at) ? cancelAll : units)
  }
}

const cancelLine = (draft: Draft, data: OrderCancelled, locationId: LocationId, units: number): void => {
  const line = draft.orderLine(data.orderId, locationId)
  // a line that was heard of and has nothing ahead of it was placed: "whole" then means what is open now, no more
  const placed =
    draft.knowsOrderLine(data.orderId, locationId) && line.confirmedAhead === 0 && line.cancelledAhead === 0
  const cancelled = units === cancelAll ? line.open : Math.min(line.open, units)
  const ahead =
    units === cancelAll
      ? placed
        ? 0
        : cancelAll
      : line.cancelledAhead === cancelAll
        ? cancelAll
        : line.cancelledAhead + units - cancelled
  draft.change("order.cancelled", locationId, {
    committed: -cancelled,
    orderId: data.orderId,
    orderLine: { open: line.open - cancelled, confirmedAhead: line.confirmedAhead, cancelledAhead: ahead },
    ...(data.reason === undefined ? {} : { reason: data.reason })
  })
}

const decideRequest = (
  state: StockState,
  draft: Draft,
  request: ReservationRequest,
  unique: string,
  now: number
): Decision => {
  if (!isKnown(state) && request.verb === "reserve") return deny(state, draft, "unknown_sku")
  const before = draft.changes.length
  const decision = answerTo(state, draft, request, unique, now)
  if (draft.inRange()) return decision
  return { ...deny(state, draft, "quantity_out_of_range"), changes: draft.changes.slice(0, before) }
}

const answerTo = (
  state: StockState,
  draft: Draft,
  request: ReservationRequest,
  unique: string,
  now: number
): Decision => {
  switch (request.verb) {
    case "reserve":
      return reserve(state, draft, request, unique, now)
    case "confirm":
      return confirm(state, draft, request)
    case "release":
      return release(state, draft, request)
  }
}

const deny = (state: StockState, draft: Draft, reason: DenialReason, availableUnits?: number): Decision => ({
  changes: draft.changes,
  answer: {
    status: "denied",
    reason,
    sku: state.sku,
    version: draft.version,
    ...(availableUnits === undefined ? {} : { available: availableUnits })
  }
})

const reserve = (state: StockState, draft: Draft, request: ReserveRequest, unique: string, now: number): Decision => {
  const locationId = request.locationId ?? defaultLocation
  const free = available(draft.level(locationId))
  if (request.quantity > free) return deny(state, draft, "insufficient_stock", free)
  const reservationId = reservationIdOf(state.sku, unique)
  const expiresAt = now + (request.ttlMillis ?? holdTtlMillisDefault)
  draft.change("reservation.granted", locationId, {
    held: request.quantity,
    reservationId,
    expiresAt,
    ...(request.orderId === undefined ? {} : { orderId: request.orderId })
  })
  return answered(draft, {
    status: "granted",
    reservationId,
    sku: state.sku,
    quantity: request.quantity,
    version: draft.version,
    expiresAt
  })
}

const answered = (draft: Draft, answer: ReservationAnswer): Decision => ({ changes: draft.changes, answer })

const openHold = (state: StockState, draft: Draft, id: ReservationId): Hold | undefined =>
  draft.hasEnded(id) ? undefined : state.holds.get(id)

const deniedHold = (state: StockState, draft: Draft, id: ReservationId): Decision => {
  const end = draft.hasEnded(id) ? "expired" : state.ended.get(id)
  if (end === undefined) return deny(state, draft, "unknown_reservation")
  return deny(state, draft, end === "expired" ? "reservation_expired" : "reservation_ended")
}

const confirm = (state: StockState, draft: Draft, request: ConfirmRequest): Decision => {
  const hold = openHold(state, draft, request.reservationId)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  const orderId = request.orderId ?? hold.orderId
  if (orderId === undefined) return deny(state, draft, "order_required")
  const line = draft.orderLine(orderId, hold.locationId)
  const whole = line.cancelledAhead === cancelAll
  const cancelled = whole ? hold.quantity : Math.min(hold.quantity, line.cancelledAhead)
  const committed = hold.quantity - cancelled
  draft.change("reservation.confirmed", hold.locationId, {
    held: -hold.quantity,
    committed,
    reservationId: hold.reservationId,
    orderId,
    orderLine: {
      open: line.open + committed,
      confirmedAhead: line.confirmedAhead + hold.quantity,
      cancelledAhead: whole ? cancelAll : line.cancelledAhead - cancelled
    }
  })
  return answered(draft, ended("confirmed", state, draft, hold))
}

const release = (state: StockState, draft: Draft, request: ReleaseRequest): Decision => {
  const hold = openHold(state, draft, request.reservationId)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  draft.change("reservation.released", hold.locationId, { held: -hold.quantity, reservationId: hold.reservationId })
  return answered(draft, ended("released", state, draft, hold))
}

const ended = (status: "confirmed" | "released", state: StockState, draft: Draft, hold: Hold): ReservationAnswer => ({
  status,
  reservationId: hold.reservationId,
  sku: state.sku,
  quantity: hold.quantity,
  version: draft.version
})

/** Applies one change in place. Throws `InvariantBroken` when a quantity that cannot be negative would be. */
export const evolve = (state: StockState, change: StockChange): void => {
  let level = levelAt(state, change.locationId)
  if (level === undefined) {
    level = { locationId: change.locationId, onHand: 0, committed: 0, held: 0 }
    state.levels.push(level)
  }
  level.onHand += change.onHand
  level.committed += change.committed
  level.held += change.held
  state.version += 1
  if (level.committed < 0 || level.held < 0) {
    throw new InvariantBroken(
      `${state.sku} at ${level.locationId}: committed ${level.committed}, held ${level.held} after ${change.kind}`
    )
  }
  evolveHold(state, change)
  evolveOrderLine(state, change)
}

const evolveHold = (state: StockState, change: StockChange): void => {
  const { reservationId } = change
  if (reservationId === undefined) return
  if (change.kind === "reservation.granted") {
    openHoldOf(state, change, reservationId)
    return
  }
  state.holds.delete(reservationId)
  state.ended.set(reservationId, change.kind.slice("reservation.".length) as HoldEnd)
  state.expiry.prune((id) => state.holds.has(id))
}

const openHoldOf = (state: StockState, change: StockChange, reservationId: ReservationId): void => {
  const hold = { reservationId, locationId: change.locationId, quantity: change.held, expiresAt: change.expiresAt ?? 0 }
  state.holds.set(reservationId, change.orderId === undefined ? hold : { ...hold, orderId: change.orderId })
  state.expiry.add(reservationId, hold.expiresAt)
}

const evolveOrderLine = (state: StockState, change: StockChange): void => {
  if (change.orderLine === undefined || change.orderId === undefined) return
  const { orderId, locationId } = change
  state.orderLines.set(orderLineKey(orderId, locationId), { orderId, locationId, ...change.orderLine })
}
