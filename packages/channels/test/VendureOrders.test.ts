/** What a Vendure order becomes as it goes on, and how a shop is asked for its orders, page by page. */
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { ordersOf, toldOf, type VendureOrder } from "../src/vendure/VendureOrders.ts"

const placedAt = "2026-11-01T10:00:00.000Z"
/** Before it was placed: the time at which the transaction began. */
const began = "2026-11-01T09:59:59.200Z"
const later = "2026-11-02T08:00:00.000Z"
const weeksLater = "2026-11-20T08:00:00.000Z"

const line = (id: string, quantity: number, orderPlacedQuantity = quantity, sku = `SKU-${id}`) => ({
  id,
  quantity,
  orderPlacedQuantity,
  productVariant: { id: `v${id}`, sku }
})
const fulfillment = (id: string, state: string, quantity: number, createdAt = later) => ({
  id,
  state,
  createdAt,
  updatedAt: later,
  lines: [{ orderLineId: "a", quantity }]
})
const order = (change: Partial<VendureOrder> = {}): VendureOrder => ({
  id: "12",
  state: "PaymentSettled",
  orderPlacedAt: placedAt,
  updatedAt: began,
  lines: [line("a", 2), line("b", 1)],
  fulfillments: [],
  modifications: [],
  ...change
})
const told = (change: Partial<VendureOrder> = {}, skus: ReadonlyMap<string, Sku> = new Map()) =>
  toldOf(order(change), "shop", skus)
const types = (change: Partial<VendureOrder>) => told(change).map(({ type }) => type)
const linesOf = (data: unknown) => (data as { lines: unknown }).lines

describe("an order of Vendure", () => {
  it("is placed, with our names where they are mapped, one line per SKU", () => {
    const skus = new Map([["va", Sku.make("MUG")]])
    expect(told({ lines: [line("a", 2), line("b", 1), line("c", 4, 4, "SKU-b")] }, skus)).toEqual([
      {
        id: "12:order.placed",
        type: "order.placed",
        time: placedAt,
        data: {
          orderId: "shop-12",
          channel: "shop",
          lines: [
            { sku: "MUG", quantity: 2 },
            { sku: "SKU-b", quantity: 5 }
          ]
        }
      }
    ])
  })

  it("is the same event however often it is read, and however it went on", () => {
    const [placed] = told()
    for (const change of [
      {},
      { updatedAt: later },
      { updatedAt: later, state: "Shipped" },
      { updatedAt: later, state: "Cancelled", lines: [line("a", 0, 2), line("b", 0, 1)] }
    ])
      expect(told(change)[0]).toEqual(placed)
  })

  it("is changed where it asks for others than it was placed with, and each change is another event", () => {
    const fewer = told({ updatedAt: later, lines: [line("a", 1, 2), line("b", 1)] })
    expect(fewer.map(({ type }) => type)).toEqual(["order.placed", "order.changed"])
    expect([fewer[1]!.id, fewer[1]!.time]).toEqual([`12:order.changed:${later}`, later])
    expect(linesOf(fewer[1]!.data)).toEqual([
      { sku: "SKU-a", quantity: 1 },
      { sku: "SKU-b", quantity: 1 }
    ])
    // back to what it was, by a modification
    expect(types({ updatedAt: later, modifications: [{ id: "1" }] })).toEqual(["order.placed", "order.changed"])
    // a line that came later was not placed
    const more = told({ updatedAt: later, lines: [line("a", 2), line("c", 3, 0)] })
    expect(linesOf(more[0]!.data)).toEqual([{ sku: "SKU-a", quantity: 2 }])
    expect(linesOf(more[1]!.data)).toContainEqual({ sku: "SKU-c", quantity: 3 })
  })

  it("is never changed before it was placed", () => {
    expect(told({ lines: [line("a", 1, 2)] }).map(({ time }) => time)).toEqual([placedAt, placedAt])
  })

  it("is cancelled, after it was placed", () => {
    const cancelled = told({ updatedAt: later, state: "Cancelled", lines: [line("a", 0, 2)] })
    expect(cancelled.map(({ id, time }) => [id, time])).toEqual([
      ["12:order.placed", placedAt],
      ["12:order.cancelled", later]
    ])
  })

  it("leaves as a whole, or fulfilment by fulfilment", () => {
    const fulfillments = [fulfillment("f", "Shipped", 1), fulfillment("g", "Pending", 1)]
    expect(told({ updatedAt: later, state: "PartiallyShipped", fulfillments })[1]).toEqual({
      id: "12:shipment.confirmed:fulfillment:f",
      type: "shipment.confirmed",
      time: later,
      data: { shipmentId: "shop-12-f", orderId: "shop-12", lines: [{ sku: "SKU-a", quantity: 1 }] }
    })
    // delivered by the next look: the same event
    const delivered = told({
      updatedAt: weeksLater,
      state: "PartiallyDelivered",
      fulfillments: [fulfillment("f", "Delivered", 1, weeksLater)]
    })
    expect(delivered.at(-1)!.id).toBe("12:shipment.confirmed:fulfillment:f")
    expect(told({ updatedAt: later, state: "Shipped", fulfillments })[1]!.data).toEqual({
      shipmentId: "shop-12",
      orderId: "shop-12"
    })
  })

  it("is told as nothing that would count twice once a repetition is not known any more", () => {
    const fulfillments = [fulfillment("f", "Delivered", 1)]
    expect(types({ updatedAt: weeksLater })).toEqual(["order.changed"])
    expect(types({ updatedAt: weeksLater, state: "PartiallyDelivered", fulfillments })).toEqual(["order.changed"])
    expect(types({ updatedAt: weeksLater, state: "Delivered", fulfillments })).toEqual([
      "order.changed",
      "shipment.confirmed"
    ])
    expect(types({ updatedAt: weeksLater, state: "Cancelled" })).toEqual(["order.changed", "order.cancelled"])
  })

  it("is what the front door understands", () => {
    const all = [
      told({
        updatedAt: later,
        modifications: [{ id: "1" }],
        state: "PartiallyShipped",
        fulfillments: [fulfillment("f", "Shipped", 1)]
      }),
      told({ state: "Cancelled", lines: [line("a", 0, 2)] })
    ].flat()
    for (const { data, id, time, type } of all)
      expect(Result.isSuccess(decodeEvent({ id, source: ChannelId.make("shop"), type, time, data }, Date.now()))).toBe(
        true
      )
    expect(all.length).toBe(5)
  })

  it("is read only from an answer that is a page of orders", () => {
    expect(ordersOf({ orders: { items: [order()] } })).toEqual([order()])
    expect(ordersOf({ orders: { items: [{ ...order(), updatedAt: "soon" }] } })).toBeUndefined()
    expect(ordersOf({ orders: { items: [{ ...order(), orderPlacedAt: null }] } })).toBeUndefined()
    expect(ordersOf(null)).toBeUndefined()
  })
})
