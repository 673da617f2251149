/**
 * How often each listing was written in a day, for channels that admit only so many revisions of a listing.
 *
 * Guarantee: no listing is written more often than every limit admits; the last revisions of its day are kept for updates to
 * zero. Listings do not count for one another. Once `storeFirst` was called, a write is stored before it is done, some at once: a process
 * that is killed takes those along.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { DateTime } from "effect"
import {
  dayMillis,
  daysAheadOf,
  daySlots,
  dayStoreRetryMillis,
  listingKeptOf,
  writeBackRowsMax
} from "../ChannelLimit.ts"
import { SlidingWindow, type StoredSlot } from "./SlidingWindow.ts"

interface DayCount {
  admitAt(sku: Sku, now: number, toZero: boolean): number
  note(sku: Sku, now: number, toZero: boolean): void
  /** What counts, with so many more writes in the present slot. */
  stored(sku: Sku, now: number, ahead: number): ReadonlyArray<StoredSlot>
  restore(sku: Sku, slots: ReadonlyArray<StoredSlot>, now: number): void
  /** When a write counts in another slot than now. */
  slotEndsAt(now: number): number
}

type ListingDayLimit = RateLimit & { readonly kind: "listingDay" }

/** Milliseconds since the epoch at which the next day begins in a time zone. */
const nextDay = (timeZone: string, now: number): number =>
  DateTime.toEpochMillis(
    DateTime.startOf(
      DateTime.add(DateTime.startOf(DateTime.makeZonedUnsafe(now, { timeZone }), "day"), { days: 1 }),
      "day"
    )
  )

const calendarDays = (max: number, timeZone: string): DayCount => {
  const counts = new Map<Sku, number>()
  let endsAt = Number.NEGATIVE_INFINITY
  const turn = (now: number) => {
    if (now < endsAt) return
    counts.clear()
    endsAt = nextDay(timeZone, now)
  }
  return {
    admitAt: (sku, now, toZero) => {
      turn(now)
      return (counts.get(sku) ?? 0) < max - (toZero ? 0 : listingKeptOf(max)) ? now : endsAt
    },
    note: (sku, now) => {
      turn(now)
      counts.set(sku, (counts.get(sku) ?? 0) + 1)
    },
    stored: (sku, now, ahead) => {
      turn(now)
      return [[endsAt, (counts.get(sku) ?? 0) + ahead, 0]]
    },
    restore: (sku, slots, now) => {
      turn(now)
      // days of one time zone end alike: what ends otherwise was another day
      for (const [until, all] of slots) if (until === endsAt) counts.set(sku, all)
    },
    slotEndsAt: (now) => {
      turn(now)
      return endsAt
    }
  }
}

const rollingDays = (max: number): DayCount => {
  const windows = new Map<Sku, SlidingWindow>()
  const fresh = () => new SlidingWindow(max, dayMillis, daySlots, listingKeptOf(max))
  const windowOf = (sku: Sku) => {
    const window = windows.get(sku) ?? fresh()
    windows.set(sku, window)
    return window
  }
  return {
    admitAt: (sku, now, toZero) => windows.get(sku)?.admitAt(now, toZero) ?? now,
    note: (sku, now, toZero) => windowOf(sku).take(now, 1, toZero ? 0 : 1),
    stored: (sku, now, ahead) => {
      const copy = fresh()
      copy.restore(windows.get(sku)?.stored(now) ?? [])
      copy.take(now, ahead, ahead)
      return copy.stored(now)
    },
    restore: (sku, slots) => windowOf(sku).restore(slots),
    slotEndsAt: (now) => fresh().slotEndsAt(now)
  }
}

const countOf = ({ max, timeZone }: ListingDayLimit): DayCount =>
  timeZone === undefined ? rollingDays(max) : calendarDays(max, timeZone)

/** What is stored of a listing: its slots, by what each limit calls its days. */
export interface StoredDays {
  readonly sku: Sku
  readonly written: Readonly<Record<string, ReadonlyArray<StoredSlot>>>
  /** milliseconds since the epoch at which none of it counts any more */
  readonly until: number
}

/** A limit whose `max` is another goes on counting what is stored. */
const storedName = ({ timeZone }: ListingDayLimit): string => timeZone ?? "24 hours"

/** Writes that are stored, and not done yet: they count until then only. */
interface Ahead {
  left: number
  readonly until: number
}

export class ListingDays {
  private counts: ReadonlyMap<string, DayCount> = new Map()
  private limits: ReadonlyArray<ListingDayLimit> = []
  private ask: (() => void) | undefined
  private readonly asked = new Set<Sku>()
  private readonly ahead = new Map<Sku, Ahead>()

  constructor(limits: ReadonlyArray<RateLimit> = []) {
    this.redeclare(limits)
  }

  /** A limit that stays goes on counting as it did. */
  redeclare(limits: ReadonlyArray<RateLimit> = []): void {
    this.limits = limits.filter((limit): limit is ListingDayLimit => limit.kind === "listingDay")
    this.counts = new Map(
      this.limits.map((limit) => [JSON.stringify(limit), this.counts.get(JSON.stringify(limit)) ?? countOf(limit)])
    )
    this.ahead.clear()
  }

  /**
   * From now on no listing is written before that is stored.
   * @param rows what a process before this one stored @param ask asks for `toStore` to be stored
   */
  storeFirst(rows: ReadonlyArray<StoredDays>, now: number, ask: () => void): void {
    this.ask = ask
    for (const { sku, written } of rows)
      for (const limit of this.limits)
        this.counts.get(JSON.stringify(limit))!.restore(sku, written[storedName(limit)] ?? [], now)
  }

  /** When a listing may be written again: `now` or later. */
  admitAt(sku: Sku, now: number, toZero: boolean): number {
    let at = now
    for (const count of this.counts.values()) at = Math.max(at, count.admitAt(sku, now, toZero))
    if (at > now || this.ask === undefined || this.counts.size === 0 || this.isStored(sku, now)) return at
    this.asked.add(sku)
    this.ask()
    return now + dayStoreRetryMillis
  }

  private isStored(sku: Sku, now: number): boolean {
    const ahead = this.ahead.get(sku)
    return ahead !== undefined && ahead.left > 0 && now < ahead.until
  }

  /** A listing is written. */
  note(sku: Sku, now: number, toZero: boolean): void {
    for (const count of this.counts.values()) count.note(sku, now, toZero)
    const ahead = this.ahead.get(sku)
    if (ahead !== undefined) ahead.left -= 1
  }

  /** Some of what is to be stored, with the next writes of each. */
  toStore(now: number): ReadonlyArray<StoredDays> {
    const least = Math.min(...this.limits.map(({ max }) => max))
    return [...this.asked].slice(0, writeBackRowsMax).map((sku) => this.rowOf(sku, now, daysAheadOf(least)))
  }

  /** What is stored of writes that will not be done: for the end of the process. */
  toReturn(now: number): ReadonlyArray<StoredDays> {
    const skus = [...this.ahead].flatMap(([sku, { left, until }]) => (left > 0 && now < until ? [sku] : []))
    return this.counts.size === 0 ? [] : skus.slice(0, writeBackRowsMax).map((sku) => this.rowOf(sku, now, 0))
  }

  private rowOf(sku: Sku, now: number, ahead: number): StoredDays {
    const slots = this.limits.map((limit) => {
      const count = this.counts.get(JSON.stringify(limit))!
      return [storedName(limit), count.stored(sku, now, ahead)] as const
    })
    const until = Math.max(now, ...slots.flatMap(([, each]) => each.map(([end]) => end)))
    return { sku, written: Object.fromEntries(slots), until }
  }

  /** These were stored. @param at when they were asked for */
  stored(rows: ReadonlyArray<StoredDays>, at: number): void {
    const least = Math.min(...this.limits.map(({ max }) => max))
    const until = Math.min(...[...this.counts.values()].map((count) => count.slotEndsAt(at)))
    for (const { sku } of rows) {
      this.asked.delete(sku)
      if (this.counts.size > 0) this.ahead.set(sku, { left: daysAheadOf(least), until })
    }
  }
}
