/** The contract that the Amazon connector is tested against refuses what Amazon refuses. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeAmazonContract } from "../src/testing/amazon/AmazonContract.ts"
import { AmazonSeller } from "../src/testing/amazon/AmazonSeller.ts"

const opened = Effect.gen(function* () {
  const seller = new AmazonSeller()
  seller.listings.set("A", { quantity: 1, leadTimeDays: 12 })
  const { url, quotas } = yield* makeAmazonContract(seller)
  const token = seller.grant()
  const ask = (method: string, target: string, body?: unknown, headers: Record<string, string> = {}) =>
    Effect.promise(async () => {
      const init = { method, headers: { "x-amz-access-token": token, ...headers } }
      const answer = await fetch(url + target, body === undefined ? init : { ...init, body: JSON.stringify(body) })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    })
  return { seller, quotas, ask, url }
})

const item = (sku: string) => `/listings/2021-08-01/items/A3TH9S8BH6GOGM/${sku}?marketplaceIds=ATVPDKIKX0DER`
const change = (patch: object) => ({ productType: "PRODUCT", patches: [patch] })
const quantity = { fulfillment_channel_code: "DEFAULT", quantity: 7 }
const path = "/attributes/fulfillment_availability"

describe("Amazon's contract", () => {
  it.live.each([
    ["a patch that is no operation", "PATCH", item("A"), change({ op: "set", path, value: [quantity] })],
    ["no product type", "PATCH", item("A"), { patches: [{ op: "merge", path, value: [quantity] }] }],
    ["no patches", "PATCH", item("A"), { productType: "PRODUCT", patches: [] }],
    ["no store", "PATCH", item("A").replace(/\?.*/, ""), change({ op: "merge", path, value: [quantity] })],
    [
      "both times",
      "GET",
      "/orders/2026-01-01/orders?createdAfter=2026-11-25T00:00:00Z&lastUpdatedAfter=2026-11-25T00:00:00Z",
      undefined
    ],
    ["no time", "GET", "/orders/2026-01-01/orders", undefined],
    [
      "a name that is not known",
      "GET",
      "/orders/2026-01-01/orders?lastUpdatedAfter=2026-11-25T00:00:00Z&LastUpdated=1",
      undefined
    ],
    [
      "too many identifiers",
      "GET",
      `${item("").replace("/?", "?")}&identifiersType=SKU&identifiers=${Array.from({ length: 21 }, (_, i) => i)}`,
      undefined
    ]
  ] as const)("refuses a request with %s", ([, method, target, body]) =>
    Effect.gen(function* () {
      const { ask, seller } = yield* opened
      assert.strictEqual((yield* ask(method, target, body)).status, 400)
      seller.land()
      assert.strictEqual(seller.applied, 0)
    })
  )

  it.live.each([
    ["another attribute", { op: "merge", path: "/attributes/fulfillmentAvailability", value: [quantity] }],
    ["no channel code", { op: "merge", path, value: [{ quantity: 7 }] }],
    ["a quantity below none", { op: "merge", path, value: [{ ...quantity, quantity: -1 }] }],
    ["half a unit", { op: "merge", path, value: [{ ...quantity, quantity: 1.5 }] }]
  ] as const)("finds a change invalid that has %s", ([, patch]) =>
    Effect.gen(function* () {
      const { ask, seller } = yield* opened
      const { status, body } = yield* ask("PATCH", item("A"), change(patch))
      assert.deepStrictEqual([status, body["status"]], [200, "INVALID"])
      seller.land()
      assert.strictEqual(seller.listings.get("A")!.quantity, 1)
    })
  )

  it.live("loses with a replacement what that does not name, and keeps it with a merge", () =>
    Effect.gen(function* () {
      const { ask, seller } = yield* opened
      yield* ask("PATCH", item("A"), change({ op: "merge", path, value: [quantity] }))
      seller.land()
      assert.deepStrictEqual(seller.listings.get("A"), { quantity: 7, leadTimeDays: 12 })
      yield* ask("PATCH", item("A"), change({ op: "replace", path, value: [quantity] }))
      seller.land()
      assert.deepStrictEqual(seller.listings.get("A"), { quantity: 7 })
    })
  )

  it.live("admits nobody without a token that it gave, and no more than its quota", () =>
    Effect.gen(function* () {
      const { ask, quotas } = yield* opened
      assert.strictEqual(
        (yield* ask("GET", item("A"), undefined, { "x-amz-access-token": "Atza|made-up" })).status,
        403
      )
      quotas.getListingsItem.leave(1)
      const statuses = [(yield* ask("GET", item("A"))).status, (yield* ask("GET", item("A"))).status]
      assert.deepStrictEqual(statuses, [200, 429])
    })
  )
})
