/** The life of an order in Shopify's calls, by the stock rules: in whatever order they come, and however often, the stock is the same. */
import { decodeEvent, factsOf } from "@holdfast/domain/EventManifest"
import { LocationId, Sku } from "@holdfast/domain/Identity"
import { decide, evolve } from "@holdfast/domain/StockRules"
import { available, emptyState, levelAt } from "@holdfast/domain/StockState"
import { Result } from "effect"
import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import type { ToldEvent } from "../src/inbound/InboundCall.ts"
import { readShopify } from "../src/inbound/ShopifyReader.ts"

const sku = Sku.make("MUG")
const at = (minute: number) => `2026-11-25T10:${String(minute).padStart(2, "0")}:00Z`

const toldBy = (body: object): ReadonlyArray<ToldEvent> => {
  const text = JSON.stringify(body)
  const signature = createHmac("sha256", "secret").update(text).digest("base64")
  const call = { headers: { "x-shopify-hmac-sha256": signature }, body: new TextEncoder().encode(text) }
  const reading = readShopify(call, "shop", "secret")
  if (reading._tag !== "told") throw new Error(JSON.stringify(reading))
  return reading.events
}

const order = (minute: number, fulfillable: number, fulfilled: number) =>
  toldBy({
    admin_graphql_api_id: "gid://shopify/Order/1",
    updated_at: at(minute),
    line_items: [{ id: 9, variant_id: 8, sku, fulfillable_quantity: fulfillable }],
    fulfillments: fulfilled === 0 ? [] : [{ status: "success", line_items: [{ id: 9, quantity: fulfilled }] }]
  })
const refund = (id: number, minute: number, restock_type: string, quantity: number) =>
  toldBy({
    admin_graphql_api_id: `gid://shopify/Refund/${id}`,
    order_id: 1,
    created_at: at(minute),
    refund_line_items: [{ quantity, restock_type, line_item: { sku, variant_id: 8 } }]
  })

/** Of 5 units 3 are sent, 1 of the others is cancelled, and 2 of those that were sent come back. */
const placed = order(0, 5, 0)
const sent = toldBy({
  admin_graphql_api_id: "gid://shopify/Fulfillment/2",
  order_id: 1,
  status: "success",
  created_at: at(10),
  line_items: [{ sku, variant_id: 8, quantity: 3 }]
})
const afterSending = order(10, 2, 3)
const oneCancelled = refund(3, 20, "cancel", 1)
const afterCancelling = order(20, 1, 3)
const twoBack = refund(4, 30, "return", 2)

const permutations = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.length < 2 ? [all] : all.flatMap((first, i) => permutations(all.toSpliced(i, 1)).map((rest) => [first, ...rest]))

/** What there is after these calls, of 10 units at first; an event that was told before changes nothing. */
const stockAfter = (calls: ReadonlyArray<ReadonlyArray<ToldEvent>>) => {
  const state = emptyState(sku)
  const received: ToldEvent = {
    id: "receipt",
    type: "goods.received",
    time: at(0),
    data: { putaway: "done", lines: [{ sku, quantity: 10 }] }
  }
  const seen = new Set<string>()
  for (const event of [received, ...calls.flat()]) {
    if (seen.has(event.id)) continue
    seen.add(event.id)
    const decoded = Result.getOrThrow(decodeEvent({ ...event, source: "shop", time: event.time }, 0))
    for (const fact of factsOf(decoded))
      for (const change of decide(state, { _tag: "Fact", fact }, 0).changes) evolve(state, change)
  }
  const level = levelAt(state, LocationId.make("main"))!
  return { onHand: level.onHand, committed: level.committed, available: available(level) }
}

const expected = { onHand: 9, committed: 1, available: 8 }

describe("an order of Shopify", () => {
  it("ends in the same stock in any order of its calls", () => {
    const life = [placed, sent, afterSending, oneCancelled, afterCancelling, twoBack]
    const all = permutations(life)
    expect(all.length).toBe(720)
    for (const calls of all) expect(stockAfter(calls)).toEqual(expected)
  })

  it("ends in the same stock when calls are told again later", () => {
    const life = [placed, sent, afterSending, oneCancelled, afterCancelling, twoBack]
    expect(stockAfter([...life, ...life.toReversed(), ...life])).toEqual(expected)
  })

  it("needs no word of the order itself for what its refunds say, and no refund for what the order says", () => {
    for (const calls of permutations([placed, sent, oneCancelled, twoBack])) expect(stockAfter(calls)).toEqual(expected)
    for (const calls of permutations([placed, sent, afterCancelling, twoBack]))
      expect(stockAfter(calls)).toEqual(expected)
  })

  it("gives back what is open when it is cancelled", () => {
    const cancelled = toldBy({
      admin_graphql_api_id: "gid://shopify/Order/1",
      updated_at: at(40),
      cancelled_at: at(40),
      line_items: [{ id: 9, variant_id: 8, sku, fulfillable_quantity: 0 }],
      fulfillments: [{ status: "success", line_items: [{ id: 9, quantity: 3 }] }]
    })
    for (const calls of permutations([placed, sent, afterSending, cancelled]))
      expect(stockAfter(calls)).toEqual({ onHand: 7, committed: 0, available: 7 })
  })
})
