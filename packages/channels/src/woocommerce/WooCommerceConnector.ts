/**
 * The connector of a WooCommerce shop: sets the stock quantity of products and variations, over the REST API v3.
 *
 * `endpoint` is the shop (`https://shop.example`, or the directory that it is in), the secret a key of its API that may read and write,
 * as `<consumer key>:<consumer secret>`. WooCommerce has neither keys of idempotency nor compare-and-set: a quantity is set absolutely,
 * so that saying it twice harms nothing, and a sale that we have not heard of is overwritten until its order comes.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, Redacted, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { ChannelConnector, ReadBack } from "../ChannelConnector.ts"
import { wooCommerceAnswerBytesMax, wooCommerceBatchMax } from "../ChannelLimit.ts"
import { unreachable } from "../ConnectorCall.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { secureEndpointOf } from "../http/ChannelEndpoint.ts"
import { type ChannelHttp, makeChannelHttp } from "../http/ChannelHttp.ts"
import { outcomeOfSilence, unreadBecause } from "../http/HttpOutcome.ts"
import type { ListingMap } from "../ListingMap.ts"
import { mappedListings } from "../MappedItems.ts"
import { readAnswer } from "./WooCommerceAnswer.ts"
import { decodeListing, pushTo, type Shop } from "./WooCommercePush.ts"
import { type Ask, makeReader, nameOf } from "./WooCommerceReading.ts"

/** Nothing but the request holds the key, and nothing prints a request. */
const askOver =
  (http: ChannelHttp, base: URL, key: Redacted.Redacted, timeoutMillis: number): Ask =>
  ({ path, body }) =>
    Effect.gen(function* () {
      const url = new URL(path, base)
      const [name = "", secret = ""] = Redacted.value(key).split(":")
      const request = (body === undefined ? HttpClientRequest.get(url) : HttpClientRequest.post(url)).pipe(
        HttpClientRequest.basicAuth(name, secret),
        HttpClientRequest.setHeaders({ "user-agent": "holdfast", accept: "application/json" }),
        body === undefined ? (same) => same : HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
      )
      const exchange = yield* http(request)
      return exchange._tag === "answered"
        ? readAnswer(exchange.answer, yield* Clock.currentTimeMillis)
        : { _tag: "refused", outcome: outcomeOfSilence(exchange, timeoutMillis), missing: false }
    })

const readBackFrom =
  (shop: Shop) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(skus)
      const wanted = mappedListings(decodeListing, found, skus)
      const read = yield* shop.read(wanted.map(({ listing }) => listing))
      if (read._tag === "refused") return unreadBecause(read.outcome)
      const quantities = new Map<Sku, number>()
      for (const { sku, listing } of wanted) {
        const name = nameOf(listing)
        const quantity = read.quantities.get(name)
        if (listing.variationId !== undefined && read.quantities.has(name)) shop.listed.add(name)
        if (quantity !== undefined) quantities.set(sku, quantity)
      }
      return { _tag: "shown", quantities, ...(read.observed === undefined ? {} : { observed: read.observed }) } as const
    }).pipe(Effect.catch(({ message }) => Effect.succeed(unreachable(message))))

/** @param key `<consumer key>:<consumer secret>` of a key that may read and write */
export const makeWooCommerceConnector = (
  definition: ChannelDefinition,
  key: Redacted.Redacted,
  listings: ListingMap
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: channel, timeoutMillis } = definition
    const endpoint = yield* secureEndpointOf(definition)
    if (!/^ck_\w{1,100}:cs_\w{1,100}$/.test(Redacted.value(key)))
      return yield* new ConnectorError({
        channel,
        field: "secretEnv",
        detail: "must name a variable that holds <consumer key>:<consumer secret>, such as ck_...:cs_..."
      })
    const base = new URL(`${endpoint.pathname.replace(/\/*$/, "")}/wp-json/wc/v3/`, endpoint)
    const http = yield* makeChannelHttp(definition, wooCommerceAnswerBytesMax)
    const ask = askOver(http, base, key, timeoutMillis)
    const shop: Shop = { channel, listings, ask, read: makeReader(ask), listed: new Set() }
    const descriptor = {
      kind: "woocommerce",
      batchMax: wooCommerceBatchMax,
      idempotent: false,
      settleMillis: timeoutMillis
    }
    return { descriptor, push: pushTo(shop), readBack: readBackFrom(shop) }
  })
