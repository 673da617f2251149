/** Events that name an order and no lines, on a real nats-server and a real PostgreSQL. */
import { encodeFact } from "@holdfast/bus/FactMessage"
import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { publishChain } from "@holdfast/bus/PublishChain"
import { eventsStream, ensureStreams, stockStream } from "@holdfast/bus/StreamTopology"
import { factSubject } from "@holdfast/bus/Subject"
import { BundleBook } from "@holdfast/domain/Bundle"
import { encodeLine } from "@holdfast/domain/DocumentLine"
import { decodeEvent, factsOf } from "@holdfast/domain/EventManifest"
import { OrderId, Sku } from "@holdfast/domain/Identity"
import { emptyOrderLine } from "@holdfast/domain/OrderRules"
import { partitionOf } from "@holdfast/domain/Partition"
import { eventKey } from "@holdfast/ledger/DedupKey"
import * as Parked from "@holdfast/ledger/Parked"
import { Effect, Result } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest"
import { restoredMessagesMax } from "../src/IngestLimit.ts"
import { Intake } from "../src/Intake.ts"
import { OrderWindow } from "../src/OrderWindow.ts"
import { EngineStandIn } from "./EngineStandIn.ts"
import { IngestHarness } from "./IngestHarness.ts"

const units = (skus: ReadonlyArray<string>) => skus.map((sku) => ({ sku, quantity: 1 }))

describe("an event without lines", () => {
  let harness: IngestHarness
  let engine: EngineStandIn
  let stops: Array<() => Promise<void>> = []
  beforeAll(async () => {
    harness = await IngestHarness.start()
  })
  afterAll(() => harness.stop())

  beforeEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
    for (const stream of [eventsStream, stockStream]) await harness.nats.manager.streams.delete(stream)
    await harness.sql`truncate parked, document_line, partition_owner, ledger`
    await Effect.runPromise(ensureStreams(harness.nats.manager))
    engine = new EngineStandIn(harness)
    return () => Promise.all(stops.splice(0).map((stop) => stop())).then(() => undefined)
  })

  const start = async () => {
    const stop = await harness.startIngest()
    stops.push(stop)
    return async () => {
      stops = stops.filter((other) => other !== stop)
      await stop()
    }
  }

  const publish = (type: string, id: string, data: object, headers: Record<string, string> = {}) =>
    harness.publish(`stock.events.${type}`, JSON.stringify({ source: "shop", id, data }), headers)

  const place = (orderId: string, skus: ReadonlyArray<string>, id = `place-${orderId}`) =>
    publish("order.placed", id, { orderId, lines: units(skus) })

  const cancel = (orderId: string, id = `cancel-${orderId}`) => publish("order.cancelled", id, { orderId })

  /** Facts as `event sku`, by event. */
  const found = async () =>
    (await harness.facts())
      .map(({ event, sku }) => ({ event, sku }))
      .toSorted((a, b) => a.event - b.event || (a.sku < b.sku ? -1 : 1))
      .map(({ event, sku }) => `${event} ${sku}`)

  it("is completed right behind its order, in the same batch, and says each SKU once", async () => {
    await place("o-1", ["B", "A"])
    await cancel("o-1")
    await place("o-1", ["C"], "place-again")
    await publish("shipment.created", "ship", { orderId: "o-1", shipmentId: "s-1" })
    await start()
    await harness.waitForFacts(8)
    expect(await found()).toEqual(["1 A", "1 B", "2 A", "2 B", "3 C", "4 A", "4 B", "4 C"])
    const cancelled = (await harness.facts()).filter(({ event }) => event === 2)
    expect(cancelled.map(({ json }) => json)).toMatchObject(
      ["A", "B"]
        .toSorted((a, b) => partitionOf(a) - partitionOf(b))
        .map((sku) => ({ id: "cancel-o-1", parts: 2, data: { orderId: "o-1", lines: [{ sku }] } }))
    )
    expect(await Parked.list(harness.sql)).toEqual([])
  })

  it("is completed from the ledger when the engine has committed its order", async () => {
    await place("o-1", ["A", "B"])
    await place("o-2", ["X"])
    const stop = await start()
    await harness.waitForFacts(3)
    await engine.commit()
    await cancel("o-1")
    await harness.waitForFacts(5)
    await stop()
    await engine.commit()
    await start()
    await publish("order.cancelled", "again", { orderId: "o-2" })
    await harness.waitForFacts(6)
    expect(await found()).toEqual(["1 A", "1 B", "2 X", "3 A", "3 B", "4 X"])
  })

  it("is completed after a restart from what the engine has not committed", async () => {
    await place("o-1", ["A", "B"])
    const stop = await start()
    await harness.waitForFacts(2)
    await engine.commit()
    await place("o-1", ["C"], "place-more")
    await place("o-2", ["X", "Y"])
    await harness.waitForFacts(5)
    await stop()
    await start()
    await cancel("o-1")
    await cancel("o-2")
    await harness.waitForFacts(10)
    expect((await found()).slice(5)).toEqual(["4 A", "4 B", "4 C", "5 X", "5 Y"])
  })

  it("waits for the engine when more is uncommitted than is read again", { timeout: 60_000 }, async () => {
    await place("o-1", ["A"])
    const stop = await start()
    await harness.waitForFacts(1)
    await stop()
    const other = await factOf(1, "goods.received", { lines: units(["Z"]) })
    const position = await positionAt(1)
    const [message] = encodeFactBatch([other], position, position)
    const many = Array.from({ length: restoredMessagesMax + 1 }, () => message!)
    await publishChain(harness.nats.connection, stockStream, many, 1)
    await start()
    await cancel("o-1")
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect((await found()).filter((fact) => fact.endsWith("A"))).toEqual(["1 A"])
    await engine.commit()
    await vi.waitFor(async () => expect((await found()).filter((f) => f.endsWith("A"))).toEqual(["1 A", "2 A"]), {
      timeout: 10_000
    })
  })

  const storedAt = async (seq: number) =>
    (await harness.nats.manager.streams.getMessage(eventsStream, { seq }))!.time.getTime()

  /** A fact as ingest writes it. */
  const factOf = async (sequence: number, type: string, data: object) => {
    const fact = factsOf(
      Result.getOrThrow(decodeEvent({ source: "shop", id: "f", type, time: undefined, data }, 0))
    )[0]!
    return { fact, context: { eventSequence: sequence, storedAt: await storedAt(sequence), traceparent: "", part: 1 } }
  }

  const positionAt = async (sequence: number) => ({ sequence, part: 0, storedAt: await storedAt(sequence) })

  const waiting = () => Parked.list(harness.sql, { reason: "unknown_order" })

  it("waits visibly while its order is not known, and is applied when the order comes", async () => {
    // the message id is the only id that it has
    const headers = { "Nats-Msg-Id": "cancel-o-1" }
    await harness.publish(
      "stock.events.order.cancelled",
      JSON.stringify({ source: "shop", data: { orderId: "o-1" } }),
      headers
    )
    await publish("shipment.created", "ship", { orderId: "o-1", shipmentId: "s-1" })
    await start()
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(2), { timeout: 10_000 })
    expect((await waiting())[0]).toMatchObject({
      sequence: 1,
      source: "shop",
      eventId: "cancel-o-1",
      detail: "data.orderId: order o-1 is not known yet; this is applied by itself when the order comes"
    })
    await place("o-2", ["X"])
    await place("o-1", ["A", "B"])
    await harness.waitForFacts(7)
    expect(await found()).toEqual(["3 X", "4 A", "4 B", "5 A", "5 B", "6 A", "6 B"])
    const again = (await harness.facts()).filter(({ event }) => event >= 5)
    expect(new Set(again.map(({ event, json }) => `${event} ${(json as { readonly id: string }).id}`))).toEqual(
      new Set(["5 cancel-o-1", "6 ship"])
    )
    // an event without a time happened when it was stored first
    const times = again.map(({ event, json }) => [event, Date.parse((json as { readonly time: string }).time)] as const)
    expect(new Map(times)).toEqual(
      new Map([
        [5, await storedAt(1)],
        [6, await storedAt(2)]
      ])
    )
    await vi.waitFor(async () => expect(await waiting()).toEqual([]))
    const replayed = await Parked.list(harness.sql, { waitingOnly: false })
    expect(replayed).toHaveLength(2)
    expect(replayed.every(({ replayedAt }) => replayedAt !== null)).toBe(true)
  })

  it("waits over restarts, and is applied when the order comes or has come meanwhile", async () => {
    await cancel("o-1")
    await cancel("o-2")
    const stop = await start()
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(2), { timeout: 10_000 })
    await stop()
    // the order o-2 is in STOCK, and ingest was killed before it replayed what waits for it
    const ordered = await factOf(2, "order.placed", { orderId: "o-2", lines: units(["Y"]) })
    const messages = encodeFactBatch([ordered], startOfEvents, await positionAt(2))
    await publishChain(harness.nats.connection, stockStream, messages, 0)
    await start()
    await place("o-1", ["A"])
    await harness.waitForFacts(4)
    expect((await found()).map((fact) => fact.slice(2)).toSorted()).toEqual(["A", "A", "Y", "Y"])
    await vi.waitFor(async () => expect(await waiting()).toEqual([]))
  })

  it("is left alone when a person discarded it", async () => {
    await cancel("o-1")
    await start()
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), { timeout: 10_000 })
    await Parked.discard(harness.sql, [(await waiting())[0]!.id])
    await place("o-1", ["A"])
    await publish("order.placed", "other", { orderId: "o-2", lines: units(["X"]) })
    await harness.waitForFacts(2)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await found()).toEqual(["2 A", "3 X"])
  })

  it("is about the same SKUs when it comes again, whatever its order has become", async () => {
    await place("o-1", ["A", "B"])
    await publish("shipment.created", "ship", { orderId: "o-1", shipmentId: "s-1" })
    const stop = await start()
    await harness.waitForFacts(4)
    await engine.commit()
    for (const sku of ["A", "B"]) await applied("ship", sku)
    await place("o-1", ["C"], "more")
    await harness.waitForFacts(5)
    await stop()
    await start()
    await publish("shipment.created", "ship", { orderId: "o-1", shipmentId: "s-1" })
    await publish("shipment.created", "new", { orderId: "o-1", shipmentId: "s-2" })
    await publish("shipment.created", "new", { orderId: "o-1", shipmentId: "s-2" })
    await harness.waitForFacts(13)
    expect((await found()).slice(5)).toEqual([
      "4 A",
      "4 B",
      ...["5", "6"].flatMap((event) => ["A", "B", "C"].map((sku) => `${event} ${sku}`))
    ])
  })

  /** As the engine remembers it. */
  const applied = (id: string, sku: string) => harness.sql`
    insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold, cause_source, cause_id, cause_key,
      occurred_at, committed_at)
    values (${sku}, 1, 'shipment.created', 'main', 0, 0, 0, 0, 'shop', ${id}, ${eventKey("shop", id, sku)}, now(), now())`

  it("is about SKUs whose facts the engine has parked, too", async () => {
    await place("o-1", ["A"])
    const stop = await start()
    await harness.waitForFacts(1)
    await engine.commit()
    await stop()
    const { fact, context } = await factOf(1, "order.placed", { orderId: "o-1", lines: units(["X"]) })
    const text = encodeFact(fact, context)
    const about = { stream: stockStream, streamCreated: "x", subject: factSubject(1), headers: {}, storedAt: 0 }
    const why = { reason: "unknown_sku", detail: "X is not known", sku: "X", source: "shop", id: "p" }
    await Parked.park(harness.sql, [
      { ...about, ...why, sequence: 1, payload: Buffer.from(text) },
      { ...about, ...why, sequence: 2, payload: Buffer.from('not JSON, but "o-1"') }
    ])
    await start()
    await cancel("o-1")
    await harness.waitForFacts(3)
    expect(await found()).toEqual(["1 A", "2 A", "2 X"])
  })

  it("is completed while the engine commits its order", { timeout: 60_000 }, async () => {
    let isOver = false
    const commits = async () => {
      while (!isOver) await engine.commit()
    }
    await start()
    const committing = commits()
    const expected: Array<string> = []
    for (let i = 1; i <= 300; i++) {
      const skus = [`S-${i}`, `T-${i % 7}`]
      await place(`o-${i}`, skus)
      // the engine is somewhere between not having heard of the order and having committed all of it
      await new Promise((resolve) => setTimeout(resolve, i % 20))
      await cancel(`o-${i}`)
      for (const event of [2 * i - 1, 2 * i]) expected.push(...skus.map((sku) => `${event} ${sku}`))
    }
    await harness.waitForFacts(expected.length)
    isOver = true
    await committing
    expect(await found()).toEqual(expected)
    expect(await waiting()).toEqual([])
  })

  it("is completed to the same facts when ingest was killed in between and its order has grown", async () => {
    const type = "stock.events.order.cancelled"
    const skus = Array.from({ length: 40 }, (_, i) => `S-${i + 10}`)
    await cancel("o-1")
    const [payload, at] = [
      JSON.stringify({ source: "shop", id: "cancel-o-1", data: { orderId: "o-1" } }),
      await storedAt(1)
    ]
    const killed = new Intake("", startOfEvents, new OrderWindow(), new BundleBook(), () => false)
    killed.add({ sequence: 1, storedAt: at, subject: type, headers: undefined, payload: Buffer.from(payload) })
    const before = skus.map((sku) => ({ orderId: OrderId.make("o-1"), skus: [Sku.make(sku)], isOrder: true }) as never)
    killed.complete(new Map([[1, before]]))
    const { messages } = killed.take()
    await publishChain(harness.nats.connection, stockStream, messages.slice(0, messages.length / 2), 0)
    const line = encodeLine({ ...emptyOrderLine(OrderId.make("o-1")), placed: [{ at: 0, units: 1 }] })
    await harness.sql`insert into document_line (kind, document_id, sku, open, line)
      values ('order', 'o-1', 'S-05', 1, ${line}), ('order', 'o-1', 'S-99', 1, ${line})`
    await start()
    await place("o-2", ["Z"])
    await harness.waitForFacts(41)
    expect(await found()).toEqual([...skus.map((sku) => `1 ${sku}`), "2 Z"])
    expect((await harness.facts()).map(({ json }) => (json as { readonly parts: number }).parts)).toEqual([
      ...skus.map(() => 40),
      1
    ])
  })

  it("holds up nothing when there are many, and keeps their order", async () => {
    const count = 600
    for (let i = 1; i <= count; i++) {
      const data = { orderId: `o-${i}`, lines: units([`S-${i % 50}`, `T-${i % 30}`]) }
      harness.nats.connection.publish("stock.events.order.placed", JSON.stringify({ source: "s", id: `p-${i}`, data }))
      const whole = { source: "s", id: `c-${i}`, data: { orderId: `o-${i}` } }
      harness.nats.connection.publish("stock.events.order.cancelled", JSON.stringify(whole))
    }
    await harness.nats.connection.flush()
    const beganAt = performance.now()
    await start()
    await harness.waitForFacts(4 * count)
    expect(performance.now() - beganAt).toBeLessThan(5_000)
    const expected = Array.from({ length: count }, (_, i) =>
      [2 * i + 1, 2 * i + 2].flatMap((event) =>
        [`S-${(i + 1) % 50}`, `T-${(i + 1) % 30}`].map((sku) => `${event} ${sku}`)
      )
    )
    expect(await found()).toEqual(expected.flat())
    expect(await waiting()).toEqual([])
  })
})
