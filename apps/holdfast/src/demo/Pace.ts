/**
 * A channel's clock, as fast as the day that is played: an hour between two runs is the played hour.
 *
 * Guarantee: pure. What a channel hears at once keeps its budget, since calls take as long as ever; what waits for a window
 * waits, and is late, in played time. Hours of the clock become an interval: a played day does not begin at midnight.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { scheduleIntervalMillisMin } from "@holdfast/domain/Limit"
import { longestGap } from "@holdfast/domain/Schedule"
import type { Timing } from "@holdfast/domain/Timing"

const pacedTiming = (timing: Timing, pace: number): Timing => {
  if (timing.model === "nearRealtime")
    return { ...timing, windowMillis: Math.max(1, Math.round(timing.windowMillis / pace)) }
  if (timing.model !== "scheduled") return timing
  const everyMillis = Math.max(scheduleIntervalMillisMin, Math.round(longestGap(timing, 0) / pace))
  return { model: "scheduled", everyMillis }
}

/** @param pace how many times faster than its record the day goes by, 1 or more */
export const paced = (definition: ChannelDefinition, pace: number): ChannelDefinition => {
  const { timing, budgetMillis } = definition
  if (timing.model !== "nearRealtime" && timing.model !== "scheduled") return definition
  const budget = Math.max(1, Math.round(budgetMillis / pace))
  return { ...definition, timing: pacedTiming(timing, pace), budgetMillis: budget }
}
