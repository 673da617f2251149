/**
 * What is remembered of one SKU: quantities per location, open holds, and the order lines at hand.
 *
 * 1. Quantities are integers; `onHand` and derived `available` may be negative, `committed` and `held` never are.
 * 2. `held` of a location is the sum of its open holds.
 * 3. `version` counts the changes that were ever applied: state at version v is the fold of the ledger up to v.
 *
 * The state belongs to one actor, which alone changes it, through `evolve`. `documents` and `holds` may be a part of
 * what is stored: the owner loads those that a decision needs before it decides.
 */
import type { DocumentLine } from "./DocumentLine.ts"
import { HoldExpiry, type EndsAt } from "./HoldExpiry.ts"
import { isGuarded } from "./Partition.ts"
import type { SkuTerms } from "./SkuTerms.ts"
import { SparseMap } from "./SparseMap.ts"
import type { ChannelId, LocationId, OrderId, ReservationId, Sku } from "./Identity.ts"

/** Units of one SKU at one location. */
export interface StockLevel {
  readonly locationId: LocationId
  /** physically there, whatever their status */
  onHand: number
  /** of these, not sellable: at the dock, returned and not inspected, damaged, held back by quality control */
  receiving: number
  inspection: number
  damaged: number
  quality: number
  committed: number
  held: number
  /** ordered from suppliers and not there yet */
  incoming: number
  /** on their way here from another location */
  inTransit: number
  /** never promised */
  safetyStock: number
  /** when the latest count was made; -1: never. Movements up to then are in it */
  countedAt: number
  /** as of when the safety stock was set; -1: never */
  safetyStockAt: number
}

/** The units of a level, without what decides which facts are late. */
export type LevelUnits = Readonly<Omit<StockLevel, "countedAt" | "safetyStockAt">>

export const emptyLevel = (locationId: LocationId): StockLevel => ({
  locationId,
  onHand: 0,
  receiving: 0,
  inspection: 0,
  damaged: 0,
  quality: 0,
  committed: 0,
  held: 0,
  incoming: 0,
  inTransit: 0,
  safetyStock: 0,
  countedAt: -1,
  safetyStockAt: -1
})

/** A time-limited claim. */
export interface Hold {
  readonly reservationId: ReservationId
  readonly locationId: LocationId
  /** units that are still held */
  readonly quantity: number
  /** milliseconds since the epoch, by the database's clock; Infinity while it is pinned */
  readonly expiresAt: number
  readonly orderId?: OrderId
  /** the channel that asked for it, if it said so: the hold counts against its quota */
  readonly channel?: ChannelId
}

/** How a hold ended. It ends once. */
export type HoldEnd = "consumed" | "confirmed" | "released" | "expired"

export interface StockState {
  readonly sku: Sku
  version: number
  readonly levels: Array<StockLevel>
  readonly holds: SparseMap<ReservationId, Hold>
  readonly expiry: HoldExpiry
  /** held units that are under guard, where there are any */
  guarded: Map<LocationId, number> | undefined
  /** on what terms it is sold, where anything was ever said of them */
  terms: SkuTerms | undefined
  /** how holds that are at hand but no longer open have ended */
  readonly ended: SparseMap<ReservationId, HoldEnd>
  /** lines of orders, transfers and purchases, by `documentKey` */
  readonly documents: SparseMap<string, DocumentLine>
}

export const emptyState = (sku: Sku): StockState => ({
  sku,
  version: 0,
  levels: [],
  holds: new SparseMap(),
  expiry: new HoldExpiry(),
  guarded: undefined,
  terms: undefined,
  ended: new SparseMap(),
  documents: new SparseMap()
})

/** Counts held units of a reservation that is under guard; of another one it counts nothing. */
export const countGuarded = (
  state: StockState,
  reservationId: ReservationId,
  locationId: LocationId,
  units: number
): void => {
  if (!isGuarded(reservationId)) return
  state.guarded ??= new Map()
  const now = (state.guarded.get(locationId) ?? 0) + units
  if (now === 0) state.guarded.delete(locationId)
  else state.guarded.set(locationId, now)
  if (state.guarded.size === 0) state.guarded = undefined
}

/** Whether a hold is open and ends at that time, for its `expiry`. */
export const endsAt =
  ({ holds }: StockState): EndsAt =>
  (id, expiresAt) =>
    holds.get(id)?.expiresAt === expiresAt

/** A SKU is known once anything ever changed its stock; what does so first says that it is kept. */
export const isKnown = (state: StockState): boolean => state.levels.length > 0

export const levelAt = (state: StockState, locationId: LocationId): StockLevel | undefined => {
  for (const level of state.levels) if (level.locationId === locationId) return level
  return undefined
}

type Quantities = Omit<LevelUnits, "locationId">

/** On hand and not sellable, for whatever reason. */
export const unavailable = (level: Pick<Quantities, "receiving" | "inspection" | "damaged" | "quality">): number =>
  level.receiving + level.inspection + level.damaged + level.quality

/** Units that may still be promised; negative means more is promised than is there. */
export const available = (level: Quantities): number =>
  level.onHand - unavailable(level) - level.committed - level.held - level.safetyStock

/** Units promised beyond what is there and sellable. Dipping into safety stock is not overselling. */
export const oversold = (level: Quantities): number =>
  Math.max(0, level.committed + level.held - (level.onHand - unavailable(level)))

/** Available units over all locations, signed. */
export const availableOverall = (state: StockState): number =>
  state.levels.reduce((sum, level) => sum + available(level), 0)
