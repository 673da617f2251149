/** What the core of an output stream asks of its surroundings, so that it needs neither fibers nor a network. */
import type { Sku } from "@holdfast/domain/Identity"
import type { AccountOf } from "./budget/AccountBudgets.ts"
import type { PushItem } from "./ChannelConnector.ts"
import type { SettledEvent } from "./EventAccount.ts"
import type { Listing } from "./Listing.ts"
import type { ListingChange, StoredListing } from "./ListingStore.ts"
import type { RungChange } from "./OutputLadder.ts"

/** One call to the channel, for the listings it is about; `land` is told how it ended. */
export type Flight = {
  readonly listings: ReadonlyArray<Listing>
  readonly probe: boolean
  readonly requestAt: number
} & (
  | { readonly _tag: "push"; readonly items: ReadonlyArray<PushItem> }
  | { readonly _tag: "readBack"; readonly skus: ReadonlyArray<Sku> }
)

/** A scheduled run was begun: when, milliseconds since the epoch, and for how many listings. */
export interface ScheduledRun {
  readonly ranAt: number
  readonly listings: number
}

/** What the core asks of its surroundings. None of these may throw. */
export interface OutputPorts {
  /** milliseconds since the epoch */
  readonly now: () => number
  /** from 0 to below 1 */
  readonly random: () => number
  readonly launch: (flight: Flight) => void
  /** `tick` must be called at that time, milliseconds since the epoch; only the earliest counts */
  readonly wakeAt: (at: number) => void
  /** the channel confirmed another quantity, or the same for a newer version */
  readonly confirmed: (row: StoredListing) => void
  /** the window of a schedule closed, whether or not anything waited in it */
  readonly ran?: ((run: ScheduledRun) => void) | undefined
  /** a push ended with an answer, or the channel shows another quantity than it confirmed */
  readonly changed: (change: ListingChange) => void
  /** what waited was sent: from now on the channel is paused */
  readonly drained?: (() => void) | undefined
  /** the budgets of a named account, which other channels may share; the channel's own when absent */
  readonly accountOf?: AccountOf | undefined
  /**
   * milliseconds since the epoch: every order placed at the channel before was seen. It may grow; then `tick` must be called.
   * Undefined: nobody asks the channel for its orders, and no raise waits for them
   */
  readonly ordersSeenUntil?: (() => number | undefined) | undefined
  /** a rung of the ladder was climbed or left */
  readonly rungChanged?: ((change: RungChange) => void) | undefined
  readonly settled?: ((settled: SettledEvent) => void) | undefined
  /** milliseconds since the epoch: the channel was promised nothing of events that were durable before */
  readonly promisedFrom?: number | undefined
}
