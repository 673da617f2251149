import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition, RateBudget } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type AccountOf, makeAccounts } from "../src/budget/AccountBudgets.ts"
import type { BudgetObservation } from "../src/budget/BudgetObservation.ts"
import { ListingStore, ListingStoreError } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector } from "./ScriptedConnector.ts"

const hour = 3_600_000
const wide: RateBudget = { perSecond: 1_000, burst: 1_000, concurrency: 50 }

const started = (rate: RateBudget, change: Partial<ChannelDefinition> = {}, accountOf?: AccountOf) =>
  Effect.gen(function* () {
    const channel = new ScriptedConnector(false)
    const definition = channelDefinition({ rate, ...change })
    const stream = yield* makeOutputStream({ definition, connector: channel.connector, accountOf })
    const now = yield* Clock.Clock
    let version = 0
    const offer = (sku: string, units: number) =>
      stream.offer(announce(sku, ++version, units, now.currentTimeMillisUnsafe()))
    const callsFor = (sku: string) => channel.calls.filter((call) => call.sku === Sku.make(sku)).length
    return { channel, stream, offer, callsFor }
  })

const onVirtualTime = <A, E>(effect: Effect.Effect<A, E, ListingStore | Scope.Scope>) =>
  effect.pipe(Effect.scoped, Effect.provide(ListingStore.memory))

/** Changes of one listing, each confirmed before the next. */
const changes = (offer: (sku: string, units: number) => void, sku: string, quantities: ReadonlyArray<number>) =>
  Effect.forEach(quantities, (units) =>
    Effect.andThen(
      Effect.sync(() => offer(sku, units)),
      TestClock.adjust(100)
    )
  )

const saying = (observed: BudgetObservation) => () => ({
  ...applied,
  outcome: { _tag: "applied" as const, observed: [observed] }
})

describe("a listing's day", () => {
  it.effect("once spent, holds back this listing only, says until when, and ends on the newest", () =>
    onVirtualTime(
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.UTC(2026, 10, 25, 20))
        const limits = [{ kind: "listingDay", max: 5, timeZone: "Europe/Berlin" } as const]
        const { stream, channel, offer, callsFor } = yield* started({ ...wide, limits })
        yield* changes(offer, "A", [11, 12, 13, 14, 15, 16])
        yield* changes(offer, "B", [7])
        assert.deepStrictEqual([callsFor("A"), callsFor("B")], [4, 1], "the fifth is kept for an update to zero")
        const midnight = Date.UTC(2026, 10, 25, 23)
        assert.deepStrictEqual(stream.listing(Sku.make("A"))?.held, { because: "listingDay", until: midnight })
        assert.deepInclude(stream.snapshot(), { held: 1, heldUntil: midnight, pending: 1 })
        assert.isUndefined(stream.listing(Sku.make("B"))?.held)
        yield* TestClock.setTime(midnight - 1)
        assert.strictEqual(callsFor("A"), 4)
        yield* TestClock.adjust(200)
        assert.deepInclude(channel.quantities, { A: 16 })
        assert.strictEqual(callsFor("A"), 5)
        assert.deepInclude(stream.snapshot(), { held: 0, heldUntil: undefined, pending: 0 })
      })
    )
  )

  it.effect("keeps its last revisions for updates to zero", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const { channel, offer, callsFor } = yield* started({ ...wide, limits: [{ kind: "listingDay", max: 10 }] })
        yield* changes(offer, "A", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        assert.strictEqual(callsFor("A"), 8)
        yield* changes(offer, "A", [0])
        assert.deepInclude(channel.quantities, { A: 0 })
        yield* changes(offer, "A", [5])
        assert.deepInclude(channel.quantities, { A: 0 }, "it came back, which waits")
        yield* TestClock.adjust(25 * hour)
        assert.deepInclude(channel.quantities, { A: 5 })
      })
    )
  )

  it.effect("admits more as soon as the definition does", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const rate = { ...wide, limits: [{ kind: "listingDay", max: 1 } as const] }
        const { stream, channel, offer } = yield* started(rate)
        yield* changes(offer, "A", [1, 2])
        assert.strictEqual(stream.snapshot().held, 1)
        stream.redefine(channelDefinition({ rate: wide }))
        yield* TestClock.adjust(100)
        assert.deepInclude(channel.quantities, { A: 2 })
      })
    )
  )
})

describe("a window of requests", () => {
  it.effect("keeps a share for updates to zero, and names what the others wait for", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const limit = { kind: "requests", max: 10, windowMillis: hour } as const
        const { stream, channel, offer } = yield* started({ ...wide, limits: [limit] })
        yield* changes(offer, "Z", [3])
        for (let n = 0; n < 20; n++) offer(`S${n}`, 5)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(channel.calls.length, 8)
        assert.strictEqual(stream.snapshot().waitsFor?.limit, JSON.stringify(limit))
        yield* changes(offer, "Z", [0])
        assert.deepInclude(channel.quantities, { Z: 0 })
        yield* TestClock.adjust(4 * hour)
        assert.strictEqual(stream.snapshot().pending, 0)
      })
    )
  )

  it.effect("lets others through however many updates to zero there are", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const limits = [{ kind: "requests", max: 1, windowMillis: 1_000 } as const]
        const { channel, offer } = yield* started({ ...wide, limits })
        for (let n = 0; n < 60; n++) yield* changes(offer, `Z${n}`, [9])
        offer("A", 9)
        yield* TestClock.adjust(120_000)
        const before = channel.calls.length
        for (let n = 0; n < 60; n++) offer(`Z${n}`, 0)
        offer("A", 4)
        // safe as it is, it has aged beside them by then
        yield* TestClock.adjust(40_000)
        assert.isAbove(channel.calls.length, before)
        assert.deepInclude(channel.quantities, { A: 4 })
        assert.isAbove(Object.values(channel.quantities).filter((units) => units === 9).length, 20)
      })
    )
  )
})

describe("what a channel says of its budgets", () => {
  it.effect("is kept to when it is less than declared", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const { stream, channel, offer } = yield* started({ ...wide, concurrency: 1 })
        channel.reply = (_, call) =>
          saying({
            kind: "requests",
            max: 3,
            remaining: Math.max(0, 2 - (call % 3)),
            resetAt: Math.floor(call / 3 + 1) * 60_000
          })()
        for (let n = 0; n < 6; n++) offer(`S${n}`, n + 1)
        yield* TestClock.adjust(50_000)
        // one of three is kept for updates to zero
        assert.strictEqual(channel.calls.length, 2)
        assert.deepStrictEqual(stream.snapshot().waitsFor, { limit: "said by the channel: requests", until: 60_000 })
        yield* TestClock.adjust(11_000)
        assert.isAbove(channel.calls.length, 2)
      })
    )
  )

  it.effect("slows the rate down, and never beyond the declared one", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const { channel, offer } = yield* started({ perSecond: 10, burst: 1, concurrency: 1 })
        channel.reply = saying({ kind: "requests", restorePerSecond: 2 })
        for (let n = 0; n < 100; n++) offer(`S${n}`, 1)
        yield* TestClock.adjust(10_000)
        assert.isAtMost(channel.calls.length, 22)
        channel.reply = saying({ kind: "requests", restorePerSecond: 500 })
        const before = channel.calls.length
        yield* TestClock.adjust(3_000)
        assert.isAtMost(channel.calls.length - before, 31)
        assert.isAbove(channel.calls.length - before, 20)
      })
    )
  )

  it.effect("takes points that others have spent", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const limits = [{ kind: "cost", bucket: 1_000, restorePerSecond: 50, perRequest: 10 } as const]
        const { channel, offer } = yield* started({ ...wide, concurrency: 1, limits })
        channel.reply = (_, call) =>
          call === 0 ? saying({ kind: "cost", max: 1_000, remaining: 0, restorePerSecond: 5 })() : applied
        for (let n = 0; n < 50; n++) offer(`S${n}`, 1)
        yield* TestClock.adjust(30_000)
        assert.strictEqual(channel.calls.length, 1, "the kept share fills first")
        offer("S0", 0)
        yield* TestClock.adjust(100)
        assert.deepInclude(channel.quantities, { S0: 0 })
      })
    )
  )
})

describe("a listing's day over a restart", () => {
  const writesOf = (limit: object, again: (stop: Effect.Effect<void>) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 10, 25, 12))
      const rate = { ...wide, limits: [{ kind: "listingDay", max: 100, ...limit } as const] }
      const scope = yield* Scope.make()
      const first = yield* Scope.provide(started(rate), scope)
      yield* changes(
        first.offer,
        "A",
        Array.from({ length: 31 }, (_, n) => n + 1)
      )
      yield* again(Scope.close(scope, Exit.void))
      first.stream.operate("paused")
      const second = yield* started(rate)
      second.stream.offer(announce("A", 100, 900, yield* Clock.currentTimeMillis))
      for (let n = 0; n < 100; n++) {
        second.stream.offer(announce("A", 101 + n, 1_000 + n, yield* Clock.currentTimeMillis))
        yield* TestClock.adjust(100)
      }
      const today = [first.callsFor("A"), second.callsFor("A")] as const
      yield* TestClock.adjust(36 * hour)
      assert.deepStrictEqual(second.channel.quantities, { A: 1_099 })
      return today
    })

  for (const limit of [{}, { timeZone: "Europe/Berlin" }]) {
    const title = JSON.stringify(limit)
    it.effect(`goes on where it was: ${title}`, () =>
      onVirtualTime(
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* writesOf(limit, (stop) => stop), [31, 59], "ten are kept for updates to zero")
        })
      )
    )

    it.effect(`counts what was stored and not written when it is killed: ${title}`, () =>
      onVirtualTime(
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* writesOf(limit, () => Effect.void), [31, 58])
        })
      )
    )
  }

  it.effect("waits for a store that is away, and ends on the newest when it is back", () =>
    Effect.gen(function* () {
      const inner = yield* ListingStore
      let isAway = true
      const saveDays: typeof inner.saveDays = (channel, rows) =>
        isAway
          ? Effect.fail(new ListingStoreError({ reason: "save_failed", channel, cause: "away" }))
          : inner.saveDays(channel, rows)
      yield* Effect.gen(function* () {
        const { channel, offer, stream } = yield* started({ ...wide, limits: [{ kind: "listingDay", max: 3 }] })
        yield* changes(offer, "A", [5, 6])
        assert.strictEqual(channel.calls.length, 0)
        assert.deepInclude(stream.snapshot(), { held: 1, pending: 1 })
        isAway = false
        yield* TestClock.adjust(5_000)
        assert.deepStrictEqual(channel.quantities, { A: 6 })
      }).pipe(Effect.provideService(ListingStore, { ...inner, saveDays }))
    }).pipe(onVirtualTime)
  )
})

describe("updates to zero at a channel that turned out to be slow", () => {
  it.effect("go before what has waited too long, but for its share", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const { channel, offer } = yield* started({ perSecond: 100, burst: 1, concurrency: 1 })
        for (let n = 0; n < 10; n++) yield* changes(offer, `Z${n}`, [9])
        for (let n = 0; n < 200; n++) offer(`S${n}`, 90)
        yield* TestClock.adjust(3_000)
        channel.reply = saying({ kind: "requests", restorePerSecond: 1 })
        for (let n = 0; n < 200; n++) offer(`S${n}`, 80)
        yield* TestClock.adjust(60_000)
        for (let n = 0; n < 10; n++) offer(`Z${n}`, 0)
        const before = channel.calls.length
        yield* TestClock.adjust(15_000)
        const calls = channel.calls.slice(before)
        assert.strictEqual(calls.filter(({ quantity }) => quantity === 0).length, 10)
        assert.isAbove(calls.filter(({ quantity }) => quantity > 0).length, 1)
      })
    )
  )
})

describe("channels of one account", () => {
  const shared = { ...wide, account: "seller" }
  const twoChannels = (one: Partial<RateBudget>, other: Partial<RateBudget>) =>
    Effect.gen(function* () {
      const accountOf = makeAccounts()
      const a = yield* started({ ...shared, ...one }, { id: ChannelId.make("a") }, accountOf)
      const b = yield* started({ ...shared, ...other }, { id: ChannelId.make("b") }, accountOf)
      return [a, b] as const
    })

  it.effect("share one rate in turns: a flood of one does not starve the other", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const [a, b] = yield* twoChannels({ perSecond: 10, burst: 1 }, { perSecond: 10, burst: 1 })
        for (let n = 0; n < 500; n++) a.offer(`S${n}`, 1)
        yield* TestClock.adjust(5_000)
        for (let n = 0; n < 500; n++) b.offer(`S${n}`, 1)
        const before = a.channel.calls.length
        yield* TestClock.adjust(10_000)
        const [ofA, ofB] = [a.channel.calls.length - before, b.channel.calls.length]
        assert.isAtMost(ofA + ofB, 102)
        assert.isAtLeast(ofA + ofB, 80)
        assert.isAtMost(Math.abs(ofA - ofB), 3, `${ofA} and ${ofB}`)
      })
    )
  )

  it.effect("keep to the strictest of what they declare, and to one window together", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const limits = [{ kind: "requests", max: 20, windowMillis: hour } as const]
        const [a, b] = yield* twoChannels({ limits }, {})
        for (let n = 0; n < 50; n++) {
          a.offer(`S${n}`, 1)
          b.offer(`S${n}`, 1)
        }
        yield* TestClock.adjust(hour / 2)
        assert.strictEqual(a.channel.calls.length + b.channel.calls.length, 16)
      })
    )
  )

  it.effect("do not wait for one that is paused, nor does it save turns up", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const [a, b] = yield* twoChannels({ perSecond: 10, burst: 1 }, { perSecond: 10, burst: 1 })
        for (let n = 0; n < 500; n++) {
          a.offer(`S${n}`, 1)
          b.offer(`S${n}`, 1)
        }
        b.stream.operate("paused")
        yield* TestClock.adjust(10_000)
        assert.isAtLeast(a.channel.calls.length, 95)
        const [before, beforeB] = [a.channel.calls.length, b.channel.calls.length]
        b.stream.operate("running")
        yield* TestClock.adjust(5_000)
        const [ofA, ofB] = [a.channel.calls.length - before, b.channel.calls.length - beforeB]
        assert.isAtMost(Math.abs(ofA - ofB), 3, `${ofA} and ${ofB}`)
      })
    )
  )

  it.effect("go their own ways once a definition names no account", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const [a, b] = yield* twoChannels({ perSecond: 1, burst: 1 }, {})
        for (let n = 0; n < 100; n++) b.offer(`S${n}`, 1)
        yield* TestClock.adjust(5_000)
        assert.isAtMost(b.channel.calls.length, 6)
        b.stream.redefine(channelDefinition({ id: ChannelId.make("b"), rate: wide }))
        yield* TestClock.adjust(1_000)
        assert.strictEqual(b.stream.snapshot().pending, 0)
        assert.strictEqual(a.channel.calls.length, 0)
      })
    )
  )
})
