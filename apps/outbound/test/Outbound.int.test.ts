/** Outbound end to end: real NATS, real PostgreSQL, and a channel that really receives HTTP. */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { availabilitySubject } from "@holdfast/bus/Subject"
import { Database } from "@holdfast/ledger/Database"
import { Effect, Layer } from "effect"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Outbound } from "../src/Outbound.ts"
import * as Harness from "./OutboundHarness.ts"

const { announce, channelOf, definitionOf, nats, publish, servers, shown, startOutbound, until } = Harness

beforeAll(Harness.start)
afterAll(Harness.stop)
beforeEach(Harness.begin)
afterEach(Harness.end)

describe("Outbound", () => {
  it("shows an announcement on every channel, within milliseconds, and says so", async () => {
    const [shop, market] = [await channelOf("shop"), await channelOf("market")]
    const outbound = await startOutbound([shop, market])
    await publish(announce("A.1 / red", 1, 10))
    await until(() => shop.listings.size === 1 && market.listings.size === 1)
    assert.deepStrictEqual(shown(shop), { "A.1 / red": 9 })
    await until(() => outbound.settled.length === 2)
    for (const snapshot of outbound.snapshots()) assert.deepInclude(snapshot, { events: 1, good: 1, delivered: 1 })
    assert.deepInclude(outbound.consumer(), { received: 1, undecodable: 0, backlog: 0, caughtUp: true })
    await outbound.stop()
  })

  it("pushes after a restart only what differs", async () => {
    const shop = await channelOf("shop")
    const first = await startOutbound([shop])
    for (let i = 0; i < 50; i++) await publish(announce(`S${i}`, 1, 10 + i))
    await until(() => shop.listings.applied === 50)
    await until(() => first.settled.length === 50)
    await first.stop()
    await publish(announce("S7", 2, 3))
    await publish(announce("S8", 2, 18))
    await publish(announce("new", 1, 1))
    const second = await startOutbound([shop])
    await until(() => shop.listings.applied === 53 && second.consumer().caughtUp)
    // the channel shows a quantity a moment before it says so
    await until(() => second.settled.length === 3)
    const [snapshot] = second.snapshots()
    assert.deepInclude(snapshot, {
      pushes: 3,
      events: 3,
      delivered: 3,
      listings: 51,
      pending: 0,
      inFlight: 0
    })
    assert.deepInclude(shown(shop), { S7: 2, S8: 17, new: 0 })
    assert.strictEqual(shop.listings.olderOverNewer, 0)
    await second.stop()
  })

  it("goes on by itself when NATS is killed and started again", async () => {
    const shop = await channelOf("shop")
    const outbound = await startOutbound([shop])
    await publish(announce("A", 1, 10))
    await until(() => shop.listings.applied === 1)
    await servers().killNats()
    await servers().restartNats()
    await until(() => !nats().connection.isClosed())
    await expect
      .poll(() => publish(announce("A", 2, 5)).then(() => "published", String), { timeout: 20_000 })
      .toBe("published")
    await until(
      () => shop.listings.get("A")?.quantity === 4,
      () => JSON.stringify(outbound.consumer())
    )
    await outbound.stop()
  })

  it("reads a stream that was made anew from its beginning", async () => {
    const shop = await channelOf("shop")
    const outbound = await startOutbound([shop])
    for (let version = 1; version <= 20; version++) await publish(announce("A", version, 100 + version))
    await until(() => shop.listings.get("A")?.quantity === 119)
    await nats().manager.streams.delete("AVAILABILITY")
    await Effect.runPromise(ensureStreams(nats().manager))
    await publish(announce("A", 21, 5))
    await until(
      () => shop.listings.get("A")?.quantity === 4,
      () => JSON.stringify(outbound.consumer())
    )
    await outbound.stop()
  })

  it("lets a dead channel delay no other, counts it late, and catches up when it is back", async () => {
    const [shop, dead] = [await channelOf("shop"), await channelOf("dead")]
    dead.behave({ outage: "silent" })
    // so long that a busy machine does not make it late
    const patient = { ...definitionOf(shop), budgetMillis: 20_000 }
    const outbound = await startOutbound([shop, dead], [patient, definitionOf(dead)])
    for (let i = 0; i < 200; i++) void publish(announce(`S${i}`, 1, i))
    await until(() => outbound.snapshots()[0]!.delivered === 200)
    assert.deepInclude(outbound.snapshots()[0], { good: 200, breaches: 0 })
    await until(() => outbound.snapshots()[1]!.breaches === 200)
    assert.strictEqual(outbound.snapshots()[1]!.circuit === "closed", false)
    dead.behave({ outage: "none" })
    await until(() => dead.listings.size === 200)
    assert.deepStrictEqual(shown(dead), shown(shop))
    await outbound.stop()
  })

  it("ends on the newest quantities although the channel throttles, fails and loses answers", async () => {
    const shop = await channelOf("shop")
    shop.behave({ throttledShare: 0.01, retryAfterSeconds: 0, errorShare: 0.1, droppedShare: 0.1 })
    const outbound = await startOutbound([shop])
    for (let version = 1; version <= 10; version++) {
      for (let i = 0; i < 40; i++) await publish(announce(`S${i}`, version, 1 + version * 100 + i))
    }
    const expected = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`S${i}`, 1_000 + i]))
    await until(
      () =>
        JSON.stringify(shown(shop), Object.keys(expected)) === JSON.stringify(expected) &&
        outbound.settled.length === 400,
      () => JSON.stringify(outbound.snapshots())
    )
    assert.strictEqual(shop.listings.olderOverNewer, 0)
    const [snapshot] = outbound.snapshots()
    assert.isAbove(snapshot!.unknown, 0)
    assert.strictEqual(snapshot!.good + snapshot!.breaches, 400)
    await outbound.stop()
  })

  it("skips what is no announcement", async () => {
    const shop = await channelOf("shop")
    const outbound = await startOutbound([shop])
    await nats().jetstream.publish(availabilitySubject("A"), "not JSON")
    await publish(announce("B", 1, 10))
    await until(() => shop.listings.size === 1)
    assert.deepInclude(outbound.consumer(), { received: 2, undecodable: 1 })
    await outbound.stop()
  })

  it("refuses to start with a secret that is missing or an id that is taken, by name", async () => {
    const shop = await channelOf("shop")
    await expect(startOutbound([shop, shop])).rejects.toThrow(`id ${shop.id} names two channels`)
    const layer = Outbound.layer({ channels: [{ ...definitionOf(shop), secretEnv: "NOBODY_SET_THIS" }] }).pipe(
      Layer.provide(NatsConnection.layer(servers().natsUrl, "outbound-test")),
      Layer.provide(Database.layer(servers().databaseUrl))
    )
    await expect(Effect.runPromise(Effect.scoped(Layer.build(layer)))).rejects.toThrow(
      "secretEnv names NOBODY_SET_THIS"
    )
  })
})
