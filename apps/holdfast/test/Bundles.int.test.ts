/**
 * Bundles on the whole stack: defined, sold and reserved as one, shown on a channel by what their components make; and orders that
 * race for one component.
 */
import { verify } from "@holdfast/ledger/Verify"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { shownBy, startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

/** Machines under test are busy. */
const patience = { timeout: 30_000, interval: 100 }

describe("bundles of a running stack", { timeout: 120_000 }, () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let directory: string
  let events = 0

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "bundles-"))
    channel = await startChannel()
    stack = StackProcess.make({ channels: [{ ...channel.definition, buffer: 0 }], env: channel.env })
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client.close()
    await stack.remove()
    await channel.close()
    rmSync(directory, { recursive: true })
  })

  const publish = async (type: string, data: object) => {
    events += 1
    const event = JSON.stringify({ id: `event-${events}`, source: "test", data })
    await client.nats.jetstream.publish(`stock.events.${type}`, event, { timeout: 10_000 })
  }
  const receive = (units: Readonly<Record<string, number>>) =>
    publish("goods.received", {
      putaway: "done",
      lines: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }))
    })
  const define = (sku: string, components: Readonly<Record<string, number>>) =>
    publish("bundle.defined", {
      lines: [{ sku, components: Object.entries(components).map(([part, quantity]) => ({ sku: part, quantity })) }]
    })

  const committed = async () => {
    await untilDrained(client)
    const rows =
      await client.sql`select sku, sum(committed)::int as units from stock_level where committed > 0 group by sku order by sku`
    return Object.fromEntries(rows.map(({ sku, units }) => [sku, units]))
  }
  const shows = (expected: Readonly<Record<string, number>>) =>
    vi.waitFor(() => expect(Object.fromEntries(shownBy(channel))).toMatchObject(expected), patience)

  const reserve = async (body: object) => {
    const response = await fetch(`${client.httpUrl}/v1/reservations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    return (await response.json()) as Record<string, unknown>
  }
  const available = async (sku: string) =>
    (await (await fetch(`${client.httpUrl}/v1/stock/${sku}`)).json()) as Record<string, unknown>

  it("are shown as many as their components make, wherever these are, nested ones too", async () => {
    await define("DESK-SET", { LAMP: 1, BULB: 2 })
    await define("OFFICE", { "DESK-SET": 2, CHAIR: 1 })
    await receive({ LAMP: 10, BULB: 9, CHAIR: 5 })
    await shows({ LAMP: 10, BULB: 9, CHAIR: 5, "DESK-SET": 4, OFFICE: 2 })
    expect(await available("OFFICE")).toMatchObject({
      available: 2,
      components: [
        { sku: "LAMP", each: 2, available: 10 },
        { sku: "BULB", each: 4, available: 9 },
        { sku: "CHAIR", each: 1, available: 5 }
      ]
    })
  })

  it("are committed as their components, beside what the order names itself, and freed bundle by bundle", async () => {
    await publish("order.placed", {
      orderId: "o-1",
      lines: [
        { sku: "DESK-SET", quantity: 2 },
        { sku: "BULB", quantity: 1 }
      ]
    })
    expect(await committed()).toEqual({ BULB: 5, LAMP: 2 })
    await shows({ LAMP: 8, BULB: 4, "DESK-SET": 2, OFFICE: 1 })
    await define("DESK-SET", { LAMP: 1, BULB: 3 })
    await shows({ "DESK-SET": 1 })
    await publish("order.cancelled", { orderId: "o-1", lines: [{ sku: "DESK-SET", quantity: 1 }] })
    // as it was when it was ordered: two bulbs, not three
    expect(await committed()).toEqual({ BULB: 3, LAMP: 1 })
    await publish("order.cancelled", { orderId: "o-1" })
    expect(await committed()).toEqual({})
    await shows({ LAMP: 10, BULB: 9, "DESK-SET": 3 })
  })

  it("are reserved whole or not at all, and what lacks is named", async () => {
    const granted = await reserve({ key: "b-1", sku: "DESK-SET", quantity: 3, ttlMillis: 60_000 })
    expect(granted["status"]).toBe("granted")
    expect(granted["lines"]).toEqual([
      expect.objectContaining({ sku: "BULB", quantity: 9 }),
      expect.objectContaining({ sku: "LAMP", quantity: 3 })
    ])
    await shows({ "DESK-SET": 0, LAMP: 7 })
    const denied = await reserve({ key: "b-2", sku: "DESK-SET", quantity: 1 })
    expect(denied).toMatchObject({ status: "denied", lines: [{ sku: "BULB", requested: 3, available: 0 }] })
    expect(await reserve({ key: "b-1", sku: "DESK-SET", quantity: 3, ttlMillis: 60_000 })).toEqual(granted)
    const lines = [{ sku: "DESK-SET", quantity: 1 }]
    expect(await reserve({ key: "b-3", lines, partial: true })).toMatchObject({
      status: "invalid",
      errors: [{ field: "body.partial" }]
    })
    const response = await fetch(`${client.httpUrl}/v1/reservations/${String(granted["reservationId"])}/release`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: "b-4" })
    })
    expect(response.status).toBe(200)
    await shows({ "DESK-SET": 3, LAMP: 10 })
  })

  it("never oversell a component that racing orders use twice", async () => {
    await define("TWIN", { PART: 2, CASE: 1 })
    await define("SINGLE", { PART: 1 })
    await receive({ PART: 40, CASE: 100 })
    await shows({ TWIN: 20, SINGLE: 40 })
    // each wants 2 + 1 of PART through two lines of one order, or 1 + 2 through two bundles
    const baskets = [
      [
        { sku: "TWIN", quantity: 1 },
        { sku: "PART", quantity: 1 }
      ],
      [
        { sku: "SINGLE", quantity: 1 },
        { sku: "TWIN", quantity: 1 }
      ]
    ]
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        for (;;) {
          const answer = await reserve({ key: `race-${i}`, lines: baskets[i % 2], ttlMillis: 60_000 })
          if (answer["status"] !== "busy") return answer
        }
      })
    )
    const granted = answers.filter(({ status }) => status === "granted")
    expect(answers.filter(({ status }) => status === "denied")).toHaveLength(60 - granted.length)
    // 13 baskets take 39 of 40: each was all or nothing, and no unit was given twice
    expect(granted).toHaveLength(13)
    const [part] = await client.sql`select on_hand, held, oversold from (
      select sum(on_hand)::int as on_hand, sum(held)::int as held from stock_level where sku = 'PART') l,
      (select coalesce(sum(oversold), 0)::int as oversold from ledger where sku = 'PART') o`
    expect(part).toEqual({ on_hand: 40, held: 39, oversold: 0 })
    await shows({ PART: 1, TWIN: 0, SINGLE: 1 })
    expect(await Effect.runPromise(verify(client.sql))).toMatchObject({ findings: [] })
  })

  it("are told by file and over HTTP, and explained", async () => {
    const path = join(directory, "bundles.csv")
    writeFileSync(path, "bundle,component,quantity\nDESK-SET,LAMP,1\nDESK-SET,BULB,4\n")
    const applied = await stack.command(["bundles", "apply", path])
    expect(applied.stdout).toContain("DESK-SET: 1 LAMP, 3 BULB -> 1 LAMP, 4 BULB\nchanged 1, unchanged 0")
    await shows({ "DESK-SET": 2 })
    const put = (parts: ReadonlyArray<object>) =>
      fetch(`${client.httpUrl}/v1/bundles/DESK-SET`, { method: "PUT", body: JSON.stringify({ components: parts }) })
    expect((await put([{ sku: "OFFICE", quantity: 1 }])).status).toBe(422)
    const parts = [
      { sku: "LAMP", quantity: 1 },
      { sku: "BULB", quantity: 3 }
    ]
    expect(await (await put(parts)).json()).toEqual({ dryRun: false, changed: true })
    await shows({ "DESK-SET": 3 })
    const sku = await stack.command(["sku", "OFFICE"])
    expect(sku.stdout).toMatch(/BULB +6 +9 +1\n/)
    expect(sku.stdout).toContain("1 bundle can be made")
    const why = await stack.command(["why", channel.definition.id, "OFFICE"])
    expect(why.stdout).toMatch(/1 {2}is what it is told\n/)
    expect(why.stdout).toMatch(/it confirmed 1 at /)
  })

  it("are made of components that have terms of sale, told by a file", async () => {
    const path = join(directory, "terms.csv")
    writeFileSync(path, `sku,channel,ring_fence\nLAMP,elsewhere,8\nLAMP,${channel.definition.id},-\n`)
    const applied = await stack.command(["catalogue", "terms", path])
    expect(applied.stdout).toContain("changed 1, unchanged 1")
    // two lamps are not kept for another channel
    await shows({ LAMP: 2 })
    expect((await stack.command(["sku", "LAMP"])).stdout).toMatch(/elsewhere +- +8 +0 +0 +-/)
    const denied = await reserve({ key: "fenced", sku: "LAMP", quantity: 3, channel: channel.definition.id })
    expect(denied).toMatchObject({ status: "denied", reason: "ring_fenced", available: 2 })
    await publish("allotment.set", { lines: [{ sku: "LAMP", channel: "elsewhere", ringFence: null }] })
    await shows({ LAMP: 10 })
  })

  it("keep what they are over a crash, and are parked when they cannot be", async () => {
    await define("RING-A", { "RING-B": 1 })
    await define("RING-B", { "RING-A": 1 })
    await untilDrained(client)
    const [parked] = await client.sql`select reason, detail from parked where detail like '%RING%'`
    expect(parked).toMatchObject({
      reason: "invalid",
      detail: expect.stringContaining("data.lines[0].components[0].sku")
    })
    await client.close()
    await stack.kill(["app", "nats", "postgres"])
    client = await connectTo(await stack.start())
    await publish("order.placed", { orderId: "o-2", lines: [{ sku: "OFFICE", quantity: 1 }] })
    // a desk set has three bulbs by now
    expect(await committed()).toEqual({ BULB: 6, CHAIR: 1, LAMP: 2 })
    await shows({ "DESK-SET": 1, CHAIR: 4 })
    await define("DESK-SET", {})
    await shows({ "DESK-SET": 0 })
  })
})
