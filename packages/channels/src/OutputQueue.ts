/**
 * The listings of a channel that wait: those that may go at once, the riskiest first, those that wait for a time, raises
 * that are held, and those that collect until their window closes.
 *
 * Guarantee: bounded by the number of listings, since a listing waits once, whatever happens to its stock meanwhile.
 */
import { IndexedHeap } from "./IndexedHeap.ts"
import type { Listing, Step } from "./Listing.ts"
import type { Waiting } from "./OutputLane.ts"
import type { OutputWindow } from "./OutputWindow.ts"

export class OutputQueue {
  /** those that jump the queue */
  private readonly toZero = new IndexedHeap<Listing>()
  private readonly ready = new IndexedHeap<Listing>()
  private readonly delayed = new IndexedHeap<Listing>()
  private readonly raises = new Set<Listing>()
  readonly window: OutputWindow

  constructor(window: OutputWindow) {
    this.window = window
  }

  get waiting(): number {
    return this.awaitedCount + this.delayed.size + this.raises.size + this.window.size
  }

  /** What waits for the lane. */
  get first(): Waiting {
    return { toZero: this.toZero.size > 0, other: this.ready.peek()?.heapKey }
  }

  /** Something waits for the lane. */
  get isAwaited(): boolean {
    return this.awaitedCount > 0
  }

  get awaitedCount(): number {
    return this.toZero.size + this.ready.size
  }

  /** What waits for the lane, in no order. */
  *awaited(): Iterable<Listing> {
    yield* this.toZero.values()
    yield* this.ready.values()
  }

  get heldRaiseCount(): number {
    return this.raises.size
  }

  /** Raises that may not go yet. */
  heldRaises(): Iterable<Listing> {
    return this.raises
  }

  /** When the first delayed listing becomes ready. */
  get nextAt(): number {
    return this.delayed.peek()?.heapKey ?? Number.POSITIVE_INFINITY
  }

  /** Waits for the lane. @param place the least goes first @param jumps whether it goes before all others */
  putReady(listing: Listing, place: number, jumps: boolean): void {
    this.delayed.remove(listing)
    this.unhold(listing)
    listing.place = "ready"
    const [heap, other] = jumps ? [this.toZero, this.ready] : [this.ready, this.toZero]
    other.remove(listing)
    heap.put(listing, place)
  }

  /** Waits until `at`, milliseconds since the epoch. */
  putDelayed(listing: Listing, at: number): void {
    this.unready(listing)
    this.unhold(listing)
    listing.place = "delayed"
    this.delayed.put(listing, at)
  }

  /** A raise that may not go, until somebody says otherwise. */
  putHeld(listing: Listing): void {
    this.remove(listing)
    listing.place = "held"
    this.raises.add(listing)
  }

  /** Waits until the window closes. */
  putCollecting(listing: Listing, now: number): void {
    this.unready(listing)
    this.delayed.remove(listing)
    listing.place = "collecting"
    this.window.add(listing, now)
  }

  private unready(listing: Listing): void {
    this.toZero.remove(listing)
    this.ready.remove(listing)
  }

  remove(listing: Listing): void {
    this.unready(listing)
    this.delayed.remove(listing)
    this.window.remove(listing)
    this.raises.delete(listing)
    listing.place = "idle"
  }

  private unhold(listing: Listing): void {
    if (listing.place === "collecting") this.window.remove(listing)
    else if (listing.place === "held") this.raises.delete(listing)
  }

  /** Listings whose time has come. They wait for the time still, until they are put elsewhere. */
  *due(now: number): Iterable<Listing> {
    while (this.nextAt <= now) yield this.delayed.peek()!
  }

  /** Listings that only wait out a failure. */
  failed(): ReadonlyArray<Listing> {
    return this.delayed
      .values()
      .filter((each) => each.failures > 0 && each.heldUntil === undefined && each.step !== "verify")
  }

  /** Listings that have spent their day. */
  held(): ReadonlyArray<Listing> {
    return this.delayed.values().filter((each) => each.heldUntil !== undefined && each.step === "push")
  }

  /**
   * Takes the most urgent listing, and more that wait for the same step.
   * @param maxOf how many in all, at least one
   * @param toZero begins with an update to zero, else with another; any others go along
   * @param othersMax of them at most that are not updates to zero
   */
  take(maxOf: (step: Step) => number, toZero: boolean, othersMax = Number.POSITIVE_INFINITY): ReadonlyArray<Listing> {
    const batch: Array<Listing> = []
    let others = 0
    let step: Step | undefined
    while (step === undefined || batch.length < maxOf(step)) {
      const mayBeOther = others < othersMax
      const first =
        batch.length > 0 && mayBeOther ? this.peek() : (toZero || !mayBeOther ? this.toZero : this.ready).peek()
      if (first === undefined || (step !== undefined && first.step !== step)) break
      step = first.step
      if (this.ready.peek() === first) others += 1
      this.unready(first)
      first.place = "inFlight"
      batch.push(first)
    }
    return batch
  }

  private peek(): Listing | undefined {
    const zero = this.toZero.peek()
    const other = this.ready.peek()
    if (zero === undefined || other === undefined) return zero ?? other
    return zero.heapKey <= other.heapKey ? zero : other
  }
}
