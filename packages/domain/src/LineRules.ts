/**
 * What a group of holds asks the SKU of one of its lines, and what it is answered.
 *
 * 1. Asked again, a line changes nothing: its hold is known by its id, whether it is open or has ended.
 * 2. Nothing is held for a group that could not use it any more: not past the group's deadline.
 * 3. As many units as are asked for, or with `partial` what there is of them, but at least one.
 *
 * Pure; the draft is changed. Nobody but the group's coordinator may ask.
 */
import type { Draft } from "./Draft.ts"
import { moveEnd } from "./DueHolds.ts"
import { grantable } from "./GrantRules.ts"
import type { ChannelId, LocationId, OrderId, ReservationId, Sku } from "./Identity.ts"
import { confirmHold } from "./OrderRules.ts"
import type { ReservationAnswer } from "./Reservation.ts"
import { denied, deniedHold, ended, granted } from "./ReservationRules.ts"
import { isKnown, type StockState } from "./StockState.ts"

/** Times are milliseconds since the epoch. */
export type LineRequest =
  | {
      readonly ask: "hold"
      readonly reservationId: ReservationId
      readonly sku: Sku
      readonly locationId: LocationId
      readonly quantity: number
      readonly partial: boolean
      readonly orderId?: OrderId
      readonly channel?: ChannelId
      readonly expiresAt: number
      readonly deadline: number
    }
  | { readonly ask: "confirm"; readonly reservationId: ReservationId; readonly orderId: OrderId }
  | { readonly ask: "release"; readonly reservationId: ReservationId }
  /** to end then, or never: Infinity */
  | { readonly ask: "live"; readonly reservationId: ReservationId; readonly until: number }

export const answerLine = (state: StockState, draft: Draft, request: LineRequest, now: number): ReservationAnswer => {
  const hold = draft.openHold(request.reservationId)
  if (request.ask === "hold")
    return hold === undefined ? holdLine(state, draft, request, now) : granted(state, draft, hold)
  if (hold === undefined) return deniedHold(state, draft, request.reservationId)
  switch (request.ask) {
    case "confirm":
      confirmHold(draft, hold, hold.quantity, request.orderId)
      return ended("confirmed", state, draft, hold)
    case "release":
      draft.claim(hold.channel, { held: -hold.quantity })
      draft.change("reservation.released", hold.locationId, { held: -hold.quantity, reservationId: hold.reservationId })
      return ended("released", state, draft, hold)
    case "live":
      if (hold.expiresAt !== request.until) moveEnd(draft, hold, request.until)
      return granted(state, draft, { ...hold, expiresAt: request.until })
  }
}

const holdLine = (
  state: StockState,
  draft: Draft,
  request: Extract<LineRequest, { readonly ask: "hold" }>,
  now: number
): ReservationAnswer => {
  const { reservationId, locationId, quantity, partial, orderId, channel, expiresAt, deadline } = request
  if (state.ended.has(reservationId) || draft.hasEnded(reservationId)) return deniedHold(state, draft, reservationId)
  if (now >= deadline || now >= expiresAt) return denied(state, draft, "too_late")
  if (!isKnown(state)) return denied(state, draft, "unknown_sku")
  const { units: free, bound } = grantable(draft, locationId, channel)
  const units = partial ? Math.min(quantity, free) : quantity
  if (units > free || units < 1) return denied(state, draft, bound, free)
  draft.claim(channel, { held: units })
  const documentId = orderId === undefined ? {} : { documentId: orderId }
  const from = channel === undefined ? {} : { channel }
  draft.change("reservation.granted", locationId, { held: units, reservationId, expiresAt, ...documentId, ...from })
  return granted(state, draft, { reservationId, locationId, quantity: units, expiresAt })
}
