/** Channels that are changed while they run: real NATS, real PostgreSQL, and a channel that really receives HTTP. */
import type { SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelSetting } from "@holdfast/domain/ChannelChange"
import type { Timing } from "@holdfast/domain/Timing"
import { currentChannels, reviseChannel } from "@holdfast/ledger/ChannelDefinitions"
import { lastRun, releasedListings, requestRelease, saveRun } from "@holdfast/ledger/ChannelRuns"
import { afterAll, afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import * as Harness from "./OutboundHarness.ts"

const { announce, channelOf, definitionOf, publish, shown, startOutbound, until } = Harness

const minute: Timing = { model: "scheduled", cron: "* * * * *", timeZone: "UTC" }
const daily: Timing = { model: "scheduled", everyMillis: 24 * 60 * 60_000 }

const current = async (channel: SimulatedChannel) =>
  (await currentChannels(Harness.sql())).find(({ definition }) => definition.id === channel.id)!

/** As an operator would. */
const change = async (channel: SimulatedChannel, next: (now: ChannelSetting) => ChannelSetting) => {
  const { id: upon, ...now } = await current(channel)
  const changed = await reviseChannel(Harness.sql(), { ...next(now), by: "operator", upon }, Date.now())
  assert.isDefined(changed)
}

const retime = (channel: SimulatedChannel, timing: Timing) =>
  change(channel, ({ definition, operation }) => ({ definition: { ...definition, timing }, operation }))

const operate = (channel: SimulatedChannel, operation: ChannelSetting["operation"]) =>
  change(channel, ({ definition }) => ({ definition, operation }))

beforeAll(Harness.start)
afterAll(Harness.stop)
beforeEach(Harness.begin)
afterEach(Harness.end)

describe("a channel that is changed while it runs", () => {
  it("goes from batch to real time and back a hundred times under load: nothing lost, doubled or reversed", async () => {
    const shop = await channelOf("shop")
    const timings: ReadonlyArray<Timing> = [{ model: "nearRealtime", windowMillis: 200 }, { model: "realtime" }]
    const outbound = await startOutbound([shop])
    const skus = Array.from({ length: 40 }, (_, n) => `S${n}`)
    let version = 0
    let over = false
    const load = (async () => {
      while (!over) {
        version += 1
        for (const [n, sku] of skus.entries()) await publish(announce(sku, version, 2 + ((version * 7 + n) % 90)))
      }
    })()
    for (let turn = 0; turn < 100; turn++) {
      const timing = timings[turn % 2]!
      await retime(shop, timing)
      await until(() => outbound.snapshots()[0]!.timing === timing.model)
    }
    over = true
    await load
    await until(() => outbound.snapshots()[0]!.pending + outbound.snapshots()[0]!.inFlight === 0)
    await until(() => outbound.settled.length === version * skus.length)
    const wanted = Object.fromEntries(skus.map((sku, n) => [sku, 1 + ((version * 7 + n) % 90)]))
    assert.deepStrictEqual(shown(shop), wanted)
    assert.strictEqual(shop.listings.olderOverNewer, 0)
    assert.strictEqual(shop.listings.repeated, 0)
    assert.strictEqual(new Set(outbound.settled.map(({ event }) => event.id)).size, outbound.settled.length)
    await outbound.stop()
  })

  it("is told quantities by a new buffer within a second, though no stock moved", async () => {
    const shop = await channelOf("shop")
    const outbound = await startOutbound([shop])
    await publish(announce("A", 1, 10))
    await publish(announce("B", 1, 5))
    await until(() => shop.listings.size === 2)
    await change(shop, ({ definition, operation }) => ({ definition: { ...definition, buffer: 4 }, operation }))
    await until(() => shop.listings.applied === 4)
    assert.deepStrictEqual(shown(shop), { A: 6, B: 1 })
    await outbound.stop()
  })

  it("is reached at another address from then on", async () => {
    const [here, there] = [await channelOf("shop"), await channelOf("shop")]
    const outbound = await startOutbound([here])
    await publish(announce("A", 1, 10))
    await until(() => here.listings.size === 1)
    const { url } = there
    await change(here, ({ definition, operation }) => ({ definition: { ...definition, endpoint: url }, operation }))
    await until(() => outbound.channels[0]!.definition().endpoint === url)
    await publish(announce("A", 2, 8))
    await until(() => there.listings.size === 1)
    assert.deepStrictEqual(shown(there), { A: 7 })
    await outbound.stop()
  })

  it("is run from then on when it is new, and shows all that there is", async () => {
    const [old, fresh] = [await channelOf("shop"), await channelOf("fresh")]
    const outbound = await startOutbound([old])
    await publish(announce("A", 1, 10))
    await until(() => old.listings.size === 1)
    const setting = { definition: definitionOf(fresh), operation: "running" } as const
    await reviseChannel(Harness.sql(), { ...setting, by: "operator", upon: 0 }, Date.now())
    await until(() => fresh.listings.size === 1)
    assert.deepStrictEqual(
      outbound.snapshots().map(({ channel }) => channel),
      [old.id, fresh.id]
    )
    assert.strictEqual(old.listings.applied, 1)
    await outbound.stop()
  })

  it("waits for an operator, across a restart, and his word is taken once", async () => {
    const shop = await channelOf("shop")
    const first = await startOutbound([shop])
    await retime(shop, { model: "manual" })
    await until(() => first.snapshots()[0]!.timing === "manual")
    await publish(announce("A", 1, 10))
    await publish(announce("B", 1, 5))
    await until(() => first.snapshots()[0]!.collecting === 2)
    await first.stop()
    const id = await requestRelease(Harness.sql(), shop.id, ["B"], { by: "operator" })
    const manual = { ...definitionOf(shop), timing: { model: "manual" } as const }
    const second = await startOutbound([shop], [manual])
    await until(() => shop.listings.size === 1)
    assert.deepStrictEqual(shown(shop), { B: 4 })
    await until(() => second.snapshots()[0]!.collecting === 1)
    await Harness.untilAsync(async () => (await releasedListings(Harness.sql(), id)) === 1)
    assert.deepStrictEqual(
      second.channels[0]!.differences().map(({ sku, wanted }) => [sku, wanted]),
      [["A", 9]]
    )
    await requestRelease(Harness.sql(), shop.id, undefined, { by: "operator" })
    await until(() => shop.listings.size === 2)
    await second.stop()
  })

  it("that was paused stays so over a restart, and one that is drained is paused then", async () => {
    const shop = await channelOf("shop")
    const first = await startOutbound([shop])
    await operate(shop, "paused")
    await until(() => first.snapshots()[0]!.operation === "paused")
    await first.stop()
    const second = await startOutbound([shop])
    await publish(announce("A", 1, 10))
    await until(() => second.snapshots()[0]!.pending === 1)
    assert.strictEqual(shop.listings.size, 0)
    await operate(shop, "draining")
    await until(() => shop.listings.size === 1)
    await Harness.untilAsync(async () => (await current(shop)).operation === "paused")
    const { by, reason } = await current(shop)
    assert.deepStrictEqual([by, reason], ["holdfast", "drained"])
    await publish(announce("A", 2, 9))
    await until(() => second.snapshots()[0]!.pending === 1)
    assert.deepStrictEqual(shown(shop), { A: 9 })
    await second.stop()
  })

  it("makes up at its start for the runs that it missed, once", async () => {
    const shop = await channelOf("shop")
    await saveRun(Harness.sql(), shop.id, Date.now() - 3 * 24 * 60 * 60_000, 0)
    await publish(announce("A", 1, 10))
    const began = Date.now()
    const outbound = await startOutbound([shop], [{ ...definitionOf(shop), timing: daily }])
    await until(() => shop.listings.size === 1)
    assert.strictEqual(outbound.snapshots()[0]!.runs, 1)
    await Harness.untilAsync(async () => ((await lastRun(Harness.sql(), shop.id)) ?? 0) >= began)
    await outbound.stop()
    await publish(announce("A", 2, 9))
    const again = await startOutbound([shop], [{ ...definitionOf(shop), timing: daily }])
    await until(() => again.snapshots()[0]!.collecting === 1)
    assert.strictEqual(again.snapshots()[0]!.runs, 0)
    assert.isAbove(again.snapshots()[0]!.closesAt!, began + 23 * 60 * 60_000)
    await again.stop()
  })

  it("whose secret is not set goes on as it was, and takes the next change", async () => {
    const shop = await channelOf("shop")
    const outbound = await startOutbound([shop])
    await change(shop, ({ definition, operation }) => ({
      definition: { ...definition, secretEnv: "NOT_SET", timing: minute },
      operation
    }))
    await retime(shop, { model: "nearRealtime", windowMillis: 10 })
    await change(shop, ({ definition, operation }) => ({
      definition: { ...definition, secretEnv: "TEST_SECRET" },
      operation
    }))
    await until(() => outbound.snapshots()[0]!.timing === "nearRealtime")
    await publish(announce("A", 1, 10))
    await until(() => shop.listings.size === 1)
    await outbound.stop()
  })
})
