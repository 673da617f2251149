/** Channels that call us, over real HTTP into real streams: what they signed is stored once, whatever it is; nothing else is. */
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { saveDefinitions } from "@holdfast/ledger/ChannelDefinitions"
import { Schema } from "effect"
import { createHmac } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { IngestHarness } from "./IngestHarness.ts"

const token = { HOLDFAST_API_TOKEN_SHA256: "a".repeat(64) }
const secret = "woo-secret"

const definition = (id: string, secretEnv: string, format = "woocommerce") =>
  Schema.decodeUnknownSync(ChannelDefinition)({
    id,
    name: id,
    connector: "webhook",
    endpoint: "http://127.0.0.1:1/stock",
    secretEnv: "OUT",
    inbound: { format, secretEnv },
    buffer: 0,
    timing: { model: "realtime" },
    budgetMillis: 1_000,
    objective: 0.99,
    rate: { perSecond: 1, burst: 1, concurrency: 1 },
    timeoutMillis: 100
  })

describe("a channel that calls us", () => {
  let harness: IngestHarness
  let door: Awaited<ReturnType<IngestHarness["startHttp"]>>
  let stopIngest: () => Promise<void>
  beforeAll(async () => {
    harness = await IngestHarness.start()
    const shopify = definition("shopify", "SHOPIFY_SECRET", "shopify")
    await saveDefinitions(
      harness.sql,
      [definition("woo", "WOO_SECRET"), definition("mute", "NOT_SET"), shopify],
      Date.now()
    )
    door = await harness.startHttp({ ...token, WOO_SECRET: secret, SHOPIFY_SECRET: secret })
    stopIngest = await harness.startIngest()
  })
  afterAll(async () => {
    await stopIngest()
    await door.stop()
    await harness.stop()
  })

  const call = async (channel: string, order: object, signedWith = secret, topic = "order.created") => {
    const body = JSON.stringify(order)
    const response = await fetch(`${door.url}/v1/inbound/${channel}`, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-signature": createHmac("sha256", signedWith).update(body).digest("base64")
      }
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const order = (id: number, sku = "MUG") => ({
    id,
    status: "processing",
    date_modified_gmt: "2026-11-25T10:00:00",
    line_items: [{ sku, quantity: 2 }]
  })
  const storedEvents = async () => (await harness.nats.manager.streams.info(eventsStream)).state.messages

  it("needs no token, and becomes a fact once however often it calls", async () => {
    const before = await storedEvents()
    for (let i = 0; i < 3; i++) expect(await call("woo", order(1))).toEqual({ status: 200, body: { stored: 1 } })
    expect(await storedEvents()).toBe(before + 1)
    await harness.waitForFacts(1)
    expect((await harness.facts()).map(({ sku }) => sku)).toEqual(["MUG"])
  })

  it("is parked with its bytes and the field when we do not understand what it signed", async () => {
    expect(await call("woo", order(2, ""))).toEqual({ status: 200, body: { stored: 1 } })
    const [row] = await vi.waitUntil(
      async () => {
        const rows = await harness.sql`select reason, detail, convert_from(payload, 'UTF8') as text from parked`
        return rows.length > 0 ? rows : undefined
      },
      { timeout: 20_000 }
    )
    expect(row).toMatchObject({ text: expect.stringContaining('"orderId":"woo-2"') })
    expect(JSON.stringify(row)).toContain("sku")
  })

  it("as Shopify does is one fact of an order, whatever else its calls are named", async () => {
    const body = JSON.stringify({
      admin_graphql_api_id: "gid://shopify/Order/820982911946154508",
      updated_at: "2026-11-25T10:00:00-05:00",
      cancelled_at: null,
      line_items: [{ id: 1, variant_id: 2, sku: "BOWL", quantity: 2, fulfillable_quantity: 2 }],
      fulfillments: []
    })
    const calls = async (topic: string, signedWith = secret) => {
      const signature = createHmac("sha256", signedWith).update(body).digest("base64")
      const headers = { "x-shopify-topic": topic, "x-shopify-event-id": topic, "x-shopify-hmac-sha256": signature }
      const response = await fetch(`${door.url}/v1/inbound/shopify`, { method: "POST", body, headers })
      return { status: response.status, body: await response.json() }
    }
    const [before, factsBefore] = [await storedEvents(), (await harness.facts()).length]
    for (const topic of ["orders/create", "orders/updated", "orders/cancelled"])
      expect(await calls(topic)).toEqual({ status: 200, body: { stored: 1 } })
    expect(await calls("orders/create", "another")).toMatchObject({ status: 401 })
    expect(await storedEvents()).toBe(before + 1)
    await harness.waitForFacts(factsBefore + 1)
    const fact = (await harness.facts()).at(-1)
    expect(fact!.sku).toBe("BOWL")
    const text = JSON.stringify(fact!.json)
    for (const part of ["order.changed", "shopify-820982911946154508"]) expect(text).toContain(part)
  })

  it.each([
    ["that did not sign", "woo", "other"],
    ["that is not known", "nobody", secret],
    ["whose secret is not set", "mute", secret]
  ])("%s is refused, and nothing is stored", async (_, channel, signedWith) => {
    const before = await storedEvents()
    expect(await call(channel, order(3), signedWith)).toMatchObject({
      status: 401,
      body: { errors: [{ field: "signature" }] }
    })
    expect(await storedEvents()).toBe(before)
  })

  it("is told that what is not about stock is well", async () => {
    expect(await call("woo", { id: 4 }, secret, "product.updated")).toMatchObject({ status: 200, body: { stored: 0 } })
  })
})
