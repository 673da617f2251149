/** What `GET /v1/parked` is asked for: `reason`, `all`, `limit`, `after`. */
import type { FieldError } from "@holdfast/domain/EventManifest"
import type { ParkedQuery } from "@holdfast/ledger/Parked"
import { Result } from "effect"
import { parkedPageMax } from "./IngestLimit.ts"

const whole = (
  text: string | null,
  field: string,
  min: number,
  max: number,
  errors: Array<FieldError>
): number | undefined => {
  if (text === null) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  errors.push({ field, message: `must be a whole number from ${min} to ${max}` })
  return undefined
}

export const parkedQueryOf = (params: URLSearchParams): Result.Result<ParkedQuery, ReadonlyArray<FieldError>> => {
  const errors: Array<FieldError> = []
  const limit = whole(params.get("limit"), "limit", 1, parkedPageMax, errors)
  const after = whole(params.get("after"), "after", 0, Number.MAX_SAFE_INTEGER, errors)
  const reason = params.get("reason")
  const all = params.get("all") ?? "false"
  if (all !== "true" && all !== "false") errors.push({ field: "all", message: "must be true or false" })
  if (reason !== null && reason.includes("\u0000")) errors.push({ field: "reason", message: "must not contain NUL" })
  if (errors.length > 0) return Result.fail(errors)
  return Result.succeed({
    waitingOnly: all === "false",
    ...(limit === undefined ? {} : { limit }),
    ...(after === undefined ? {} : { after }),
    ...(reason === null ? {} : { reason })
  })
}
