/**
 * Reads a request as it came over the wire.
 *
 * Guarantee: what is not what its verb asks for is refused with every field that is wrong. A `reserve` with `lines` is about
 * several SKUs, one with `sku` about one.
 */
import { fieldErrorsOf, type FieldError } from "@holdfast/domain/EventManifest"
import {
  requestSchemas,
  type AvailabilityRequest,
  type RequestVerb,
  type ReservationRequest
} from "@holdfast/domain/Reservation"
import { ReserveLinesRequest } from "@holdfast/domain/ReservationGroup"
import type { HistoryRequest } from "@holdfast/domain/StockHistory"
import { Result, Schema } from "effect"

/** What may be asked. */
export type StockRequest =
  | ReservationRequest
  | ({ readonly verb: "reserve" } & ReserveLinesRequest)
  | ({ readonly verb: "availability" } & AvailabilityRequest)
  | ({ readonly verb: "history" } & HistoryRequest)

const decoderOf = (schema: Schema.Codec<object>) => Schema.decodeUnknownResult(schema, { errors: "all" })

const decoders = Object.fromEntries(
  Object.entries(requestSchemas).map(([verb, schema]) => [verb, decoderOf(schema as unknown as Schema.Codec<object>)])
) as Readonly<Record<RequestVerb, ReturnType<typeof decoderOf>>>

const decodeLines = decoderOf(ReserveLinesRequest as unknown as Schema.Codec<object>)

const hasLines = (body: unknown): boolean => typeof body === "object" && body !== null && "lines" in body

/** @param text JSON */
export const readRequest = (
  verb: RequestVerb,
  text: string
): Result.Result<StockRequest, ReadonlyArray<FieldError>> => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    return Result.fail([{ field: "body", message: `must be JSON: ${cause instanceof Error ? cause.message : cause}` }])
  }
  const decoded = verb === "reserve" && hasLines(body) ? decodeLines(body) : decoders[verb](body)
  return Result.isFailure(decoded)
    ? Result.fail(fieldErrorsOf("body", decoded.failure))
    : Result.succeed({ verb, ...decoded.success } as StockRequest)
}
