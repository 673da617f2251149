/** What a definition of a Vendure shop may say, and a file of its listings. Nothing is asked of a server. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, Redacted } from "effect"
import { listingFormats } from "../src/ListingFormat.ts"
import { makeVendureConnector } from "../src/vendure/VendureConnector.ts"
import { makeVendureOrderPoll } from "../src/vendure/VendureOrderPoll.ts"
import { channelDefinition } from "./Announce.ts"

const vendure = { stockLocationId: "1" }
const none = { find: () => Effect.succeed(new Map()) }

describe("a definition of a Vendure shop", () => {
  const refusal = (change: Partial<ChannelDefinition>, secret = "token") =>
    makeVendureConnector(
      channelDefinition({ connector: "vendure", vendure, ...change }),
      Redacted.make(secret),
      none
    ).pipe(
      Effect.as("made"),
      Effect.catch(({ field }) => Effect.succeed(field))
    )

  it.effect("is taken, or refused by the name of the field", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusal({}), "made")
      assert.strictEqual(yield* refusal({ endpoint: "https://shop.example/other/admin" }, "a:b"), "made")
      const { vendure: _, ...without } = channelDefinition({ connector: "vendure", vendure })
      assert.strictEqual(yield* refusal({ ...without, vendure: undefined as never }), "vendure")
      assert.strictEqual(yield* refusal({ vendure: { ...vendure, channelToken: "über alles" } }), "vendure")
      assert.strictEqual(yield* refusal({ endpoint: "http://shop.example" }), "endpoint")
      assert.strictEqual(yield* refusal({ endpoint: "https://user:password@shop.example" }), "endpoint")
      for (const secret of ["", "two words", "line\nbreak"]) assert.strictEqual(yield* refusal({}, secret), "secretEnv")
    })
  )

  it.effect("is enough to ask for orders without a stock location, as where only those are wanted", () =>
    Effect.gen(function* () {
      const definition = channelDefinition({ connector: "webhook" })
      assert.isFunction((yield* makeVendureOrderPoll(definition, Redacted.make("token"), none)).page)
    })
  )
})

describe("a file of a Vendure shop's listings", () => {
  const format = listingFormats.vendure!
  const read = (text: string) => format.read((column) => (column === "variant_id" ? text : ""))

  it("says the id of a variant, whatever the shop's ids look like", () => {
    assert.deepStrictEqual(format.columns, ["variant_id"])
    assert.deepStrictEqual(read("7"), { _tag: "listing", external: { variantId: "7" }, key: "7" })
    assert.deepInclude(read("0af76519-16cd-43dd-8448-eb211c80319c"), { _tag: "listing" })
    for (const text of ["seven eight", "7;8", "x".repeat(65)])
      assert.deepInclude(read(text), { _tag: "problem", column: "variant_id" })
  })
})
