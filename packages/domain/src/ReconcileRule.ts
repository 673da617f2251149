/**
 * When what a channel shows is compared with what it was told, and how large a share may differ before nothing is repaired.
 *
 * Guarantee: a decoded rule can be kept: its cron expression and its time zone are understood. Without `cron` and `everyMillis`
 * it is compared only when somebody asks. When a run is due: `Schedule`.
 */
import { Schema } from "effect"
import { scheduleIntervalMillisMax, scheduleIntervalMillisMin } from "./Limit.ts"
import { TimeZone } from "./TimeZone.ts"
import { CronExpression } from "./Timing.ts"
import { wholeFrom } from "./WholeNumber.ts"

export const ReconcileRule = Schema.Struct({
  cron: Schema.optionalKey(CronExpression),
  /** of the cron expression; UTC when absent */
  timeZone: Schema.optionalKey(TimeZone),
  /** milliseconds from the end of one run to the next, instead of a cron expression */
  everyMillis: Schema.optionalKey(wholeFrom(scheduleIntervalMillisMin, scheduleIntervalMillisMax)),
  /** share of the compared listings, 0 to 1, above which nothing is repaired until an operator says so; 0.05 when absent */
  stopAbove: Schema.optionalKey(Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
}).check(
  Schema.makeFilter(({ cron, everyMillis, timeZone }) => {
    if (cron !== undefined && everyMillis !== undefined) return "must have cron or everyMillis, not both"
    return cron === undefined && timeZone !== undefined
      ? "has a timeZone, which only a cron expression needs"
      : undefined
  })
)
export type ReconcileRule = typeof ReconcileRule.Type
