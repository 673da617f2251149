/**
 * Goal: what facts about goods lead to through the real engine, above all a count among movements that go on. Method: facts with
 * times of their own, in disorder, while the engine works and is started anew; the ledger's own verdict at the end.
 */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, LocationId } from "@holdfast/domain/Identity"
import { Random } from "@holdfast/domain/testing/Random"
import { saveDefinitions } from "@holdfast/ledger/ChannelDefinitions"
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { EngineHarness, type RunningEngine } from "./EngineHarness.ts"

const begin = Date.UTC(2026, 5, 1)
const timeOf = (millis: number): string => new Date(begin + millis).toISOString()

const channels = [
  {
    id: ChannelId.make("wholesale"),
    locations: [LocationId.make("north"), LocationId.make("south")],
    allocation: { strategy: "nearest", split: true, costs: { coast: { [LocationId.make("south")]: 1 } } }
  }
] as const

describe("the engine", () => {
  let harness: EngineHarness
  let engine: RunningEngine
  let serial = 0

  beforeAll(async () => {
    harness = await EngineHarness.start()
    engine = await harness.startEngine(channels)
  }, 60_000)

  afterAll(() => harness.stop())

  const say = (type: string, at: number, data: unknown) =>
    harness.publish({ id: `m${++serial}`, type, time: timeOf(at), data })

  const onHand = async (sku: string): Promise<number> => {
    const [row] = await harness.sql`select on_hand from stock_level where sku = ${sku}`
    return Number(row?.["on_hand"])
  }

  const applied = async (sku: string, changes: number) => {
    const [row] = await harness.sql`select count(*)::int as n from ledger where sku = ${sku}`
    expect(row!["n"]).toBe(changes)
  }

  it("leaves exactly what was counted and what moved later, with fifty movements a second before, during and after", async () => {
    const seed = Number(process.env["HOLDFAST_SEED"] ?? 11)
    const random = new Random(seed)
    const seconds = 12
    const moves = Array.from({ length: 50 * seconds }, (_, i) => ({ at: i * 20, delta: random.whole(1, 9) - 5 || 7 }))
    const counts = [2_500, 6_010, 9_999].map((at) => ({ at, quantity: random.whole(0, 500) }))
    // everything arrives up to a second late, and the counts a second and a half
    const told = [
      ...moves.map((move) => ({ ...move, heard: move.at + random.whole(0, 1_000) })),
      ...counts.map((count) => ({ ...count, heard: count.at + random.whole(500, 1_500) }))
    ].toSorted((a, b) => a.heard - b.heard)
    await say("goods.received", 0, { putaway: "done", lines: [{ sku: "COUNTED", quantity: 100 }] })
    for (const [i, one] of told.entries()) {
      if (i === 300) {
        await engine.stop()
        engine = await harness.startEngine(channels)
      }
      if ("quantity" in one)
        await say("count.cycle", one.at, {
          countedAt: timeOf(one.at),
          lines: [{ sku: "COUNTED", quantity: one.quantity }]
        })
      else await say("stock.adjusted", one.at, { reason: "moved", lines: [{ sku: "COUNTED", delta: one.delta }] })
    }
    await vi.waitFor(() => applied("COUNTED", told.length + 1), { timeout: 30_000, interval: 50 })
    const last = counts.at(-1)!
    const since = moves.filter(({ at }) => at > last.at).reduce((sum, { delta }) => sum + delta, 0)
    expect(await onHand("COUNTED"), `seed ${seed}`).toBe(last.quantity + since)
    expect((await harness.verify()).findings).toEqual([])
  }, 90_000)

  it("says what was oversold, once, and keeps saying nothing when stock arrives", async () => {
    const order = (orderId: string, quantity: number) =>
      say("order.placed", 20_000, { orderId, channel: "amazon", lines: [{ sku: "SCARCE", quantity }] })
    await say("goods.received", 20_000, { putaway: "done", lines: [{ sku: "SCARCE", quantity: 5 }] })
    await order("A-1", 3)
    await order("A-2", 6)
    await say("goods.received", 20_001, { putaway: "done", lines: [{ sku: "SCARCE", quantity: 9 }] })
    await vi.waitFor(async () => expect(await harness.oversold()).toHaveLength(1), { timeout: 10_000, interval: 50 })
    const [notice] = await harness.oversold()
    expect(notice).toMatchObject({
      id: "SCARCE/3",
      type: "stock.oversold",
      data: { sku: "SCARCE", locationId: "main", units: 4, channel: "amazon", orderId: "A-2", kind: "order.placed" }
    })
    await vi.waitFor(() => applied("SCARCE", 4), { timeout: 10_000, interval: 50 })
    expect(await harness.oversold()).toHaveLength(1)
  }, 30_000)

  it("commits an order where its channel sells from, the nearest location first", async () => {
    const at = (locationId: string) => ({ sku: "SPREAD", quantity: 4, locationId })
    await say("goods.received", 25_000, { putaway: "done", lines: [at("north"), at("south")] })
    await say("order.placed", 25_001, {
      orderId: "W-1",
      channel: "wholesale",
      destination: "coast",
      lines: [{ sku: "SPREAD", quantity: 6 }]
    })
    await vi.waitFor(
      async () => {
        const rows =
          await harness.sql`select location_id || ' ' || committed as at from stock_level where sku = 'SPREAD' order by 1`
        expect(rows.map((row) => row["at"])).toEqual(["north 2", "south 4"])
      },
      { timeout: 10_000, interval: 50 }
    )
  }, 30_000)

  it("commits orders elsewhere once their channel sells from elsewhere, without a new start", async () => {
    const at = (locationId: string) => ({ sku: "MOVED", quantity: 1_000, locationId })
    await say("goods.received", 26_000, { putaway: "done", lines: [at("north"), at("south")] })
    const definition = Schema.decodeUnknownSync(ChannelDefinition)({
      id: "wholesale",
      name: "wholesale",
      connector: "webhook",
      endpoint: "http://127.0.0.1:1",
      buffer: 0,
      locations: ["south"],
      timing: { model: "realtime" },
      budgetMillis: 1_000,
      objective: 0.99,
      rate: { perSecond: 1, burst: 1, concurrency: 1 },
      timeoutMillis: 100
    })
    await saveDefinitions(harness.sql, [definition], Date.now())
    let orders = 0
    // ordered again and again: nobody is told when the engine has looked
    await vi.waitFor(
      async () => {
        const orderId = `MOVED-${++orders}`
        const lines = [{ sku: "MOVED", quantity: 1 }]
        await say("order.placed", 26_000 + orders, { orderId, channel: "wholesale", destination: "inland", lines })
        const rows = await harness.sql`select committed from stock_level where sku = 'MOVED' and location_id = 'south'`
        expect(rows[0]?.["committed"]).toBeGreaterThan(0)
      },
      { timeout: 20_000, interval: 100 }
    )
  }, 30_000)

  it("carries every trigger to the quantities that it moves", async () => {
    const main = (quantity: number) => [{ sku: "WHOLE", quantity }]
    const facts: ReadonlyArray<readonly [string, unknown]> = [
      ["sku.registered", { lines: [{ sku: "WHOLE", safetyStock: 2 }] }],
      ["purchase.ordered", { purchaseId: "P-1", lines: main(40) }],
      ["goods.received", { purchaseId: "P-1", lines: main(30) }],
      ["goods.putaway", { lines: main(25) }],
      ["order.placed", { orderId: "O-1", channel: "webshop", lines: main(6) }],
      ["order.changed", { orderId: "O-1", lines: main(8) }],
      ["order.placed", { orderId: "O-2", channel: "webshop", lines: main(3) }],
      ["order.cancelled", { orderId: "O-2", lines: main(1) }],
      ["shipment.created", { shipmentId: "S-1", orderId: "O-1", lines: main(5) }],
      ["shipment.confirmed", { shipmentId: "S-1", orderId: "O-1", lines: main(5) }],
      ["shipment.created", { shipmentId: "S-2", orderId: "O-1", lines: main(3) }],
      ["shipment.cancelled", { shipmentId: "S-2", orderId: "O-1", lines: [{ sku: "WHOLE" }] }],
      ["return.received", { orderId: "O-1", lines: main(2) }],
      ["return.restocked", { lines: [{ sku: "WHOLE", quantity: 1, disposition: "damaged" }] }],
      ["transfer.dispatched", { transferId: "T-1", fromLocationId: "main", toLocationId: "east", lines: main(7) }],
      ["transfer.received", { transferId: "T-1", toLocationId: "east", lines: main(4) }],
      ["stock.adjusted", { reason: "found", lines: [{ sku: "WHOLE", delta: 1 }] }]
    ]
    let at = 30_000
    for (const [type, data] of facts) await say(type, ++at, data)
    await vi.waitFor(
      async () => {
        const rows =
          await harness.sql`select location_id, on_hand, receiving, inspection, damaged, committed, incoming, in_transit,
          safety_stock from stock_level where sku = 'WHOLE' order by location_id`
        expect(rows.map((row) => Object.values(row))).toEqual([
          ["east", 4, 0, 0, 0, 0, 0, 3, 0],
          // 30 received - 5 shipped + 2 returned - 7 transferred + 1 found; open: 8 - 5 and 3 - 1
          ["main", 21, 5, 1, 1, 5, 10, 0, 2]
        ])
      },
      { timeout: 10_000, interval: 50 }
    )
    expect((await harness.verify()).findings).toEqual([])
  }, 30_000)

  it("sells a SKU on its terms: channels that race share it as they say, and a new start knows them", async () => {
    const line = { sku: "SHARED" }
    await say("goods.received", 40_000, { putaway: "done", lines: [{ ...line, quantity: 20 }] })
    await say("allotment.set", 40_001, { lines: [{ ...line, channel: "shop", quota: 12, ringFence: 8 }] })
    await vi.waitFor(() => applied("SHARED", 2), { timeout: 10_000, interval: 50 })
    const reserve = (channel: string, n: number) =>
      engine.ask("reserve", { ...line, key: `${channel}-${n}`, quantity: 1, channel, ttlMillis: 3_600_000 })
    const race = Array.from({ length: 30 }, (_, n) => [reserve("shop", n), reserve("market", n)]).flat()
    const answers = await Promise.all(race)
    const grants = (of: number) => answers.filter(({ status }, i) => i % 2 === of && status === "granted").length
    const [shop, market] = [grants(0), grants(1)]
    expect(shop + market).toBe(20)
    expect(shop).toBeGreaterThanOrEqual(8)
    expect(shop).toBeLessThanOrEqual(12)
    await engine.stop()
    engine = await harness.startEngine(channels)
    await say("goods.received", 40_002, { putaway: "done", lines: [{ ...line, quantity: 20 }] })
    await say("backorder.set", 40_003, { lines: [{ ...line, limit: 3 }] })
    await vi.waitFor(() => applied("SHARED", 24), { timeout: 10_000, interval: 50 })
    const last = await engine.ask("reserve", { ...line, key: "shop-last", quantity: 13, channel: "shop" })
    expect(last).toMatchObject({ status: "denied", reason: "quota_exhausted", available: 12 - shop })
    const group = { key: "market-group", channel: "market", lines: [{ ...line, quantity: 24 }] }
    expect(await engine.ask("reserve", group)).toMatchObject({ status: "denied" })
    const beyond = { ...line, key: "market-beyond", quantity: 21, channel: "market" }
    expect(await engine.ask("reserve", beyond)).toMatchObject({ status: "granted", backordered: 1 })
    expect((await harness.verify()).findings).toEqual([])
  }, 60_000)
})
