/**
 * The holds of one SKU by the time at which they end: a binary heap with lazy deletion.
 *
 * Guarantee: `due` names every open hold whose time has come, once each and in no particular order, and costs no more than
 * there are such holds. Entries that mean nothing any more are at most as many as those that do, and a few. It ends nothing itself.
 */
import type { ReservationId } from "./Identity.ts"

interface Entry {
  readonly expiresAt: number
  readonly reservationId: ReservationId
}

/** Whether the hold is open and ends at that time: it may have ended, or have been given another time. */
export type EndsAt = (id: ReservationId, expiresAt: number) => boolean

/** Entries that mean nothing are let be up to this many: going through a small heap again and again gains nothing. */
const staleMin = 64

export class HoldExpiry {
  private heap: Array<Entry> = []

  /** @param expiresAt milliseconds since the epoch; Infinity is never due */
  add(reservationId: ReservationId, expiresAt: number): void {
    if (expiresAt === Infinity) return
    const { heap } = this
    let at = heap.push({ reservationId, expiresAt }) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.expiresAt <= heap[at]!.expiresAt) break
      this.swap(at, parent)
      at = parent
    }
  }

  /** Whether `due` may name any. */
  isDue(now: number): boolean {
    return this.heap.length > 0 && this.heap[0]!.expiresAt <= now
  }

  /** Reservations that end at or before `now` (milliseconds since the epoch). */
  due(now: number, endsAt: EndsAt): Set<ReservationId> {
    const found = new Set<ReservationId>()
    const visit = [0]
    for (let at = visit.pop(); at !== undefined; at = visit.pop()) {
      const entry = this.heap[at]
      if (entry === undefined || entry.expiresAt > now) continue
      if (endsAt(entry.reservationId, entry.expiresAt)) found.add(entry.reservationId)
      visit.push(2 * at + 2, 2 * at + 1)
    }
    return found
  }

  /** Forgets entries that mean nothing any more: those at the top, or all when there are many. @param open holds */
  prune(endsAt: EndsAt, open: number): void {
    if (this.heap.length > 2 * open + staleMin) this.compact(endsAt)
    while (this.heap.length > 0 && !endsAt(this.heap[0]!.reservationId, this.heap[0]!.expiresAt)) this.removeTop()
  }

  private compact(endsAt: EndsAt): void {
    const kept = this.heap.filter(({ reservationId, expiresAt }) => endsAt(reservationId, expiresAt))
    // a sorted array is a heap
    this.heap = kept.sort((a, b) => a.expiresAt - b.expiresAt)
  }

  private removeTop(): void {
    const { heap } = this
    const last = heap.pop()!
    if (heap.length === 0) return
    heap[0] = last
    for (let at = 0; ;) {
      const left = 2 * at + 1
      if (left >= heap.length) return
      const right = left + 1
      const least = right < heap.length && heap[right]!.expiresAt < heap[left]!.expiresAt ? right : left
      if (heap[at]!.expiresAt <= heap[least]!.expiresAt) return
      this.swap(at, least)
      at = least
    }
  }

  private swap(a: number, b: number): void {
    const entry = this.heap[a]!
    this.heap[a] = this.heap[b]!
    this.heap[b] = entry
  }
}
