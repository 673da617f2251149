/** Orders at Amazon, heard in both ways, over real HTTP into real streams: one order is one order. */
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { makeAmazonContract } from "@holdfast/channels/testing/amazon/AmazonContract"
import { AmazonSeller } from "@holdfast/channels/testing/amazon/AmazonSeller"
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { saveDefinitions } from "@holdfast/ledger/ChannelDefinitions"
import { readOrderCursors } from "@holdfast/ledger/OrderCursors"
import { ConfigProvider, Effect, Exit, Schema, Scope } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { orderPollFor, type OrderPollFor } from "../src/OrderPollFor.ts"
import { IngestHarness } from "./IngestHarness.ts"

const seller = new AmazonSeller()
const { clientId, clientSecret, refreshToken, sellerId, marketplaceId } = seller
const key = "what both sides know"
const env = {
  HOLDFAST_API_TOKEN_SHA256: "a".repeat(64),
  AMAZON: JSON.stringify({ clientId, clientSecret, refreshToken }),
  AMAZON_KEY: key
}

const definition = (id: string, url: string, inbound: object) =>
  Schema.decodeUnknownSync(ChannelDefinition)({
    id,
    name: id,
    connector: "amazon",
    endpoint: url,
    secretEnv: "AMAZON",
    amazon: { sellerId, marketplaceId, tokenEndpoint: `${url}/auth/o2/token` },
    inbound,
    buffer: 0,
    timing: { model: "realtime" },
    budgetMillis: 60_000,
    objective: 0.99,
    rate: { perSecond: 5, burst: 5, concurrency: 2 },
    timeoutMillis: 10_000
  })

const placedAt = new Date(Date.now() - 3_600_000).toISOString()
const order = {
  orderId: "903-8868176-2219830",
  createdTime: placedAt,
  lastUpdatedTime: placedAt,
  fulfillment: { fulfillmentStatus: "UNSHIPPED", fulfilledBy: "MERCHANT" as const },
  orderItems: [{ orderItemId: "1", quantityOrdered: 2, product: { sellerSku: "MUG" } }]
}
const notification = {
  NotificationType: "ORDER_CHANGE",
  EventTime: placedAt,
  Payload: {
    OrderChangeNotification: {
      NotificationLevel: "OrderLevel",
      AmazonOrderId: order.orderId,
      OrderChangeType: "OrderStatusChange",
      OrderChangeTrigger: { TimeOfOrderChange: placedAt, ChangeReason: "Status" },
      Summary: {
        OrderStatus: "Unshipped",
        PurchaseDate: placedAt,
        FulfillmentType: "MFN",
        OrderItems: [{ OrderItemId: "1", SellerSKU: "MUG", Quantity: 2 }]
      }
    }
  }
}

describe("orders at Amazon", () => {
  let harness: IngestHarness
  let door: Awaited<ReturnType<IngestHarness["startHttp"]>>
  const stops: Array<() => Promise<unknown>> = []
  beforeAll(async () => {
    harness = await IngestHarness.start()
    const scope = Scope.makeUnsafe()
    stops.push(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    const { url } = await Effect.runPromise(Scope.provide(makeAmazonContract(seller), scope))
    const asked = { format: "amazon", everyMillis: 100 }
    const called = { format: "amazon", secretEnv: "AMAZON_KEY" }
    await saveDefinitions(harness.sql, [definition("asked", url, asked), definition("called", url, called)], Date.now())
    door = await harness.startHttp(env)
    stops.push(door.stop, await harness.startIngest())
  })
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop()
    await harness.stop()
  })

  const stored = async () => (await harness.nats.manager.streams.info(eventsStream)).state.messages
  const call = (shown: string) =>
    fetch(`${door.url}/v1/inbound/called`, {
      method: "POST",
      body: JSON.stringify(notification),
      headers: { "content-type": "application/json", "x-holdfast-key": shown }
    })

  it("are facts once, however often a notification is brought, and nothing without the key", async () => {
    expect((await call("another")).status).toBe(401)
    expect(await stored()).toBe(0)
    for (let i = 0; i < 2; i++) expect(await (await call(key)).json()).toEqual({ stored: 2 })
    expect(await stored()).toBe(2)
  })

  it("are asked for where the definition says so, from the cursor on", async () => {
    seller.orders.push(order)
    const provider = ConfigProvider.fromEnv({ env })
    const pollFor: OrderPollFor = (one, inbound) =>
      Effect.provideService(orderPollFor(one, inbound), ConfigProvider.ConfigProvider, provider)
    stops.push(await harness.startPolls(pollFor))
    const heard = await vi.waitUntil(
      async () => (await readOrderCursors(harness.sql)).find(({ seenUntil }) => seenUntil > 0),
      { timeout: 20_000 }
    )
    expect(heard).toMatchObject({ channel: "asked", cursor: expect.stringContaining('"of":"updated"') })
    await harness.waitForFacts(4)
    const orders = (await harness.facts()).map(({ json }) => /"orderId":"([a-z]+)-903/.exec(JSON.stringify(json))?.[1])
    expect(["asked", "called"].map((one) => orders.filter((channel) => channel === one).length)).toEqual([2, 2])
  })
})
