/**
 * The generic channel: an HTTP endpoint that takes signed webhooks (Standard Webhooks) with one absolute quantity each.
 *
 *     POST <endpoint>
 *     {"type":"listing.quantity","timestamp":"...","data":{"channel":"shop","sku":"A-1","quantity":7,"version":12}}
 *
 * `webhook-id` is the idempotency key. Versions of a SKU rise; a receiver that holds a newer one answers 409, best with
 * `{"quantity": <what it shows>}`. Any 2xx means that the quantity is shown. It cannot be read back.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Clock, Effect, Redacted, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Webhook } from "standardwebhooks"
import type { ChannelConnector, PushItem, PushOutcome } from "../ChannelConnector.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { endpointOf } from "../http/ChannelEndpoint.ts"
import { type ChannelHttp, makeChannelHttp } from "../http/ChannelHttp.ts"
import { type Exchange, outcomeOfAnswer, outcomeOfSilence } from "../http/HttpOutcome.ts"

export const messageType = "listing.quantity"

const signerOf = (definition: ChannelDefinition, secret: Redacted.Redacted): Effect.Effect<Webhook, ConnectorError> =>
  Effect.try({
    try: () => new Webhook(Redacted.value(secret)),
    catch: () =>
      new ConnectorError({
        channel: definition.id,
        field: "secretEnv",
        detail: "must name a variable that holds `whsec_` and the secret in base64"
      })
  })

const outcomeOf = (exchange: Exchange, timeoutMillis: number, now: number): PushOutcome =>
  exchange._tag === "answered" ? outcomeOfAnswer(exchange.answer, now) : outcomeOfSilence(exchange, timeoutMillis)

/** The signed request for one item. @param now milliseconds since the epoch */
export const requestOf = (
  endpoint: string,
  channel: string,
  signer: Webhook,
  item: PushItem,
  now: number
): HttpClientRequest.HttpClientRequest => {
  const { sku, quantity, version, key } = item
  const at = new Date(now)
  const body = JSON.stringify({
    type: messageType,
    timestamp: at.toISOString(),
    data: { channel, sku, quantity, version }
  })
  return HttpClientRequest.post(endpoint).pipe(
    HttpClientRequest.bodyText(body, "application/json"),
    HttpClientRequest.setHeaders({
      "user-agent": "holdfast",
      "webhook-id": key,
      "webhook-timestamp": String(Math.floor(now / 1000)),
      "webhook-signature": signer.sign(key, at, body)
    })
  )
}

/** Pushes signed webhooks to `endpoint`, one request per item. */
export const makeWebhookPush = (
  definition: ChannelDefinition,
  endpoint: string,
  secret: Redacted.Redacted,
  http: ChannelHttp
): Effect.Effect<ChannelConnector["push"], ConnectorError> =>
  Effect.map(signerOf(definition, secret), (signer): ChannelConnector["push"] => {
    const pushOne = (item: PushItem): Effect.Effect<PushOutcome> =>
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const exchange = yield* http(requestOf(endpoint, definition.id, signer, item, clock.currentTimeMillisUnsafe()))
        return outcomeOf(exchange, definition.timeoutMillis, clock.currentTimeMillisUnsafe())
      })
    return (items) => Effect.forEach(items, pushOne, { concurrency: definition.rate.concurrency })
  })

/** @param secret `whsec_` and base64, as Standard Webhooks writes it */
export const makeWebhookConnector = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const endpoint = yield* endpointOf(definition)
    const http = yield* makeChannelHttp(definition)
    const push = yield* makeWebhookPush(definition, endpoint.href, secret, http)
    const descriptor = { kind: "webhook", batchMax: 1, idempotent: true, settleMillis: definition.timeoutMillis }
    return { descriptor, push }
  })
