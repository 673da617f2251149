/**
 * Takes requests about reservations, from whatever transport, to the partition that decides them.
 *
 * Guarantee: every request is answered once: with the decision after it is durable, or at once with `invalid` (naming the
 * field), `busy` (nothing was done, ask again later) or, when the commit's outcome is not known, `unknown` (ask again with
 * the same key). It decides nothing.
 */
import { Context, Effect, Layer, Result, Schema } from "effect"
import { fieldErrorsOf, type FieldError } from "@holdfast/domain/EventManifest"
import { partitionOf, partitionOfReservation } from "@holdfast/domain/Partition"
import { requestSchemas, type NoAnswer, type RequestVerb, type ReservationRequest } from "@holdfast/domain/Reservation"
import { rootContextOf } from "@holdfast/bus/TraceContext"
import { busyRetryMillis } from "./EngineLimit.ts"
import type { RequestMessage } from "./SkuActor.ts"
import { requestBody, requestKey } from "./StockKey.ts"
import { StockOwnership } from "./StockOwnership.ts"

const decoders = {
  reserve: Schema.decodeUnknownResult(requestSchemas.reserve, { errors: "all" }),
  confirm: Schema.decodeUnknownResult(requestSchemas.confirm, { errors: "all" }),
  release: Schema.decodeUnknownResult(requestSchemas.release, { errors: "all" })
}

const noAnswer = (answer: NoAnswer): string => JSON.stringify(answer)
const busy = noAnswer({ status: "busy", retryAfterMillis: busyRetryMillis })
const invalid = (errors: ReadonlyArray<FieldError>): string => noAnswer({ status: "invalid", errors })

const parse = (verb: RequestVerb, text: string): Result.Result<ReservationRequest, ReadonlyArray<FieldError>> => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    return Result.fail([{ field: "body", message: `must be JSON: ${cause instanceof Error ? cause.message : cause}` }])
  }
  const decoded = decoders[verb](body) as Result.Result<object, Schema.SchemaError>
  return Result.isFailure(decoded)
    ? Result.fail(fieldErrorsOf("body", decoded.failure))
    : Result.succeed({ verb, ...decoded.success } as ReservationRequest)
}

const partitionFor = (request: ReservationRequest): number | undefined =>
  request.verb === "reserve" ? partitionOf(request.sku) : partitionOfReservation(request.reservationId)

const make = Effect.gen(function* () {
  const ownership = yield* StockOwnership

  /**
   * @param text JSON of the request
   * @param traceparent of the client, if it sent one
   * @param reply is called once with the answer as JSON
   */
  const ask = (
    verb: RequestVerb,
    text: string,
    traceparent: string | undefined,
    reply: (answer: string) => void
  ): void => {
    const parsed = parse(verb, text)
    if (Result.isFailure(parsed)) return reply(invalid(parsed.failure))
    const request = parsed.success
    const number = partitionFor(request)
    if (number === undefined)
      return reply(invalid([{ field: "body.reservationId", message: "was not issued by Holdfast" }]))
    const partition = ownership.get(number)
    const root = rootContextOf({ source: "request", id: request.key, traceparent })
    const message: RequestMessage = {
      kind: "request",
      sku: request.verb === "reserve" ? request.sku : undefined,
      key: requestKey(request.key),
      body: requestBody(request),
      request,
      receivedAt: Date.now(),
      traceparent: root.traceparent,
      ...(root.parentSpanId === undefined ? {} : { parentSpanId: root.parentSpanId }),
      reply
    }
    if (partition === undefined || !partition.offer(message)) reply(busy)
  }
  return { ask }
})

export class ReservationDesk extends Context.Service<ReservationDesk, Effect.Success<typeof make>>()(
  "@holdfast/engine/ReservationDesk"
) {
  static readonly layer = Layer.effect(ReservationDesk, make)
}
