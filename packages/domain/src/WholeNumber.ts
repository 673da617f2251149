/** Whole numbers within limits. What is refused says both. */
import { Schema } from "effect"

/** @param min smallest that is admitted @param max largest that is admitted */
export const wholeFrom = (min: number, max: number) =>
  Schema.Number.check(
    Schema.makeFilter((n: number) =>
      Number.isInteger(n) && n >= min && n <= max ? undefined : `must be a whole number from ${min} to ${max}, got ${n}`
    )
  )
