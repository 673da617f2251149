/** A connector that talks to a real Vendure shop through a proxy, and what the conformance suite asks of the shop. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Effect, Redacted } from "effect"
import type { ListingMap } from "../src/ListingMap.ts"
import { makeFaultyProxy } from "../src/testing/FaultyProxy.ts"
import type { VendureClient } from "../src/testing/vendure/VendureClient.ts"
import type { VendureShop } from "../src/testing/vendure/VendureShop.ts"
import { makeVendureConnector } from "../src/vendure/VendureConnector.ts"
import { channelDefinition } from "./Announce.ts"

/** SKUs of one subject are its own: subjects share a shop, and a session until one of them ends it. */
let subjects = 0
let session: Promise<VendureClient> | undefined

const numbered = (): ReadonlyArray<Sku> => {
  subjects += 1
  return ["A-1", "100 % wool/ä", "🧦"].map((sku) => Sku.make(`${subjects} ${sku}`))
}

/** @param secret what the connector shows for its credentials; a session of its own when absent */
export const vendureSubject = (
  shop: VendureShop,
  timeoutMillis: number,
  { secret, ...change }: Partial<ChannelDefinition> & { readonly secret?: string } = {}
) =>
  Effect.gen(function* () {
    const skus = numbered()
    const external = new Map<Sku, unknown>([[Sku.make("gone"), { variantId: "999999" }]])
    yield* Effect.forEach(
      skus,
      (sku) =>
        Effect.map(
          Effect.promise(() => shop.list(sku)),
          (variantId) => external.set(sku, { variantId })
        ),
      { concurrency: 3, discard: true }
    )
    const variantOf = (sku: Sku) => (external.get(sku) as { variantId: string }).variantId
    const listings: ListingMap = {
      find: (asked) =>
        Effect.succeed(new Map(asked.flatMap((sku) => (external.has(sku) ? [[sku, external.get(sku)] as const] : []))))
    }
    const mine = yield* Effect.promise(() => (session ??= shop.signIn()))
    const shownSecret = secret ?? mine.token!
    const proxy = yield* makeFaultyProxy(shop.url)
    const definition = channelDefinition({
      endpoint: proxy.url,
      connector: "vendure",
      vendure: { stockLocationId: shop.locationId },
      timeoutMillis,
      ...change
    })
    const connector = yield* makeVendureConnector(definition, Redacted.make(shownSecret), listings)
    return {
      connector,
      proxy,
      external,
      secret: shownSecret,
      variantOf,
      skus,
      applied: () => shop.adjustments(skus.map(variantOf)),
      shown: (sku: Sku) => shop.saleable(variantOf(sku)),
      expire: () => {
        session = undefined
        return shop.signOut(mine)
      },
      unlisted: () => Sku.make("gone")
    }
  })
