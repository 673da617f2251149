/**
 * When a channel hears of a change: the four timing models, as data.
 *
 * - `realtime`: as soon as the channel's rate budget admits the push.
 * - `nearRealtime`: changes collect from the first one on, for `windowMillis`, or until `batchSize` listings wait.
 * - `scheduled`: changes wait for the next run, by a cron expression in a time zone or by an interval.
 * - `manual`: changes wait for an operator, who sees the difference and releases it.
 *
 * Guarantee: a decoded timing can be kept: its cron expression and its time zone are understood. When a window closes:
 * `TimingWindow`; when a run is due: `Schedule`.
 */
import { Cron, Result, Schema } from "effect"
import { nearRealtimeWindowMillisMax, scheduleIntervalMillisMax, scheduleIntervalMillisMin } from "./Limit.ts"
import { TimeZone } from "./TimeZone.ts"
import { wholeFrom } from "./WholeNumber.ts"

/** Five fields: minute, hour, day of the month, month, weekday. */
export const CronExpression = Schema.String.check(
  Schema.makeFilter((text: string) => {
    if (text.trim().split(/\s+/).length !== 5)
      return "must have five fields: minute, hour, day of the month, month, weekday; such as 0 * * * *"
    const parsed = Cron.parse(text)
    return Result.isSuccess(parsed) ? undefined : `is not a cron expression: ${parsed.failure.message}`
  })
)

const Realtime = Schema.Struct({ model: Schema.Literal("realtime") })

const NearRealtime = Schema.Struct({
  model: Schema.Literal("nearRealtime"),
  /** milliseconds from the first change that waits */
  windowMillis: wholeFrom(1, nearRealtimeWindowMillisMax),
  /** listings that close the window before its time */
  batchSize: Schema.optionalKey(wholeFrom(1, 1_000_000))
})

const Scheduled = Schema.Struct({
  model: Schema.Literal("scheduled"),
  cron: Schema.optionalKey(CronExpression),
  /** of the cron expression; UTC when absent */
  timeZone: Schema.optionalKey(TimeZone),
  /** milliseconds from one run to the next, instead of a cron expression */
  everyMillis: Schema.optionalKey(wholeFrom(scheduleIntervalMillisMin, scheduleIntervalMillisMax))
}).check(
  Schema.makeFilter(({ cron, everyMillis, timeZone }) => {
    if ((cron === undefined) === (everyMillis === undefined)) return "must have either cron or everyMillis"
    return cron === undefined && timeZone !== undefined
      ? "has a timeZone, which only a cron expression needs"
      : undefined
  })
)
export type Scheduled = typeof Scheduled.Type

const Manual = Schema.Struct({ model: Schema.Literal("manual") })

export const Timing = Schema.Union([Realtime, NearRealtime, Scheduled, Manual])
export type Timing = typeof Timing.Type
