/** Channels that are asked for their orders, into real streams and a real ledger: followed live, none disturbs another. */
import { ConnectorError } from "@holdfast/channels/ConnectorError"
import type { ToldEvent } from "@holdfast/channels/inbound/InboundCall"
import type { OrderPage } from "@holdfast/channels/inbound/OrderPoll"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { ChannelDefinition, type Operation } from "@holdfast/domain/Channel"
import { currentChannels, reviseChannel } from "@holdfast/ledger/ChannelDefinitions"
import { readOrderCursors } from "@holdfast/ledger/OrderCursors"
import { Effect, Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { OrderPollFor } from "../src/OrderPollFor.ts"
import { IngestHarness } from "./IngestHarness.ts"

const definition = (id: string, change: object = {}) =>
  Schema.decodeUnknownSync(ChannelDefinition)({
    id,
    name: id,
    connector: "webhook",
    endpoint: "http://127.0.0.1:1/stock",
    secretEnv: "OUT",
    inbound: { format: "vendure", everyMillis: 100 },
    buffer: 0,
    timing: { model: "realtime" },
    budgetMillis: 1_000,
    objective: 0.99,
    rate: { perSecond: 1, burst: 1, concurrency: 1 },
    timeoutMillis: 100,
    ...change
  })

/** What a channel is asked and answers, by its id; pages of three orders each. */
class Shops {
  readonly orders = new Map<string, number>()
  readonly asked = new Map<string, number>()
  readonly cannot = new Set<string>()
  readonly fails = new Set<string>()
  /** lines of its orders; an event that cannot be understood where there are none */
  sku: string | undefined = "MUG"

  private page(channel: string, from: number): OrderPage {
    const until = Math.min(this.orders.get(channel) ?? 0, from + 3)
    const events = Array.from({ length: until - from }, (_, i): ToldEvent => {
      const orderId = `${channel}-${from + i}`
      return { id: orderId, type: "order.placed", data: { orderId, channel, lines: this.lines() } }
    })
    return { events, cursor: String(until), seenUntil: 1_000 * until, more: until < (this.orders.get(channel) ?? 0) }
  }

  private lines() {
    return this.sku === undefined ? [] : [{ sku: this.sku, quantity: 1 }]
  }

  readonly pollFor: OrderPollFor = ({ id }) => {
    if (this.cannot.has(id)) return Effect.fail(new ConnectorError({ channel: id, field: "secretEnv", detail: "no" }))
    return Effect.succeed({
      page: (cursor) =>
        Effect.suspend(() => {
          this.asked.set(id, (this.asked.get(id) ?? 0) + 1)
          if (this.fails.has(id)) return Effect.fail({ _tag: "refused", detail: "down", retryAfterMillis: undefined })
          return Effect.succeed(this.page(id, Number(cursor ?? 0)))
        })
    })
  }
}

describe("channels that are asked for their orders", () => {
  let harness: IngestHarness
  let stopIngest: () => Promise<void>
  const shops = new Shops()
  beforeAll(async () => {
    harness = await IngestHarness.start()
    stopIngest = await harness.startIngest()
  })
  afterAll(async () => {
    await stopIngest()
    await harness.stop()
  })

  const until = (what: () => Promise<boolean> | boolean) => vi.waitUntil(what, { timeout: 20_000, interval: 20 })
  const cursors = async () =>
    new Map((await readOrderCursors(harness.sql)).map((heard) => [heard.channel as string, heard] as const))
  const cursorOf = async (channel: string) => (await cursors()).get(channel)?.cursor
  const stored = async () => (await harness.nats.manager.streams.info(eventsStream)).state.messages
  const define = async (id: string, operation: Operation = "running", change: object = {}) => {
    const now = (await currentChannels(harness.sql)).find((one) => one.definition.id === id)
    const revision = { definition: definition(id, change), operation, by: "test", upon: now?.id ?? 0 }
    expect(await reviseChannel(harness.sql, revision, Date.now())).toBeDefined()
  }
  const ordersOf = async (channel: string) => {
    const facts = (await harness.facts()).map(
      ({ json }) => /"orderId":"([^"]+)"/.exec(JSON.stringify(json).replaceAll("\\", ""))![1]!
    )
    return facts.filter((order) => order.startsWith(`${channel}-`))
  }
  const all = (channel: string, count: number) => Array.from({ length: count }, (_, n) => `${channel}-${n}`)

  it("are heard once and wholly, however often everything is killed on the way, by two processes at once", async () => {
    await define("kill")
    shops.orders.set("kill", 0)
    let stops = await Promise.all([harness.startPolls(shops.pollFor), harness.startPolls(shops.pollFor)])
    for (let turn = 1; turn <= 12; turn++) {
      shops.orders.set("kill", turn * 10)
      // wherever they are then, from the first look on
      const reached = (turn - 1) * 10 + (turn % 10)
      await until(async () => (await stored()) >= reached)
      await Promise.all(stops.map((stop) => stop()))
      stops = await Promise.all([harness.startPolls(shops.pollFor), harness.startPolls(shops.pollFor)])
    }
    await until(async () => (await cursorOf("kill")) === "120")
    await harness.waitForFacts(120)
    expect((await ordersOf("kill")).toSorted()).toEqual(all("kill", 120).toSorted())
    expect((await cursors()).get("kill")).toMatchObject({ seenUntil: 120_000 })
    await Promise.all(stops.map((stop) => stop()))
    await define("kill", "paused")
  })

  it("are followed when they are defined, paused, run again and asked no more", async () => {
    const stop = await harness.startPolls(shops.pollFor)
    shops.orders.set("live", 4)
    for (const id of ["beat", "live"]) await define(id)
    await until(async () => (await cursorOf("live")) === "4")
    await define("live", "paused")
    // while another one, asked as often, was asked five times
    const settled = async () => {
      const before = shops.asked.get("live")
      const beats = shops.asked.get("beat")!
      await until(() => shops.asked.get("beat")! >= beats + 5)
      return shops.asked.get("live") === before
    }
    await until(settled)
    shops.orders.set("live", 5)
    expect(await cursorOf("live")).toBe("4")
    await define("live", "running")
    await until(async () => (await cursorOf("live")) === "5")
    await define("live", "running", { inbound: { format: "woocommerce", secretEnv: "IN" } })
    await until(settled)
    await stop()
  })

  it("do not disturb each other when one fails for ever or cannot be asked, and say so for themselves", async () => {
    const stop = await harness.startPolls(shops.pollFor)
    shops.fails.add("down")
    shops.cannot.add("mute")
    shops.orders.set("well", 3)
    for (const id of ["down", "mute", "well"]) await define(id)
    await until(async () => (await cursorOf("well")) === "3")
    expect(await cursorOf("down")).toBeUndefined()
    shops.fails.delete("down")
    shops.orders.set("down", 2)
    await until(async () => (await cursorOf("down")) === "2")
    // whose secret is there after it was changed
    shops.cannot.delete("mute")
    shops.orders.set("mute", 1)
    await define("mute", "running", { buffer: 1 })
    await until(async () => (await cursorOf("mute")) === "1")
    await stop()
  })

  it("have what is not understood parked, and are heard on", async () => {
    const stop = await harness.startPolls(shops.pollFor)
    shops.sku = undefined
    shops.orders.set("odd", 1)
    await define("odd")
    await until(async () => (await cursorOf("odd")) === "1")
    shops.sku = "MUG"
    shops.orders.set("odd", 2)
    await until(async () => (await cursorOf("odd")) === "2")
    await until(async () => {
      const rows = await harness.sql`select detail from parked where event_source = 'odd' and event_id = 'odd-0'`
      return rows.length === 1 && String(rows[0]!["detail"]).includes("data.lines")
    })
    await until(async () => (await ordersOf("odd")).length === 1)
    await stop()
  })
})
