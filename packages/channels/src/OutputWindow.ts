/**
 * Where changes collect until they may go: from the first one on, until the window closes.
 *
 * Guarantee: bounded by the number of listings. In real time nothing ever waits here. It does not look at the clock and sends
 * nothing: whoever does asks when it closes.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Timing } from "@holdfast/domain/Timing"
import { windowClosesAt } from "@holdfast/domain/TimingWindow"
import type { Listing } from "./Listing.ts"

export class OutputWindow {
  private readonly collecting = new Set<Listing>()
  /** listings that close it, where that is more than its timing says */
  private least = 0
  private timing: Timing
  private openedAt = 0
  private ranAt: number
  /** until something changes it: a schedule is dear to ask */
  private known: number | undefined

  /** @param ranAt milliseconds since the epoch: when a scheduled run was last begun, or from when the next one counts */
  constructor(timing: Timing, ranAt: number) {
    this.timing = timing
    this.ranAt = ranAt
  }

  get size(): number {
    return this.collecting.size
  }

  /** In the order in which they came. */
  values(): Iterable<Listing> {
    return this.collecting
  }

  /** Whether a change has to wait for the window to close. */
  get collects(): boolean {
    return this.timing.model !== "realtime"
  }

  /** Whether closing it is a run: it then counts even if nothing waits. */
  get runs(): boolean {
    return this.timing.model === "scheduled"
  }

  /** Milliseconds since the epoch; `Infinity` when it does not close by itself, or nothing waits in it. */
  get closesAt(): number {
    const { openedAt, ranAt, timing } = this
    this.known ??= windowClosesAt(this.filled(timing), { waiting: this.collecting.size, openedAt, ranAt })
    return this.known
  }

  private filled(timing: Timing): Timing {
    if (timing.model !== "nearRealtime" || timing.batchSize === undefined) return timing
    return { ...timing, batchSize: Math.max(timing.batchSize, this.least) }
  }

  /** So many listings at least close it before its time. */
  fill(least: number): void {
    this.least = least
    this.known = undefined
  }

  add(listing: Listing, now: number): void {
    if (this.collecting.size === 0) this.openedAt = now
    this.collecting.add(listing)
    this.changed()
  }

  remove(listing: Listing): void {
    if (this.collecting.delete(listing)) this.changed()
  }

  /** Takes everything out. */
  close(now: number): ReadonlyArray<Listing> {
    const listings = [...this.collecting]
    this.collecting.clear()
    this.ranAt = now
    this.known = undefined
    return listings
  }

  /** Takes these out, whether it is time or not. */
  release(skus: ReadonlySet<Sku>): ReadonlyArray<Listing> {
    const listings = [...this.collecting].filter(({ sku }) => skus.has(sku))
    for (const listing of listings) this.remove(listing)
    return listings
  }

  /** Goes by another timing from now on. A run that the old one missed is not made up for: nobody waits for it any more. */
  retime(timing: Timing, now: number): void {
    this.timing = timing
    this.ranAt = now
    this.known = undefined
  }

  /** When a run was last begun, by a process before this one. */
  restore(ranAt: number): void {
    this.ranAt = ranAt
    this.known = undefined
  }

  private changed(): void {
    if (!this.runs) this.known = undefined
  }
}
