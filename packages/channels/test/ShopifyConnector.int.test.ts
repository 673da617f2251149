/** The Shopify connector against a shop that keeps Shopify's contract, over HTTP. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Effect, Redacted } from "effect"
import type { PushItem, PushOutcome } from "../src/ChannelConnector.ts"
import { ListingMapError } from "../src/ListingMap.ts"
import { makeShopifyConnector } from "../src/shopify/ShopifyConnector.ts"
import { shopifyReadMax } from "../src/ChannelLimit.ts"
import { channelDefinition } from "./Announce.ts"
import { shopifySubject } from "./ConformanceTargets.ts"

const item = (sku: string, quantity: number, expected?: number, version = 1): PushItem => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `shop:${sku}:${version}:${quantity}`,
  expected
})
const summary = (outcome: PushOutcome) => ("because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag)
const shopOf = shopifySubject(20_000)
const [first, second, third] = ["A-1", "100 % wool/ä", "🧦"] as const

describe("the Shopify connector", () => {
  it.live("never overwrites a sale that it was not told of, and the others of the batch may go again", () =>
    Effect.gen(function* () {
      const { connector, shown } = yield* shopOf
      yield* connector.push([item(first, 10), item(second, 10)])
      const outcomes = yield* connector.push([item(first, 20, 9, 2), item(second, 20, 10, 2)])
      assert.deepStrictEqual(outcomes.map(summary), ["stale", "notApplied/batchMate"])
      assert.deepStrictEqual([shown(Sku.make(first)), shown(Sku.make(second))], [10, 10])
      const again = yield* connector.push([item(second, 20, 10, 2)])
      assert.deepStrictEqual([...again.map(summary), shown(Sku.make(second))], ["applied", 20])
    })
  )

  it.live("tells 250 items in one request, and reads them back in pages", () =>
    Effect.gen(function* () {
      const { connector, shop, external, proxy } = yield* shopOf
      const many = Array.from({ length: connector.descriptor.batchMax }, (_, i) => {
        const inventoryItemId = `gid://shopify/InventoryItem/${1_000 + i}`
        shop.items.set(inventoryItemId, { quantity: 0 })
        external.set(Sku.make(`S${i}`), { inventoryItemId })
        return item(`S${i}`, i + 1)
      })
      const outcomes = yield* connector.push(many)
      assert.deepStrictEqual([many.length, new Set(outcomes.map(summary)).size], [250, 1])
      assert.deepStrictEqual([shop.applied, proxy.requests()], [250, 1])
      const read = yield* connector.readBack!(many.map(({ sku }) => sku))
      assert.deepInclude(read, {
        _tag: "shown",
        quantities: new Map(many.map(({ sku, quantity }) => [sku, quantity]))
      })
      assert.strictEqual(proxy.requests(), 1 + Math.ceil(250 / shopifyReadMax))
      // what is left of the shop's bucket, once for each request
      const said = outcomes.flatMap(({ observed = [] }) => observed)
      assert.deepStrictEqual([said.length, said[0]!.kind, read.observed?.[0]?.kind], [1, "cost", "cost"])
      // an answer with an error for each of them is read to its end
      const refusals = yield* connector.push(many.map(({ sku }) => item(sku, 5, 9_999, 2)))
      assert.deepStrictEqual([refusals.length, new Set(refusals.map(summary))], [250, new Set(["stale"])])
    })
  )

  it.live("waits for the points of its bucket as long as that takes", () =>
    Effect.gen(function* () {
      const { connector, contract, applied } = yield* shopOf
      // so far in debt that a busy machine does not wait it out on the way
      contract.bucket.leave(-1_000)
      const [outcome] = yield* connector.push([item(first, 1)])
      assert.strictEqual(summary(outcome!), "notApplied/throttled")
      const wait = outcome!._tag === "notApplied" ? outcome!.retryAfterMillis : undefined
      assert.isTrue(wait !== undefined && wait > 1_000 && wait <= 10_100, `${wait} ms`)
      assert.strictEqual(applied(), 0)
      contract.bucket.leave(-1_000)
      const read = yield* connector.readBack!([Sku.make(first)])
      assert.strictEqual(read._tag === "unreachable" && read.retryAfterMillis !== undefined, true)
    })
  )

  it.live("says what is wrong with a mapping and how to mend it, and tells the rest", () =>
    Effect.gen(function* () {
      const { connector, external, shown, proxy } = yield* shopOf
      external.set(Sku.make("nonsense"), { variantId: 7 })
      external.set(Sku.make("twin"), external.get(Sku.make(first)))
      const outcomes = yield* connector.push(
        ["unmapped", first, "nonsense", third, "twin"].map((sku, i) => item(sku, i + 1))
      )
      const rejected = "rejected/mapping"
      assert.deepStrictEqual(outcomes.map(summary), [rejected, "applied", rejected, "applied", rejected])
      const details = outcomes.map((outcome) => ("detail" in outcome ? outcome.detail : ""))
      assert.match(details[0]!, /^unmapped is not mapped on channel shop: .*"holdfast mapping apply shop <file>"$/)
      assert.match(details[2]!, /inventoryItemId/)
      assert.match(details[4]!, /several SKUs/)
      assert.deepStrictEqual([shown(Sku.make(first)), shown(Sku.make(third))], [2, 4])
      const requests = proxy.requests()
      assert.deepStrictEqual((yield* connector.push([item("unmapped", 1)])).map(summary), [rejected])
      assert.strictEqual(proxy.requests(), requests)
      const read = yield* connector.readBack!(["unmapped", "nonsense", third].map((sku) => Sku.make(sku)))
      assert.deepInclude(read, { _tag: "shown", quantities: new Map([[Sku.make(third), 4]]) })
    })
  )

  it.live("leaves a bundle's own quantity alone, and says where to look when the location is another", () =>
    Effect.gen(function* () {
      const { connector, shop } = yield* shopOf
      shop.items.set("gid://shopify/InventoryItem/1", { quantity: 0, isBundle: true })
      assert.deepStrictEqual((yield* connector.push([item(first, 1)])).map(summary), ["rejected/listingState"])
      const elsewhere = yield* shopifySubject(20_000, { shopify: { locationId: "gid://shopify/Location/2" } })
      const [outcome] = yield* elsewhere.connector.push([item(first, 1)])
      assert.strictEqual(summary(outcome!), "rejected/mapping")
      assert.match("detail" in outcome! ? outcome.detail : "", /shopify\.locationId/)
    })
  )

  it.live("is sure that nothing was done when its listings cannot be looked up", () =>
    Effect.gen(function* () {
      const { proxy } = yield* shopOf
      const away = { find: () => Effect.fail(new ListingMapError({ channel: "shop", detail: "no database" })) }
      const definition = channelDefinition({ endpoint: proxy.url, shopify: { locationId: "gid://shopify/Location/1" } })
      const connector = yield* makeShopifyConnector(definition, Redacted.make("shpat_x"), away)
      assert.deepStrictEqual((yield* connector.push([item(first, 1)])).map(summary), ["notApplied/transient"])
      assert.strictEqual((yield* connector.readBack!([Sku.make(first)]))._tag, "unreachable")
      assert.strictEqual(proxy.requests(), 0)
    })
  )

  it.live("never says its access token, whatever happens", () =>
    Effect.gen(function* () {
      const { connector, proxy, shop, expire } = yield* shopOf
      const { token } = shop
      const said: Array<unknown> = [connector]
      for (const fault of [
        { _tag: "lost" },
        { _tag: "status", status: 500 },
        { _tag: "bytes", bytes: new Uint8Array(3) }
      ] as const) {
        proxy.meets(fault)
        said.push(yield* connector.push([item(first, 1)]))
      }
      expire()
      said.push(yield* connector.push([item(first, 1)]), yield* connector.readBack!([Sku.make(first)]))
      assert.notInclude(JSON.stringify(said), token)
    })
  )

  it.live("refuses a definition that cannot be, by the name of the field", () =>
    Effect.gen(function* () {
      const shopify = { locationId: "gid://shopify/Location/1" }
      const listings = { find: () => Effect.succeed(new Map<Sku, unknown>()) }
      const refusal = (change: Partial<ChannelDefinition>, token = "shpat_x") =>
        Effect.map(
          Effect.flip(makeShopifyConnector(channelDefinition(change), Redacted.make(token), listings)),
          (error) => error.message
        )
      assert.match(yield* refusal({}), /channel shop: shopify is required/)
      assert.match(yield* refusal({ shopify, endpoint: "http://shop.example" }), /endpoint must be an https URL/)
      const badToken = yield* refusal({ shopify }, "shpat\nx")
      assert.match(badToken, /secretEnv/)
      assert.notInclude(badToken, "shpat\nx")
    })
  )
})
