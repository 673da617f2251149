/**
 * `POST /v1/inbound/<channel>`: a channel tells us of its orders, signed with the secret that we share.
 *
 * Guarantee: the signature over the raw bytes is verified before anything is read; 200 means that the broker stored every event of
 * the call, or that it is not about stock. The same call again is the same events. What a vendor tells and we do not understand
 * is stored and parked, since nobody there can mend it; whoever writes our own format is told the fields instead (422).
 * The signature is its authentication: the server's token is not asked for.
 */
import type { InboundReading, ToldEvent } from "@holdfast/channels/inbound/InboundCall"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { Database } from "@holdfast/ledger/Database"
import { Effect, Layer, Option, Redacted, Result } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type Caller, makeInboundChannels } from "./InboundChannels.ts"
import { retryAfterSeconds } from "./IngestLimit.ts"
import { refuse } from "./Refusal.ts"
import { bodyBytes } from "./RequestBody.ts"
import { storeTold } from "./ToldEvents.ts"

type Nats = NatsConnection["Service"]

type Answer = HttpServerResponse.HttpServerResponse

const error = (status: number, field: string, message: string): Answer => refuse(status, [{ field, message }])

const later = (message: string): Answer =>
  refuse(503, [{ field: "event", message }], { "retry-after": String(retryAfterSeconds) })

/** Stores one event. @returns undefined when it is stored, else the answer to the whole call */
const store = async (
  nats: Nats,
  channel: string,
  told: ToldEvent,
  format: Caller["format"]
): Promise<Answer | undefined> => {
  const answer = await storeTold(nats, channel, told, format !== "standardWebhooks")
  switch (answer._tag) {
    case "stored":
      return undefined
    case "unconfirmed":
      return later(answer.detail)
    case "rejected":
      return refuse(422, answer.errors)
  }
}

const storeAll = async (
  nats: Nats,
  channel: string,
  events: ReadonlyArray<ToldEvent>,
  format: Caller["format"]
): Promise<Answer> => {
  for (const event of events) {
    const refusal = await store(nats, channel, event, format)
    if (refusal !== undefined) return refusal
  }
  return HttpServerResponse.jsonUnsafe({ stored: events.length })
}

const answerTo = (nats: Nats, channel: string, format: Caller["format"], reading: InboundReading): Promise<Answer> => {
  switch (reading._tag) {
    case "forged":
      return Promise.resolve(error(401, "signature", reading.detail))
    case "unreadable":
      return Promise.resolve(error(422, reading.field, reading.detail))
    case "irrelevant":
      return Promise.resolve(HttpServerResponse.jsonUnsafe({ stored: 0, detail: reading.detail }))
    case "told":
      return storeAll(nats, channel, reading.events, format)
  }
}

/** The routes; merge them with others and serve them behind `HttpGuard.layer`. */
export const routes: Layer.Layer<never, never, HttpRouter.HttpRouter | NatsConnection | Database> = Layer.unwrap(
  Effect.gen(function* () {
    const nats = yield* NatsConnection
    const callerOf = yield* makeInboundChannels
    const call = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const channel = (yield* HttpRouter.params)["channel"] ?? ""
      const caller = yield* Effect.result(callerOf(channel))
      if (Result.isFailure(caller)) return later("the database does not answer")
      // whether there is such a channel is nobody's business who cannot sign for it
      if (Option.isNone(caller.success)) return error(401, "signature", "is not that of a channel that may call")
      const body = yield* bodyBytes(request, "body")
      if (Result.isFailure(body)) return body.failure
      const { format, read, secret } = caller.success.value
      const { headers } = request
      const reading = read({ headers, body: body.success }, channel, Redacted.value(secret))
      return yield* Effect.promise(() => answerTo(nats, channel, format, reading))
    })
    return HttpRouter.addAll([HttpRouter.route("POST", "/v1/inbound/:channel", call)])
  })
)
