/** An output stream and a seller at Amazon, over HTTP: what is accepted lands later, and counts when it is shown. */
import { assert, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import { Effect } from "effect"
import { vi } from "vitest"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { announce } from "./Announce.ts"
import { amazonSubject } from "./ConformanceTargets.ts"

const until = (what: () => boolean) => Effect.promise(() => vi.waitUntil(what, { timeout: 20_000, interval: 10 }))

/** A stream at Amazon's own rate, to a seller with so many listings of none. */
const opened = (count: number) =>
  Effect.gen(function* () {
    const subject = yield* amazonSubject(20_000)
    const { seller } = subject
    const skus = Array.from({ length: count }, (_, i) => Sku.make(`SKU ${i}`))
    for (const sku of skus) seller.listings.set(sku, { quantity: 0 })
    const definition = {
      ...subject.definition,
      rate: { perSecond: 5, burst: 5, concurrency: 2 },
      budgetMillis: 60_000
    }
    const connector = { ...subject.connector, descriptor: { ...subject.connector.descriptor, settleMillis: 200 } }
    const stream = yield* makeOutputStream({ definition, connector })
    const tell = (units: (i: number) => number, version: number) =>
      skus.forEach((sku, i) => stream.offer(announce(sku, version, units(i), Date.now())))
    const shown = () => skus.map((sku) => seller.listings.get(sku)!.quantity)
    return { ...subject, stream, tell, shown }
  })

describe("an output stream to Amazon", () => {
  it.live("tells every listing within the account's quota, and none twice", () =>
    Effect.gen(function* () {
      const { contract, seller, shown, stream, tell } = yield* opened(8)
      const landing = setInterval(() => seller.land(), 5)
      yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(landing)))
      tell((i) => i + 1, 1)
      yield* until(() => stream.snapshot().delivered === 8)
      assert.deepStrictEqual(
        shown(),
        Array.from({ length: 8 }, (_, i) => i + 1)
      )
      assert.deepInclude(stream.snapshot(), { pushes: 8, throttled: 0, pending: 0, good: 8 })
      assert.deepStrictEqual([seller.applied, contract.throttled(), contract.tokensAsked()], [8, 0, 1])
    }).pipe(Effect.provide(ListingStore.memory))
  )

  it.live("counts nothing as delivered that is only accepted, and tells the newest when Amazon is slow", () =>
    Effect.gen(function* () {
      const { seller, shown, stream, tell } = yield* opened(1)
      tell(() => 7, 1)
      yield* until(() => seller.taken > 0)
      tell(() => 3, 2)
      // read back before it has landed, it is told anew: what is newest then
      yield* until(() => seller.taken > 1)
      assert.deepInclude(stream.snapshot(), { delivered: 0 })
      seller.land()
      yield* until(() => stream.snapshot().good === 2)
      assert.deepInclude(stream.snapshot(), { delivered: 1, superseded: 1 })
      assert.deepStrictEqual(shown(), [3])
    }).pipe(Effect.provide(ListingStore.memory))
  )
})
