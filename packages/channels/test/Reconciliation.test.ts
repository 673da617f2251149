import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { mustStop, worstOf, zeroVerdicts } from "../src/ReconciliationReport.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { ScriptedConnector } from "./ScriptedConnector.ts"

const names = (count: number) => Array.from({ length: count }, (_, n) => `S${String(n).padStart(2, "0")}`)

/** A channel that was told ten units of each SKU, long enough ago to be compared. */
const open = (channel: ScriptedConnector, count: number, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1_000_000)
    const clock = yield* Clock.Clock
    const stream = yield* makeOutputStream({ definition: channelDefinition(change), connector: channel.connector })
    const offer = (sku: string, version: number, units: number) =>
      stream.offer(announce(sku, version, units, clock.currentTimeMillisUnsafe()))
    stream.caughtUp()
    for (const sku of names(count)) offer(sku, 1, 10)
    yield* TestClock.adjust(10_000)
    const ended = Effect.gen(function* () {
      yield* TestClock.adjust(60_000)
      return stream.snapshot().reconciliation!
    })
    return { ...stream, offer, ended }
  })

const edit = (channel: ScriptedConnector, sku: string, quantity: number) =>
  channel.shown.set(Sku.make(sku), { quantity, version: 0 })

describe("reconciliation", () => {
  const test = (title: string, body: Effect.Effect<unknown, unknown, ListingStore | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(body, ListingStore.memory) as Effect.Effect<unknown, unknown, Scope.Scope>)

  test(
    "compares with what was confirmed, not with what waits to be sent",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 2)
      stream.redefine(channelDefinition({ timing: { model: "manual" } }))
      stream.offer("S00", 2, 7)
      stream.reconcile({ by: "olga", heal: "below" })
      const report = yield* stream.ended
      assert.deepInclude(report, { listings: 2, compared: 2, discrepancies: 0, rate: 0, by: "olga", stopped: false })
      assert.deepStrictEqual(channel.quantities, { S00: 10, S01: 10 })
    })
  )

  test(
    "repairs nothing when too many differ, and everything when an operator says so",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 20, { reconcile: { stopAbove: 0.1 } })
      for (const sku of names(3)) edit(channel, sku, 99)
      assert.strictEqual(stream.reconcile({ by: "olga", heal: "below" })._tag, "begun")
      const stopped = yield* stream.ended
      assert.deepInclude(stopped, { compared: 20, discrepancies: 3, rate: 0.15, stopped: true, healed: 0 })
      assert.strictEqual(channel.calls.length, 20)
      assert.strictEqual(stream.snapshot().healed, 0)
      stream.reconcile({ by: "olga", heal: "all" })
      assert.deepInclude(yield* stream.ended, { discrepancies: 3, stopped: false, healed: 3 })
      assert.isTrue(Object.values(channel.quantities).every((units) => units === 10))
      assert.strictEqual(stream.snapshot().healed, 3)
    })
  )

  test(
    "says what differs and repairs nothing when it is only to look",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 20)
      edit(channel, "S07", 12)
      const told = 1_000_000 + 20
      stream.reconcile({ by: "olga", heal: "none" })
      const report = yield* stream.ended
      assert.deepStrictEqual(report.worst, [
        { sku: Sku.make("S07"), verdict: "externalEdit", shown: 12, should: 10, since: told }
      ])
      assert.deepInclude(report, { healed: 0, stopped: false })
      assert.strictEqual(channel.quantities["S07"], 12)
    })
  )

  test(
    "gives its place to a push at once where one request is admitted at a time",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 3, { rate: { perSecond: 10, burst: 2, concurrency: 1 } })
      channel.readBackMillis = () => [900, 0]
      stream.reconcile({ by: "olga", heal: "below" })
      yield* TestClock.adjust(100)
      stream.offer("S02", 2, 0)
      yield* TestClock.adjust(0)
      assert.deepInclude(channel.calls.at(-1), { sku: Sku.make("S02"), quantity: 0, startedAt: 1_010_100 })
      assert.deepInclude(yield* stream.ended, { compared: 3, discrepancies: 0 })
    })
  )

  test(
    "reads only from a whole burst, and leaves the rest of it",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 10, { rate: { perSecond: 2, burst: 5, concurrency: 5 } })
      stream.reconcile({ by: "olga", heal: "below" })
      yield* TestClock.adjust(2_250)
      assert.strictEqual(channel.readBacks.length, 5)
      const before = channel.calls.length
      for (const sku of names(4)) stream.offer(sku, 2, 0)
      yield* TestClock.adjust(0)
      assert.strictEqual(channel.calls.length, before + 4)
      assert.deepInclude(yield* stream.ended, { compared: 10, discrepancies: 0 })
    })
  )

  test(
    "runs by its schedule, which may be set and taken away while it runs",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 4)
      yield* TestClock.adjust(600_000)
      assert.isUndefined(stream.snapshot().reconciliation)
      stream.redefine(channelDefinition({ reconcile: { everyMillis: 120_000 } }))
      edit(channel, "S01", 50)
      yield* TestClock.adjust(119_000)
      assert.isUndefined(stream.snapshot().reconciliation)
      yield* TestClock.adjust(3_000)
      assert.deepInclude(stream.snapshot().reconciliation, { by: "schedule", discrepancies: 1, healed: 1 })
      stream.redefine(channelDefinition())
      edit(channel, "S01", 50)
      yield* TestClock.adjust(600_000)
      assert.strictEqual(channel.quantities["S01"], 50)
    })
  )

  test(
    "counts what cannot be read, and does not make pushes wait for it",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, 4)
      channel.readBackReply = () => "unreachable"
      stream.reconcile({ by: "olga", heal: "below" })
      yield* TestClock.adjust(15_000)
      stream.offer("S00", 2, 3)
      yield* TestClock.adjust(20)
      assert.strictEqual(channel.quantities["S00"], 3)
      const report = yield* stream.ended
      assert.deepInclude(report, { compared: 0, rate: undefined, detail: "away" })
      assert.deepInclude(report.counts, { unknown: 4, agrees: 0 })
      assert.strictEqual(stream.snapshot().circuit, "closed")
    })
  )

  test(
    "refuses, and says why, what cannot be read back, what is paused, and a second run",
    Effect.gen(function* () {
      const blind = yield* open(new ScriptedConnector(false), 1)
      assert.deepStrictEqual(blind.reconcile({ by: "olga", heal: "below" }), {
        _tag: "refused",
        detail: "shop cannot be read back: its connector (scripted) has no way to ask what the channel shows"
      })
      const stream = yield* open(new ScriptedConnector(), 2)
      stream.operate("paused")
      assert.include(stream.reconcileRefusal(), "shop is paused")
      stream.operate("running")
      assert.isUndefined(stream.reconcileRefusal())
      stream.reconcile({ by: "olga", heal: "below" })
      assert.deepInclude(stream.reconcile({ by: "ben", heal: "all" }), {
        _tag: "refused",
        detail: "shop is being reconciled for olga already: wait for its end"
      })
      yield* stream.ended
      assert.isUndefined(stream.reconcileRefusal())
    })
  )

  it("puts what may be sold though it is not there first", () => {
    const row = (sku: string, shown: number | null, should: number) =>
      ({ sku: Sku.make(sku), verdict: "externalEdit", shown, should, since: 0 }) as const
    const worst = worstOf([row("A", 0, 90), row("B", 12, 10), row("C", null, 5), row("D", 30, 10)])
    assert.deepStrictEqual(
      worst.map(({ sku }) => String(sku)),
      ["D", "B", "A", "C"]
    )
  })

  it("does not stop for one or two listings, whatever share they are", () => {
    assert.isFalse(mustStop({ ...zeroVerdicts(), agrees: 1, lost: 2 }, 0.05))
    assert.isTrue(mustStop({ ...zeroVerdicts(), agrees: 1, lost: 3 }, 0.05))
    assert.isFalse(mustStop({ ...zeroVerdicts(), agrees: 57, lost: 3 }, 0.05))
  })
})
