/**
 * The stock rules of one SKU: `decide` says what a fact or a request means, `evolve` applies one change.
 *
 * 1. A fact is applied even when it drives available below zero; the excess is labelled as oversold.
 * 2. Due holds end before anything else is decided, by the `now` that is passed in.
 * 3. Facts end in the same state in whatever order they come, but for where an order's units are committed.
 * 4. `committed` and `held` never fall below zero.
 *
 * Facts about goods: `MovementRules`; about orders and shipments: `OrderRules`, `Allocation`; requests: `ReservationRules`,
 * `LineRules`; holds whose time has come: `DueHolds`.
 * `decide` is pure. `evolve` changes the state it is given, which its actor owns. No clock, no randomness, no I/O.
 */
import { documentKeyOf } from "./DocumentLine.ts"
import { Draft } from "./Draft.ts"
import type { OrderId, ReservationId } from "./Identity.ts"
import {
  adjustStock,
  count,
  dispatchTransfer,
  orderPurchase,
  putAway,
  receiveGoods,
  receiveReturn,
  receiveTransfer,
  registerSku,
  restock,
  type MovedSince
} from "./MovementRules.ts"
import {
  cancelOrder,
  cancelShipment,
  changeOrder,
  confirmShipment,
  createShipment,
  placeOrder,
  type AllocationPolicies
} from "./OrderRules.ts"
import { setAllotments, setBackorder } from "./TermsRules.ts"
import type { ReservationAnswer, ReservationRequest } from "./Reservation.ts"
import { endDueHolds, noFates, type GroupFates } from "./DueHolds.ts"
import { answerLine, type LineRequest } from "./LineRules.ts"
import { answerRequest, denied } from "./ReservationRules.ts"
import { applyRare, endsHold, type StockChange } from "./StockChange.ts"
import type { SkuFact, StockEventType } from "./StockEvent.ts"
import {
  countGuarded,
  emptyLevel,
  endsAt,
  isKnown,
  levelAt,
  type Hold,
  type HoldEnd,
  type StockState
} from "./StockState.ts"

/**
 * What the actor of a SKU may be told. `unique` makes the reservation id and is the same for the same request.
 * `Expire` carries nothing: due holds are ended before anything else is decided.
 */
export type StockCommand =
  | {
      readonly _tag: "Fact"
      readonly fact: SkuFact
      /** only of a count: what moved since it was made */
      readonly movedSince?: MovedSince
    }
  | { readonly _tag: "Request"; readonly request: ReservationRequest; readonly unique: string }
  | { readonly _tag: "Line"; readonly request: LineRequest }
  | { readonly _tag: "Expire" }

/** Why a fact cannot be applied as it is: it is parked and can be replayed. */
export interface Refusal {
  readonly reason: "unknown_sku" | "quantity_out_of_range" | "too_many_allotments"
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

/**
 * @param now milliseconds since the epoch, by the database's clock
 * @param policies where orders of a channel are served from that name no location
 * @param fates what becomes of due holds that belong to a group; one that is not among them is let be
 */
export const decide = (
  state: StockState,
  command: StockCommand,
  now: number,
  policies: AllocationPolicies = noPolicy,
  fates: GroupFates = noFates
): Decision => {
  const draft = new Draft(state)
  if (state.expiry.isDue(now)) endDueHolds(state, draft, now, fates)
  switch (command._tag) {
    case "Expire":
      return { changes: draft.changes }
    case "Fact":
      return decideFact(state, draft, command.fact, command.movedSince ?? nothingMoved, policies)
    case "Request":
      return decideRequest(state, draft, command.request, command.unique, now)
    case "Line":
      return withinRange(state, draft, () => answerLine(state, draft, command.request, now))
  }
}

const nothingMoved: MovedSince = new Map()
const noPolicy: AllocationPolicies = () => undefined

const makesKnown = (type: StockEventType): boolean =>
  type === "goods.received" || type === "purchase.ordered" || type === "sku.registered"

const decideFact = (
  state: StockState,
  draft: Draft,
  fact: SkuFact,
  movedSince: MovedSince,
  policies: AllocationPolicies
): Decision => {
  if (!isKnown(state) && !makesKnown(fact.type)) {
    return {
      changes: draft.changes,
      refusal: { reason: "unknown_sku", detail: `${fact.sku} was never received, purchased or registered` }
    }
  }
  const before = draft.changes.length
  const fits = apply(state, draft, fact, movedSince, policies) ?? true
  if (!fits) {
    const detail = `${fact.sku} has an allotment for as many channels as it may have`
    return { changes: draft.changes, refusal: { reason: "too_many_allotments", detail } }
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

const apply = (
  state: StockState,
  draft: Draft,
  fact: SkuFact,
  movedSince: MovedSince,
  policies: AllocationPolicies
): boolean | void => {
  const { time } = fact
  switch (fact.type) {
    case "order.placed":
      return placeOrder(state, draft, fact.data, time, policies)
    case "order.changed":
      return changeOrder(draft, fact.data, time, policies)
    case "order.cancelled":
      return cancelOrder(draft, fact.data, time, policies)
    case "shipment.created":
      return createShipment(draft, fact.data, time, policies)
    case "shipment.cancelled":
      return cancelShipment(draft, fact.data, time, policies)
    case "shipment.confirmed":
      return confirmShipment(draft, fact.data, time, policies)
    case "goods.received":
      return receiveGoods(draft, fact.data, time)
    case "goods.putaway":
      return putAway(draft, fact.data)
    case "return.received":
      return receiveReturn(draft, fact.data, time)
    case "return.restocked":
      return restock(draft, fact.data, time)
    case "stock.adjusted":
      return adjustStock(draft, fact.data, time)
    case "transfer.dispatched":
      return dispatchTransfer(draft, fact.data, time)
    case "transfer.received":
      return receiveTransfer(draft, fact.data, time)
    case "purchase.ordered":
      return orderPurchase(draft, fact.data, time)
    case "count.cycle":
      return count(draft, fact.data, movedSince)
    case "sku.registered":
      return registerSku(draft, fact.data, time)
    case "allotment.set":
      return setAllotments(state, draft, fact.data, time)
    case "backorder.set":
      return setBackorder(state, draft, fact.data, time)
  }
}

const decideRequest = (
  state: StockState,
  draft: Draft,
  request: ReservationRequest,
  unique: string,
  now: number
): Decision => withinRange(state, draft, () => answerRequest(state, draft, request, { unique, now }))

/** What an answer changes, unless a quantity would leave the range of the ledger. */
const withinRange = (state: StockState, draft: Draft, answerOf: () => ReservationAnswer): Decision => {
  const before = draft.changes.length
  const answer = answerOf()
  if (draft.inRange()) return { changes: draft.changes, answer }
  const changes = draft.changes.slice(0, before)
  return { changes, answer: denied(state, { version: state.version + before }, "quantity_out_of_range") }
}

/** Applies one change in place. Throws `InvariantBroken` when a quantity that cannot be negative would be. */
export const evolve = (state: StockState, change: StockChange): void => {
  let level = levelAt(state, change.locationId)
  if (level === undefined) {
    level = emptyLevel(change.locationId)
    state.levels.push(level)
  }
  level.onHand += change.onHand
  level.committed += change.committed
  level.held += change.held
  applyRare(level, change)
  if (change.terms !== undefined) state.terms = change.terms
  state.version += 1
  if (level.committed < 0 || level.held < 0) {
    throw new InvariantBroken(
      `${state.sku} at ${level.locationId}: committed ${level.committed}, held ${level.held} after ${change.kind}`
    )
  }
  if (change.reservationId !== undefined) evolveHold(state, change, change.reservationId)
  if (change.line !== undefined) state.documents.set(documentKeyOf(change.line), change.line)
}

const evolveHold = (state: StockState, change: StockChange, reservationId: ReservationId): void => {
  countGuarded(state, reservationId, change.locationId, change.held)
  if (change.kind === "reservation.granted") {
    openHold(state, change, reservationId)
    return
  }
  const hold = state.holds.get(reservationId)
  if (!endsHold(change.kind)) state.holds.set(reservationId, moveEnd(state, hold!, change.expiresAt!))
  else if (hold !== undefined && hold.quantity + change.held > 0)
    state.holds.set(reservationId, { ...hold, quantity: hold.quantity + change.held })
  else {
    state.holds.delete(reservationId)
    state.ended.set(reservationId, change.kind.slice("reservation.".length) as HoldEnd)
  }
  state.expiry.prune(endsAt(state), state.holds.size)
}

const moveEnd = (state: StockState, hold: Hold, expiresAt: number): Hold => {
  state.expiry.add(hold.reservationId, expiresAt)
  return { ...hold, expiresAt }
}

const openHold = (state: StockState, change: StockChange, reservationId: ReservationId): void => {
  const { locationId, held, documentId, channel } = change
  const known = { reservationId, locationId, quantity: held, expiresAt: change.expiresAt ?? 0 }
  const hold: Hold = channel === undefined ? known : { ...known, channel }
  state.holds.set(reservationId, documentId === undefined ? hold : { ...hold, orderId: documentId as OrderId })
  state.expiry.add(reservationId, hold.expiresAt)
}
