/**
 * How a push becomes one batch of a WooCommerce shop.
 *
 * Guarantee: items that go with the first, which is the riskiest, are told; the others may go again at once. A variation is written only
 * under the product that the shop lists it under, since a batch would move it to the one that is named: it is looked up before its
 * first write.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { Effect, Schema } from "effect"
import type { ChannelConnector, PushItem, PushOutcome } from "../ChannelConnector.ts"
import { type ListingMap, unmapped } from "../ListingMap.ts"
import { WooCommerceListing } from "./WooCommerceListing.ts"
import { outcomesOf } from "./WooCommerceOutcome.ts"
import { type Ask, type makeReader, nameOf, readVariations } from "./WooCommerceReading.ts"
import { goTogether, idOf, setRequest, type Target } from "./WooCommerceRequests.ts"

export const decodeListing = Schema.decodeUnknownResult(WooCommerceListing)

export interface Shop {
  readonly channel: string
  readonly listings: ListingMap
  readonly ask: Ask
  readonly read: ReturnType<typeof makeReader>
  /** variations, by `nameOf`, that the shop listed under the product that they are mapped under */
  readonly listed: Set<string>
}

const refuse = (detail: string): PushOutcome => ({ _tag: "rejected", because: "mapping", detail })

const notApplied = (because: "transient" | "batchMate", detail: string): PushOutcome => ({
  _tag: "notApplied",
  because,
  retryAfterMillis: undefined,
  detail
})

/** What becomes of an item without a request, or what the request is to name. */
const targetOf = (
  { channel }: Shop,
  found: ReadonlyMap<Sku, unknown>,
  taken: Set<number>,
  item: PushItem
): Target | PushOutcome => {
  const external = found.get(item.sku)
  if (external === undefined) return unmapped(channel, item.sku)
  const listing = decodeListing(external)
  if (listing._tag === "Failure")
    return refuse(
      `the mapping of ${item.sku} on channel ${channel} is no listing of WooCommerce: ${listing.failure.message}`
    )
  const id = idOf(listing.success)
  if (taken.has(id))
    return refuse(`${id} is mapped to several SKUs of channel ${channel}: it can show one of them only`)
  taken.add(id)
  return { item, listing: listing.success }
}

const isTarget = (each: Target | PushOutcome): each is Target => !("_tag" in each)

type Outcomes = Map<Target, PushOutcome>

/** Of a request that only looks: nothing was written, whatever became of it. */
const unwritten = (outcome: PushOutcome): PushOutcome =>
  outcome._tag === "unknown" ? notApplied("transient", outcome.detail) : outcome

/** Settles the targets whose variation is not one of their product. All go together. @returns those that may be written */
const listedOf = (shop: Shop, targets: ReadonlyArray<Target>, outcomes: Outcomes) =>
  Effect.gen(function* () {
    const news = targets.filter(({ listing }) => listing.variationId !== undefined && !shop.listed.has(nameOf(listing)))
    if (news.length === 0) return targets
    const { productId } = news[0]!.listing
    const read = yield* readVariations(
      shop.ask,
      productId,
      news.map(({ listing }) => idOf(listing))
    )
    if (read._tag === "refused") {
      for (const target of targets) outcomes.set(target, unwritten(read.outcome))
      return []
    }
    for (const name of read.quantities.keys()) shop.listed.add(name)
    return targets.filter((target) => {
      const { listing } = target
      if (listing.variationId === undefined || shop.listed.has(nameOf(listing))) return true
      outcomes.set(target, refuse(`product ${productId} has no variation ${listing.variationId}; correct its mapping`))
      return false
    })
  })

const tell = (shop: Shop, targets: ReadonlyArray<Target>, outcomes: Outcomes) =>
  Effect.gen(function* () {
    const [first, ...rest] = yield* listedOf(shop, targets, outcomes)
    if (first === undefined) return
    const told = [first, ...rest] as const
    const answer = yield* shop.ask(setRequest(told))
    const each = answer._tag === "read" ? outcomesOf(answer.body, told) : told.map(() => answer.outcome)
    told.forEach((target, i) => outcomes.set(target, each[i]!))
    const observed = answer._tag === "read" ? answer.observed : undefined
    if (observed !== undefined) outcomes.set(first, { ...each[0]!, observed })
  })

export const pushTo =
  (shop: Shop): ChannelConnector["push"] =>
  (items) =>
    Effect.gen(function* () {
      const found = yield* shop.listings.find(items.map(({ sku }) => sku))
      const taken = new Set<number>()
      const each = items.map((item) => targetOf(shop, found, taken, item))
      const targets = each.filter(isTarget)
      const outcomes: Outcomes = new Map()
      const [first] = targets
      // the first is the riskiest
      if (first !== undefined)
        yield* tell(
          shop,
          targets.filter(({ listing }) => goTogether(first.listing, listing)),
          outcomes
        )
      const mate = notApplied("batchMate", "a request is about products, or about the variations of one product")
      return each.map((one) => (isTarget(one) ? (outcomes.get(one) ?? mate) : one))
    }).pipe(
      Effect.catch(({ message: detail }) =>
        Effect.succeed(items.map((): PushOutcome => notApplied("transient", detail)))
      )
    )
