/** What Amazon's notifications of orders tell: only with our secret, and the same is told once in whatever way it is heard. */
import { Notifications } from "@sp-api-sdk/schemas"
import { describe, expect, it } from "vitest"
import { toldByOrder } from "../src/amazon/AmazonOrder.ts"
import { readAmazonNotification } from "../src/inbound/AmazonReader.ts"
import { faultOfOrderChange } from "../src/testing/amazon/AmazonSchemas.ts"

const secret = "what both sides know"
const read = (body: unknown, key: string | undefined = secret) =>
  readAmazonNotification(
    { headers: { "x-holdfast-key": key }, body: new TextEncoder().encode(JSON.stringify(body)) },
    "shop",
    secret
  )

const item = (SellerSKU: string, Quantity: number, change: object = {}) => ({
  OrderItemId: `OIID-${SellerSKU}`,
  SellerSKU,
  SupplySourceId: "d7679e14-031b-4ab3-a81b-ec4fc7a460b3",
  OrderItemStatus: "Unshipped",
  Quantity,
  QuantityShipped: 0,
  IsBuyerRequestedCancel: false,
  ...change
})

const notification = (OrderStatus: string, summary: object = {}, change: object = {}) => ({
  NotificationVersion: "1.0",
  NotificationType: "ORDER_CHANGE",
  PayloadVersion: "1.0",
  EventTime: "2026-11-25T10:00:09.109Z",
  Payload: {
    OrderChangeNotification: {
      NotificationLevel: "OrderLevel",
      SellerId: "A3TH9S8BH6GOGM",
      AmazonOrderId: "903-8868176-2219830",
      OrderChangeType: "OrderStatusChange",
      OrderChangeTrigger: { TimeOfOrderChange: "2026-11-25T10:00:04.284Z", ChangeReason: "Status" },
      Summary: {
        MarketplaceId: "ATVPDKIKX0DER",
        OrderStatus,
        PurchaseDate: "2026-11-25T09:00:00Z",
        DestinationPostalCode: "48110",
        FulfillmentType: "MFN",
        OrderType: "StandardOrder",
        OrderItems: [item("MUG", 2), item("LAMP", 1), item("MUG", 3)],
        ...summary
      },
      ...change
    }
  },
  NotificationMetadata: {
    ApplicationId: "app-id",
    SubscriptionId: "subscription-id",
    PublishTime: "2026-11-25T10:00:09.284Z",
    NotificationId: "d0e9e693-c3ad-4373-979f-ed4ec98dd746"
  }
})

const events = (body: unknown) => {
  expect(faultOfOrderChange(body)).toBeUndefined()
  const reading = read(body)
  if (reading._tag !== "told") throw new Error(`told nothing: ${JSON.stringify(reading)}`)
  return reading.events
}
const types = (body: unknown) => events(body).map(({ type }) => type)
const head = { orderId: "shop-903-8868176-2219830", channel: "shop" }
const lines = [
  { sku: "MUG", quantity: 5 },
  { sku: "LAMP", quantity: 1 }
]

describe("Amazon's notifications of orders", () => {
  it("place a pending order at the time of its purchase, with the units of each SKU summed", () => {
    expect(events(notification("Pending"))).toEqual([
      {
        id: "903-8868176-2219830:placed",
        type: "order.placed",
        time: "2026-11-25T09:00:00Z",
        data: { ...head, lines }
      }
    ])
  })

  it("say what an order asks for once it is open", () => {
    const [placed, changed] = events(notification("Unshipped", { OrderItems: [item("MUG", 4), item("LAMP", 1)] }))
    const asked = [{ sku: "MUG", quantity: 4 }, lines[1]]
    expect(placed).toMatchObject({ type: "order.placed", data: { ...head, lines: asked } })
    expect(changed).toMatchObject({
      type: "order.changed",
      time: "2026-11-25T10:00:04.284Z",
      data: { ...head, lines: asked }
    })
  })

  it("ship an order that is shipped wholly, and cancel one that is cancelled", () => {
    expect(types(notification("PartiallyShipped"))).toEqual(["order.placed", "order.changed"])
    const shipped = events(notification("Shipped"))
    expect(shipped.at(-1)).toMatchObject({
      type: "shipment.confirmed",
      data: { shipmentId: head.orderId, orderId: head.orderId }
    })
    expect(events(notification("Canceled"))).toMatchObject([
      { type: "order.cancelled", data: { ...head, reason: "Canceled" } }
    ])
  })

  it("tell the same under the same id, whichever notification says it, and something else under another", () => {
    const idsOf = (status: string, summary: object = {}) => events(notification(status, summary)).map(({ id }) => id)
    const [placed, asks] = idsOf("Unshipped")
    expect(idsOf("Pending")).toEqual([placed])
    expect(idsOf("Shipped").slice(0, 2)).toEqual([placed, asks])
    expect(idsOf("Unshipped", { OrderItems: [item("MUG", 4), item("LAMP", 1)] })[1]).not.toBe(asks)
    expect(Math.max(...idsOf("Shipped").map((id) => id.length))).toBeLessThanOrEqual(128)
  })

  it("are told as they are when a SKU is missing", () => {
    const [event] = events(notification("Pending", { OrderItems: [item("", 1)] }))
    expect(event!.data).toMatchObject({ lines: [{ sku: "", quantity: 1 }] })
  })

  it.each([
    ["a buyer's wish", notification("Unshipped", {}, { OrderChangeType: "BuyerRequestedChange" })],
    ["one item of an order", notification("Unshipped", {}, { NotificationLevel: "OrderItemLevel" })],
    ["what Amazon's warehouses ship", notification("Unshipped", { FulfillmentType: "AFN" })],
    ["an order without items", notification("Pending", { OrderItems: [] })],
    ["something else", { ...notification("Pending"), NotificationType: "FEED_PROCESSING_FINISHED" }]
  ])("are not about stock when they are about %s", (_, body) => {
    expect(read(body)._tag).toBe("irrelevant")
  })

  it.each([["another"], [""], [undefined]])("are not believed with the key %s", (key) => {
    const call = { headers: key === undefined ? {} : { "x-holdfast-key": key }, body: new Uint8Array() }
    expect(readAmazonNotification(call, "shop", secret)._tag).toBe("forged")
  })

  it.each([[null], [[]], [{}], [{ NotificationType: "ORDER_CHANGE" }]])("are unreadable when they are %j", (body) => {
    expect(read(body)).toMatchObject({ _tag: "unreadable", field: "body" })
  })

  it("are read as Amazon's own example is", () => {
    const [example] = Notifications.orderChangeNotification.examples
    expect(read(example)).toMatchObject({ _tag: "irrelevant", detail: expect.stringContaining("BuyerRequested") })
    const { Payload } = example
    const change = { ...Payload.OrderChangeNotification, OrderChangeType: "OrderStatusChange" }
    expect(types({ ...example, Payload: { OrderChangeNotification: change } })).toEqual([
      "order.placed",
      "order.changed"
    ])
  })
})

describe("an order at Amazon", () => {
  it("that never asked for a unit is not placed", () => {
    const none = {
      orderId: "1",
      placedAt: "2026-11-25T09:00:00Z",
      changedAt: "2026-11-25T10:00:00Z",
      items: [{ sku: "MUG", ordered: 0, asked: 0 }]
    }
    expect(toldByOrder({ ...none, state: "open" }, "shop").map(({ type }) => type)).toEqual(["order.changed"])
  })
})
