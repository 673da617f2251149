import { startOfEvents } from "@holdfast/bus/FactBatch"
import { publishChain } from "@holdfast/bus/PublishChain"
import { eventsStream, ensureStreams, stockStream } from "@holdfast/bus/StreamTopology"
import { BundleBook } from "@holdfast/domain/Bundle"
import { linesMax } from "@holdfast/domain/Limit"
import { partitionOf } from "@holdfast/domain/Partition"
import { factSubject } from "@holdfast/bus/Subject"
import * as Parked from "@holdfast/ledger/Parked"
import { Effect } from "effect"
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import type { IngestedEvent } from "../src/Ingest.ts"
import { batchFactsMax } from "../src/IngestLimit.ts"
import { Intake } from "../src/Intake.ts"
import { OrderWindow } from "../src/OrderWindow.ts"
import { readPosition } from "../src/Position.ts"
import { byPartition, IngestHarness } from "./IngestHarness.ts"

const placed = "stock.events.order.placed"

const order = (id: string, skus: ReadonlyArray<string>, more: object = {}) =>
  JSON.stringify({
    source: "shop",
    id,
    data: { orderId: id, lines: skus.map((sku) => ({ sku, quantity: 1 })) },
    ...more
  })

describe("ingest on real servers", () => {
  let harness: IngestHarness
  beforeAll(async () => {
    harness = await IngestHarness.start()
  })
  afterAll(() => harness.stop())

  beforeEach(async () => {
    for (const stream of [eventsStream, stockStream]) await harness.nats.manager.streams.delete(stream)
    await harness.sql`truncate parked`
    await Effect.runPromise(ensureStreams(harness.nats.manager))
  })

  const found = async () => byPartition(await harness.facts())

  const expected = (...facts: ReadonlyArray<string>) =>
    facts.toSorted((a, b) => partitionOf(a.split(" ")[1]!) - partitionOf(b.split(" ")[1]!))

  it("cuts events into facts in their order, once, also over restarts", async () => {
    await harness.publish(placed, order("e-1", ["A", "B"]))
    const stop = await harness.startIngest()
    await harness.waitForFacts(2)
    await stop()
    await harness.publish(placed, order("e-2", ["C"]))
    const stopAgain = await harness.startIngest()
    await harness.waitForFacts(3)
    await harness.publish(placed, order("e-3", ["A"]))
    await harness.waitForFacts(4)
    await stopAgain()
    expect(await found()).toEqual(expected("1 A", "1 B", "2 C", "3 A"))
  })

  it("goes on inside an event that has more SKUs than a batch", async () => {
    const skus = Array.from({ length: linesMax }, (_, i) => `S-${i}`)
    const payload = order("e-1", skus)
    const sequence = await harness.publish(placed, payload)
    await harness.publish(placed, order("e-2", ["Z"]))
    const killed = new Intake("", startOfEvents, new OrderWindow(), new BundleBook(), () => false)
    const storedAt = (await harness.nats.manager.streams.getMessage(eventsStream, { seq: sequence }))!.time.getTime()
    killed.add({ sequence, storedAt, subject: placed, headers: undefined, payload: Buffer.from(payload) })
    const { messages } = killed.take()
    await publishChain(harness.nats.connection, stockStream, messages.slice(0, messages.length / 2), 0)
    const cut = (await found()).length
    expect(cut).toBeGreaterThan(0)
    expect(cut).toBeLessThan(batchFactsMax)

    const stop = await harness.startIngest()
    await harness.waitForFacts(linesMax + 1)
    await stop()
    expect(await found()).toEqual(expected(...skus.map((sku) => `1 ${sku}`), "2 Z"))
  })

  it("passes over what somebody else wrote into STOCK", async () => {
    await harness.publish(placed, order("e-1", ["A"]))
    const stop = await harness.startIngest()
    await harness.waitForFacts(1)
    await stop()
    await harness.nats.jetstream.publish(factSubject(3), "not ours")
    await harness.publish(placed, order("e-2", ["B"]))
    const position = await readPosition(harness.nats)
    expect(position).toMatchObject({ sequence: 1, part: 0, lastStockSequence: 2 })
    const stopAgain = await harness.startIngest()
    await vi.waitFor(async () => expect((await readPosition(harness.nats)).sequence).toBe(2))
    await stopAgain()
  })

  it("shares the work of two instances without a fact twice", async () => {
    const stops = await Promise.all([harness.startIngest(), harness.startIngest()])
    const facts: Array<string> = []
    for (let i = 1; i <= 300; i++) {
      const skus = Array.from({ length: 1 + (i % 3) }, (_, part) => `S-${i}-${part}`)
      const sequence = await harness.publish(placed, order(`e-${i}`, skus))
      facts.push(...skus.map((sku) => `${sequence} ${sku}`))
    }
    await harness.waitForFacts(facts.length)
    await Promise.all(stops.map((stop) => stop()))
    expect(await found()).toEqual(expected(...facts))
  })

  it("survives a nats-server that is killed in the middle", async () => {
    const count = 20_000
    for (let i = 1; i <= count; i++) harness.nats.connection.publish(placed, order(`e-${i}`, [`S-${i % 50}`]))
    await harness.nats.connection.flush()
    let backAt = Number.POSITIVE_INFINITY
    let firstAfter: number | undefined
    const stop = await harness.startIngest({
      onEvent: ({ ingestedAt }) => void (ingestedAt > backAt && (firstAfter ??= ingestedAt))
    })
    await vi.waitFor(
      async () => expect((await harness.nats.manager.streams.info(stockStream)).state.messages).toBeGreaterThan(0),
      { interval: 5 }
    )
    await harness.servers.killNats()
    await harness.servers.restartNats()
    backAt = Date.now()
    await harness.waitForFacts(count)
    expect(firstAfter! - backAt).toBeLessThan(3_000)
    await harness.publish(placed, order("last", ["L"]))
    await harness.waitForFacts(count + 1)
    await stop()
    const facts = Array.from({ length: count }, (_, i) => `${i + 1} S-${(i + 1) % 50}`)
    expect(await found()).toEqual(expected(...facts, `${count + 1} L`))
  })

  it("parks what it does not understand, once, and says so", async () => {
    const told: Array<IngestedEvent> = []
    await harness.publish(placed, order("good-1", ["A"]))
    const bad = await harness.publish(placed, order("bad", ["B"], { time: "yesterday" }), { "Nats-Msg-Id": "m-1" })
    await harness.publish(placed, order("good-2", ["A"]))
    const stop = await harness.startIngest({ onEvent: (event) => told.push(event), sample: () => true })
    await harness.waitForFacts(2)
    await stop()
    const stopAgain = await harness.startIngest()
    await harness.publish(placed, order("good-3", ["A"]))
    await harness.waitForFacts(3)
    await stopAgain()
    expect(await found()).toEqual(expected("1 A", "3 A", "4 A"))

    const rows = await Parked.list(harness.sql)
    expect(rows).toMatchObject([
      {
        stream: "EVENTS",
        sequence: bad,
        subject: placed,
        reason: "invalid",
        source: "shop",
        eventId: "bad",
        sku: null,
        replayedAt: null
      }
    ])
    expect(rows[0]!.detail).toBe("time: must be an RFC 3339 time such as 2026-11-27T09:30:00Z")
    const parked = await Parked.get(harness.sql, rows[0]!.id)
    expect(Buffer.from(parked!.payload).toString()).toBe(order("bad", ["B"], { time: "yesterday" }))
    expect(parked!.headers).toEqual({ "Nats-Msg-Id": "m-1" })
    const outcomes = new Map(told.map(({ outcome, sequence }) => [sequence, outcome]))
    expect(outcomes).toEqual(
      new Map([
        [1, "split"],
        [2, "parked"],
        [3, "split"]
      ])
    )
    expect(told).toHaveLength(3)
    expect(
      told.every(({ traceparent, storedAt, ingestedAt }) => traceparent.endsWith("-01") && ingestedAt >= storedAt)
    ).toBe(true)
  })

  it("parks a flood of malformed events without holding up the good ones behind it", async () => {
    const flood = 3_000
    for (let i = 0; i < flood; i++) harness.nats.connection.publish(placed, `{"broken": ${i}`)
    for (let i = 0; i < 50; i++) harness.nats.connection.publish(placed, order(`good-${i}`, [`S-${i}`]))
    await harness.nats.connection.flush()
    const stop = await harness.startIngest()
    await harness.waitForFacts(50)
    await stop()
    expect(await Parked.countWaiting(harness.sql)).toEqual(new Map([["not_json", flood]]))
    expect(await found()).toHaveLength(50)
  })

  it("does not move past what it cannot park, and loses nothing", async () => {
    await harness.publish(placed, order("good-1", ["A"]))
    await harness.publish(placed, "not json")
    await harness.publish(placed, order("good-2", ["B"]))
    const stop = await harness.startIngest({}, "postgres://nobody:nothing@127.0.0.1:1/none")
    // each attempt opens a consumer: it tried again
    await vi.waitFor(
      async () =>
        expect((await harness.nats.manager.streams.info(eventsStream)).state.consumer_count).toBeGreaterThanOrEqual(2),
      { timeout: 15_000 }
    )
    // the first may have been read by itself, and is written then
    expect(await found()).not.toContain("3 B")
    await stop()
    const stopAgain = await harness.startIngest()
    await harness.waitForFacts(2)
    await stopAgain()
    expect(await found()).toEqual(expected("1 A", "3 B"))
    expect(await Parked.list(harness.sql)).toMatchObject([{ sequence: 2, reason: "not_json" }])
  })

  it("notices that EVENTS is another stream than the one it read before", async () => {
    for (let i = 1; i <= 5; i++) await harness.publish(placed, order(`old-${i}`, ["A"]))
    const stop = await harness.startIngest()
    await harness.waitForFacts(5)
    await stop()
    await harness.nats.manager.streams.delete(eventsStream)
    await Effect.runPromise(ensureStreams(harness.nats.manager))
    for (let i = 1; i <= 8; i++) await harness.publish(placed, order(`new-${i}`, [`N-${i}`]))
    const stopAgain = await harness.startIngest()
    await harness.waitForFacts(13)
    await stopAgain()
    const facts = Array.from({ length: 8 }, (_, i) => `${i + 1} N-${i + 1}`)
    expect((await found()).filter((fact) => fact.includes("N-"))).toEqual(expected(...facts))
  })

  it("notices it while it runs, too", { timeout: 60_000 }, async () => {
    for (let i = 1; i <= 5; i++) await harness.publish(placed, order(`old-${i}`, ["A"]))
    const stop = await harness.startIngest()
    await harness.waitForFacts(5)
    await harness.nats.manager.streams.delete(eventsStream)
    await Effect.runPromise(ensureStreams(harness.nats.manager))
    for (let i = 1; i <= 3; i++) await harness.publish(placed, order(`new-${i}`, [`N-${i}`]))
    await harness.waitForFacts(8)
    await stop()
    expect((await found()).filter((fact) => fact.includes("N-"))).toEqual(expected("1 N-1", "2 N-2", "3 N-3"))
  })

  it("takes events from a client that knows nothing but a socket, and keeps its trace", async () => {
    const stop = await harness.startIngest({ sample: () => false })
    const traceId = "0af7651916cd43dd8448eb211c80319c"
    const headers = `NATS/1.0\r\nce-id: raw-2\r\nce-source: till\r\nce-time: 2026-11-27T09:30:00Z\r\ntraceparent: 00-${traceId}-b7ad6b7169203331-01\r\n\r\n`
    const first = order("raw-1", ["A.*>"])
    const second = JSON.stringify({ orderId: "o", lines: [{ sku: "ä b", quantity: 3 }] })
    await talk(harness.servers.natsUrl, [
      `PUB ${placed} ${Buffer.byteLength(first)}\r\n${first}\r\n`,
      headed(headers, second),
      headed("NATS/1.0\r\nno name: x\r\n\r\n", first)
    ])
    await harness.waitForFacts(2)
    await vi.waitFor(async () => expect(await Parked.list(harness.sql)).toHaveLength(1))
    await stop()
    const facts = (await harness.facts()).toSorted((a, b) => a.event - b.event)
    expect(facts.map(({ sku }) => sku)).toEqual(["A.*>", "ä b"])
    expect(facts[1]!.json).toMatchObject({
      source: "till",
      id: "raw-2",
      time: "2026-11-27T09:30:00.000Z",
      parts: 1
    })
    expect(facts[1]!.json).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`)),
      parentspan: "b7ad6b7169203331"
    })
    expect(facts[0]!.json).toMatchObject({ traceparent: expect.stringMatching(/-00$/) })
    expect((await Parked.list(harness.sql))[0]!.detail).toContain("headers: ")
  })
})

const headed = (headers: string, payload: string): string =>
  `HPUB ${placed} ${headers.length} ${headers.length + Buffer.byteLength(payload)}\r\n${headers}${payload}\r\n`

/** Speaks the NATS protocol by hand; resolves when the server has taken everything. */
const talk = (url: string, messages: ReadonlyArray<string>): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket: Socket = connect(Number(port), hostname)
    socket.on("error", reject)
    socket.once("data", () => socket.write(`CONNECT {"verbose":false,"headers":true}\r\n${messages.join("")}PING\r\n`))
    socket.on("data", (data) => {
      const text = data.toString()
      if (text.includes("-ERR")) reject(new Error(text))
      if (text.includes("PONG")) socket.end(resolve)
    })
  })
