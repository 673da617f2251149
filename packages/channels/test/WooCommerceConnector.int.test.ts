/** The WooCommerce connector against a shop that keeps WooCommerce's contract, over HTTP. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Effect, Layer, Redacted, Schedule } from "effect"
import type { PushItem, PushOutcome } from "../src/ChannelConnector.ts"
import { ListingMapError } from "../src/ListingMap.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { wpError } from "../src/testing/woocommerce/WooCommerceShop.ts"
import { makeWooCommerceConnector } from "../src/woocommerce/WooCommerceConnector.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { wooCommerceSubject } from "./ConformanceTargets.ts"

const item = (sku: string, quantity: number, version = 1): PushItem => ({
  sku: Sku.make(sku),
  quantity,
  version,
  key: `shop:${sku}:${version}:${quantity}`,
  expected: undefined
})
const summary = (outcome: PushOutcome) => ("because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag)
const detailOf = (outcome: PushOutcome | undefined) =>
  outcome !== undefined && "detail" in outcome ? outcome.detail : ""
const [first, second, third] = ["A-1", "100 % wool/ä", "🧦"] as const

/** With the variations 21 and 22 of product 20, and 31 of product 30. */
const shopOf = Effect.map(wooCommerceSubject(20_000), (subject) => {
  const { shop, external } = subject
  for (const productId of [20, 30]) shop.add(productId, { type: "variable", managesStock: false, quantity: null })
  for (const [productId, variationId] of [
    [20, 21],
    [20, 22],
    [30, 31]
  ] as const) {
    shop.add(variationId, { type: "variation", parentId: productId })
    external.set(Sku.make(`V${variationId}`), { productId, variationId })
  }
  return subject
})

describe("the WooCommerce connector", () => {
  it.live("tells 100 products in one request, whatever they are answered with, and reads them back in one", () =>
    Effect.gen(function* () {
      const { connector, shop, external, proxy } = yield* shopOf
      const many = Array.from({ length: connector.descriptor.batchMax }, (_, i) => {
        shop.add(1_000 + i)
        external.set(Sku.make(`S${i}`), { productId: 1_000 + i })
        return item(`S${i}`, i)
      })
      const outcomes = yield* connector.push(many)
      assert.deepStrictEqual([outcomes.length, ...new Set(outcomes.map(summary))], [100, "applied"])
      assert.deepStrictEqual([shop.applied, proxy.requests()], [100, 1])
      assert.deepStrictEqual(yield* connector.readBack!(many.map(({ sku }) => sku)), {
        _tag: "shown",
        quantities: new Map(many.map(({ sku, quantity }) => [sku, quantity]))
      })
      assert.strictEqual(proxy.requests(), 2)
    })
  )

  it.live("tells products, and then the variations of each product, in a request of their own", () =>
    Effect.gen(function* () {
      const { connector, shown, proxy } = yield* shopOf
      const all = [item("V21", 1), item(first, 2), item("V31", 3), item("V22", 4)]
      const mate = "notApplied/batchMate"
      assert.deepStrictEqual((yield* connector.push(all)).map(summary), ["applied", mate, mate, "applied"])
      // a variation is looked up before its first write
      assert.strictEqual(proxy.requests(), 2)
      assert.deepStrictEqual((yield* connector.push([all[1]!, all[2]!])).map(summary), ["applied", mate])
      assert.deepStrictEqual((yield* connector.push([all[2]!])).map(summary), ["applied"])
      assert.deepStrictEqual(
        all.map(({ sku }) => shown(sku)),
        [1, 2, 3, 4]
      )
      const requests = proxy.requests()
      assert.deepStrictEqual((yield* connector.push([item("V21", 9, 2), item("V22", 8, 2)])).map(summary), [
        "applied",
        "applied"
      ])
      assert.strictEqual(proxy.requests(), requests + 1)
    })
  )

  it.live.each([
    { lists: true, requests: 2 },
    { lists: false, requests: 3 }
  ])(
    "reads variations of several products, where the shop lists them all ($lists) and where not",
    ({ lists, requests }) =>
      Effect.gen(function* () {
        const { connector, shop, proxy } = yield* shopOf
        shop.listsAllVariations = lists
        for (const id of [1, 21, 22, 31]) shop.products.get(id)!.quantity = id
        const skus = [first, "V21", "V22", "V31"].map((sku) => Sku.make(sku))
        const shown = { _tag: "shown", quantities: new Map(skus.map((sku, i) => [sku, [1, 21, 22, 31][i]!])) } as const
        assert.deepStrictEqual(yield* connector.readBack!(skus), shown)
        const before = proxy.requests()
        assert.deepStrictEqual(yield* connector.readBack!(skus), shown)
        assert.strictEqual(proxy.requests() - before, requests)
      })
  )

  it.live("never moves a variation to the product that it is wrongly mapped under", () =>
    Effect.gen(function* () {
      const { connector, shop, external } = yield* shopOf
      external.set(Sku.make("astray"), { productId: 30, variationId: 22 })
      external.set(Sku.make("simple"), { productId: 30, variationId: 1 })
      const outcomes = yield* connector.push([item("astray", 5), item("V31", 6), item("simple", 7)])
      assert.deepStrictEqual(outcomes.map(summary), ["rejected/mapping", "applied", "rejected/mapping"])
      assert.match(detailOf(outcomes[0]), /^product 30 has no variation 22; correct its mapping$/)
      assert.deepStrictEqual(
        [22, 1].map((id) => [shop.products.get(id)!.parentId, shop.products.get(id)!.quantity]),
        [
          [20, 0],
          [undefined, 0]
        ]
      )
      const read = yield* connector.readBack!([Sku.make("astray"), Sku.make("V21")])
      assert.deepStrictEqual(read, { _tag: "shown", quantities: new Map([[Sku.make("V21"), 0]]) })
    })
  )

  it.live("writes nothing when the variations cannot be looked up", () =>
    Effect.gen(function* () {
      const { connector, proxy, applied } = yield* shopOf
      proxy.meets({ _tag: "lost" })
      assert.deepStrictEqual((yield* connector.push([item("V21", 5)])).map(summary), ["notApplied/transient"])
      proxy.meets({ _tag: "status", status: 429, headers: { "retry-after": "3" } })
      const [outcome] = yield* connector.push([item("V21", 5)])
      assert.deepInclude(outcome, { _tag: "notApplied", because: "throttled", retryAfterMillis: 3_000 })
      assert.strictEqual(applied(), 0)
    })
  )

  it.live("says what the shop says of each item, and tells the rest", () =>
    Effect.gen(function* () {
      const { connector, shop, external, shown } = yield* shopOf
      shop.add(40, { type: "external" })
      external.set(Sku.make("elsewhere"), { productId: 40 })
      external.set(Sku.make("no product"), { productId: 21 })
      shop.failing.set(2, wpError(400, "woocommerce_rest_product_not_created", "a plugin forbids it"))
      const outcomes = yield* connector.push(
        [first, second, "elsewhere", "no product", "gone", third].map((sku) => item(sku, 5))
      )
      assert.deepStrictEqual(outcomes.map(summary), [
        "applied",
        "rejected/listingState",
        "rejected/listingState",
        "rejected/mapping",
        "rejected/mapping",
        "applied"
      ])
      assert.match(detailOf(outcomes[1]), /a plugin forbids it/)
      assert.match(detailOf(outcomes[2]), /keeps no stock/)
      assert.deepStrictEqual(
        [first, second, third].map((sku) => shown(Sku.make(sku))),
        [5, 0, 5]
      )
    })
  )

  it.live("does not believe a shop that keeps no stock", () =>
    Effect.gen(function* () {
      const { connector, shop } = yield* shopOf
      shop.keepsStock = false
      assert.deepStrictEqual((yield* connector.push([item(first, 5)])).map(summary), ["stale"])
      shop.products.get(1)!.managesStock = false
      assert.deepStrictEqual((yield* connector.push([item(first, 5)])).map(summary), ["rejected/listingState"])
      const read = yield* connector.readBack!([Sku.make(first), Sku.make(second)])
      assert.deepStrictEqual(read, { _tag: "shown", quantities: new Map([[Sku.make(second), 0]]) })
    })
  )

  it.live("says what is wrong with a mapping, and how to mend it", () =>
    Effect.gen(function* () {
      const { connector, external, proxy } = yield* shopOf
      external.set(Sku.make("nonsense"), { sku: "7" })
      external.set(Sku.make("twin"), external.get(Sku.make(first)))
      const outcomes = yield* connector.push([
        item("unmapped", 1),
        item("nonsense", 1),
        item(first, 2),
        item("twin", 3)
      ])
      const rejected = "rejected/mapping"
      assert.deepStrictEqual(outcomes.map(summary), [rejected, rejected, "applied", rejected])
      assert.match(
        detailOf(outcomes[0]),
        /^unmapped is not mapped on channel shop: .*"holdfast mapping apply shop <file>"$/
      )
      assert.match(detailOf(outcomes[1]), /no listing of WooCommerce: .*productId/s)
      assert.match(detailOf(outcomes[3]), /several SKUs/)
      const requests = proxy.requests()
      yield* connector.push([item("unmapped", 1)])
      yield* connector.readBack!([Sku.make("unmapped")])
      assert.strictEqual(proxy.requests(), requests)
    })
  )

  it.live("waits out the maintenance of WordPress, and bears what stands before it", () =>
    Effect.gen(function* () {
      const { connector, proxy, applied } = yield* shopOf
      const html = "<!DOCTYPE html><html><body>Briefly unavailable for scheduled maintenance.</body></html>"
      proxy.meets({ _tag: "status", status: 503, headers: { "retry-after": "600" }, body: html })
      const [outcome] = yield* connector.push([item(first, 1)])
      assert.deepInclude(outcome, { _tag: "notApplied", because: "transient", retryAfterMillis: 600_000 })
      for (const [status, expected] of [
        [403, "blocked"],
        [404, "blocked"],
        [502, "unknown"],
        [520, "unknown"]
      ] as const) {
        proxy.meets({ _tag: "status", status, body: html })
        assert.deepStrictEqual((yield* connector.push([item(first, 1)])).map(summary), [expected])
      }
      proxy.meets({ _tag: "status", status: 503, headers: { "retry-after": "600" }, body: html })
      assert.deepInclude(yield* connector.readBack!([Sku.make(first)]), {
        _tag: "unreachable",
        retryAfterMillis: 600_000
      })
      assert.strictEqual(applied(), 0)
    })
  )

  it.live("has an output stream tell everything, in no more requests than there are kinds of them", () =>
    Effect.gen(function* () {
      const { connector, shop, external, proxy, shown } = yield* shopOf
      const all = Array.from({ length: 30 }, (_, i) => ({
        sku: Sku.make(`M${i}`),
        id: 1_000 + i,
        parentId: 100 + (i % 5)
      }))
      for (const { sku, id, parentId } of all.slice(0, 20)) {
        shop.add(parentId, { type: "variable", managesStock: false, quantity: null })
        shop.add(id, { type: "variation", parentId })
        external.set(sku, { productId: parentId, variationId: id })
      }
      for (const { sku, id } of all.slice(20)) {
        shop.add(id)
        external.set(sku, { productId: id })
      }
      const definition = channelDefinition({
        timing: { model: "nearRealtime", windowMillis: 60_000, batchSize: all.length },
        rate: { perSecond: 1_000, burst: 100, concurrency: 1 }
      })
      const stream = yield* makeOutputStream({ definition, connector })
      stream.caughtUp()
      all.forEach(({ sku }, i) => stream.offer(announce(sku, 1, i + 1, Date.now())))
      const told = Effect.suspend(() =>
        all.every(({ sku }) => stream.listing(sku)?.confirmed !== undefined) ? Effect.void : Effect.fail("not yet")
      )
      yield* Effect.retry(told, Schedule.spaced("10 millis")).pipe(Effect.timeout("20 seconds"))
      assert.deepStrictEqual(
        all.map(({ sku }) => shown(sku)),
        all.map((_, i) => i + 1)
      )
      // the variations of each product are looked up, and set; all products are one batch
      assert.strictEqual(proxy.requests(), 2 * 5 + 1)
    }).pipe(Effect.provide(Layer.fresh(ListingStore.memory)))
  )

  it.live("is sure that nothing was done when its listings cannot be looked up", () =>
    Effect.gen(function* () {
      const { proxy } = yield* shopOf
      const away = { find: () => Effect.fail(new ListingMapError({ channel: "shop", detail: "no database" })) }
      const connector = yield* makeWooCommerceConnector(
        channelDefinition({ endpoint: proxy.url }),
        Redacted.make("ck_a:cs_b"),
        away
      )
      assert.deepStrictEqual((yield* connector.push([item(first, 1)])).map(summary), ["notApplied/transient"])
      assert.strictEqual((yield* connector.readBack!([Sku.make(first)]))._tag, "unreachable")
      assert.strictEqual(proxy.requests(), 0)
    })
  )

  it.live("never says its key, whatever happens, and what may be wrong with it", () =>
    Effect.gen(function* () {
      const { connector, proxy, shop } = yield* shopOf
      const { key, secret } = shop
      const said: Array<unknown> = [connector]
      for (const fault of [
        { _tag: "lost" },
        { _tag: "status", status: 500 },
        { _tag: "bytes", bytes: new Uint8Array(3) }
      ] as const) {
        proxy.meets(fault)
        said.push(yield* connector.push([item(first, 1)]))
      }
      shop.secret = "cs_another"
      said.push(yield* connector.push([item(first, 1)]), yield* connector.readBack!([Sku.make(first)]))
      shop.key = "ck_another"
      const [outcome] = yield* connector.push([item(first, 1)])
      said.push(outcome)
      assert.match(detailOf(outcome), /woocommerce_rest_cannot_batch.*check the key.*https/)
      for (const word of [key, secret, Buffer.from(`${key}:${secret}`).toString("base64")])
        assert.notInclude(JSON.stringify(said), word)
    })
  )

  it.live("finds a shop in a directory", () =>
    Effect.gen(function* () {
      const subject = yield* shopOf
      subject.shop.directory = "/shop"
      const key = Redacted.make(`${subject.shop.key}:${subject.shop.secret}`)
      const listings = { find: () => Effect.succeed(new Map<Sku, unknown>([[Sku.make("A"), { productId: 1 }]])) }
      for (const [directory, expected] of [
        ["/shop", "applied"],
        ["/shop/", "applied"],
        ["", "blocked"]
      ] as const) {
        const definition = channelDefinition({ endpoint: `${subject.proxy.url}${directory}`, timeoutMillis: 20_000 })
        const connector = yield* makeWooCommerceConnector(definition, key, listings)
        const outcomes = yield* connector.push([item("A", 1)])
        assert.deepStrictEqual(outcomes.map(summary), [expected])
        if (expected === "blocked") assert.match(detailOf(outcomes[0]), /rest_no_route.*no \/wp-json/)
      }
    })
  )

  it.live("refuses a definition that cannot be, by the name of the field", () =>
    Effect.gen(function* () {
      const listings = { find: () => Effect.succeed(new Map<Sku, unknown>()) }
      const make = (change: Partial<ChannelDefinition>, key = "ck_a:cs_b") =>
        makeWooCommerceConnector(channelDefinition(change), Redacted.make(key), listings)
      const refusal = (change: Partial<ChannelDefinition>, key?: string) =>
        Effect.map(Effect.flip(make(change, key)), (error) => error.message)
      assert.match(yield* refusal({ endpoint: "http://shop.example" }), /endpoint must be an https URL/)
      for (const key of ["ck_a", "cs_b:ck_a", "ck_a:cs_b\n", "ck_a:cs_b:c"]) {
        const message = yield* refusal({}, key)
        assert.match(message, /channel shop: secretEnv must name .*ck_\.\.\.:cs_\.\.\./)
        assert.notInclude(message, key)
      }
    })
  )
})
