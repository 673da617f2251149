/** What channels tell us by calling us: only what they signed, and the same call is always the same events. */
import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import { describe, expect, it } from "vitest"
import type { InboundReading } from "../src/inbound/InboundCall.ts"
import { readStandardWebhook } from "../src/inbound/StandardWebhookReader.ts"
import { readWooCommerce } from "../src/inbound/WooCommerceReader.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const told = (reading: InboundReading) => {
  if (reading._tag !== "told") throw new Error(`told nothing: ${JSON.stringify(reading)}`)
  return reading.events
}

describe("WooCommerce's webhooks", () => {
  const secret = "woo-secret"
  const call = (topic: string, body: string, signedWith = secret) => ({
    headers: {
      "x-wc-webhook-topic": topic,
      "x-wc-webhook-signature": createHmac("sha256", signedWith).update(body).digest("base64")
    },
    body: bytes(body)
  })
  const read = (topic: string, order: object) => readWooCommerce(call(topic, JSON.stringify(order)), "shop", secret)
  const order = (change: object = {}) => ({
    id: 727,
    status: "processing",
    date_modified_gmt: "2026-11-25T10:00:00",
    line_items: [
      { id: 1, product_id: 93, sku: "MUG", quantity: 2 },
      { id: 2, product_id: 22, sku: "LAMP", quantity: 1 },
      { id: 3, product_id: 93, sku: "MUG", quantity: 3 }
    ],
    ...change
  })
  const head = { orderId: "shop-727", channel: "shop" }
  const lines = [
    { sku: "MUG", quantity: 5 },
    { sku: "LAMP", quantity: 1 }
  ]

  it("places a new order, with the units of each SKU summed", () => {
    const [event, ...more] = told(read("order.created", order()))
    expect(more).toEqual([])
    expect(event).toMatchObject({ type: "order.placed", time: "2026-11-25T10:00:00Z", data: { ...head, lines } })
  })

  it("says what a changed order asks for in all", () => {
    expect(told(read("order.updated", order()))).toMatchObject([{ type: "order.changed", data: { ...head, lines } }])
  })

  it("ships what is completed", () => {
    expect(told(read("order.updated", order({ status: "completed" })))).toMatchObject([
      { type: "order.changed" },
      { type: "shipment.confirmed", data: { shipmentId: "shop-727", orderId: "shop-727" } }
    ])
  })

  it.each(["cancelled", "failed", "refunded", "trash"])("cancels an order that is %s", (status) => {
    expect(told(read("order.updated", order({ status })))).toMatchObject([
      { type: "order.cancelled", data: { ...head, reason: status } }
    ])
  })

  it("cancels an order that is deleted, of which it tells no more than the id", () => {
    expect(told(read("order.deleted", { id: 727 }))).toMatchObject([{ type: "order.cancelled", data: head }])
  })

  it("does not cancel an order whose call was overheard and comes again as a deletion", () => {
    expect(told(read("order.deleted", order()))).toMatchObject([{ type: "order.changed", data: { ...head, lines } }])
  })

  it.each([
    ["order.updated", order({ status: "checkout-draft" })],
    ["product.updated", { id: 12 }]
  ])("has nothing to tell of %s that asks for no goods", (topic, body) => {
    expect(read(topic, body)._tag).toBe("irrelevant")
  })

  it("names events by topic and bytes: told again they are the same, changed they are not", () => {
    const ids = [
      read("order.created", order()),
      read("order.created", order()),
      read("order.updated", order()),
      read("order.updated", order({ date_modified_gmt: "2026-11-25T10:00:01" }))
    ].map((reading) => told(reading)[0]!.id)
    expect(new Set(ids).size).toBe(3)
    expect(ids[0]).toBe(ids[1])
    expect(Math.max(...ids.map((id) => id.length))).toBeLessThanOrEqual(128)
  })

  it("tells a line without a SKU as it is", () => {
    const data = told(read("order.created", order({ line_items: [{ sku: "", quantity: 1 }] })))[0]!.data
    expect(data).toMatchObject({ lines: [{ sku: "", quantity: 1 }] })
  })

  it.each([
    ["another secret", call("order.created", JSON.stringify(order()), "other")],
    [
      "other bytes",
      { ...call("order.created", JSON.stringify(order())), body: bytes(JSON.stringify(order({ id: 728 }))) }
    ],
    ["no signature", { headers: { "x-wc-webhook-topic": "order.created" }, body: bytes("{}") }],
    ["half a signature", { ...call("order.created", "{}"), headers: { "x-wc-webhook-signature": "abc=" } }]
  ])("believes nothing with %s", (_, forgery) => {
    expect(readWooCommerce(forgery, "shop", secret)._tag).toBe("forged")
  })

  it("takes a ping for one, and signed nonsense for what it is", () => {
    const ping = { headers: {}, body: bytes("webhook_id=17") }
    expect(readWooCommerce(ping, "shop", secret)._tag).toBe("irrelevant")
    expect(readWooCommerce(call("order.created", "[1]"), "shop", secret)._tag).toBe("unreadable")
    expect(readWooCommerce(call("order.created", "{"), "shop", secret)._tag).toBe("unreadable")
  })
})

describe("Standard Webhooks", () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`
  const call = (body: string, at = new Date(), id = "msg_1") => ({
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Webhook(secret).sign(id, at, body)
    },
    body: bytes(body)
  })
  const placed = (data: object = {}) =>
    JSON.stringify({
      type: "order.placed",
      timestamp: "2026-11-25T10:00:00Z",
      data: { orderId: "7", lines: [], ...data }
    })

  it("tells the event under the id that is signed, as an order of this channel", () => {
    expect(told(readStandardWebhook(call(placed()), "shop", secret))).toEqual([
      {
        id: "msg_1",
        type: "order.placed",
        time: "2026-11-25T10:00:00Z",
        data: { orderId: "7", lines: [], channel: "shop" }
      }
    ])
  })

  it("leaves a channel that is named alone, and adds none to what is no order", () => {
    const named = told(readStandardWebhook(call(placed({ channel: "other" })), "shop", secret))
    expect(named[0]!.data).toMatchObject({ channel: "other" })
    const receipt = JSON.stringify({ type: "goods.received", data: { lines: [] } })
    expect(told(readStandardWebhook(call(receipt), "shop", secret))[0]!.data).toEqual({ lines: [] })
  })

  it.each([
    ["another id", { ...call(placed()), headers: { ...call(placed()).headers, "webhook-id": "msg_2" } }],
    ["other bytes", { ...call(placed()), body: bytes(placed({ orderId: "8" })) }],
    ["an old time", call(placed(), new Date(Date.now() - 10 * 60_000))],
    ["no headers", { headers: {}, body: bytes(placed()) }]
  ])("believes nothing with %s", (_, forgery) => {
    expect(readStandardWebhook(forgery, "shop", secret)._tag).toBe("forged")
  })

  it("says what a signed body must be", () => {
    expect(readStandardWebhook(call("[]"), "shop", secret)).toMatchObject({ _tag: "unreadable", field: "body" })
  })
})
