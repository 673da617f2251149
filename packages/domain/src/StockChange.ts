/**
 * One row of the ledger: what changed for one SKU at one location, and why. State is the fold of these rows, nothing else.
 *
 * Guarantee: a change says all that `evolve` needs. Deltas are signed units; an absent one is 0.
 */
import type { DocumentLine } from "./DocumentLine.ts"
import type { ChannelId, LocationId, ReservationId } from "./Identity.ts"
import type { SkuTerms } from "./SkuTerms.ts"
import type { StockEventType } from "./StockEvent.ts"
import type { StockLevel } from "./StockState.ts"

export type StockChangeKind =
  | StockEventType
  | "reservation.granted"
  | "reservation.extended"
  | "reservation.pinned"
  | "reservation.unpinned"
  | "reservation.consumed"
  | "reservation.confirmed"
  | "reservation.released"
  | "reservation.expired"

/** Whether a change of this kind lets units of a hold go; a confirmation in part leaves the rest. */
export const endsHold = (kind: StockChangeKind): boolean =>
  kind === "reservation.consumed" ||
  kind === "reservation.confirmed" ||
  kind === "reservation.released" ||
  kind === "reservation.expired"

/** Deltas that few changes have. */
export interface RareDeltas {
  readonly receiving?: number
  readonly inspection?: number
  readonly damaged?: number
  readonly quality?: number
  readonly incoming?: number
  readonly inTransit?: number
  readonly safetyStock?: number
}

export interface StockChange extends RareDeltas {
  readonly kind: StockChangeKind
  readonly locationId: LocationId
  readonly onHand: number
  readonly committed: number
  readonly held: number
  /** units by which this change raised (or, negative, healed) what is oversold: at the location, or beyond the SKU's allowance */
  readonly oversold: number
  /** only where the terms of sale changed, or what is used of them: the terms as they stand afterwards */
  readonly terms?: SkuTerms
  /** only of a grant: the channel that asked for it */
  readonly channel?: ChannelId
  /** units on hand that a movement did not move, because a later count had seen them */
  readonly counted?: number
  /** only of a count that took effect: milliseconds since the epoch at which it was made */
  readonly countedAt?: number
  /** only where the safety stock was set: milliseconds since the epoch as of which */
  readonly safetyStockAt?: number
  readonly reservationId?: ReservationId
  /**
   * only where a hold began or was given another end: milliseconds since the epoch at which it ends by itself; Infinity
   * while it is pinned
   */
  readonly expiresAt?: number
  /** the order, transfer or purchase that it belongs to */
  readonly documentId?: string
  /** only where a document's line of this SKU was touched: the line as it stands afterwards */
  readonly line?: DocumentLine
  readonly reason?: string
  /** who did it, and what it refers to, as the source says */
  readonly by?: string
  readonly reference?: string
}

const rareNames = ["receiving", "inspection", "damaged", "quality", "incoming", "inTransit", "safetyStock"] as const

/** Adds the rare deltas of a change to a level, and what else it says of the level. */
export const applyRare = (level: StockLevel, change: Partial<StockChange>): void => {
  for (const name of rareNames) level[name] += change[name] ?? 0
  if (change.countedAt !== undefined) level.countedAt = change.countedAt
  if (change.safetyStockAt !== undefined) level.safetyStockAt = change.safetyStockAt
}
