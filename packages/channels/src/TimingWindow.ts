/** The one question in which the timing models differ: when does the window of a change close? */
import type { Timing } from "@holdfast/domain/Channel"

/**
 * @param openedAt milliseconds since the epoch at which the first change of the window came
 * @returns milliseconds since the epoch; `Infinity` would mean that somebody else closes it
 */
export const windowClosesAt = (timing: Timing, openedAt: number): number => {
  switch (timing.model) {
    case "realtime":
      return openedAt
  }
}
