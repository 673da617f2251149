/**
 * The listings of a channel that wait: those that may go at once, by deadline, those that wait for a time, and those that
 * collect until their window closes.
 *
 * Guarantee: bounded by the number of listings, since a listing waits once, whatever happens to its stock meanwhile.
 */
import { IndexedHeap } from "./IndexedHeap.ts"
import type { Listing, Step } from "./Listing.ts"
import type { OutputWindow } from "./OutputWindow.ts"

export class OutputQueue {
  private readonly ready = new IndexedHeap<Listing>()
  private readonly delayed = new IndexedHeap<Listing>()
  readonly window: OutputWindow

  constructor(window: OutputWindow) {
    this.window = window
  }

  get waiting(): number {
    return this.ready.size + this.delayed.size + this.window.size
  }

  get hasReady(): boolean {
    return this.ready.size > 0
  }

  /** When the first delayed listing becomes ready. */
  get nextAt(): number {
    return this.delayed.peek()?.heapKey ?? Number.POSITIVE_INFINITY
  }

  /** Waits for the lane: the earliest deadline goes first. */
  putReady(listing: Listing): void {
    this.delayed.remove(listing)
    if (listing.place === "collecting") this.window.remove(listing)
    listing.place = "ready"
    this.ready.put(listing, listing.deadline)
  }

  /** Waits until `at`, milliseconds since the epoch. */
  putDelayed(listing: Listing, at: number): void {
    this.ready.remove(listing)
    if (listing.place === "collecting") this.window.remove(listing)
    listing.place = "delayed"
    this.delayed.put(listing, at)
  }

  /** Waits until the window closes. */
  putCollecting(listing: Listing, now: number): void {
    this.ready.remove(listing)
    this.delayed.remove(listing)
    listing.place = "collecting"
    this.window.add(listing, now)
  }

  /** All that collected wait for the lane now. */
  closeWindow(now: number): number {
    const listings = this.window.close(now)
    for (const listing of listings) this.putReady(listing)
    return listings.length
  }

  remove(listing: Listing): void {
    this.ready.remove(listing)
    this.delayed.remove(listing)
    this.window.remove(listing)
    listing.place = "idle"
  }

  /** Those whose time has come wait for the lane. */
  release(now: number): void {
    while (this.nextAt <= now) this.putReady(this.delayed.peek()!)
  }

  /** Listings that only waited out a failure: it was the channel's, and the channel is well again. */
  releaseFailed(): void {
    for (const listing of this.delayed.values().filter((each) => each.failures > 0 && each.step !== "verify")) {
      this.putReady(listing)
    }
  }

  /** Takes the most urgent listing, and up to `max` - 1 more that wait for the same step. */
  take(max: number): ReadonlyArray<Listing> {
    const batch: Array<Listing> = []
    let step: Step | undefined
    while (batch.length < max) {
      const first = this.ready.peek()
      if (first === undefined || (step !== undefined && first.step !== step)) break
      step = first.step
      this.ready.remove(first)
      first.place = "inFlight"
      batch.push(first)
    }
    return batch
  }
}
