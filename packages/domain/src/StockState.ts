/**
 * What is remembered of one SKU: quantities per location, open holds, and the order lines at hand.
 *
 * 1. Quantities are integers; `onHand` and derived `available` may be negative, `committed` and `held` never are.
 * 2. `held` of a location is the sum of its open holds.
 * 3. `version` counts the changes that were ever applied: state at version v is the fold of the ledger up to v.
 *
 * The state belongs to one actor, which alone changes it, through `evolve`. `orderLines` and `holds` may be a part of
 * what is stored: the owner loads those that a decision needs before it decides.
 */
import { HoldExpiry } from "./HoldExpiry.ts"
import { SparseMap } from "./SparseMap.ts"
import type { LocationId, OrderId, ReservationId, Sku } from "./Identity.ts"

/** Units of one SKU at one location. */
export interface StockLevel {
  readonly locationId: LocationId
  onHand: number
  committed: number
  held: number
}

/** A time-limited claim. `expiresAt` is in milliseconds since the epoch, by the database's clock. */
export interface Hold {
  readonly reservationId: ReservationId
  readonly locationId: LocationId
  readonly quantity: number
  readonly expiresAt: number
  readonly orderId?: OrderId
}

/** How a hold ended. It ends once. */
export type HoldEnd = "consumed" | "confirmed" | "released" | "expired"

/** One order's line of this SKU at one location. */
export interface OrderLine {
  readonly orderId: OrderId
  readonly locationId: LocationId
  /** units committed and not yet cancelled */
  open: number
  /** units that a confirmed hold committed before the order itself was heard of */
  confirmedAhead: number
  /** units whose cancellation arrived before the order; `cancelAll` for a whole line */
  cancelledAhead: number
}

/** `cancelledAhead` of a line that was cancelled whole before its order arrived. */
export const cancelAll = -1

export interface StockState {
  readonly sku: Sku
  version: number
  readonly levels: Array<StockLevel>
  readonly holds: SparseMap<ReservationId, Hold>
  readonly expiry: HoldExpiry
  /** how holds that are at hand but no longer open have ended */
  readonly ended: SparseMap<ReservationId, HoldEnd>
  readonly orderLines: SparseMap<string, OrderLine>
}

export const emptyState = (sku: Sku): StockState => ({
  sku,
  version: 0,
  levels: [],
  holds: new SparseMap(),
  expiry: new HoldExpiry(),
  ended: new SparseMap(),
  orderLines: new SparseMap()
})

/** A SKU is known once anything ever changed its stock. */
export const isKnown = (state: StockState): boolean => state.levels.length > 0

export const levelAt = (state: StockState, locationId: LocationId): StockLevel | undefined => {
  for (const level of state.levels) if (level.locationId === locationId) return level
  return undefined
}

export const orderLineKey = (orderId: OrderId, locationId: LocationId): string => `${orderId}\u0000${locationId}`

interface Quantities {
  readonly onHand: number
  readonly committed: number
  readonly held: number
}

/** Units that may still be promised; negative means more is promised than is there. */
export const available = (level: Quantities): number => level.onHand - level.committed - level.held

/** Units promised beyond what is on hand. */
export const oversold = (level: Quantities): number => Math.max(0, level.committed + level.held - level.onHand)

/** Available units over all locations, signed. */
export const availableOverall = (state: StockState): number =>
  state.levels.reduce((sum, level) => sum + available(level), 0)
