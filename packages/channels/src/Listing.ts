/**
 * What an output stream knows of one listing: the newest quantity it wants shown, what the channel last confirmed, the
 * write whose fate is unknown, and the events that wait.
 *
 * One listing is in one place: idle, collecting (waits for its window to close), ready (waits for the lane), delayed (waits
 * for a time), held (a raise that may not go yet) or in flight.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Demand } from "@holdfast/domain/OversellRisk"
import type { ListingSales } from "@holdfast/domain/SalesForecast"
import type { RejectedBecause } from "./ChannelConnector.ts"
import type { EventHolder, PendingEvent } from "./EventAccount.ts"
import type { HeapItem } from "./IndexedHeap.ts"
import type { KeptForLag } from "./LagBuffers.ts"
import type { StoredListing } from "./ListingStore.ts"
import type { Raise } from "./RaiseFence.ts"

/** A quantity that was sent, with the version it was computed from. */
export interface Write {
  readonly quantity: number
  readonly version: number
  /** milliseconds since the epoch at which it left */
  readonly requestAt: number
}

/** Why a listing is left alone until its stock changes. */
export interface Quarantine {
  readonly because: RejectedBecause
  readonly detail: string
  readonly version: number
  /** milliseconds since the epoch */
  readonly since: number
}

/**
 * What is to be done next. `push`: write the newest quantity. `resolve`: read back whether the last write happened.
 * `verify`: read back whether a write that was given up on landed after all, over a newer one.
 */
export type Step = "push" | "resolve" | "verify"

export interface Listing extends EventHolder, HeapItem {
  readonly sku: Sku
  /** newest version that was offered, and the quantity to show for it */
  version: number
  wanted: number
  /** units before anything is kept for lag; of a channel with a lag buffer, what was sold of them, and what is kept back */
  saleable: number
  sales: ListingSales | undefined
  kept: KeptForLag | undefined
  /** less is shown because the channel's queue is long */
  widened: boolean
  /** units that the channel last confirmed; undefined when it never did */
  confirmed: number | undefined
  /** the last quantity that it is known to have shown, also where nothing is certain since */
  told: number | undefined
  /** more than that, which was not told yet */
  raise: Raise | undefined
  /** the other quantity that it confirmed before that one */
  before: number | undefined
  /** when `confirmed` was last learnt, milliseconds since the epoch */
  confirmedAt: number
  /** when the last call about it began or ended, milliseconds since the epoch */
  touchedAt: number
  /**
   * `confirmed` is what a process before us noted. A write may have left after that note: for a newer version it is no
   * proof of what the channel shows.
   */
  restored: boolean
  /** newest version whose events are settled */
  confirmedVersion: number
  /** `wanted` was reckoned by a definition that has changed since */
  outdated: boolean
  /** units sold lately, as far as the quantity to show tells; undefined: none that we saw */
  demand: Demand | undefined
  place: "idle" | "collecting" | "ready" | "delayed" | "held" | "inFlight"
  step: Step
  /** earliest deadline of what waits, milliseconds since the epoch */
  deadline: number
  /** the same of what the channel was promised, undefined without; it stays when its event is given up on */
  due: number | undefined
  /** it ages in the queue from this deadline on, where that is later: a raise that was held goes behind what is due now */
  agesFrom: number | undefined
  /** it has spent the revisions of its day: when it may be written again, milliseconds since the epoch */
  heldUntil: number | undefined
  /** calls since the last that settled anything */
  attempts: number
  /** failed calls in a row */
  failures: number
  /** the write whose answer was lost */
  unresolved: Write | undefined
  /** a write that was given up on may land yet */
  suspect: boolean
  /** grows when the channel turned out to show another quantity than it confirmed: the old keys are spent */
  generation: number
  quarantine: Quarantine | undefined
  readonly events: Array<PendingEvent>
}

export const emptyListing = (sku: Sku): Listing => ({
  sku,
  version: -1,
  wanted: 0,
  saleable: 0,
  sales: undefined,
  kept: undefined,
  widened: false,
  confirmed: undefined,
  told: undefined,
  raise: undefined,
  before: undefined,
  confirmedAt: Number.NEGATIVE_INFINITY,
  touchedAt: Number.NEGATIVE_INFINITY,
  restored: false,
  confirmedVersion: -1,
  outdated: false,
  demand: undefined,
  place: "idle",
  step: "push",
  deadline: Number.POSITIVE_INFINITY,
  // not the ends of time: a number that is not small is an object of its own, of each of a hundred thousand listings
  due: undefined,
  agesFrom: undefined,
  heldUntil: undefined,
  attempts: 0,
  failures: 0,
  unresolved: undefined,
  suspect: false,
  generation: 0,
  quarantine: undefined,
  events: [],
  heapKey: 0,
  heapIndex: -1
})

export const storedListing = (row: StoredListing): Listing => ({
  ...emptyListing(row.sku),
  confirmed: row.quantity,
  told: row.quantity,
  confirmedAt: row.confirmedAt,
  restored: true,
  confirmedVersion: row.version
})

/** The channel is known to show what we want it to show. */
export const isShown = (listing: Listing): boolean =>
  listing.unresolved === undefined && listing.confirmed === listing.wanted

/** What a write may expect to find: only what the channel told this process, and nothing while the fate of a write is unknown. */
export const expectedOf = ({ confirmed, restored, unresolved }: Listing): number | undefined =>
  restored || unresolved !== undefined ? undefined : confirmed
