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
import type { ChannelConnector, PushItem, PushOutcome, ReadBack } from "../ChannelConnector.ts"
import { vendureBatchMax } from "../ChannelLimit.ts"
import { ConnectorError } from "../ConnectorError.ts"
import { type ListingMap, type ListingMapError, unmapped } from "../ListingMap.ts"
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

/** An item with the variant that it is mapped to. */
interface Target {
  readonly item: PushItem
  readonly variantId: string
}

const hasOutcome = <A extends object>(each: A | PushOutcome): each is PushOutcome => "_tag" in each
const isPending = <A extends object>(each: A | PushOutcome): each is A => !("_tag" in each)

/** Puts what became of those that were pending into their places. */
const filled = <A extends object>(
  each: ReadonlyArray<A | PushOutcome>,
  outcomes: ReadonlyArray<PushOutcome>
): ReadonlyArray<PushOutcome> => {
  let next = 0
  return each.map((one) => (hasOutcome(one) ? one : outcomes[next++]!))
}

const targetOf = (
  { channel }: Shop,
  found: ReadonlyMap<Sku, unknown>,
  taken: Set<string>,
  item: PushItem
): Target | PushOutcome => {
  const external = found.get(item.sku)
  if (external === undefined) return unmapped(channel, item.sku)
  const refuse = (detail: string): PushOutcome => ({ _tag: "rejected", because: "mapping", detail })
  const listing = decodeListing(external)
  if (listing._tag === "Failure")
    return refuse(
      `the mapping of ${item.sku} on channel ${channel} is no listing of Vendure: ${listing.failure.message}`
    )
  const { variantId } = listing.success
  if (taken.has(variantId))
    return refuse(`variant ${variantId} is mapped to several SKUs of channel ${channel}: it can show one of them only`)
  taken.add(variantId)
  return { item, variantId }
}

/** Nothing was written: whatever became of the question, it is certain. */
const unwritten = (outcome: PushOutcome): PushOutcome =>
  outcome._tag === "unknown"
    ? { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: outcome.detail }
    : outcome

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
      targets.map(({ variantId }) => variantId)
    )
    if (isOutcome(stocks)) return targets.map(() => stocks)
    const plans = targets.map(({ item, variantId }) => planOf(item, variantId, stocks))
    return filled(plans, yield* written(shop, plans.filter(isPending)))
  })

const pushTo =
  (shop: Shop): ChannelConnector["push"] =>
  (items) =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(items.map(({ sku }) => sku))
      const taken = new Set<string>()
      const each = items.map((item) => targetOf(shop, found, taken, item))
      return filled(each, yield* told(shop, each.filter(isPending)))
    }).pipe(
      Effect.catch(({ message: detail }: ListingMapError) =>
        Effect.succeed(items.map(() => unwritten({ _tag: "unknown", detail })))
      )
    )

const unreachable = (outcome: PushOutcome): ReadBack => ({
  _tag: "unreachable",
  detail: "detail" in outcome ? outcome.detail : outcome._tag,
  retryAfterMillis: outcome._tag === "notApplied" ? outcome.retryAfterMillis : undefined
})

const readBackFrom =
  (shop: Shop) =>
  (skus: ReadonlyArray<Sku>): Effect.Effect<ReadBack> =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(skus)
      const ids = skus.flatMap((sku) => {
        const listing = decodeListing(found.get(sku))
        return listing._tag === "Success" ? [{ sku, variantId: listing.success.variantId }] : []
      })
      if (ids.length === 0) return { _tag: "shown", quantities: new Map() } as const
      const stocks = yield* stocksFrom(
        shop,
        ids.map(({ variantId }) => variantId)
      )
      if (isOutcome(stocks)) return unreachable(stocks)
      if (!stocks.isLocated)
        return unreachable({
          _tag: "unknown",
          detail: "the shop has no such stock location: correct vendure.stockLocationId"
        })
      const quantities = new Map<Sku, number>()
      for (const { sku, variantId } of ids) {
        const stock = stocks.byVariant.get(variantId)
        if (stock !== undefined) quantities.set(sku, stock.shown)
      }
      return { _tag: "shown", quantities } as const
    }).pipe(
      Effect.catch(({ message: detail }: ListingMapError) =>
        Effect.succeed<ReadBack>({ _tag: "unreachable", detail, retryAfterMillis: undefined })
      )
    )

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
