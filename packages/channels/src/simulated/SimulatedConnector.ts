/**
 * The connector of a simulated channel: the signed webhooks of the generic connector, and reading back what it shows.
 *
 * `endpoint` is the channel's address; the rest of the protocol is in `SimulatedChannel`.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, type Redacted, Schema, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { rateLimitFields } from "../budget/SpokenBudget.ts"
import type { ChannelConnector, ReadBack } from "../ChannelConnector.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import { endpointOf } from "../http/ChannelEndpoint.ts"
import { type ChannelHttp, makeChannelHttp } from "../http/ChannelHttp.ts"
import { retryAfterMillis } from "../http/HttpOutcome.ts"
import { makeWebhookPush } from "../webhook/WebhookConnector.ts"

const Shown = Schema.fromJsonString(
  Schema.Struct({ listings: Schema.Array(Schema.Struct({ sku: Sku, quantity: Schema.Number.check(Schema.isInt()) })) })
)
const decodeShown = Schema.decodeUnknownExit(Shown)

const readBackOver =
  (http: ChannelHttp, listings: string) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const query = new URLSearchParams(skus.map((sku): [string, string] => ["sku", sku]))
      const exchange = yield* http(HttpClientRequest.get(`${listings}?${query}`))
      if (exchange._tag !== "answered") return unreachable(exchange._tag)
      const { status, body, headers = {}, retryAfter } = exchange.answer
      const now = yield* Clock.currentTimeMillis
      const told = rateLimitFields(headers, now)
      const observed = told.length === 0 ? {} : { observed: told }
      if (status !== 200) return { ...unreachable(`HTTP ${status}`, retryAfterMillis(retryAfter, now)), ...observed }
      const decoded = decodeShown(body)
      if (decoded._tag === "Failure") return unreachable("the answer is not a list of listings")
      const quantities = new Map(decoded.value.listings.map(({ sku, quantity }) => [sku, quantity]))
      return { _tag: "shown", quantities, ...observed }
    })

const unreachable = (detail: string, wait?: number): ReadBack => ({
  _tag: "unreachable",
  detail,
  retryAfterMillis: wait
})

/** @param secret `whsec_` and base64, the same that the simulated channel was given */
export const makeSimulatedConnector = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const endpoint = yield* endpointOf(definition)
    const http = yield* makeChannelHttp(definition)
    const push = yield* makeWebhookPush(definition, new URL("/stock", endpoint).href, secret, http)
    const descriptor = { kind: "simulated", batchMax: 1, idempotent: true, settleMillis: definition.timeoutMillis }
    return { descriptor, push, readBack: readBackOver(http, new URL("/listings", endpoint).href) }
  })
