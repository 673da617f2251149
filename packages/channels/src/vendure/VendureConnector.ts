/**
 * The connector of a Vendure shop: sets how many units of a product variant are on hand at one stock location, over the Admin API, so that
 * the shop shows the quantity that it is told (see `VendureStock`).
 *
 * A push is two requests: what is there is read, and what differs is written. A failure to read leaves everything as it was.
 * It creates no variants and no locations, and knows nothing of other locations: a shop that sells from several shows their sum.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { Effect, type Redacted, Schema, type Scope } from "effect"
import type { ChannelConnector, PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { vendureBatchMax } from "../ChannelLimit.ts"
import { unreachable } from "../ConnectorCall.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { unreadBecause } from "../http/HttpOutcome.ts"
import type { ListingMap, ListingMapError } from "../ListingMap.ts"
import {
  filled,
  isPending,
  type MappedItem,
  mappedItems,
  mappedListings,
  type Naming,
  notWritten,
  unwritten
} from "../MappedItems.ts"
import { makeVendureApi, type VendureApi } from "./VendureApi.ts"
import { VendureListing } from "./VendureListing.ts"
import { levelsOperation, setOperation } from "./VendureOperations.ts"
import { outcomesOf, planOf, type Stocks, stocksOf, type Write } from "./VendureStock.ts"

const decodeListing = Schema.decodeUnknownResult(VendureListing)

interface Shop {
  readonly channel: string
  readonly locationId: string
  readonly listings: ListingMap
  readonly ask: VendureApi
}

type Target = MappedItem<VendureListing>

const naming = (channel: string): Naming<VendureListing> => ({
  channel,
  vendor: "Vendure",
  decode: decodeListing,
  nameOf: ({ variantId }) => `variant ${variantId}`
})

const isOutcome = (read: Stocks | PushOutcome): read is PushOutcome => "_tag" in read

const stocksFrom = ({ ask, locationId }: Shop, ids: ReadonlyArray<string>): Effect.Effect<Stocks | PushOutcome> =>
  Effect.map(ask(levelsOperation(locationId, ids)), (answer) => {
    if (answer._tag === "refused") return unwritten(answer.outcome)
    const stocks = stocksOf(answer.data, locationId)
    return stocks ?? unwritten({ _tag: "unknown", detail: "the answer is not a list of product variants" })
  })

const written = ({ ask, locationId }: Shop, writes: ReadonlyArray<Write>): Effect.Effect<ReadonlyArray<PushOutcome>> =>
  writes.length === 0
    ? Effect.succeed([])
    : Effect.map(ask(setOperation(locationId, writes)), (answer) =>
        answer._tag === "executed" ? outcomesOf(answer.data, locationId, writes) : writes.map(() => answer.outcome)
      )

const told = (shop: Shop, targets: ReadonlyArray<Target>): Effect.Effect<ReadonlyArray<PushOutcome>> =>
  Effect.gen(function* () {
    if (targets.length === 0) return []
    const stocks = yield* stocksFrom(
      shop,
      targets.map(({ listing }) => listing.variantId)
    )
    if (isOutcome(stocks)) return targets.map(() => stocks)
    const plans = targets.map(({ item, listing }) => planOf(item, listing.variantId, stocks))
    return filled(plans, yield* written(shop, plans.filter(isPending)))
  })

const pushTo =
  (shop: Shop): ChannelConnector["push"] =>
  (items) =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(items.map(({ sku }) => sku))
      const each = mappedItems(naming(shop.channel), found, items)
      return filled(each, yield* told(shop, each.filter(isPending)))
    }).pipe(
      Effect.catch(({ message }: ListingMapError) => Effect.succeed(items.map(() => notWritten("transient", message))))
    )

const readBackFrom =
  (shop: Shop) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(skus)
      const mapped = mappedListings(decodeListing, found, skus)
      if (mapped.length === 0) return { _tag: "shown", quantities: new Map() } as const
      const stocks = yield* stocksFrom(
        shop,
        mapped.map(({ listing }) => listing.variantId)
      )
      if (isOutcome(stocks)) return unreadBecause(stocks)
      if (!stocks.isLocated)
        return unreadBecause({
          _tag: "unknown",
          detail: "the shop has no such stock location: correct vendure.stockLocationId"
        })
      const quantities = new Map<Sku, number>()
      for (const { sku, listing } of mapped) {
        const stock = stocks.byVariant.get(listing.variantId)
        if (stock !== undefined) quantities.set(sku, stock.shown)
      }
      return { _tag: "shown", quantities } as const
    }).pipe(Effect.catch(({ message }: ListingMapError) => Effect.succeed(unreachable(message))))

/** @param secret of an administrator who may read and update the catalogue, and read stock locations */
export const makeVendureConnector = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted,
  listings: ListingMap
): Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope> =>
  Effect.gen(function* () {
    const { id: channel, timeoutMillis, vendure } = definition
    if (vendure === undefined)
      return yield* new ConnectorError({
        channel,
        field: "vendure",
        detail: "is required: it names the shop's stockLocationId"
      })
    const ask = yield* makeVendureApi(definition, secret)
    const shop: Shop = { channel, locationId: vendure.stockLocationId, listings, ask }
    const descriptor = { kind: "vendure", batchMax: vendureBatchMax, idempotent: false, settleMillis: timeoutMillis }
    return { descriptor, push: pushTo(shop), readBack: readBackFrom(shop) }
  })
