/** The Vendure connector against a real Vendure server: the conformance suite, and what is Vendure's own. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import { demandPackage } from "@holdfast/infra/testing/DemandedPackage"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Effect, Exit, Scope } from "effect"
import type { PushItem, PushOutcome } from "../src/ChannelConnector.ts"
import type { ConformanceTarget } from "../src/testing/ConnectorConformance.ts"
import { VendureBuyer } from "../src/testing/vendure/VendureBuyer.ts"
import { startVendure, vendureRecipe } from "../src/testing/vendure/VendureServer.ts"
import { holdfastMay, VendureShop } from "../src/testing/vendure/VendureShop.ts"
import { conforms } from "./ConformanceSuite.ts"
import { vendureSubject } from "./VendureSubject.ts"

const vendure = await demandPackage("a Vendure server (140 MB)", vendureRecipe)

const item = (sku: Sku, quantity: number, expected?: number): PushItem => ({
  sku,
  quantity,
  version: 1,
  key: `shop:${sku}:${quantity}`,
  expected
})
const summary = (outcome: PushOutcome) => ("because" in outcome ? `${outcome._tag}/${outcome.because}` : outcome._tag)

describe.skipIf(vendure._tag === "absent")("the vendure connector, against a real server", () => {
  const scope = Scope.makeUnsafe()
  let servers: RunningTestServers
  let shop: VendureShop
  beforeAll(async () => {
    servers = await startTestServers()
    const directory = vendure._tag === "installed" ? vendure.directory : ""
    const server = await Effect.runPromise(Scope.provide(startVendure(directory, servers.databaseUrl), scope))
    shop = await VendureShop.open(server)
  })
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await servers.stop()
  })
  const subjectOf = (change: Parameters<typeof vendureSubject>[2] = {}) =>
    Effect.suspend(() => vendureSubject(shop, 20_000, change))
  const buyer = (name: string) => new VendureBuyer(shop.url, name)

  const target: ConformanceTarget = {
    name: "vendure",
    hasBatches: true,
    hasReadBack: true,
    hasUnlisted: true,
    readsFirst: 1,
    make: (timeoutMillis) => Effect.suspend(() => vendureSubject(shop, timeoutMillis))
  }
  conforms(target)

  it.live("is what buyers are offered, whatever is allocated to orders", () =>
    Effect.gen(function* () {
      const { connector, skus, variantOf } = yield* subjectOf()
      const [sku] = skus as [Sku]
      yield* connector.push([item(sku, 10)])
      const bought = yield* Effect.promise(() => buyer("ann").buy(variantOf(sku), 3))
      assert.strictEqual(bought.state, "PaymentSettled")
      const read = yield* connector.readBack!([sku])
      assert.deepInclude(read, { _tag: "shown", quantities: new Map([[sku, 7]]) })
      // what was there is on hand still, and three of it are allocated
      assert.deepStrictEqual((yield* connector.push([item(sku, 5)])).map(summary), ["applied"])
      assert.strictEqual(yield* Effect.promise(() => buyer("bob").choose(variantOf(sku), 900)), 5)
      assert.deepStrictEqual((yield* connector.push([item(sku, 0)])).map(summary), ["applied"])
      assert.strictEqual(yield* Effect.promise(() => buyer("bob").choose(variantOf(sku), 1)), 0)
    })
  )

  it.live(
    "writes nothing that is shown already, never raises over a sale that it was not told of, and lowers at once",
    () =>
      Effect.gen(function* () {
        const { applied, connector, proxy, skus, variantOf } = yield* subjectOf()
        const [first, second, third] = skus as [Sku, Sku, Sku]
        yield* connector.push(skus.map((sku) => item(sku, 10)))
        for (const sku of skus) yield* Effect.promise(() => buyer("eve").buy(variantOf(sku), 1))
        const before = proxy.requests()
        const writes = yield* Effect.promise(applied)
        // one is what the sale left, one would raise it, one lowers it: one write, for the last
        const outcomes = yield* connector.push([item(first, 9, 10), item(second, 20, 10), item(third, 4, 10)])
        assert.deepStrictEqual(outcomes, [{ _tag: "applied" }, { _tag: "stale", actual: 9 }, { _tag: "applied" }])
        assert.deepStrictEqual([proxy.requests() - before, (yield* Effect.promise(applied)) - writes], [2, 1])
        assert.deepStrictEqual((yield* connector.push([item(second, 20, 9)])).map(summary), ["applied"])
        const read = yield* connector.readBack!(skus)
        const quantities = new Map([
          [first, 9],
          [second, 20],
          [third, 4]
        ])
        assert.deepInclude(read, { quantities })
      })
  )

  it.live("says what is wrong with a mapping, a location or a variant that is not counted, and tells the rest", () =>
    Effect.gen(function* () {
      const { connector, external, skus, shown, variantOf } = yield* subjectOf()
      const [first, second, third] = skus as [Sku, Sku, Sku]
      external.set(Sku.make("twin"), external.get(first))
      external.set(Sku.make("nonsense"), { inventoryItemId: "7" })
      yield* Effect.promise(() => shop.untrack(variantOf(second)))
      const outcomes = yield* connector.push(
        [Sku.make("unmapped"), first, Sku.make("nonsense"), second, Sku.make("gone"), Sku.make("twin"), third].map(
          (sku, i) => item(sku, i + 1)
        )
      )
      const mapping = "rejected/mapping"
      assert.deepStrictEqual(outcomes.map(summary), [
        mapping,
        "applied",
        mapping,
        "rejected/listingState",
        mapping,
        mapping,
        "applied"
      ])
      assert.deepStrictEqual(yield* Effect.promise(() => Promise.all([shown(first), shown(third)])), [2, 7])
      const elsewhere = yield* subjectOf({ vendure: { stockLocationId: "77" } })
      const [outcome] = yield* elsewhere.connector.push([item(elsewhere.skus[0]!, 1)])
      assert.strictEqual(summary(outcome!), mapping)
      assert.match("detail" in outcome! ? outcome.detail : "", /vendure\.stockLocationId/)
      assert.strictEqual((yield* elsewhere.connector.readBack!([elsewhere.skus[0]!]))._tag, "unreachable")
    })
  )

  it.live("takes an API key as well, of somebody who may do no more than this", () =>
    Effect.gen(function* () {
      const key = yield* Effect.promise(() => shop.apiKey(holdfastMay))
      const { connector, skus, shown } = yield* subjectOf({ secret: key })
      assert.deepStrictEqual((yield* connector.push([item(skus[0]!, 6)])).map(summary), ["applied"])
      assert.strictEqual(yield* Effect.promise(() => shown(skus[0]!)), 6)
    })
  )

  it.live("speaks for one of the shop's sales channels, and is refused by one where it may do nothing", () =>
    Effect.gen(function* () {
      const other = yield* Effect.promise(() => shop.openChannel())
      for (const channelToken of [other, "nowhere"]) {
        const { connector, skus } = yield* subjectOf({ vendure: { stockLocationId: shop.locationId, channelToken } })
        assert.deepStrictEqual((yield* connector.push([item(skus[0]!, 6)])).map(summary), ["blocked"])
        assert.strictEqual((yield* connector.readBack!(skus))._tag, "unreachable")
      }
    })
  )

  it.live("never says its secret, whatever happens", () =>
    Effect.gen(function* () {
      const { connector, expire, proxy, secret, skus } = yield* subjectOf()
      const said: Array<unknown> = [connector]
      for (const fault of [{ _tag: "lost" }, { _tag: "status", status: 500 }] as const) {
        proxy.meets(fault)
        said.push(yield* connector.push([item(skus[0]!, 1)]))
      }
      yield* Effect.promise(expire)
      said.push(yield* connector.push([item(skus[0]!, 1)]), yield* connector.readBack!(skus))
      assert.include(JSON.stringify(said), "blocked")
      assert.notInclude(JSON.stringify(said), secret)
    })
  )

  it.live("tells fifty listings in one push", () =>
    Effect.gen(function* () {
      const { connector, external, proxy } = yield* subjectOf()
      const many = yield* Effect.promise(() => shop.listMany("H", connector.descriptor.batchMax))
      const skus = many.map(({ sku, variantId }) => {
        external.set(Sku.make(sku), { variantId })
        return Sku.make(sku)
      })
      const before = proxy.requests()
      const outcomes = yield* connector.push(skus.map((sku, i) => item(sku, i + 1)))
      assert.deepStrictEqual([outcomes.length, new Set(outcomes.map(summary))], [50, new Set(["applied"])])
      assert.strictEqual(proxy.requests() - before, 2)
      const read = yield* connector.readBack!(skus)
      assert.deepInclude(read, { quantities: new Map(skus.map((sku, i) => [sku, i + 1])) })
    })
  )
})
