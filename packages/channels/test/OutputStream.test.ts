import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { PushOutcome } from "../src/ChannelConnector.ts"
import type { SettledEvent } from "../src/EventAccount.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector, type Reply } from "./ScriptedConnector.ts"

const open = (channel: ScriptedConnector, change: Partial<ChannelDefinition> = {}, promisedFrom?: number) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1_000_000)
    const settled: Array<SettledEvent> = []
    const clock = yield* Clock.Clock
    const stream = yield* makeOutputStream({
      definition: channelDefinition(change),
      connector: channel.connector,
      promisedFrom,
      onSettled: (each) => settled.push(each)
    })
    const offer = (sku: string, version: number, units: number) =>
      stream.offer(announce(sku, version, units, clock.currentTimeMillisUnsafe()))
    return { ...stream, offerStock: stream.offer, offer, settled }
  })

const reply = (outcome: PushOutcome, applies = false, millis = 20): Reply => ({ outcome, applies, millis })
const refused = reply({ _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: "refused" })
const lost = (applies: boolean) => reply({ _tag: "unknown", detail: "connection reset" }, applies)
const throttled = (retryAfterMillis: number | undefined) =>
  reply({ _tag: "notApplied", because: "throttled", retryAfterMillis, detail: "429" })
const oneAtATime = { rate: { perSecond: 1_000, burst: 100, concurrency: 1 } }

describe("OutputStream", () => {
  const test = (title: string, body: Effect.Effect<unknown, unknown, ListingStore | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(body, ListingStore.memory) as Effect.Effect<unknown, unknown, Scope.Scope>)

  test(
    "tells a channel that is new of old stock, and counts only what happened since it is promised anything",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, {}, 1_000_000)
      stream.offerStock(announce("OLD", 1, 10, 900_000))
      stream.offer("NEW", 1, 20)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(channel.quantities, { OLD: 10, NEW: 20 })
      assert.deepInclude(stream.snapshot(), { events: 1, good: 1, breaches: 0, pushes: 2, pending: 0 })
    })
  )

  test(
    "pushes a change as soon as it is offered, and settles its event at the acknowledgement",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, { buffer: 2 })
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(19)
      assert.strictEqual(stream.settled.length, 0)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(channel.quantities, { A: 8 })
      const [event] = stream.settled
      assert.deepInclude(event, {
        outcome: "delivered",
        quantity: 8,
        attempts: 1,
        late: false,
        queuedAt: 1_000_000,
        requestAt: 1_000_000,
        ackAt: 1_000_020
      })
      assert.deepInclude(stream.snapshot(), {
        events: 1,
        good: 1,
        breaches: 0,
        pushes: 1,
        pending: 0,
        inFlight: 0,
        p50: 20
      })
    })
  )

  test(
    "tells only the newest quantity of a listing, with one call at a time",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel)
      for (let version = 1; version <= 9; version++) stream.offer("A", version, 100 - version)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.version),
        [1, 9]
      )
      assert.strictEqual(channel.mostAtOnce, 1)
      assert.deepStrictEqual(channel.quantities, { A: 91 })
      assert.deepInclude(stream.snapshot(), { delivered: 2, superseded: 7, good: 9 })
      assert.deepStrictEqual(
        stream.settled.map((each) => each.version),
        [1, 2, 3, 4, 5, 6, 7, 8, 9]
      )
    })
  )

  test(
    "ignores a version that is not newer than the newest seen",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel)
      stream.offer("A", 5, 10)
      stream.offer("A", 5, 11)
      stream.offer("A", 4, 12)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.deepInclude(stream.snapshot(), { ignored: 2, pushes: 1 })
    })
  )

  test(
    "makes no call for a change that leaves the shown quantity as it is",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, { cap: 50 })
      stream.offer("A", 1, 100)
      yield* TestClock.adjust(100)
      stream.offer("A", 2, 90)
      assert.deepInclude(stream.settled[1], { outcome: "unchanged", requestAt: undefined, late: false })
      // while a call is under way, the change back is settled by its acknowledgement
      stream.offer("A", 3, 10)
      stream.offer("A", 4, 70)
      stream.offer("A", 5, 10)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.quantity),
        [50, 10]
      )
      assert.deepStrictEqual(
        stream.settled.map((each) => each.outcome),
        ["delivered", "unchanged", "delivered", "unchanged", "unchanged"]
      )
      assert.deepStrictEqual(stream.listing(Sku.make("A"))?.confirmed, 10)
    })
  )

  test(
    "counts an event late the moment its deadline passes, although the channel is dead",
    Effect.gen(function* () {
      const channel = new ScriptedConnector(false)
      channel.reply = () => refused
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(2_000)
      assert.deepInclude(stream.snapshot(), { good: 0, breaches: 0 })
      yield* TestClock.adjust(1)
      assert.deepInclude(stream.snapshot(), { good: 0, breaches: 1, attained: 0, oldestPendingMillis: 2_001 })
      // a minute later its trace is told; the quantity keeps waiting
      yield* TestClock.adjust(60_000)
      assert.deepStrictEqual(
        stream.settled.map((each) => [each.outcome, each.late]),
        [["expired", true]]
      )
      channel.reply = () => applied
      yield* TestClock.adjust(30_000)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.deepInclude(stream.snapshot(), { good: 0, breaches: 1, events: 1, pending: 0 })
    })
  )

  test(
    "weighs an announcement by all its events, also those it only counts",
    Effect.gen(function* () {
      const stream = yield* open(new ScriptedConnector())
      stream.offerStock({ ...announce("A", 1, 5, 1_000_000), more: 9 })
      yield* TestClock.adjust(20)
      assert.deepInclude(stream.snapshot(), { events: 10, good: 10, delivered: 10 })
      assert.strictEqual(stream.settled.length, 1)
    })
  )

  test(
    "honours Retry-After: nothing leaves for any listing until then, and then the newest does",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call === 0 ? throttled(3_000) : applied)
      const stream = yield* open(channel, oneAtATime)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(20)
      stream.offer("B", 1, 1)
      stream.offer("A", 2, 9)
      assert.strictEqual(stream.snapshot().pausedUntil, 1_003_020)
      yield* TestClock.adjust(2_999)
      assert.strictEqual(channel.calls.length, 1)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(
        channel.calls.map((call) => [call.sku, call.version, call.startedAt - 1_000_000]),
        [
          ["A", 1, 0],
          ["A", 2, 3_020],
          ["B", 1, 3_040]
        ]
      )
      assert.deepInclude(stream.snapshot(), { throttled: 1, circuit: "closed", pausedUntil: undefined })
    })
  )

  test(
    "pauses by itself when a throttling channel names no time",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call < 3 ? throttled(undefined) : applied)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(30_000)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.strictEqual(channel.calls.length, 4)
    })
  )

  test(
    "opens the circuit after failures in a row, probes with one call, and closes again",
    Effect.gen(function* () {
      const channel = new ScriptedConnector(false)
      channel.reply = () => refused
      const stream = yield* open(channel)
      for (let i = 0; i < 20; i++) stream.offer(`S${i}`, 1, i)
      yield* TestClock.adjust(20)
      assert.strictEqual(stream.snapshot().circuit, "open")
      const calls = channel.calls.length
      yield* TestClock.adjust(200)
      assert.strictEqual(channel.calls.length, calls, "an open circuit admits no call")
      yield* TestClock.adjust(300)
      assert.strictEqual(channel.calls.length, calls + 1, "one probe alone")
      yield* TestClock.adjust(60_000)
      assert.notStrictEqual(stream.snapshot().circuit, "closed")
      assert.isBelow(channel.calls.length, calls + 20, "probes get rarer")
      channel.reply = () => applied
      yield* TestClock.adjust(15_100)
      assert.deepInclude(stream.snapshot(), { circuit: "closed", pending: 0 })
      assert.strictEqual(Object.keys(channel.quantities).length, 20)
    })
  )

  test(
    "stops the lane when the channel refuses our credentials, and asks again rarely",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = () => reply({ _tag: "blocked", detail: "HTTP 401" })
      const stream = yield* open(channel, oneAtATime)
      stream.offer("A", 1, 10)
      stream.offer("B", 1, 10)
      yield* TestClock.adjust(29_000)
      assert.strictEqual(channel.calls.length, 1)
      assert.deepInclude(stream.snapshot(), { circuit: "blocked", circuitDetail: "HTTP 401", pending: 2 })
      channel.reply = () => applied
      yield* TestClock.adjust(2_000)
      assert.deepStrictEqual(channel.quantities, { A: 10, B: 10 })
      assert.strictEqual(stream.snapshot().circuit, "closed")
    })
  )

  test(
    "reads back a write of unknown fate, and does not repeat one that happened",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call === 0 ? lost(true) : applied)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(channel.readBacks, ["A"])
      assert.strictEqual(channel.calls.length, 1)
      assert.deepInclude(stream.settled[0], { outcome: "delivered", attempts: 2, requestAt: 1_000_000 })
    })
  )

  for (const reading of [false, true])
    test(
      `tells again what it cannot read back any more, now that another connector is used${reading ? ", while it is read" : ""}`,
      Effect.gen(function* () {
        const channel = new ScriptedConnector()
        channel.reply = (_, call) => (call === 0 ? lost(true) : applied)
        channel.readBackReply = () => "unreachable"
        if (reading) channel.readBackMillis = () => [500, 0]
        const stream = yield* open(channel)
        stream.offer("A", 1, 10)
        yield* TestClock.adjust(reading ? 300 : 25)
        const next = new ScriptedConnector(false)
        stream.redefine(stream.definition(), next.connector)
        yield* TestClock.adjust(5_000)
        assert.deepStrictEqual(next.quantities, { A: 10 })
        assert.strictEqual(next.calls[0]!.key, channel.calls[0]!.key)
        assert.deepInclude(stream.snapshot(), { pending: 0, inFlight: 0, good: 1 })
      })
    )

  test(
    "repeats a write that turns out not to have happened, under the same key, and verifies later",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call === 0 ? lost(false) : applied)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.key),
        [channel.calls[0]!.key, channel.calls[0]!.key]
      )
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      // the lost write lands after all, over a newer one
      stream.offer("A", 2, 9)
      yield* TestClock.adjust(100)
      channel.shown.set(Sku.make("A"), { quantity: 10, version: 1 })
      yield* TestClock.adjust(5_000)
      assert.deepStrictEqual(channel.quantities, { A: 9 })
      assert.deepInclude(stream.snapshot(), { healed: 1, pending: 0 })
    })
  )

  test(
    "sends the newest absolute quantity again when the channel cannot be read back",
    Effect.gen(function* () {
      const channel = new ScriptedConnector(false)
      channel.reply = (_, call) => (call === 0 ? lost(true) : applied)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(10)
      stream.offer("A", 2, 7)
      yield* TestClock.adjust(500)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.quantity),
        [10, 7]
      )
      assert.deepInclude(stream.snapshot(), { unknown: 1, retries: 1, delivered: 1, superseded: 1 })
    })
  )

  test(
    "leaves a rejected listing alone, visibly, until its stock changes",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) =>
        call === 0 ? reply({ _tag: "rejected", because: "mapping", detail: "no such listing" }) : applied
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      stream.offer("B", 1, 10)
      yield* TestClock.adjust(60_000)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.sku),
        ["A", "B"]
      )
      assert.deepInclude(stream.quarantined()[0]?.quarantine, { because: "mapping", detail: "no such listing" })
      assert.deepInclude(stream.snapshot(), { quarantined: 1, failed: 1, breaches: 1, rejected: 1, pending: 0 })
      stream.offer("A", 2, 9)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 9, B: 10 })
      assert.strictEqual(stream.snapshot().quarantined, 0)
    })
  )

  test(
    "tells a listing again that was rejected for its mapping, once that is another one, also while the call was under way",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const rejected = (because: "mapping" | "value") => reply({ _tag: "rejected", because, detail: "no" })
      channel.reply = (item, call) => (call < 3 ? rejected(item.sku === "C" ? "value" : "mapping") : applied)
      const stream = yield* open(channel)
      for (const sku of ["A", "B", "C"]) stream.offer(sku, 1, 10)
      yield* TestClock.adjust(10)
      stream.remapped([Sku.make("A")])
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      stream.remapped(["B", "C", "never offered"].map((sku) => Sku.make(sku)))
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(channel.quantities, { A: 10, B: 10 })
      assert.deepStrictEqual(
        stream.quarantined().map(({ sku }) => sku),
        ["C"]
      )
      assert.strictEqual(channel.calls.length, 5)
    })
  )

  test(
    "expects to find what the channel confirmed to it, and nothing where that is not sure",
    Effect.gen(function* () {
      const store = yield* ListingStore
      yield* store.save(
        channelDefinition().id,
        [{ sku: Sku.make("OLD"), quantity: 4, version: 1, confirmedAt: 900_000 }],
        []
      )
      const channel = new ScriptedConnector(false)
      const stream = yield* open(channel)
      const expected = () => channel.calls.map((call) => [call.sku, call.quantity, call.expected])
      stream.offer("OLD", 2, 9)
      yield* TestClock.adjust(100)
      stream.offer("OLD", 3, 8)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(expected(), [
        ["OLD", 9, undefined],
        ["OLD", 8, 9]
      ])
      channel.reply = (_, call) => (call === 2 ? lost(false) : applied)
      stream.offer("OLD", 4, 7)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(expected().slice(2), [
        ["OLD", 7, 8],
        ["OLD", 7, undefined]
      ])
    })
  )

  test(
    "decides anew, under a new key, when the channel shows another quantity than expected",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => (call === 0 ? reply({ _tag: "stale", actual: 3 }) : applied)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(500)
      assert.notStrictEqual(channel.calls[0]!.key, channel.calls[1]!.key)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.strictEqual(stream.snapshot().stale, 1)
    })
  )

  test(
    "sends the update with the earliest deadline first",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* makeOutputStream({
        definition: channelDefinition(oneAtATime),
        connector: channel.connector
      })
      yield* TestClock.setTime(1_000_000)
      stream.offer(announce("first", 1, 1, 1_000_000))
      for (const [sku, age] of [
        ["young", 10],
        ["oldest", 900],
        ["old", 400]
      ] as const) {
        stream.offer(announce(sku, 1, 1, 1_000_000 - age))
      }
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(
        channel.calls.map((call) => call.sku as string),
        ["first", "oldest", "old", "young"]
      )
    })
  )

  test(
    "keeps to the rate and the concurrency that the channel admits",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      const stream = yield* open(channel, { rate: { perSecond: 100, burst: 10, concurrency: 4 } })
      for (let i = 0; i < 500; i++) stream.offer(`S${i}`, 1, i)
      assert.strictEqual(stream.snapshot().inFlight, 4)
      yield* TestClock.adjust(1_000)
      assert.isAtMost(channel.calls.length, 110)
      assert.isAtLeast(channel.calls.length, 105)
      yield* TestClock.adjust(4_000)
      assert.strictEqual(channel.calls.length, 500)
    })
  )

  test(
    "survives a connector that throws or hangs",
    Effect.gen(function* () {
      const channel = new ScriptedConnector(false)
      let asked = 0
      channel.reply = () => {
        asked += 1
        if (asked === 1) throw new Error("a bug of the connector")
        return asked === 2 ? reply({ _tag: "applied" }, true, 1_000_000) : applied
      }
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.deepInclude(stream.snapshot(), { unknown: 2, inFlight: 0 })
    })
  )

  test(
    "does not let one dead channel slow another",
    Effect.gen(function* () {
      const dead = new ScriptedConnector()
      dead.reply = () => reply({ _tag: "applied" }, false, 1_000_000)
      const well = new ScriptedConnector()
      const deadStream = yield* open(dead)
      const wellStream = yield* open(well)
      for (let i = 0; i < 300; i++) {
        deadStream.offer(`S${i}`, 1, i)
        wellStream.offer(`S${i}`, 1, i)
      }
      yield* TestClock.adjust(2_001)
      assert.deepInclude(wellStream.snapshot(), { good: 300, breaches: 0, pending: 0 })
      assert.deepInclude(deadStream.snapshot(), { good: 0, breaches: 300 })
    })
  )

  test(
    "remembers over a restart what the channel confirmed, and sends only what differs",
    Effect.gen(function* () {
      const before = new ScriptedConnector()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const stream = yield* open(before)
          stream.offer("A", 1, 10)
          stream.offer("B", 1, 20)
          stream.offer("C", 1, 30)
          yield* TestClock.adjust(50)
        })
      )
      const after = new ScriptedConnector()
      const stream = yield* open(after)
      stream.offer("A", 1, 10)
      stream.offer("B", 2, 20)
      stream.offer("C", 2, 29)
      yield* TestClock.adjust(100)
      // a write of B may have left before the end without being noted: its quantity is told, though it looks the same
      assert.deepStrictEqual(
        after.calls.map((call) => call.sku as string),
        ["B", "C"]
      )
      assert.deepInclude(stream.snapshot(), { events: 2, delivered: 2, listings: 3 })
      stream.offer("B", 3, 20)
      assert.deepInclude(stream.snapshot(), { unchanged: 1, pushes: 2 })
    })
  )

  test(
    "tells a quantity again after a restart when a write of another one may have left unnoted",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const stream = yield* open(channel)
          stream.offer("A", 1, 10)
          yield* TestClock.adjust(200)
          stream.offer("A", 2, 9)
          yield* TestClock.adjust(10)
        })
      )
      // the process ended while that write was under way, and it landed
      channel.shown.set(Sku.make("A"), { quantity: 9, version: 2 })
      const stream = yield* open(channel)
      stream.offer("A", 3, 10)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
    })
  )

  const accepted = (applies: boolean) => reply({ _tag: "accepted", job: "submission" }, applies)

  test(
    "counts what a channel accepted once it is shown, and reads as many at once as the channel lets it",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.readMax = 2
      channel.reply = () => accepted(true)
      const stream = yield* open(channel)
      for (const sku of ["A", "B", "C"]) stream.offer(sku, 1, 10)
      // at 1,020 they have settled, and wait for company until the next eighth of a second
      yield* TestClock.adjust(1_124)
      assert.deepStrictEqual([channel.calls.length, channel.reads, stream.settled.length], [3, [], 0])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(channel.reads, [2, 1])
      assert.deepStrictEqual(
        [channel.calls.length, stream.settled.map(({ outcome }) => outcome)],
        [3, Array.from({ length: 3 }, () => "delivered")]
      )
    })
  )

  test(
    "tells again what a channel accepted and never showed",
    Effect.gen(function* () {
      const channel = new ScriptedConnector()
      channel.reply = (_, call) => accepted(call > 0)
      const stream = yield* open(channel)
      stream.offer("A", 1, 10)
      yield* TestClock.adjust(1_100)
      assert.deepStrictEqual([channel.calls.length, stream.settled.length], [2, 0])
      yield* TestClock.adjust(1_100)
      assert.deepStrictEqual(channel.quantities, { A: 10 })
      assert.deepStrictEqual([channel.calls.length, stream.settled[0]?.outcome], [2, "delivered"])
    })
  )
})
