/**
 * The one question in which the timing models differ: when does the window close in which changes collect?
 *
 * Guarantee: pure. Whatever the model, what waits when the window closes is sent, newest quantities only.
 */
import { nextRun } from "./Schedule.ts"
import type { Timing } from "./Timing.ts"

/** What collects. Times are milliseconds since the epoch. */
export interface CollectingChanges {
  /** listings that wait */
  readonly waiting: number
  /** when the first of them came */
  readonly openedAt: number
  /** from when the next run counts: the run before, or when the schedule was set */
  readonly ranAt: number
}

/** @returns milliseconds since the epoch; `Infinity`: somebody else closes it, or nothing waits */
export const windowClosesAt = (timing: Timing, { waiting, openedAt, ranAt }: CollectingChanges): number => {
  switch (timing.model) {
    case "realtime":
      return waiting === 0 ? Infinity : openedAt
    case "nearRealtime":
      if (waiting === 0) return Infinity
      return waiting >= (timing.batchSize ?? Infinity) ? openedAt : openedAt + timing.windowMillis
    case "scheduled":
      return nextRun(timing, ranAt)
    case "manual":
      return Infinity
  }
}
