/**
 * So many in a span of time, wherever the span begins: what was taken counts until the span has passed since.
 *
 * Guarantee: over any span of `windowMillis` at most `max` are taken, and of those at most `max - kept` that are not to zero.
 * Memory is bounded: what is taken shortly after one another counts as one, until the last of it may be forgotten. Times are
 * milliseconds since the epoch; a clock that goes back forgets nothing.
 */
import { keptOf } from "../ChannelLimit.ts"

interface Slot {
  /** when it no longer counts */
  readonly until: number
  all: number
  others: number
}

/** The same as it is stored: until, all, others. */
export type StoredSlot = readonly [number, number, number]

export class SlidingWindow {
  private readonly max: number
  private readonly windowMillis: number
  private readonly slotMillis: number
  private readonly kept: number
  private slots: Array<Slot> = []
  private all = 0
  private others = 0

  /** @param slots parts of the window that are told apart @param kept of `max`, for updates to zero */
  constructor(max: number, windowMillis: number, slots: number, kept = keptOf(max)) {
    this.max = max
    this.windowMillis = windowMillis
    this.slotMillis = Math.max(1, Math.ceil(windowMillis / slots))
    this.kept = kept
  }

  /** When one more may be taken: `now` or later. */
  admitAt(now: number, toZero: boolean): number {
    this.forget(now)
    let { all, others } = this
    if (this.admits(all, others, toZero)) return now
    for (const slot of this.slots) {
      all -= slot.all
      others -= slot.others
      if (this.admits(all, others, toZero)) return slot.until
    }
    return now
  }

  private admits(all: number, others: number, toZero: boolean): boolean {
    return all < this.max && (toZero || others < this.max - this.kept)
  }

  /** How many may be taken now, and how many of them that are not to zero. */
  room(now: number): { readonly items: number; readonly others: number } {
    this.forget(now)
    return { items: this.max - this.all, others: this.max - this.kept - this.others }
  }

  /** @param others those of `all` that are not to zero */
  take(now: number, all: number, others: number): void {
    this.forget(now)
    if (all === 0) return
    this.all += all
    this.others += others
    const until = this.slotEndsAt(now) + this.windowMillis
    const last = this.slots.at(-1)
    if (last === undefined || last.until < until) this.slots.push({ until, all, others })
    else {
      last.all += all
      last.others += others
    }
  }

  /** What counts, oldest first. */
  stored(now: number): ReadonlyArray<StoredSlot> {
    this.forget(now)
    return this.slots.map(({ until, all, others }) => [until, all, others])
  }

  /** Counts what was stored by a process before this one; before anything is taken. */
  restore(slots: ReadonlyArray<StoredSlot>): void {
    this.slots = slots.map(([until, all, others]) => ({ until, all, others }))
    for (const { all, others } of this.slots) {
      this.all += all
      this.others += others
    }
  }

  /** When what is taken next counts in another slot. */
  slotEndsAt(now: number): number {
    return (Math.floor(now / this.slotMillis) + 1) * this.slotMillis
  }

  private forget(now: number): void {
    if (this.slots.length === 0 || this.slots[0]!.until > now) return
    const stays = this.slots.findIndex(({ until }) => until > now)
    for (const slot of this.slots.splice(0, stays < 0 ? this.slots.length : stays)) {
      this.all -= slot.all
      this.others -= slot.others
    }
  }
}
