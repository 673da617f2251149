/**
 * When a scheduled channel runs next.
 *
 * Guarantee: pure; runs rise. By the clock of its time zone: a run at an hour that the clock passes over in spring comes once,
 * later by what was passed over; one at an hour that comes twice in autumn comes once, at the first. A schedule of every hour
 * runs in every hour that passes, the one that comes twice included: its channel is never left for two.
 */
import { Cron, DateTime } from "effect"
import type { Scheduled } from "./Timing.ts"

const minute = 60_000
const hour = 60 * minute

/** The clock goes back by one hour, in one place by half of one; nowhere by more than three. */
const repeatedMax = 3 * hour

/** @returns milliseconds since the epoch of the first run after `after` */
export const nextRun = (timing: Omit<Scheduled, "model">, after: number): number => {
  const { cron, timeZone = "UTC", everyMillis } = timing
  if (everyMillis !== undefined) return after + everyMillis
  const parsed = Cron.parseUnsafe(cron!, timeZone)
  const next = Cron.next(parsed, new Date(after)).getTime()
  return isEveryHour(cron!) ? (repeatedBefore(parsed, timeZone, after, next) ?? next) : next
}

const isEveryHour = (cron: string): boolean => cron.trim().split(/\s+/)[1] === "*"

const offsetAt = (timeZone: string, at: number): number =>
  DateTime.zonedOffset(DateTime.makeZonedUnsafe(at, { timeZone }))

/** A run in an hour that comes a second time: `Cron` goes by the clock, which has shown that hour. */
const repeatedBefore = (cron: Cron.Cron, timeZone: string, after: number, next: number): number | undefined => {
  const from = Math.max(after, next - repeatedMax)
  if (offsetAt(timeZone, next - repeatedMax) <= offsetAt(timeZone, next)) return undefined
  for (let at = Math.floor(from / minute) * minute + minute; at < next; at += minute)
    if (Cron.match(cron, new Date(at))) return at
  return undefined
}

/** The longest time between two of the next runs, in milliseconds: what a change may have to wait. */
export const longestGap = (timing: Scheduled, from: number, runs = 100): number => {
  let longest = 0
  let before = nextRun(timing, from)
  for (let i = 0; i < runs; i++) {
    const next = nextRun(timing, before)
    longest = Math.max(longest, next - before)
    before = next
  }
  return longest
}
