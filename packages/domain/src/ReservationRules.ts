/**
 * What a request about a reservation is answered.
 *
 * 1. A reservation is granted only up to what is available at its location at that moment, never beyond, and whenever it is.
 * 2. A hold ends once: confirmed, released, consumed by an order, or expired. Confirmed in part, the rest lives on.
 * 3. A hold may be given a later end, or none for a while (pinned). One that belongs to a group is left to its group.
 *
 * Pure; the draft is changed.
 */
import { announcedLevels } from "./Availability.ts"
import type { Draft } from "./Draft.ts"
import { moveEnd } from "./DueHolds.ts"
import { backorderedOf, grantable, type Backordered } from "./GrantRules.ts"
import { defaultLocation, type ReservationId } from "./Identity.ts"
import { holdTtlMillisDefault } from "./Limit.ts"
import { confirmHold } from "./OrderRules.ts"
import { membershipOf, reservationIdOf } from "./Partition.ts"
import type {
  AvailabilityAnswer,
  ConfirmRequest,
  DenialReason,
  ReservationAnswer,
  ReservationRequest,
  ReserveRequest
} from "./Reservation.ts"
import { available, availableOverall, isKnown, type Hold, type StockState } from "./StockState.ts"

/** What a request is decided with. `unique` makes the reservation id and is the same for the same request. */
export interface RequestContext {
  readonly unique: string
  /** milliseconds since the epoch, by the database's clock */
  readonly now: number
}

export const answerRequest = (
  state: StockState,
  draft: Draft,
  request: ReservationRequest,
  context: RequestContext
): ReservationAnswer => {
  if (!isKnown(state) && request.verb === "reserve") return denied(state, draft, "unknown_sku")
  if (request.verb === "reserve") return reserve(state, draft, request, context)
  const hold = draft.openHold(request.reservationId)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  if (membershipOf(hold.reservationId) !== undefined) return denied(state, draft, "part_of_group")
  switch (request.verb) {
    case "confirm":
      return confirm(state, draft, hold, request)
    case "release":
      return release(state, draft, hold)
    case "extend":
      return liveUntil("extended", state, draft, hold, Math.max(hold.expiresAt, context.now + request.ttlMillis))
    case "pin":
      return liveUntil("pinned", state, draft, hold, Infinity)
    case "unpin": {
      const { ttlMillis = holdTtlMillisDefault } = request
      const until = hold.expiresAt === Infinity ? context.now + ttlMillis : hold.expiresAt
      return liveUntil("unpinned", state, draft, hold, until)
    }
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
  { locationId = defaultLocation, quantity, ttlMillis = holdTtlMillisDefault, orderId, channel, guard }: ReserveRequest,
  { now, unique }: RequestContext
): ReservationAnswer => {
  const { units: free, bound } = grantable(draft, locationId, channel)
  if (quantity > free) return denied(state, draft, bound, free)
  const missing = backorderedOf(draft, locationId, quantity)
  draft.claim(channel, { held: quantity })
  const reservationId = reservationIdOf(state.sku, unique, guard)
  const expiresAt = now + ttlMillis
  draft.change("reservation.granted", locationId, {
    held: quantity,
    reservationId,
    expiresAt,
    ...(orderId === undefined ? {} : { documentId: orderId }),
    ...(channel === undefined ? {} : { channel })
  })
  return granted(state, draft, { reservationId, locationId, quantity, expiresAt }, missing)
}

export const granted = (
  state: StockState,
  { version }: Pick<Draft, "version">,
  { reservationId, quantity, expiresAt }: Hold,
  missing?: Backordered
): ReservationAnswer => ({ status: "granted", reservationId, sku: state.sku, quantity, version, expiresAt, ...missing })

/** Why nothing can be done with a hold that is not open. */
export const deniedHold = (state: StockState, draft: Draft, id: ReservationId): ReservationAnswer => {
  const now = draft.endOf(id)
  const end = now ?? state.ended.get(id)
  if (end === undefined) return denied(state, draft, "unknown_reservation")
  return denied(
    state,
    draft,
    now === "reservation.expired" || end === "expired" ? "reservation_expired" : "reservation_ended"
  )
}

const confirm = (state: StockState, draft: Draft, hold: Hold, request: ConfirmRequest): ReservationAnswer => {
  const orderId = request.orderId ?? hold.orderId
  if (orderId === undefined) return denied(state, draft, "order_required")
  const { quantity = hold.quantity } = request
  if (quantity > hold.quantity) return denied(state, draft, "exceeds_hold", hold.quantity)
  confirmHold(draft, hold, quantity, orderId)
  const left = hold.quantity - quantity
  const answer = ended("confirmed", state, draft, { ...hold, quantity })
  return left === 0 ? answer : { ...answer, left }
}

const release = (state: StockState, draft: Draft, hold: Hold): ReservationAnswer => {
  draft.claim(hold.channel, { held: -hold.quantity })
  draft.change("reservation.released", hold.locationId, { held: -hold.quantity, reservationId: hold.reservationId })
  return ended("released", state, draft, hold)
}

const liveUntil = (
  status: "extended" | "pinned" | "unpinned",
  state: StockState,
  draft: Draft,
  hold: Hold,
  expiresAt: number
): ReservationAnswer => {
  if (expiresAt !== hold.expiresAt) moveEnd(draft, hold, expiresAt)
  const { reservationId, quantity } = hold
  const known = { status, reservationId, sku: state.sku, quantity, version: draft.version }
  return expiresAt === Infinity ? known : { ...known, expiresAt }
}

type Ended = Extract<ReservationAnswer, { readonly status: "confirmed" | "released" }>

/** The answer when units of a hold are held no more. */
export const ended = (status: Ended["status"], state: StockState, draft: Draft, hold: Hold): Ended => ({
  status,
  reservationId: hold.reservationId,
  sku: state.sku,
  quantity: hold.quantity,
  version: draft.version
})

/** What there is of a SKU. */
export const availabilityOf = (state: StockState): AvailabilityAnswer | ReservationAnswer =>
  isKnown(state)
    ? {
        status: "available",
        sku: state.sku,
        version: state.version,
        available: availableOverall(state),
        locations: announcedLevels(state).map((level, i) => ({ ...level, available: available(state.levels[i]!) }))
      }
    : denied(state, state, "unknown_sku")
