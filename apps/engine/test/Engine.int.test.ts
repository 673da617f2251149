import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { requestSubject } from "@holdfast/bus/Subject"
import { decodeEvent, factsOf } from "@holdfast/domain/EventManifest"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { verify } from "@holdfast/ledger/Verify"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { layerSingle } from "../src/Engine.ts"
import { EngineObserver } from "../src/EngineObserver.ts"

const engineLayer = (servers: RunningTestServers) =>
  layerSingle.pipe(
    Layer.provideMerge(
      EngineObserver.layer(
        () => false,
        () => {},
        () => {}
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(Database.layer(servers.databaseUrl), NatsConnection.layer(servers.natsUrl, "engine test"))
    )
  )

describe("the engine on real servers", () => {
  let servers: RunningTestServers
  let runtime: ManagedRuntime.ManagedRuntime<Layer.Success<ReturnType<typeof engineLayer>>, unknown>

  beforeAll(async () => {
    servers = await startTestServers()
    await Effect.runPromise(migrate(servers.databaseUrl))
    await Effect.runPromise(
      NatsConnection.use((nats) => ensureStreams(nats.manager)).pipe(
        Effect.provide(NatsConnection.layer(servers.natsUrl, "set-up"))
      )
    )
    runtime = ManagedRuntime.make(engineLayer(servers))
    await runtime.context()
  }, 60_000)

  afterAll(async () => {
    await runtime.dispose()
    await servers.stop()
  })

  const publish = async (raw: { id: string; type: string; data: unknown }) => {
    const nats = await runtime.runPromise(NatsConnection)
    const event = Result.getOrThrow(decodeEvent({ source: "test", time: undefined, ...raw }, 1_700_000_000_000))
    const context = { eventSequence: 1, storedAt: Date.now(), traceparent: "", part: 1 }
    const facts = factsOf(event).map((fact) => ({ fact, context }))
    for (const { subject, payload } of encodeFactBatch(facts, startOfEvents, startOfEvents))
      await nats.jetstream.publish(subject, payload)
  }

  const ask = async (verb: "reserve" | "confirm" | "release", body: unknown) => {
    const nats = await runtime.runPromise(NatsConnection)
    const answer = await nats.connection.request(requestSubject(verb), JSON.stringify(body), { timeout: 5_000 })
    return answer.json<Record<string, unknown>>()
  }

  const level = async (sku: string) => {
    const { sql } = await runtime.runPromise(Database)
    const [row] = await sql`select on_hand, committed, held from stock_level where sku = ${sku}`
    return row
  }

  const findings = async () => {
    const { sql } = await runtime.runPromise(Database)
    return (await Effect.runPromise(verify(sql))).findings
  }

  it("applies facts once, however often they are repeated", async () => {
    await publish({
      id: "r1",
      type: "goods.received",
      data: {
        putaway: "done",
        lines: [
          { sku: "A", quantity: 10 },
          { sku: "B", quantity: 4 }
        ]
      }
    })
    for (let i = 0; i < 3; i++)
      await publish({ id: "o1", type: "order.placed", data: { orderId: "1", lines: [{ sku: "A", quantity: 3 }] } })
    await publish({ id: "c1", type: "order.cancelled", data: { orderId: "1", lines: [{ sku: "A", quantity: 1 }] } })
    await vi.waitFor(async () => expect(await level("A")).toEqual({ on_hand: 10, committed: 2, held: 0 }))
    await vi.waitFor(async () => expect(await level("B")).toEqual({ on_hand: 4, committed: 0, held: 0 }))
    expect(await findings()).toEqual([])
  })

  it("grants, confirms and releases holds, and gives the same answer for the same key", async () => {
    const granted = await ask("reserve", { key: "k1", sku: "B", quantity: 3 })
    expect(granted).toMatchObject({ status: "granted", sku: "B", quantity: 3 })
    expect(await ask("reserve", { key: "k1", sku: "B", quantity: 3 })).toEqual(granted)
    expect(await ask("reserve", { key: "k1", sku: "B", quantity: 2 })).toMatchObject({ status: "key_reused" })
    expect(await ask("reserve", { key: "k2", sku: "B", quantity: 2 })).toMatchObject({
      status: "denied",
      reason: "insufficient_stock",
      available: 1
    })
    expect(await ask("confirm", { key: "k3", reservationId: granted["reservationId"], orderId: "77" })).toMatchObject({
      status: "confirmed"
    })
    expect(await ask("release", { key: "k4", reservationId: granted["reservationId"] })).toMatchObject({
      status: "denied",
      reason: "reservation_ended"
    })
    expect(await ask("reserve", { key: "k5", sku: "nothing", quantity: 2 })).toMatchObject({
      status: "denied",
      reason: "unknown_sku"
    })
    expect(await ask("reserve", { key: "k6", sku: "B", quantity: 0.5 })).toMatchObject({
      status: "invalid",
      errors: [{ field: "body.quantity" }]
    })
    expect(await level("B")).toEqual({ on_hand: 4, committed: 3, held: 0 })
    expect(await findings()).toEqual([])
  })

  it("gives back a hold whose time has come", async () => {
    expect(await ask("reserve", { key: "e1", sku: "B", quantity: 1, ttlMillis: 100 })).toMatchObject({
      status: "granted"
    })
    await vi.waitFor(async () => expect(await level("B")).toMatchObject({ held: 0 }), { timeout: 5_000 })
    expect(await findings()).toEqual([])
  })

  it("parks a fact of a SKU that nobody ever received", async () => {
    await publish({ id: "o9", type: "order.placed", data: { orderId: "9", lines: [{ sku: "POST", quantity: 1 }] } })
    const { sql } = await runtime.runPromise(Database)
    await vi.waitFor(async () =>
      expect(await sql`select reason, sku, event_id from parked`).toEqual([
        { reason: "unknown_sku", sku: "POST", event_id: "o9" }
      ])
    )
  })

  it("applies a parked fact when it comes again and its SKU is known by then", async () => {
    const order = { id: "o10", type: "order.placed", data: { orderId: "10", lines: [{ sku: "LATE", quantity: 2 }] } }
    const { sql } = await runtime.runPromise(Database)
    await publish(order)
    await vi.waitFor(async () => expect(await sql`select id from parked where sku = 'LATE'`).toHaveLength(1))
    await publish({
      id: "r10",
      type: "goods.received",
      data: { putaway: "done", lines: [{ sku: "LATE", quantity: 5 }] }
    })
    await publish(order)
    await publish(order)
    await vi.waitFor(async () => expect(await level("LATE")).toEqual({ on_hand: 5, committed: 2, held: 0 }))
    expect(await findings()).toEqual([])
  })

  it("announces the newest availability of each SKU", async () => {
    const nats = await runtime.runPromise(NatsConnection)
    await vi.waitFor(async () => {
      const last = await nats.manager.streams.getMessage("AVAILABILITY", { last_by_subj: "stock.availability.B" })
      expect(last?.json()).toMatchObject({ sku: "B", levels: [{ onHand: 4, committed: 3, held: 0 }] })
    })
  })
})
