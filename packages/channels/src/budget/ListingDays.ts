/**
 * How often each listing was written in a day, for channels that admit only so many revisions of a listing.
 *
 * Guarantee: no listing is written more often than every limit admits; the last revisions of its day are kept for updates to
 * zero. Listings do not count for one another. It counts from the start of the process.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { DateTime } from "effect"
import { dayMillis, daySlots, listingKeptOf } from "../ChannelLimit.ts"
import { SlidingWindow } from "./SlidingWindow.ts"

interface DayCount {
  admitAt(sku: Sku, now: number, toZero: boolean): number
  note(sku: Sku, now: number, toZero: boolean): void
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
    }
  }
}

const rollingDays = (max: number): DayCount => {
  const windows = new Map<Sku, SlidingWindow>()
  return {
    admitAt: (sku, now, toZero) => windows.get(sku)?.admitAt(now, toZero) ?? now,
    note: (sku, now, toZero) => {
      const window = windows.get(sku) ?? new SlidingWindow(max, dayMillis, daySlots, listingKeptOf(max))
      windows.set(sku, window)
      window.take(now, 1, toZero ? 0 : 1)
    }
  }
}

const countOf = ({ max, timeZone }: ListingDayLimit): DayCount =>
  timeZone === undefined ? rollingDays(max) : calendarDays(max, timeZone)

export class ListingDays {
  private counts: ReadonlyMap<string, DayCount> = new Map()

  constructor(limits: ReadonlyArray<RateLimit> = []) {
    this.redeclare(limits)
  }

  /** A limit that stays goes on counting as it did. */
  redeclare(limits: ReadonlyArray<RateLimit> = []): void {
    const kept = limits.filter((limit): limit is ListingDayLimit => limit.kind === "listingDay")
    this.counts = new Map(
      kept.map((limit) => [JSON.stringify(limit), this.counts.get(JSON.stringify(limit)) ?? countOf(limit)])
    )
  }

  /** When a listing may be written again: `now` or later. */
  admitAt(sku: Sku, now: number, toZero: boolean): number {
    let at = now
    for (const count of this.counts.values()) at = Math.max(at, count.admitAt(sku, now, toZero))
    return at
  }

  /** A listing is written. */
  note(sku: Sku, now: number, toZero: boolean): void {
    for (const count of this.counts.values()) count.note(sku, now, toZero)
  }
}
