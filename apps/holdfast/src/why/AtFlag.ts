/** The flag `--at`: a moment that has been, in any form that people write. */
import { rfc3339 } from "@holdfast/domain/Rfc3339"
import { Flag } from "effect/cli"
import { ageOf, type Moment } from "../CommandFlags.ts"

const local = /^(?:(\d{4})-(\d{2})-(\d{2})[T ])?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/

const wrong = "must be a time such as 14:03, 2026-11-27 14:03, 2026-11-27T14:03:00Z, or an age such as 10m"

const localMoment = (text: string): Moment => {
  const [, year, month, day, hour, minute, second = "0", fraction = ""] = local.exec(text) ?? []
  if (hour === undefined) throw new Error(wrong)
  const clock = [Number(hour), Number(minute), Number(second), Number(fraction.padEnd(3, "0"))] as const
  const made = (on: Date): number => {
    const time = new Date(on.getFullYear(), on.getMonth(), on.getDate(), ...clock)
    // a date that does not exist rolls over into another one
    if (time.getDate() !== on.getDate() || clock[1] > 59 || clock[2] > 59) throw new Error(wrong)
    return time.getTime()
  }
  if (year === undefined) {
    made(new Date(2000, 0, 1))
    return (now) => made(new Date(now))
  }
  const on = new Date(Number(year), Number(month) - 1, Number(day))
  if (on.getMonth() !== Number(month) - 1) throw new Error(wrong)
  const time = made(on)
  return () => time
}

/** Throws what is wrong with the text. What has no zone is by the clock of this machine; without a day it is today. */
export const atMoment = (text: string): Moment => {
  const age = ageOf(text)
  if (age !== undefined) return age
  if (!rfc3339.test(text)) return localMoment(text)
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Error(wrong)
  return () => time
}

export const atFlag = Flag.String("at").pipe(
  Flag.withDescription(
    "As it was then: 14:03 or 2026-11-27 14:03 by the clock of this machine, 2026-11-27T14:03:00Z, or an age such as 10m"
  ),
  Flag.mapTryCatch(atMoment, (error) => (error instanceof Error ? error.message : String(error))),
  Flag.optional
)
