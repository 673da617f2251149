/** The name of a time zone that is understood here. */
import { DateTime, Option, Schema } from "effect"

export const TimeZone = Schema.String.check(
  Schema.makeFilter((name: string) =>
    Option.isSome(DateTime.zoneMakeNamed(name)) ? undefined : "must be a time zone such as Europe/Berlin or UTC"
  )
)
