/**
 * Channels that ail beside channels that do not, in one process on virtual time: whose fault costs whom what, what waits
 * meanwhile, and in which order it leaves when they are well again.
 *
 * Virtual time shows what a channel waits for, not what a processor costs.
 */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import type { Timing } from "@holdfast/domain/Timing"
import { Clock, Effect, Layer, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { agedShare, pendingEventsMax } from "../src/ChannelLimit.ts"
import type { ChannelSnapshot } from "../src/ChannelSnapshot.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream, type OutputStream } from "../src/OutputStream.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, type Reply, ScriptedConnector } from "./ScriptedConnector.ts"

const noon = Date.parse("2026-11-25T12:00:00Z")
const minute = 60_000
const ailingMillis = 10 * minute
const listings = 60
/** milliseconds between two changes of stock */
const every = 250

const dead: Reply = { outcome: { _tag: "unknown", detail: "connection refused" }, applies: false, millis: 5 }
const slow: Reply = { ...applied, millis: 30_000 }
const throttled: Reply = {
  outcome: { _tag: "notApplied", because: "throttled", retryAfterMillis: undefined, detail: "429" },
  applies: false,
  millis: 20
}
const ailments: Readonly<Record<string, Reply>> = { dead, slow, throttled }

const healthy: Readonly<Record<string, { readonly timing: Timing; readonly budgetMillis: number }>> = {
  realtime: { timing: { model: "realtime" }, budgetMillis: 2_000 },
  near: { timing: { model: "nearRealtime", windowMillis: 3_000, batchSize: 20 }, budgetMillis: 5_000 },
  runs: { timing: { model: "scheduled", everyMillis: 15_000 }, budgetMillis: 20_000 },
  // hardly more requests than it needs
  tight: { timing: { model: "realtime" }, budgetMillis: 2_000 }
}

const rateOf = (name: string) =>
  name === "tight" ? { perSecond: 4.2, burst: 1, concurrency: 1 } : { perSecond: 20, burst: 10, concurrency: 4 }

const open = (name: string, channel: ScriptedConnector, change: Partial<ChannelDefinition> = {}) =>
  Effect.map(
    makeOutputStream({
      definition: channelDefinition({
        id: ChannelId.make(name),
        rate: rateOf(name),
        timeoutMillis: 60_000,
        ...healthy[name],
        ...change
      }),
      connector: channel.connector
    }),
    (stream) => {
      stream.caughtUp()
      return stream
    }
  )

interface Seen {
  /** at the end */
  readonly snapshots: ReadonlyMap<string, ChannelSnapshot>
  /** at every full minute */
  readonly minutes: ReadonlyMap<string, ReadonlyArray<ChannelSnapshot>>
  /** most listings that waited or were under way, and most events that one of them held */
  readonly mostWaiting: number
  readonly mostEvents: number
}

/** Ten minutes of changes for all channels, the ailing ones among them or not. */
const tenMinutes = (ailing: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(noon)
    const clock = yield* Clock.Clock
    const streams = new Map<string, OutputStream>()
    // the ailing first: what they would hold up comes after them
    for (const name of [...ailing, ...Object.keys(healthy)]) {
      const channel = new ScriptedConnector()
      const ailment = ailments[name]
      if (name === "dead") channel.readBackReply = () => "unreachable"
      channel.reply = (_, call) => ailment ?? { ...applied, millis: 20 + ((call * 7) % 30) }
      streams.set(name, yield* open(name, channel))
    }
    const minutes = new Map<string, Array<ChannelSnapshot>>([...streams.keys()].map((name) => [name, []]))
    let [mostWaiting, mostEvents] = [0, 0]
    for (let step = 0; step < ailingMillis / every; step++) {
      const now = clock.currentTimeMillisUnsafe()
      const stock = announce(`S${(step * 17) % listings}`, 1 + step, 1_000 - (step % 900), now)
      for (const stream of streams.values()) stream.offer(stock)
      yield* TestClock.adjust(every)
      for (const [name, stream] of streams) {
        const { pending, inFlight } = stream.snapshot()
        mostWaiting = Math.max(mostWaiting, pending + inFlight)
        mostEvents = Math.max(mostEvents, stream.listing(stock.sku)!.pendingEvents)
        if ((step * every) % minute === 0) minutes.get(name)!.push(stream.snapshot())
      }
    }
    const snapshots = new Map([...streams].map(([name, stream]) => [name, stream.snapshot()]))
    return { snapshots, minutes, mostWaiting, mostEvents } satisfies Seen
  })

/** What waits differs in what is at risk; offered with the least of it first. */
const waiting = 6
const kinds = ["safe", "risky", "zero"] as const
const kindOf = (sku: string) => kinds.find((kind) => sku.startsWith(kind))!

/** Shows all listings, ails for ten minutes while every one of them changes, and gives the kinds in the order told thereafter. */
const drainAfter = (ailment: Reply) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(noon)
    const clock = yield* Clock.Clock
    const channel = new ScriptedConnector(false)
    const stream = yield* open("ailing", channel, { rate: { perSecond: 5, burst: 1, concurrency: 1 } })
    const offerAll = (version: number, units: Readonly<Record<(typeof kinds)[number], number>>) => {
      for (const kind of kinds)
        for (let n = 0; n < waiting; n++)
          stream.offer(announce(`${kind}-${n}`, version, units[kind], clock.currentTimeMillisUnsafe()))
    }
    offerAll(1, { safe: 1_000, risky: 1_000, zero: 1 })
    yield* TestClock.adjust(minute)
    assert.strictEqual(channel.shown.size, kinds.length * waiting)
    channel.reply = () => ailment
    offerAll(2, { safe: 999, risky: 2, zero: 0 })
    yield* TestClock.adjust(ailingMillis)
    const told = channel.calls.length
    channel.reply = () => applied
    yield* TestClock.adjust(minute)
    assert.deepInclude(stream.snapshot(), { pending: 0, inFlight: 0, circuit: "closed" })
    const lines = channel.calls.slice(told).map(({ sku }) => kindOf(sku))
    return { lines, quantities: channel.quantities }
  })

describe("a dead channel, one that answers in 30 s and one that answers 429 for ten minutes", () => {
  const test = (title: string, body: Effect.Effect<unknown, unknown, ListingStore | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(body, ListingStore.memory) as Effect.Effect<unknown, unknown, Scope.Scope>)

  const names = Object.keys(ailments)
  const alone = (ailing: ReadonlyArray<string>) =>
    Effect.provide(Effect.scoped(tenMinutes(ailing)), [Layer.fresh(ListingStore.memory), TestClock.layer()])

  test(
    "move no other channel's p50 or p99 by more than a fifth",
    Effect.gen(function* () {
      const { snapshots: before } = yield* alone([])
      const { snapshots: beside } = yield* alone(names)
      for (const name of Object.keys(healthy)) {
        const [without, also] = [before.get(name)!, beside.get(name)!]
        assert.isAbove(without.total.count, 1_000, name)
        for (const quantile of ["p50", "p99"] as const)
          assert.approximately(also.total[quantile]!, without.total[quantile]!, 0.2 * without.total[quantile]!, name)
        assert.strictEqual(also.breaches, without.breaches, name)
      }
    })
  )

  test(
    "burn their own objectives, minute by minute, and hold no more than their listings",
    Effect.gen(function* () {
      const { minutes, mostEvents, mostWaiting, snapshots } = yield* alone(names)
      for (const name of names) {
        const { attained, objective } = snapshots.get(name)!
        assert.isBelow(attained, objective, name)
      }
      const breaches = minutes.get("dead")!.map((each) => each.breaches)
      for (let n = 1; n < breaches.length; n++) assert.isAbove(breaches[n]!, breaches[n - 1]! + 200)
      assert.deepInclude(snapshots.get("dead"), { good: 0, delivered: 0 })
      assert.isAtMost(mostWaiting, listings)
      assert.isAtMost(mostEvents, pendingEventsMax)
    })
  )

  for (const [name, ailment] of [
    ["dead", dead],
    ["throttled", throttled]
  ] as const)
    test(
      `what waited for the ${name} one leaves by its risk`,
      Effect.gen(function* () {
        const { lines, quantities } = yield* drainAfter(ailment)
        assert.strictEqual(lines.length, kinds.length * waiting)
        // one in five goes to what has waited too long, and so may the call that finds the channel well again
        const zeroes = lines.slice(0, Math.ceil(waiting / (1 - agedShare)) + 1).filter((kind) => kind === "zero")
        assert.strictEqual(zeroes.length, waiting, lines.join(" "))
        assert.isBelow(lines.lastIndexOf("risky"), lines.indexOf("safe"), lines.join(" "))
        for (let n = 0; n < waiting; n++)
          assert.deepInclude(quantities, { [`zero-${n}`]: 0, [`risky-${n}`]: 2, [`safe-${n}`]: 999 })
      })
    )
})
