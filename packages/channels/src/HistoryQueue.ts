/**
 * Entries of a channel's history that are not stored yet, oldest first.
 *
 * Guarantee: none goes missing without a word: the next entry of its listing carries how many are lost before it.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { historyWaitingMax } from "./ChannelLimit.ts"
import type { ListingChange } from "./ListingStore.ts"

export class HistoryQueue {
  private readonly waiting: Array<ListingChange> = []
  private readonly lost = new Map<Sku, number>()

  get length(): number {
    return this.waiting.length
  }

  add(change: ListingChange): void {
    this.waiting.push(change)
  }

  /** Drops the oldest beyond the bound; not while a batch of `oldest` is being stored. Returns how many. */
  dropOldest(): number {
    const excess = this.waiting.length - historyWaitingMax
    if (excess <= 0) return 0
    for (const { sku } of this.waiting.splice(0, excess)) this.lost.set(sku, (this.lost.get(sku) ?? 0) + 1)
    return excess
  }

  /** The oldest `max` entries; they stay until they are `stored`. */
  oldest(max: number): ReadonlyArray<ListingChange> {
    const batch = this.waiting.slice(0, max)
    if (this.lost.size === 0) return batch
    const told = new Set<Sku>()
    return batch.map((change) => {
      const lost = told.has(change.sku) ? undefined : this.lost.get(change.sku)
      told.add(change.sku)
      return lost === undefined ? change : { ...change, lost }
    })
  }

  /** @param batch what `oldest` gave last */
  stored(batch: ReadonlyArray<ListingChange>): void {
    this.waiting.splice(0, batch.length)
    if (this.lost.size > 0) for (const { sku } of batch) this.lost.delete(sku)
  }
}
