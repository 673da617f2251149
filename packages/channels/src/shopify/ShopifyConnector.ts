/**
 * The connector of a Shopify shop: sets the available quantity of inventory items at one location, over the GraphQL Admin API.
 *
 * `endpoint` is the shop (`https://my-shop.myshopify.com`), the secret its Admin API access token, `shopify.locationId` the location.
 * Every write compares before it sets, where it is known what the channel shows: a sale there that we have not heard of is never
 * overwritten. It does not create items, nor stock them at the location.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, Redacted, Schema, type Scope } from "effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { ChannelConnector, PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { shopifyAnswerBytesMax, shopifyBatchMax, shopifyReadMax } from "../ChannelLimit.ts"
import { unreachable } from "../ConnectorCall.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { secureEndpointOf } from "../http/ChannelEndpoint.ts"
import { type ChannelHttp, makeChannelHttp } from "../http/ChannelHttp.ts"
import { outcomeOfSilence, unreadBecause } from "../http/HttpOutcome.ts"
import type { ListingMap } from "../ListingMap.ts"
import { filled, isPending, mappedItems, mappedListings, type Naming, notWritten } from "../MappedItems.ts"
import { readAnswer, type ShopifyAnswer } from "./ShopifyAnswer.ts"
import { ShopifyListing } from "./ShopifyListing.ts"
import { apiVersion, setOperation, type ShopifyOperation, shownOperation } from "./ShopifyOperations.ts"
import { outcomesOf, quantitiesOf } from "./ShopifyOutcome.ts"

const decodeListing = Schema.decodeUnknownResult(ShopifyListing)

interface Shop {
  readonly channel: string
  readonly locationId: string
  readonly listings: ListingMap
  readonly ask: (operation: ShopifyOperation) => Effect.Effect<ShopifyAnswer>
}

/** Nothing but the request holds the token, and nothing prints a request. */
const askOver =
  (http: ChannelHttp, url: string, token: Redacted.Redacted, timeoutMillis: number): Shop["ask"] =>
  (operation) =>
    Effect.gen(function* () {
      const request = HttpClientRequest.post(url).pipe(
        HttpClientRequest.bodyText(JSON.stringify(operation), "application/json"),
        HttpClientRequest.setHeaders({
          "user-agent": "holdfast",
          accept: "application/json",
          "x-shopify-access-token": Redacted.value(token)
        })
      )
      const exchange = yield* http(request)
      return exchange._tag === "answered"
        ? readAnswer(exchange.answer, yield* Clock.currentTimeMillis)
        : { _tag: "refused", outcome: outcomeOfSilence(exchange, timeoutMillis) }
    })

const naming = (channel: string): Naming<ShopifyListing> => ({
  channel,
  vendor: "Shopify",
  decode: decodeListing,
  nameOf: ({ inventoryItemId }) => inventoryItemId
})

const pushTo =
  (shop: Shop): ChannelConnector["push"] =>
  (items) =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(items.map(({ sku }) => sku))
      const each = mappedItems(naming(shop.channel), found, items)
      const targets = each.filter(isPending)
      if (targets.length === 0) return filled(each, [])
      const answer = yield* shop.ask(setOperation(shop.locationId, targets))
      const outcomes = spoken(
        answer._tag === "executed" ? outcomesOf(answer.data, targets.length) : targets.map(() => answer.outcome),
        answer._tag === "executed" ? answer.observed : undefined
      )
      return filled(each, outcomes)
    }).pipe(Effect.catch(({ message }) => Effect.succeed(items.map(() => notWritten("transient", message)))))

/** What the shop said of its budget, once. */
const spoken = (outcomes: ReadonlyArray<PushOutcome>, observed: PushOutcome["observed"]): ReadonlyArray<PushOutcome> =>
  observed === undefined ? outcomes : outcomes.map((outcome, i) => (i === 0 ? { ...outcome, observed } : outcome))

const readBackFrom =
  (shop: Shop) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(skus)
      const mapped = mappedListings(decodeListing, found, skus)
      const quantities = new Map<Sku, number>()
      let said: ReadBack["observed"]
      for (let from = 0; from < mapped.length; from += shopifyReadMax) {
        const page = mapped.slice(from, from + shopifyReadMax)
        const answer = yield* shop.ask(
          shownOperation(
            shop.locationId,
            page.map(({ listing }) => listing.inventoryItemId)
          )
        )
        if (answer._tag === "refused") return unreadBecause(answer.outcome)
        said = answer.observed ?? said
        const shown = quantitiesOf(answer.data)
        if (shown === undefined)
          return unreadBecause({ _tag: "unknown", detail: "the answer is not a list of inventory items" })
        for (const { sku, listing } of page) {
          const quantity = shown.get(listing.inventoryItemId)
          if (quantity !== undefined) quantities.set(sku, quantity)
        }
      }
      return { _tag: "shown", quantities, ...(said === undefined ? {} : { observed: said }) } as const
    }).pipe(Effect.catch(({ message }) => Effect.succeed(unreachable(message))))

/** @param token Admin API access token, which may write inventory and read it, and locations */
export const makeShopifyConnector = (
  definition: ChannelDefinition,
  token: Redacted.Redacted,
  listings: ListingMap
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: channel, shopify, timeoutMillis } = definition
    const refuse = (field: ConnectorError["field"], detail: string) => new ConnectorError({ channel, field, detail })
    const endpoint = yield* secureEndpointOf(definition)
    if (shopify === undefined) return yield* refuse("shopify", "is required: it names the shop's locationId")
    if (!/^[\x21-\x7e]+$/.test(Redacted.value(token)))
      return yield* refuse("secretEnv", "must name a variable that holds an Admin API access token")
    const url = new URL(`/admin/api/${apiVersion}/graphql.json`, endpoint).href
    const http = yield* makeChannelHttp(definition, shopifyAnswerBytesMax)
    const ask = askOver(http, url, token, timeoutMillis)
    const shop: Shop = { channel, locationId: shopify.locationId, listings, ask }
    const descriptor = { kind: "shopify", batchMax: shopifyBatchMax, idempotent: true, settleMillis: timeoutMillis }
    return { descriptor, push: pushTo(shop), readBack: readBackFrom(shop) }
  })
