/**
 * Takes requests, from whatever transport, to where they are decided: the partition of their SKU, or the coordinator when they are
 * about several; what only asks, to whom knows. A bundle is its components.
 *
 * Guarantee: every request is answered once: with the decision after it is durable, or at once with `invalid` (naming the
 * field), `busy` (nothing was done, ask again later) or, when the commit's outcome is not known, `unknown` (ask again with
 * the same key). It decides nothing.
 */
import { rootContextOf } from "@holdfast/bus/TraceContext"
import type { FieldError } from "@holdfast/domain/EventManifest"
import { groupOfReservation, partitionOf, partitionOfReservation } from "@holdfast/domain/Partition"
import type { RequestVerb, ReservationRequest } from "@holdfast/domain/Reservation"
import { Bundles } from "@holdfast/ledger/Bundles"
import { Context, Effect, Layer, Result } from "effect"
import { AvailabilityDesk } from "./AvailabilityDesk.ts"
import { asComponents } from "./BundleRequest.ts"
import { GroupCoordinator, type Asked } from "./GroupCoordinator.ts"
import { HistoryDesk } from "./HistoryDesk.ts"
import { KeysInFlight } from "./KeysInFlight.ts"
import { busy, noAnswer } from "./NoAnswers.ts"
import { readRequest, type StockRequest } from "./RequestForm.ts"
import type { RequestMessage } from "./SkuActor.ts"
import { requestBody, requestKey } from "./RequestKey.ts"
import { StockOwnership } from "./StockOwnership.ts"

type Reply = (answer: string) => void

const invalid = (errors: ReadonlyArray<FieldError>): string => noAnswer({ status: "invalid", errors })
const notOurs = invalid([{ field: "body.reservationId", message: "was not issued by Holdfast" }])

/** A request that has an idempotency key. */
type KeyedRequest = Exclude<StockRequest, { readonly verb: "availability" | "history" }>

const partitionFor = (request: ReservationRequest): number | undefined =>
  request.verb === "reserve" ? partitionOf(request.sku) : partitionOfReservation(request.reservationId)

/** SKUs that the request touches, as far as it says. */
const partsOf = (request: KeyedRequest): number =>
  "lines" in request ? new Set(request.lines.map(({ sku }) => sku)).size : 1

/** @param decided the same with components for bundles: what was asked for stays what the key stands for */
const askedOf = (request: KeyedRequest, decided: KeyedRequest, traceparent: string | undefined): Asked => {
  const root = rootContextOf({ source: "request", id: request.key, traceparent })
  return {
    key: requestKey(request.key),
    body: requestBody(request),
    part: {
      key: request.key,
      verb: request.verb,
      parts: partsOf(decided),
      receivedAt: Date.now(),
      traceparent: root.traceparent,
      parentSpanId: root.parentSpanId
    }
  }
}

const make = Effect.gen(function* () {
  const ownership = yield* StockOwnership
  const groups = yield* GroupCoordinator
  const availability = yield* AvailabilityDesk
  const history = yield* HistoryDesk
  const { book } = yield* Bundles
  const keys = new KeysInFlight()

  const offer = (number: number, message: RequestMessage): void => {
    if (ownership.get(number)?.offer(message) !== true) message.reply(busy)
  }

  const decideOne = (number: number, request: ReservationRequest, { key, body, part }: Asked, reply: Reply): void => {
    const { receivedAt, traceparent, parentSpanId } = part
    const sku = request.verb === "reserve" ? request.sku : undefined
    const message = { kind: "request", sku, key, body, request, receivedAt, traceparent, reply } as const
    offer(number, parentSpanId === undefined ? message : { ...message, parentSpanId })
  }

  const decide = (request: KeyedRequest, asked: Asked, reply: Reply): void => {
    if ("lines" in request) return void groups.reserve(asked, request).then(reply)
    const group = request.verb === "reserve" ? undefined : groupOfReservation(request.reservationId)
    if (group !== undefined && request.verb !== "reserve") return void groups.answer(asked, group, request).then(reply)
    const number = partitionFor(request)
    if (number === undefined) reply(notOurs)
    else decideOne(number, request, asked, reply)
  }

  const withComponents = (request: KeyedRequest): Result.Result<KeyedRequest, ReadonlyArray<FieldError>> => {
    if (request.verb !== "reserve") return Result.succeed(request)
    return Result.map(asComponents(request, book), (lines) =>
      lines === undefined ? request : { verb: "reserve", ...lines }
    )
  }

  /**
   * @param text JSON of the request
   * @param traceparent of the client, if it sent one
   * @param reply is called once with the answer as JSON
   */
  const ask = (verb: RequestVerb, text: string, traceparent: string | undefined, reply: Reply): void => {
    const read = readRequest(verb, text)
    if (Result.isFailure(read)) return reply(invalid(read.failure))
    const request = read.success
    if (request.verb === "availability") return availability.ask(request, reply)
    if (request.verb === "history") return history.ask(request, reply)
    const decided = withComponents(request)
    if (Result.isFailure(decided)) return reply(invalid(decided.failure))
    const asked = askedOf(request, decided.success, traceparent)
    keys.ask(asked.key, asked.body, (answered) => decide(decided.success, asked, answered), reply)
  }
  return { ask }
})

export class ReservationDesk extends Context.Service<ReservationDesk, Effect.Success<typeof make>>()(
  "@holdfast/engine/ReservationDesk"
) {
  static readonly layer = Layer.effect(ReservationDesk, make)
}
