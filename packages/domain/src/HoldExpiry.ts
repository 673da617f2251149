/**
 * The holds of one SKU by the time at which they end: a binary heap with lazy deletion.
 *
 * Guarantee: `due` names every open hold whose time has come, in no particular order, and costs no more than there are
 * such holds. It ends nothing itself.
 */
import type { ReservationId } from "./Identity.ts"

interface Entry {
  readonly expiresAt: number
  readonly reservationId: ReservationId
}

export class HoldExpiry {
  private readonly heap: Array<Entry> = []

  add(reservationId: ReservationId, expiresAt: number): void {
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

  /** Reservations that end at or before `now` (milliseconds since the epoch) and of which `isOpen` holds. */
  due(now: number, isOpen: (id: ReservationId) => boolean): Array<ReservationId> {
    const found: Array<ReservationId> = []
    if (this.heap.length === 0 || this.heap[0]!.expiresAt > now) return found
    const visit = [0]
    for (let at = visit.pop(); at !== undefined; at = visit.pop()) {
      const entry = this.heap[at]
      if (entry === undefined || entry.expiresAt > now) continue
      if (isOpen(entry.reservationId)) found.push(entry.reservationId)
      visit.push(2 * at + 2, 2 * at + 1)
    }
    return found
  }

  /** Forgets entries at the top whose hold has ended. */
  prune(isOpen: (id: ReservationId) => boolean): void {
    while (this.heap.length > 0 && !isOpen(this.heap[0]!.reservationId)) this.removeTop()
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
