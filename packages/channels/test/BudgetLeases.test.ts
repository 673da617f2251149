import { assert, describe, it } from "@effect/vitest"
import { ChannelId } from "@holdfast/domain/Identity"
import type { ChannelDefinition, RateBudget } from "@holdfast/domain/Channel"
import { Clock, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { leaseMillis } from "../src/ChannelLimit.ts"
import { BudgetLeaseError, BudgetLeases } from "../src/lease/BudgetLeases.ts"
import { makeLeasedAccounts } from "../src/lease/LeasedAccounts.ts"
import { allot } from "../src/lease/ShareLease.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { budgetLeasesContract } from "../src/testing/BudgetLeasesContract.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { ScriptedConnector } from "./ScriptedConnector.ts"

const day = 24 * 3_600_000
const wide: RateBudget = { perSecond: 1_000, burst: 1_000, concurrency: 1_000 }

/** A store that can be away, and counts how often it is asked. */
const storeOf = Effect.gen(function* () {
  const inner = yield* BudgetLeases
  const store = { isAway: false, asked: 0 }
  const exchange: BudgetLeases["Service"]["exchange"] = (account, request) => {
    store.asked += 1
    return store.isAway
      ? Effect.fail(new BudgetLeaseError({ account, detail: "connection refused" }))
      : inner.exchange(account, request)
  }
  return Object.assign(store, { service: BudgetLeases.of({ exchange }) })
})

type Store = Effect.Success<typeof storeOf>

/** One process with one channel, which ends with `stop`, or never when it is killed. */
const processOf = (store: Store, id: string, rate: RateBudget, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const channel = new ScriptedConnector()
    const definition = channelDefinition({ id: ChannelId.make(id), rate, ...change })
    const accountsFor = yield* makeLeasedAccounts.pipe(
      Effect.provideService(BudgetLeases, store.service),
      Scope.provide(scope)
    )
    const accountOf = accountsFor(() => definition)
    const stream = yield* makeOutputStream({ definition, connector: channel.connector, accountOf }).pipe(
      Scope.provide(scope)
    )
    const now = yield* Clock.currentTimeMillis
    /** Each is another quantity than before. */
    const flood = (many: number, units = (round += 1)) => {
      for (let n = 0; n < many; n++) stream.offer(announce(`S${n}`, (version += 1), units, now))
    }
    return { stream, channel, flood, stop: Scope.close(scope, Exit.void) }
  })
let [round, version] = [0, 0]

const onVirtualTime = <A, E>(program: Effect.Effect<A, E, BudgetLeases | ListingStore | Scope.Scope>) =>
  Effect.scoped(program).pipe(Effect.provide(Layer.merge(BudgetLeases.memory, ListingStore.memory)))

describe("BudgetLeases in memory", () => {
  for (const { title, check } of budgetLeasesContract)
    it.effect(title, () => Effect.provide(check, BudgetLeases.memory))
})

describe("units for several", () => {
  it("are had by those who wish for few, the rest is divided evenly, and what cannot be divided goes to the first", () => {
    const shared = (units: number, ...wants: ReadonlyArray<number>) => [
      ...allot(
        units,
        wants.map((want, n) => ({ id: `${n}`, want }))
      ).values()
    ]
    assert.deepStrictEqual(shared(10, 20, 1, 20), [5, 1, 4])
    assert.deepStrictEqual(shared(1, 1, 1), [1, 0])
    assert.deepStrictEqual(shared(10, 1, 2), [1, 2])
    assert.deepStrictEqual(shared(0, 1, 2), [0, 0])
  })
})

describe("processes of one account", () => {
  const limit = { kind: "requests", max: 100, windowMillis: day } as const
  const seller = { ...wide, account: "seller", limits: [limit] }

  it.effect("spend a day's budget together, once, over a restart and a kill", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const [a, b] = [yield* processOf(store, "a", seller), yield* processOf(store, "b", seller)]
        a.flood(20)
        b.flood(20)
        yield* TestClock.adjust(5_000)
        assert.strictEqual(a.channel.calls.length + b.channel.calls.length, 40)
        yield* a.stop
        const c = yield* processOf(store, "c", seller)
        c.flood(200)
        yield* TestClock.adjust(60_000)
        // a fifth is kept for updates to zero
        assert.strictEqual(b.channel.calls.length + c.channel.calls.length, 60)
        c.flood(200, 0)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(b.channel.calls.length + c.channel.calls.length, 80)
        assert.include(c.stream.snapshot().waitsFor?.limit, "requests")
      })
    )
  )

  it.effect("that call all the time are asked of by the store a few times a second", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const plenty = { ...wide, account: "seller", limits: [{ ...limit, max: 1_000_000 }] }
        const one = yield* processOf(store, "a", plenty)
        for (let second = 0; second < 10; second++) {
          for (let tenth = 0; tenth < 10; tenth++) {
            one.flood(50)
            yield* TestClock.adjust(100)
          }
        }
        assert.isAtLeast(one.channel.calls.length, 4_700)
        assert.isAtMost(store.asked, 25)
        const before = store.asked
        yield* TestClock.adjust(600_000)
        assert.isAtMost(store.asked - before, 10, "it goes on asking though it has nothing to tell")
      })
    )
  )

  it.effect("go on with what they have leased while the store is away, then wait and say why", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const one = yield* processOf(store, "a", seller)
        one.flood(5)
        yield* TestClock.adjust(1_000)
        assert.strictEqual(one.channel.calls.length, 5)
        store.isAway = true
        one.flood(3)
        yield* TestClock.adjust(1_000)
        assert.strictEqual(one.channel.calls.length, 8)
        yield* TestClock.adjust(leaseMillis)
        one.flood(50)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(one.channel.calls.length, 8)
        assert.include(one.stream.snapshot().waitsFor?.limit, "connection refused")
        store.isAway = false
        yield* TestClock.adjust(60_000)
        // what it held when its lease was over counts as spent: 10 more than it spent at most
        assert.isAtLeast(one.channel.calls.length, 58)
        assert.isUndefined(one.stream.snapshot().waitsFor)
      })
    )
  )

  it.effect("all pause when the channel asks one of them to, and hear what it says is left", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const [a, b] = [yield* processOf(store, "a", seller), yield* processOf(store, "b", seller)]
        const detail = "slow down"
        a.channel.reply = () => ({
          outcome: { _tag: "notApplied", because: "throttled", retryAfterMillis: 30_000, detail },
          applies: false,
          millis: 10
        })
        a.flood(1)
        b.flood(1)
        yield* TestClock.adjust(2_000)
        const before = b.channel.calls.length
        b.flood(10)
        yield* TestClock.adjust(20_000)
        assert.strictEqual(b.channel.calls.length, before)
        assert.isAbove(b.stream.snapshot().pausedUntil ?? 0, 20_000)
        const observed = [{ kind: "requests", remaining: 0, resetAt: 600_000 } as const]
        a.channel.reply = () => ({ outcome: { _tag: "applied", observed }, applies: true, millis: 10 })
        b.stream.operate("paused")
        yield* TestClock.adjust(20_000)
        b.stream.operate("running")
        yield* TestClock.adjust(60_000)
        assert.strictEqual(b.channel.calls.length, before)
        assert.deepStrictEqual(b.stream.snapshot().waitsFor, { limit: "said by the channel: requests", until: 600_000 })
      })
    )
  )

  it.effect("keep to the strictest of what each declares, and to its calls at once together", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const few = { ...wide, concurrency: 3, account: "seller" }
        const [a, b] = [yield* processOf(store, "a", few), yield* processOf(store, "b", { ...few, concurrency: 9 })]
        let [underWay, most] = [0, 0]
        for (const { channel } of [a, b])
          channel.reply = () => ({ outcome: { _tag: "applied" }, applies: true, millis: 300 })
        a.flood(1)
        b.flood(1)
        yield* TestClock.adjust(3_000)
        a.flood(100)
        b.flood(100)
        for (let n = 0; n < 400; n++) {
          yield* TestClock.adjust(50)
          underWay = a.stream.snapshot().inFlight + b.stream.snapshot().inFlight
          most = Math.max(most, underWay)
        }
        assert.strictEqual(most, 3)
        assert.isAbove(a.channel.calls.length, 40)
        assert.isAbove(b.channel.calls.length, 40)
      })
    )
  )
})

describe("a channel of no account", () => {
  it.effect("asks nobody when none of its limits outlives a process", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const limits = [{ kind: "requests", max: 50, windowMillis: 1_000 } as const]
        const one = yield* processOf(store, "a", { ...wide, limits })
        one.flood(30)
        yield* TestClock.adjust(60_000)
        assert.strictEqual(one.channel.calls.length, 30)
        assert.strictEqual(store.asked, 0)
      })
    )
  )

  it.effect("does not spend a day's budget once more after a kill", () =>
    onVirtualTime(
      Effect.gen(function* () {
        const store = yield* storeOf
        const rate = { ...wide, limits: [{ kind: "requests", max: 50, windowMillis: day } as const] }
        const killed = yield* processOf(store, "a", rate)
        killed.flood(30)
        for (let n = 0; n < 5; n++) yield* TestClock.adjust(100)
        killed.stream.operate("paused")
        const again = yield* processOf(store, "a", rate)
        again.flood(100)
        yield* TestClock.adjust(600_000)
        const sum = killed.channel.calls.length + again.channel.calls.length
        assert.isAtMost(sum, 40)
        assert.isAtLeast(killed.channel.calls.length, 30)
      })
    )
  )
})
