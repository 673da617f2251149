/**
 * How a push becomes one batch of a WooCommerce shop.
 *
 * Guarantee: items that go with the first, which is the riskiest, are told; the others may go again at once. A variation is written only
 * under the product that the shop lists it under, since a batch would move it to the one that is named: it is looked up before its
 * first write.
 */
import { Effect, Schema } from "effect"
import type { ChannelConnector, PushOutcome } from "../ChannelConnector.ts"
import type { ListingMap } from "../ListingMap.ts"
import { filled, isPending, mappedItems, type Naming, notWritten, refusedMapping, unwritten } from "../MappedItems.ts"
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

const naming = (channel: string): Naming<WooCommerceListing> => ({
  channel,
  vendor: "WooCommerce",
  decode: decodeListing,
  nameOf: (listing) => String(idOf(listing))
})

type Outcomes = Map<Target, PushOutcome>

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
      outcomes.set(
        target,
        refusedMapping(`product ${productId} has no variation ${listing.variationId}; correct its mapping`)
      )
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
      const each = mappedItems(naming(shop.channel), found, items)
      const targets = each.filter(isPending)
      const outcomes: Outcomes = new Map()
      const [first] = targets
      // the first is the riskiest
      if (first !== undefined)
        yield* tell(
          shop,
          targets.filter(({ listing }) => goTogether(first.listing, listing)),
          outcomes
        )
      const mate = notWritten("batchMate", "a request is about products, or about the variations of one product")
      return filled(
        each,
        targets.map((target) => outcomes.get(target) ?? mate)
      )
    }).pipe(Effect.catch(({ message }) => Effect.succeed(items.map(() => notWritten("transient", message)))))
