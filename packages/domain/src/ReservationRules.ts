/**
 * What a request about a reservation is answered.
 *
 * 1. A reservation is granted only up to what is available at its location at that moment, never beyond, and whenever it is.
 * 2. A hold ends once: confirmed, released, consumed by an order, or expired.
 *
 * Pure; the draft is changed.
 */
import type { AllocationStrategy } from "./Allocation.ts"
import type { Draft } from "./Draft.ts"
import { defaultLocation, type ReservationId } from "./Identity.ts"
import { holdTtlMillisDefault } from "./Limit.ts"
import { confirmHold } from "./OrderRules.ts"
import { reservationIdOf } from "./Partition.ts"
import type {
  ConfirmRequest,
  DenialReason,
  ReleaseRequest,
  ReservationAnswer,
  ReservationRequest,
  ReserveRequest
} from "./Reservation.ts"
import { available, isKnown, type Hold, type StockState } from "./StockState.ts"

/** What a request is decided with. `unique` makes the reservation id and is the same for the same request. */
export interface RequestContext {
  readonly unique: string
  /** milliseconds since the epoch, by the database's clock */
  readonly now: number
  readonly strategy: AllocationStrategy
}

export const answerRequest = (
  state: StockState,
  draft: Draft,
  request: ReservationRequest,
  context: RequestContext
): ReservationAnswer => {
  if (!isKnown(state) && request.verb === "reserve") return denied(state, draft, "unknown_sku")
  switch (request.verb) {
    case "reserve":
      return reserve(state, draft, request, context)
    case "confirm":
      return confirm(state, draft, request, context)
    case "release":
      return release(state, draft, request)
  }
}

export const denied = (
  state: StockState,
  { version }: Pick<Draft, "version">,
  reason: DenialReason,
  units?: number
): ReservationAnswer => ({
  status: "denied",
  reason,
  sku: state.sku,
  version,
  ...(units === undefined ? {} : { available: units })
})

const reserve = (
  state: StockState,
  draft: Draft,
  { locationId = defaultLocation, quantity, ttlMillis = holdTtlMillisDefault, orderId }: ReserveRequest,
  { now, unique }: RequestContext
): ReservationAnswer => {
  const free = available(draft.level(locationId))
  if (quantity > free) return denied(state, draft, "insufficient_stock", free)
  const reservationId = reservationIdOf(state.sku, unique)
  const expiresAt = now + ttlMillis
  draft.change("reservation.granted", locationId, {
    held: quantity,
    reservationId,
    expiresAt,
    ...(orderId === undefined ? {} : { documentId: orderId })
  })
  return { status: "granted", reservationId, sku: state.sku, quantity, version: draft.version, expiresAt }
}

const openHold = (state: StockState, draft: Draft, id: ReservationId): Hold | undefined =>
  draft.hasEnded(id) ? undefined : state.holds.get(id)

const deniedHold = (state: StockState, draft: Draft, id: ReservationId): ReservationAnswer => {
  const end = draft.hasEnded(id) ? "expired" : state.ended.get(id)
  if (end === undefined) return denied(state, draft, "unknown_reservation")
  return denied(state, draft, end === "expired" ? "reservation_expired" : "reservation_ended")
}

const confirm = (
  state: StockState,
  draft: Draft,
  request: ConfirmRequest,
  { strategy }: RequestContext
): ReservationAnswer => {
  const hold = openHold(state, draft, request.reservationId)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  const orderId = request.orderId ?? hold.orderId
  if (orderId === undefined) return denied(state, draft, "order_required")
  confirmHold(draft, hold, orderId, strategy)
  return ended("confirmed", state, draft, hold)
}

const release = (state: StockState, draft: Draft, request: ReleaseRequest): ReservationAnswer => {
  const hold = openHold(state, draft, request.reservationId)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  draft.change("reservation.released", hold.locationId, { held: -hold.quantity, reservationId: hold.reservationId })
  return ended("released", state, draft, hold)
}

const ended = (status: "confirmed" | "released", state: StockState, draft: Draft, hold: Hold): ReservationAnswer => ({
  status,
  reservationId: hold.reservationId,
  sku: state.sku,
  quantity: hold.quantity,
  version: draft.version
})
