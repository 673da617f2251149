/**
 * What an output stream holds back, and does otherwise: for its ladder while deadlines are at risk, and for orders of the channel that
 * were not seen.
 *
 * Guarantee: on the lowest rung, and without a cursor, it holds back nothing and changes nothing. It moves no listing: `OutputCore` does.
 */
import { fillShare, narrowShare } from "./ChannelLimit.ts"
import type { Listing } from "./Listing.ts"
import type { ListingReckoning } from "./ListingReckoning.ts"
import { type LadderView, OutputLadder, type RungChange } from "./OutputLadder.ts"
import type { OutputLane } from "./OutputLane.ts"
import type { OutputQueue } from "./OutputQueue.ts"
import { allowed, type Allowed, isRaise, noteRaise, type RaiseHeldBecause } from "./RaiseFence.ts"

export interface RestraintParts {
  readonly lane: OutputLane
  readonly queue: OutputQueue
  readonly reckoning: ListingReckoning
  /** whether there is a ladder: to compare with */
  readonly climbs: boolean
  /** milliseconds since the epoch */
  readonly now: number
}

export class Restraint {
  readonly ladder: OutputLadder
  /** every order placed at the channel before was seen, milliseconds since the epoch; undefined: it is not asked for them */
  seenUntil: number | undefined
  private readonly parts: RestraintParts
  private calledAt = Number.NEGATIVE_INFINITY

  constructor(parts: RestraintParts) {
    this.parts = parts
    this.ladder = new OutputLadder(parts.lane, parts.queue, parts.now)
  }

  /** Listings that show less than they always do, for the sake of the queue. */
  get shownLess(): number {
    return this.parts.reckoning.shownLess
  }

  /** To be called whenever what is wanted of a listing, or what the channel shows of it, may be something else. */
  note(listing: Listing, now: number): void {
    if (this.seenUntil !== undefined) noteRaise(listing, now)
    else if (listing.raise !== undefined) listing.raise = undefined
  }

  /** Why a raise may not go now; undefined: it may, or is none. */
  heldBecause(listing: Listing): RaiseHeldBecause | undefined {
    if (listing.step !== "push" || !isRaise(listing)) return undefined
    if (allowed(listing, this.seenUntil) === undefined) return "unseenOrders"
    return this.ladder.has("stopRaising") ? "ladder" : undefined
  }

  /** What may be told of a listing that is not held. */
  allowedOf(listing: Listing): Allowed {
    return allowed(listing, this.seenUntil)!
  }

  /** A call left that could take so many listings. */
  called(now: number, listings: number): void {
    this.calledAt = now
    this.ladder.called(listings)
  }

  /** When a call leaves at the latest that is not full, milliseconds since the epoch: it waits for that as far as deadlines allow. */
  fullBy({ batchMax, definition }: LadderView): number {
    const { first, awaitedCount } = this.parts.queue
    if (this.ladder.rung === "none" || first.toZero || awaitedCount >= batchMax) return Number.NEGATIVE_INFINITY
    return Math.min(this.calledAt + fillShare * definition.budgetMillis, this.ladder.dueAt)
  }

  /** When `climb` and `narrow` are due, milliseconds since the epoch. */
  nextAt(budgetMillis: number, now: number): number {
    const narrowAt = this.parts.reckoning.isWidened ? now + narrowShare * budgetMillis : Number.POSITIVE_INFINITY
    return this.parts.climbs ? Math.min(narrowAt, this.ladder.nextAt(budgetMillis)) : Number.POSITIVE_INFINITY
  }

  /** Looks whether another rung is to be stood on. @returns the change, if it is: then all that waits is to find its place anew */
  climb(view: LadderView, now: number): RungChange | undefined {
    const { queue, reckoning } = this.parts
    const change = this.ladder.look(view, now)
    if (this.ladder.has("widerBuffer")) reckoning.widen(this.ladder.queueSeconds(view))
    else if (change !== undefined) reckoning.widen(undefined)
    if (change !== undefined) queue.window.fill(this.ladder.has("largerBatches") ? view.batchMax : 0)
    return change
  }

  /** Listings that were shown less of while the queue was long are to be shown in full again: no more at once than it bears. */
  narrow(view: LadderView, now: number): ReadonlyArray<Listing> {
    const { queue, reckoning } = this.parts
    if (!reckoning.isWidened) return []
    const room = Math.floor(this.ladder.admittedIn(narrowShare, view)) - queue.awaitedCount
    return [...reckoning.narrow(Math.max(queue.isAwaited ? 0 : 1, room), now)]
  }
}
