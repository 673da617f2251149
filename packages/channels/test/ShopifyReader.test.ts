/** What Shopify tells us by calling us: only what it signed, whatever headers say, and each thing once. */
import { Result } from "effect"
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import type { InboundReading } from "../src/inbound/InboundCall.ts"
import { readShopify } from "../src/inbound/ShopifyReader.ts"

const secret = "shpss_a_client_secret"
const bytes = (text: string) => new TextEncoder().encode(text)
const signatureOf = (body: string, by = secret) => createHmac("sha256", by).update(body).digest("base64")

const callOf = (topic: string, body: string, headers: Readonly<Record<string, string>> = {}) => ({
  headers: {
    "x-shopify-topic": topic,
    "x-shopify-hmac-sha256": signatureOf(body),
    "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
    "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    ...headers
  },
  body: bytes(body)
})
const readText = (topic: string, body: string, headers?: Readonly<Record<string, string>>) =>
  readShopify(callOf(topic, body, headers), "shop", secret)
const read = (topic: string, body: object) => readText(topic, JSON.stringify(body))
const told = (reading: InboundReading) => {
  if (reading._tag !== "told") throw new Error(`told nothing: ${JSON.stringify(reading)}`)
  // whatever is told is one that the front door takes
  for (const event of reading.events) {
    const decoded = decodeEvent({ ...event, source: "shop", time: event.time }, 0)
    if (Result.isFailure(decoded)) throw new Error(JSON.stringify(decoded.failure))
  }
  return reading.events
}

const line = (id: number, sku: string | null, fulfillable_quantity: number, change: object = {}) => ({
  id,
  variant_id: 100 + id,
  title: "anything",
  quantity: fulfillable_quantity,
  sku,
  fulfillable_quantity,
  ...change
})
const order = (change: object = {}) => ({
  id: 4710671155417,
  admin_graphql_api_id: "gid://shopify/Order/4710671155417",
  created_at: "2026-11-25T10:00:00-05:00",
  updated_at: "2026-11-25T10:00:01-05:00",
  cancelled_at: null,
  cancel_reason: null,
  line_items: [line(1, "MUG", 2), line(2, "LAMP", 1), line(3, "MUG", 3)],
  fulfillments: [],
  ...change
})
const fulfillment = (change: object = {}) => ({
  id: 4213857714393,
  admin_graphql_api_id: "gid://shopify/Fulfillment/4213857714393",
  order_id: 4710671155417,
  status: "success",
  created_at: "2026-11-25T11:00:00Z",
  updated_at: "2026-11-25T11:00:00Z",
  location_id: 67756425433,
  line_items: [line(1, "MUG", 0, { quantity: 2 }), line(2, "LAMP", 0, { quantity: 1 })],
  ...change
})
const refunded = (restock_type: string, quantity: number, sku: string | null = "MUG") => ({
  id: 1,
  quantity,
  line_item_id: 1,
  location_id: 487838322,
  restock_type,
  line_item: line(1, sku, 0)
})
const refund = (...refund_line_items: ReadonlyArray<object>) => ({
  id: 929361464,
  admin_graphql_api_id: "gid://shopify/Refund/929361464",
  order_id: 4710671155417,
  created_at: "2026-11-25T12:00:00Z",
  processed_at: "2020-01-01T00:00:00Z",
  restock: true,
  refund_line_items
})
const head = { orderId: "shop-4710671155417", channel: "shop" }

describe("an order of Shopify", () => {
  it("says what it asks for in all, with the units of each SKU summed", () => {
    const [event, ...more] = told(read("orders/create", order()))
    expect(more).toEqual([])
    expect(event).toMatchObject({ type: "order.changed", time: "2026-11-25T10:00:01-05:00" })
    expect(event!.data).toEqual({
      ...head,
      lines: [
        { sku: "MUG", quantity: 5 },
        { sku: "LAMP", quantity: 1 }
      ]
    })
  })

  it.each([
    ["nothing is sent", [], 4, 4],
    ["some is sent", [{ status: "success", units: 3 }], 1, 4],
    ["all is sent", [{ status: "success", units: 4 }], 0, 4],
    ["some is on its way out", [{ status: "pending", units: 1 }], 3, 4],
    ["a fulfillment is called off", [{ status: "cancelled", units: 4 }], 4, 4],
    [
      "one of two failed",
      [
        { status: "failure", units: 2 },
        { status: "success", units: 2 }
      ],
      2,
      4
    ],
    ["an edit took some out", [], 1, 1],
    ["an edit took all out", [], 0, 0],
    ["what was sent came back", [{ status: "success", units: 3 }], 0, 3]
  ])("of which %s still asks for as many", (_, sent, fulfillable, expected) => {
    const fulfillments = sent.map(({ status, units }) => ({ status, line_items: [{ id: 1, quantity: units }] }))
    const events = told(
      read("orders/updated", order({ line_items: [line(1, "MUG", fulfillable, { quantity: 4 })], fulfillments }))
    )
    expect(events[0]!.data).toMatchObject({ lines: [{ sku: "MUG", quantity: expected }] })
  })

  it("asks for no more once it is cancelled, whatever the call is named", () => {
    const cancelled = order({ cancelled_at: "2026-11-25T11:00:00Z", cancel_reason: "customer" })
    for (const topic of ["orders/cancelled", "orders/updated", "orders/create"])
      expect(told(read(topic, cancelled))).toMatchObject([
        { type: "order.cancelled", data: { ...head, reason: "customer", lines: [{ sku: "MUG" }, { sku: "LAMP" }] } }
      ])
  })

  it("tells a variant without a SKU as it is, and leaves out what is no stock", () => {
    const lines = [
      line(1, "", 1),
      line(2, null, 2),
      line(3, null, 3, { variant_id: null }),
      line(4, "GONE", 4, { variant_id: null })
    ]
    const reading = read("orders/create", order({ line_items: lines }))
    expect(reading._tag === "told" && reading.events[0]!.data).toMatchObject({
      lines: [
        { sku: "", quantity: 3 },
        { sku: "GONE", quantity: 4 }
      ]
    })
    const tip = order({ line_items: [line(1, null, 1, { variant_id: null })] })
    expect(read("orders/create", tip)._tag).toBe("irrelevant")
  })
})

describe("a fulfillment of Shopify", () => {
  it("is shipped with its units, at the time at which it was made", () => {
    expect(told(read("fulfillments/create", fulfillment()))).toEqual([
      {
        id: "fulfillment-4213857714393:shipment.confirmed",
        type: "shipment.confirmed",
        time: "2026-11-25T11:00:00Z",
        data: {
          shipmentId: "shop-4213857714393",
          orderId: "shop-4710671155417",
          lines: [
            { sku: "MUG", quantity: 2 },
            { sku: "LAMP", quantity: 1 }
          ]
        }
      }
    ])
  })

  it("is the same shipment when more is told of it", () => {
    const first = told(read("fulfillments/create", fulfillment()))
    const tracked = fulfillment({ updated_at: "2026-11-26T11:00:00Z", tracking_company: "USPS" })
    expect(told(read("fulfillments/update", tracked))).toEqual(first)
  })

  it.each(["pending", "open", "cancelled", "error", "failure", null])("is not shipped while it is %s", (status) => {
    expect(read("fulfillments/create", fulfillment({ status }))._tag).toBe("irrelevant")
  })
})

describe("a refund of Shopify", () => {
  it("that restocks what was not sent cancels these units", () => {
    expect(
      told(read("refunds/create", refund(refunded("cancel", 1), refunded("cancel", 2, "LAMP"), refunded("cancel", 1))))
    ).toEqual([
      {
        id: "refund-929361464:order.cancelled",
        type: "order.cancelled",
        time: "2026-11-25T12:00:00Z",
        data: {
          ...head,
          reason: "refund",
          lines: [
            { sku: "MUG", quantity: 2 },
            { sku: "LAMP", quantity: 2 }
          ]
        }
      }
    ])
  })

  it("that restocks what came back makes it sellable again", () => {
    expect(
      told(read("refunds/create", refund(refunded("return", 2), refunded("no_restock", 1, "LAMP"))))
    ).toMatchObject([
      {
        id: "refund-929361464:return.received",
        data: { returnId: "shop-929361464", orderId: head.orderId, lines: [{ sku: "MUG", quantity: 2 }] }
      },
      {
        id: "refund-929361464:return.restocked",
        data: { returnId: "shop-929361464", lines: [{ sku: "MUG", quantity: 2, disposition: "sellable" }] }
      }
    ])
  })

  it("of both kinds tells both", () => {
    const types = told(read("refunds/create", refund(refunded("return", 2), refunded("cancel", 1)))).map(
      ({ type }) => type
    )
    expect(types).toEqual(["order.cancelled", "return.received", "return.restocked"])
  })

  it.each([[[]], [[refunded("no_restock", 1)]], [[refunded("legacy_restock", 1)]], [[refunded("return", 0)]]])(
    "of %o moves no goods",
    (items) => {
      expect(read("refunds/create", refund(...items))._tag).toBe("irrelevant")
    }
  )
})

describe("a call in Shopify's name", () => {
  const body = JSON.stringify(order())

  it.each([
    ["another secret", { "x-shopify-hmac-sha256": signatureOf(body, "another") }],
    ["the signature of other bytes", { "x-shopify-hmac-sha256": signatureOf(`${body} `) }],
    ["a signature in hex", { "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("hex") }],
    ["half a signature", { "x-shopify-hmac-sha256": signatureOf(body).slice(0, 20) }],
    ["an empty signature", { "x-shopify-hmac-sha256": "" }],
    ["nothing", {}]
  ])("that is signed with %s is forged", (_, headers) => {
    const call = { headers: { "x-shopify-topic": "orders/create", ...headers }, body: bytes(body) }
    expect(readShopify(call, "shop", secret)._tag).toBe("forged")
  })

  it("is forged when a byte of it is altered", () => {
    const { headers, body: sent } = callOf("orders/create", body)
    for (const at of [0, body.indexOf("MUG"), sent.length - 1]) {
      const altered = sent.slice()
      altered[at] = altered[at]! ^ 1
      expect(readShopify({ headers, body: altered }, "shop", secret)._tag).toBe("forged")
    }
  })

  it("that is replayed is the same events, under whatever topic and ids", () => {
    for (const once of [order(), fulfillment(), refund(refunded("cancel", 1), refunded("return", 1))]) {
      const text = JSON.stringify(once)
      const first = told(readText("orders/create", text))
      for (const topic of ["orders/cancelled", "refunds/create", "fulfillments/create", "products/update", ""])
        expect(readText(topic, text, { "x-shopify-event-id": topic, "x-shopify-webhook-id": topic })).toEqual({
          _tag: "told",
          events: first
        })
    }
  })

  it("is another event when it says something else", () => {
    const ids = [order(), order({ updated_at: "2026-11-25T10:00:02-05:00" })].map(
      (each) => told(read("orders/updated", each))[0]!.id
    )
    expect(new Set(ids).size).toBe(2)
    expect(Math.max(...ids.map((id) => id.length))).toBeLessThanOrEqual(128)
  })

  it("keeps ids apart that a number does not", () => {
    const text = (id: string) =>
      JSON.stringify(order({ admin_graphql_api_id: `gid://shopify/Order/${id}` })).replace("4710671155417", id)
    const idOf = (id: string) => (told(readText("orders/create", text(id)))[0]!.data as { orderId: string }).orderId
    expect([idOf("820982911946154508"), idOf("820982911946154509")]).toEqual([
      "shop-820982911946154508",
      "shop-820982911946154509"
    ])
    const shipped = JSON.stringify(fulfillment()).replace('"order_id":4710671155417', '"order_id":820982911946154509')
    expect(told(readText("fulfillments/create", shipped))[0]!.data).toMatchObject({
      orderId: "shop-820982911946154509"
    })
    // two lines that would be one
    const lines = [line(1, "MUG", 0), line(2, "LAMP", 0)]
    const sent = [{ status: "success", line_items: [{ id: 1, quantity: 7 }] }]
    const long = JSON.stringify(order({ line_items: lines, fulfillments: sent }))
      .replaceAll('"id":1,', '"id":12345678901234567891,')
      .replaceAll('"id":2,', '"id":12345678901234567892,')
    expect(told(readText("orders/updated", long))[0]!.data).toMatchObject({
      lines: [
        { sku: "MUG", quantity: 7 },
        { sku: "LAMP", quantity: 0 }
      ]
    })
  })

  it.each([
    ["orders/create", "{"],
    ["orders/create", "[]"],
    ["orders/create", '{"id":1}'],
    ["orders/updated", JSON.stringify(order({ line_items: undefined }))],
    ["orders/updated", JSON.stringify(order({ line_items: [{ id: 1, sku: "MUG", quantity: 1 }] }))],
    ["orders/updated", JSON.stringify(order({ line_items: [line(1, "MUG", 1.5)] }))],
    ["orders/updated", JSON.stringify(order({ line_items: [line(1, "MUG", -1)] }))],
    [
      "orders/updated",
      JSON.stringify(order()).replace('"fulfillable_quantity":2', '"fulfillable_quantity":9007199254740993')
    ],
    ["orders/cancelled", JSON.stringify(order({ admin_graphql_api_id: "gid://shopify/Order/-1" }))],
    ["fulfillments/create", JSON.stringify(fulfillment({ order_id: null }))],
    ["refunds/create", JSON.stringify(refund({ quantity: 1, restock_type: "return" }))],
    ["refunds/create", `${"[".repeat(100_000)}`]
  ])("named %s that is not what Shopify documents is unreadable: %.40s", (topic, text) => {
    expect(readText(topic, text)).toMatchObject({ _tag: "unreadable", field: "body" })
  })

  it.each([
    [
      "orders/edited",
      { order_edit: { id: 1, order_id: 2, line_items: { additions: [{ id: 3, delta: 1 }], removals: [] } } }
    ],
    ["orders/delete", { id: 4710671155417 }],
    ["products/update", { id: 1, admin_graphql_api_id: "gid://shopify/Product/1" }],
    ["draft_orders/create", order({ admin_graphql_api_id: "gid://shopify/DraftOrder/1" })]
  ])("named %s is not about stock", (topic, something) => {
    expect(read(topic, something)._tag).toBe("irrelevant")
  })
})
