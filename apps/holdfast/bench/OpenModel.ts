/**
 * Sends at fixed instants, whether or not what was sent before has been answered.
 *
 * Guarantee: number `i` is meant for `startAt + i / rate` and is sent at that instant or as soon after it as this process
 * gets to it, never before; how late it was is known. Latencies are to be counted from the intended instant: a stall
 * anywhere, of the generator too, then shows in every event that it delayed.
 */
import { setTimeout as wait } from "node:timers/promises"
import { lateMillisMax, lateP99MillisMax } from "./BenchLimit.ts"
import { quantile, sortedOf } from "./Distribution.ts"
import { monotonicMillis } from "./MonotonicClock.ts"

export interface Schedule {
  /** on the machine's monotonic clock, milliseconds */
  readonly startAt: number
  /** per second */
  readonly rate: number
  readonly count: number
}

/** How late the generator itself was, milliseconds. */
export interface Lateness {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Milliseconds between two looks at the clock: the finest that a timer of Node has. */
const tickMillis = 1

export const intendedAt = ({ startAt, rate }: Schedule, index: number): number => startAt + (index * 1_000) / rate

/** Calls `send` for every number of the schedule. Resolves when the last one was sent. */
export const openModel = async (
  schedule: Schedule,
  send: (index: number, intended: number) => void
): Promise<Lateness> => {
  const late = new Float64Array(schedule.count)
  let sent = 0
  while (sent < schedule.count) {
    for (let now = monotonicMillis(); sent < schedule.count; sent++, now = monotonicMillis()) {
      const intended = intendedAt(schedule, sent)
      if (intended > now) break
      late[sent] = now - intended
      send(sent, intended)
    }
    await wait(tickMillis)
  }
  const sorted = sortedOf(late)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 }
}

/** Why a run cannot be believed, or nothing. */
export const invalidBecause = ({ p99, max }: Lateness): string | undefined => {
  if (p99 <= lateP99MillisMax && max <= lateMillisMax) return undefined
  return `the generator was late itself: p99 ${p99.toFixed(1)} ms (at most ${lateP99MillisMax}), ${max.toFixed(0)} ms at worst (at most ${lateMillisMax})`
}
