/** The four timing models on virtual time: when a change leaves, and what a live change of the model does to what waits. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import type { Timing } from "@holdfast/domain/Timing"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector } from "./ScriptedConnector.ts"

const noon = Date.parse("2026-11-25T12:00:00Z")
const minutes = 60_000
const dayBudget = 24 * 60 * minutes

const nearly: Timing = { model: "nearRealtime", windowMillis: 5_000, batchSize: 3 }
const hourly: Timing = { model: "scheduled", cron: "0 * * * *", timeZone: "UTC" }
const manual: Timing = { model: "manual" }

const open = (channel: ScriptedConnector, timing: Timing, change: Partial<ChannelDefinition> = {}, isCaughtUp = true) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const definition = channelDefinition({ timing, budgetMillis: dayBudget, ...change })
    const stream = yield* makeOutputStream({ definition, connector: channel.connector })
    if (isCaughtUp) stream.caughtUp()
    const offer = (sku: string, version: number, units: number) =>
      stream.offer(announce(sku, version, units, clock.currentTimeMillisUnsafe()))
    const retime = (next: Timing) => stream.redefine({ ...stream.definition(), timing: next })
    return { ...stream, offerStock: stream.offer, offer, retime }
  })

const startedAt = (channel: ScriptedConnector) =>
  channel.calls.map(({ sku, startedAt, quantity }) => [sku, startedAt - noon, quantity])

describe("timing models", () => {
  const test = (title: string, body: Effect.Effect<unknown, unknown, ListingStore | Scope.Scope>) =>
    it.effect(
      title,
      () =>
        Effect.provide(Effect.andThen(TestClock.setTime(noon), body), ListingStore.memory) as Effect.Effect<
          unknown,
          unknown,
          Scope.Scope
        >
    )

  test(
    "nearRealtime collects from the first change on, and tells the newest of each listing when the window closes",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, nearly)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(3_000)
      stream.offer("A", 2, 9)
      stream.offer("B", 1, 5)
      assert.deepInclude(stream.snapshot(), {
        collecting: 2,
        pending: 2,
        closesAt: noon + 5_000,
        pushes: 0,
        coalesced: 1
      })
      yield* TestClock.adjust(1_999)
      assert.strictEqual(channel.calls.length, 0)
      yield* TestClock.adjust(1_001)
      assert.deepStrictEqual(startedAt(channel), [
        ["A", 5_000, 9],
        ["B", 5_000, 5]
      ])
      stream.offer("A", 3, 8)
      assert.strictEqual(stream.snapshot().closesAt, noon + 11_000)
    })
  )

  const leftOver = [
    ["batchMate", "what a batch left over"],
    ["throttled", "what the channel was asked for too early"]
  ] as const
  for (const [because, what] of leftOver)
    for (const timing of [nearly, hourly, manual])
      test(
        `${timing.model} does not make ${what} wait again`,
        Effect.gen(function* () {
          const channel = new ScriptedConnector()
          const detail = "not this time"
          channel.reply = ({ sku }, call) =>
            sku === "A" && call < 3
              ? {
                  outcome: { _tag: "notApplied", because, retryAfterMillis: undefined, detail },
                  applies: false,
                  millis: 20
                }
              : applied
          const stream = yield* open(channel, timing)
          for (const sku of ["A", "B", "C"]) stream.offer(sku, 1, 10)
          if (timing.model === "manual") stream.release()
          if (timing.model === "scheduled") yield* TestClock.adjust(60 * minutes)
          yield* TestClock.adjust(10_000)
          assert.deepStrictEqual(channel.quantities, { A: 10, B: 10, C: 10 })
          assert.isAbove(channel.calls.filter(({ sku }) => sku === "A").length, 1)
        })
      )

  test(
    "nearRealtime closes its window early when enough listings wait",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, nearly)
      stream.offer("A", 1, 1)
      stream.offer("B", 1, 1)
      stream.offer("B", 2, 2)
      assert.strictEqual(stream.snapshot().collecting, 2)
      stream.offer("C", 1, 1)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 1, B: 2, C: 1 })
      assert.deepInclude(stream.snapshot(), { collecting: 0, pending: 0, pushes: 3 })
    })
  )

  test(
    "scheduled tells at each run what differs from what the channel confirmed, and nothing else",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, hourly)
      stream.offer("A", 1, 10)
      stream.offer("B", 1, 7)
      yield* TestClock.adjust(60 * minutes)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(channel.quantities, { A: 10, B: 7 })
      stream.offer("A", 2, 4)
      stream.offer("A", 3, 10)
      stream.offer("B", 2, 6)
      assert.strictEqual(stream.snapshot().collecting, 1, "what is shown already waits for nothing")
      yield* TestClock.adjust(60 * minutes)
      assert.deepStrictEqual(startedAt(channel).slice(2), [["B", 2 * 60 * minutes, 6]])
      assert.deepInclude(stream.snapshot(), { runs: 2, breaches: 0, closesAt: noon + 3 * 60 * minutes })
    })
  )

  test(
    "scheduled makes up for missed runs once, when the newest stock is known",
    Effect.gen(function* () {
      const store = yield* ListingStore
      yield* store.saveRun(ChannelId.make("shop"), { ranAt: noon - 5 * 60 * minutes, listings: 0 })
      const channel = new ScriptedConnector()
      const definition = channelDefinition({ timing: hourly, budgetMillis: dayBudget })
      const stream = yield* makeOutputStream({ definition, connector: channel.connector })
      stream.offer(announce("A", 1, 3, noon))
      yield* TestClock.adjust(1_000)
      assert.strictEqual(channel.calls.length, 0, "a run before that would miss what is still to be read")
      stream.caughtUp()
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(channel.quantities, { A: 3 })
      assert.deepInclude(stream.snapshot(), { runs: 1, closesAt: noon + 60 * minutes })
      assert.strictEqual(yield* store.lastRun(ChannelId.make("shop")), noon + 1_000)
    })
  )

  test(
    "a changed schedule counts from the change: no run of the new one is made up for",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, hourly)
      stream.offer("A", 1, 3)
      yield* TestClock.adjust(20 * minutes)
      stream.retime({ model: "scheduled", cron: "*/15 * * * *", timeZone: "UTC" })
      assert.strictEqual(stream.snapshot().closesAt, noon + 30 * minutes)
      yield* TestClock.adjust(10 * minutes)
      assert.deepStrictEqual(startedAt(channel), [["A", 30 * minutes, 3]])
    })
  )

  test(
    "manual waits for an operator, who sees the difference and releases some of it, then all",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, manual)
      stream.offer("A", 1, 3)
      stream.offer("B", 1, 4)
      yield* TestClock.adjust(5 * 60 * minutes)
      assert.strictEqual(channel.calls.length, 0)
      assert.deepStrictEqual(
        stream.differences().map(({ sku, wanted, confirmed }) => [sku, confirmed, wanted]),
        [
          ["A", undefined, 3],
          ["B", undefined, 4]
        ]
      )
      assert.strictEqual(stream.release(new Set([Sku.make("B"), Sku.make("Z")])), 1)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { B: 4 })
      stream.offer("B", 2, 2)
      assert.strictEqual(stream.release(), 2)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 3, B: 2 })
      assert.deepStrictEqual(stream.differences(), [])
    })
  )

  test(
    "a channel made real-time tells at once what waited",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, hourly)
      stream.offer("A", 1, 3)
      yield* TestClock.adjust(1_000)
      stream.retime({ model: "realtime" })
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(startedAt(channel), [["A", 1_000, 3]])
      stream.retime(hourly)
      stream.offer("A", 2, 2)
      yield* TestClock.adjust(10 * minutes)
      assert.strictEqual(channel.calls.length, 1)
      yield* TestClock.adjust(50 * minutes)
      assert.deepStrictEqual(channel.quantities, { A: 2 })
    })
  )

  test(
    "a paused channel is told nothing, its budget burns, and it is told the newest when it goes on",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, { model: "realtime" }, { budgetMillis: 2_000 })
      stream.operate("paused")
      stream.offer("A", 1, 3)
      yield* TestClock.adjust(3_000)
      stream.offer("A", 2, 2)
      assert.deepInclude(stream.snapshot(), { pushes: 0, pending: 1, breaches: 1, operation: "paused" })
      stream.operate("running")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(startedAt(channel), [["A", 3_000, 2]])
    })
  )

  test(
    "a drained channel is told what waits, whatever its window, and then nothing",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, hourly)
      stream.offer("A", 1, 3)
      stream.operate("draining")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 3 })
      assert.strictEqual(stream.snapshot().operation, "paused")
      stream.offer("A", 2, 1)
      yield* TestClock.adjust(3 * 60 * minutes)
      assert.strictEqual(channel.calls.length, 1)
    })
  )

  test(
    "a channel that is drained as its process begins is told the newest stock first",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, hourly, {}, false)
      stream.operate("draining")
      yield* TestClock.adjust(100)
      assert.strictEqual(stream.snapshot().operation, "draining")
      stream.offer("A", 1, 3)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 3 })
      assert.strictEqual(stream.snapshot().operation, "draining")
      stream.caughtUp()
      yield* TestClock.adjust(100)
      assert.strictEqual(stream.snapshot().operation, "paused")
    })
  )

  test(
    "another buffer counts from the next offer of the same version, and a budget for what comes after",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, { model: "realtime" }, { budgetMillis: 50 })
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(100)
      const rate = { perSecond: 1, burst: 1, concurrency: 1 }
      assert.isFalse(stream.redefine({ ...stream.definition(), budgetMillis: 10, rate }))
      stream.offer("A", 1, 10)
      assert.strictEqual(stream.snapshot().ignored, 1)
      assert.isTrue(stream.redefine({ ...stream.definition(), buffer: 2 }))
      stream.offer("A", 1, 10)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 8 })
      assert.deepInclude(stream.snapshot(), { pushes: 2, ignored: 2 })
      stream.offer("A", 2, 9)
      yield* TestClock.adjust(900)
      assert.deepInclude(stream.snapshot(), { pushes: 3, breaches: 1 })
    })
  )
})
