/**
 * The items of a push as what a channel calls them, for connectors whose channel does not know SKUs by name.
 *
 * Guarantee: what has no mapping, a mapping that is none of the channel's, or one that another item of the push has too, is rejected and
 * not asked for; the others keep their order. Pure.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Result } from "effect"
import type { PushItem, PushOutcome } from "./ChannelConnector.ts"
import { unmapped } from "./ListingMap.ts"

/** An item with what the channel calls it. */
export interface MappedItem<L> {
  readonly item: PushItem
  readonly listing: L
}

export interface Naming<L> {
  readonly channel: string
  /** whose listings they are, for people */
  readonly vendor: string
  readonly decode: (external: unknown) => Result.Result<L, Error>
  /** what one SKU alone can be */
  readonly nameOf: (listing: L) => string
}

export const refusedMapping = (detail: string): PushOutcome => ({ _tag: "rejected", because: "mapping", detail })

/** Nothing was written, and it may go again. */
export const notWritten = (because: "transient" | "batchMate", detail: string): PushOutcome => ({
  _tag: "notApplied",
  because,
  retryAfterMillis: undefined,
  detail
})

/** Of a request that only looks: whatever became of it, nothing was written. */
export const unwritten = (outcome: PushOutcome): PushOutcome =>
  outcome._tag === "unknown" ? notWritten("transient", outcome.detail) : outcome

const mappedItem = <L>(
  { channel, decode, nameOf, vendor }: Naming<L>,
  external: unknown,
  taken: Set<string>,
  item: PushItem
): MappedItem<L> | PushOutcome => {
  if (external === undefined) return unmapped(channel, item.sku)
  const listing = decode(external)
  if (listing._tag === "Failure")
    return refusedMapping(
      `the mapping of ${item.sku} on channel ${channel} is no listing of ${vendor}: ${listing.failure.message}`
    )
  const name = nameOf(listing.success)
  if (taken.has(name))
    return refusedMapping(`${name} is mapped to several SKUs of channel ${channel}: it can show one of them only`)
  taken.add(name)
  return { item, listing: listing.success }
}

/** @param found the channel's ids of those that are mapped */
export const mappedItems = <L>(
  naming: Naming<L>,
  found: ReadonlyMap<Sku, unknown>,
  items: ReadonlyArray<PushItem>
): ReadonlyArray<MappedItem<L> | PushOutcome> => {
  const taken = new Set<string>()
  return items.map((item) => mappedItem(naming, found.get(item.sku), taken, item))
}

/** Those of the SKUs that have a mapping of the channel's, in their order. */
export const mappedListings = <L>(
  decode: Naming<L>["decode"],
  found: ReadonlyMap<Sku, unknown>,
  skus: ReadonlyArray<Sku>
): ReadonlyArray<{ readonly sku: Sku; readonly listing: L }> =>
  skus.flatMap((sku) => {
    const listing = decode(found.get(sku))
    return listing._tag === "Success" ? [{ sku, listing: listing.success }] : []
  })

/** Whether nothing is said of it yet. */
export const isPending = <A extends object>(each: A | PushOutcome): each is A => !("_tag" in each)

/** Puts what became of those that were pending, in their order, in their places. */
export const filled = <A extends object>(
  each: ReadonlyArray<A | PushOutcome>,
  outcomes: ReadonlyArray<PushOutcome>
): ReadonlyArray<PushOutcome> => {
  let next = 0
  return each.map((one) => (isPending(one) ? outcomes[next++]! : one))
}
