/**
 * One row of the ledger: what changed for one SKU at one location, and why. State is the fold of these rows, nothing else.
 *
 * Guarantee: a change says all that `evolve` needs. Deltas are signed units.
 */
import type { LocationId, OrderId, ReservationId } from "./Identity.ts"
import type { StockEventType } from "./StockEvent.ts"

export type StockChangeKind =
  | StockEventType
  | "reservation.granted"
  | "reservation.consumed"
  | "reservation.confirmed"
  | "reservation.released"
  | "reservation.expired"

export interface StockChange {
  readonly kind: StockChangeKind
  readonly locationId: LocationId
  readonly onHand: number
  readonly committed: number
  readonly held: number
  /** units by which this change raised (or, negative, healed) what is oversold at the location */
  readonly oversold: number
  readonly reservationId?: ReservationId
  /** only of a grant: milliseconds since the epoch at which the hold ends by itself */
  readonly expiresAt?: number
  readonly orderId?: OrderId
  /** only where an order's line was touched: the line as it stands afterwards */
  readonly orderLine?: { readonly open: number; readonly confirmedAhead: number; readonly cancelledAhead: number }
  readonly reason?: string
}
