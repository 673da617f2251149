/** Flags and arguments that several commands have, each with one meaning. */
import { EventSource } from "@holdfast/domain/Identity"
import { rfc3339 } from "@holdfast/domain/Rfc3339"
import { Schema } from "effect"
import { Argument, Flag } from "effect/cli"
import { userInfo } from "node:os"

const Limit = Schema.Number.check(
  Schema.makeFilter((n: number) =>
    n >= 1 && n <= 10_000 ? undefined : `must be a whole number from 1 to 10000, got ${n}`
  )
)

export const limitFlag = (description: string, otherwise: number) =>
  Flag.Int("limit").pipe(Flag.withDescription(description), Flag.withSchema(Limit), Flag.withDefault(otherwise))

export const jsonFlag = Flag.Boolean("json").pipe(Flag.withDescription("Print JSON"), Flag.withDefault(false))

export const channelArgument = Argument.String("channel").pipe(Argument.withDescription("Id of the channel"))

export const dryRunFlag = Flag.Boolean("dry-run").pipe(
  Flag.withDescription("Say what would change, change nothing"),
  Flag.withDefault(false)
)

/** @param otherwise the source that the events name unless somebody says another one */
export const sourceFlag = (otherwise: EventSource) =>
  Flag.String("source").pipe(
    Flag.withDescription("Source that the events name"),
    Flag.withSchema(EventSource),
    Flag.withDefault(otherwise)
  )

/** Who wants something, and why. @param by what is said of the first, @param reason of the second */
export const authorFlags = (by: string, reason: string) => ({
  by: Flag.String("by").pipe(
    Flag.withDescription(`${by}; your user name when absent`),
    Flag.withDefault(userInfo().username)
  ),
  reason: Flag.String("reason").pipe(Flag.withDescription(reason), Flag.optional)
})

/** A moment in milliseconds since the epoch, given what time it is. */
export type Moment = (now: number) => number

const ageUnits: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Of an age such as 30m; undefined where it is none. */
export const ageOf = (text: string): Moment | undefined => {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  return unit === undefined ? undefined : (now) => now - Number(count) * ageUnits[unit]!
}

/** A time such as 2026-11-27T09:30:00Z, a day such as 2026-11-27 (in UTC), or an age such as 30m. Throws what is wrong with it. */
export const momentOf = (text: string): Moment => {
  const age = ageOf(text)
  if (age !== undefined) return age
  const time = rfc3339.test(text) || /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new Error(`must be a time such as 2026-11-27T09:30:00Z or an age such as 30m, 6h, 2d`)
  return () => time
}

export const sinceFlag = Flag.String("since").pipe(
  Flag.withDescription(
    "Only what was applied since: a time such as 2026-11-27T09:30:00Z, or an age such as 30m, 6h, 2d"
  ),
  Flag.mapTryCatch(momentOf, (error) => (error instanceof Error ? error.message : String(error))),
  Flag.optional
)
