/** A channel that hears late is shown less: on virtual time, with what its own acknowledgements take. */
import { assert, describe, it } from "@effect/vitest"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector } from "./ScriptedConnector.ts"

const sku = Sku.make("A")
const rule = { target: 0.01, cap: 50 }
const wide = { budgetMillis: 60_000, timeoutMillis: 60_000 }

const open = (channel: ScriptedConnector, change: Partial<ChannelDefinition>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1_000_000)
    const clock = yield* Clock.Clock
    const definition = channelDefinition({ ...wide, ...change })
    const stream = yield* makeOutputStream({ definition, connector: channel.connector })
    let version = 0
    let units = 10_000
    const offer = () => stream.offer(announce("A", ++version, units, clock.currentTimeMillisUnsafe()))
    offer()
    /** one unit every so often */
    const sell = Effect.fnUntraced(function* (times: number, everyMillis: number) {
      for (let i = 0; i < times; i++) {
        units -= 1
        offer()
        yield* TestClock.adjust(everyMillis)
      }
    })
    const again = () => stream.offer(announce("A", version, units, clock.currentTimeMillisUnsafe()))
    return { stream, sell, again, definition, left: () => units, view: () => stream.listing(sku)! }
  })

/** A channel that takes so long to acknowledge. */
const taking = (millis: number) => {
  const channel = new ScriptedConnector()
  channel.reply = () => ({ ...applied, millis })
  return channel
}

describe("the lag buffer of a channel", () => {
  const test = (title: string, body: Effect.Effect<unknown, unknown, ListingStore | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(body, ListingStore.memory) as Effect.Effect<unknown, unknown, Scope.Scope>)

  for (const [millis, least, most] of [
    [50, 0, 0],
    [20_000, 2, 50]
  ] as const)
    test(
      `keeps ${least} units or more by the lag that was measured, ${millis} ms, and says why`,
      Effect.gen(function* () {
        const { sell, left, view } = yield* open(taking(millis), { lagBuffer: rule })
        yield* sell(120, 5_000)
        const { wanted, kept } = view()
        assert.deepInclude(kept, { lagFrom: "measured", law: "poisson", ...rule })
        assert.strictEqual(wanted, left() - kept!.units)
        assert.isAtMost(kept!.exceeded, rule.target)
        assert.isTrue(kept!.units >= least && kept!.units <= most)
        assert.isAtLeast(kept!.lagSeconds, millis / 1000)
      })
    )

  test(
    "goes by the budget until something was acknowledged",
    Effect.gen(function* () {
      const { sell, view } = yield* open(taking(50_000), { lagBuffer: rule })
      yield* sell(3, 5_000)
      assert.deepInclude(view().kept, { lagFrom: "budget", lagSeconds: 60 })
    })
  )

  test(
    "keeps no more than the cap beside the buffer, and never shows more than without",
    Effect.gen(function* () {
      const { sell, left, view } = yield* open(taking(20_000), { buffer: 3, lagBuffer: { target: 0.000_01, cap: 2 } })
      yield* sell(60, 5_000)
      assert.deepInclude(view(), { wanted: left() - 3 - 2 })
      assert.isAbove(view().kept!.exceeded, 0.000_01)
    })
  )

  test(
    "gives back what it kept when nothing sells any more, under another key of the same version",
    Effect.gen(function* () {
      const channel = taking(20_000)
      const { sell, left, view } = yield* open(channel, { lagBuffer: rule })
      yield* sell(120, 5_000)
      const before = view().kept!.units
      yield* TestClock.adjust("6 hours")
      assert.isBelow(view().kept!.units, before)
      assert.strictEqual(view().confirmed, left() - view().kept!.units)
      const keys = channel.calls.map(({ key }) => key)
      assert.strictEqual(new Set(keys).size, keys.length)
    })
  )

  test(
    "pushes nothing while the lag only trembles and nothing sells",
    Effect.gen(function* () {
      const channel = taking(20_000)
      const { sell } = yield* open(channel, { lagBuffer: rule })
      yield* sell(120, 5_000)
      yield* TestClock.adjust(25_000)
      const pushes = channel.calls.length
      yield* TestClock.adjust(60_000)
      assert.strictEqual(channel.calls.length, pushes)
    })
  )

  test(
    "begins and ends with the definition, while it runs",
    Effect.gen(function* () {
      const channel = taking(20_000)
      const { stream, sell, again, definition, left, view } = yield* open(channel, {})
      yield* sell(3, 5_000)
      assert.strictEqual(view().kept, undefined)
      assert.isTrue(stream.redefine({ ...definition, lagBuffer: rule }))
      again()
      yield* sell(60, 5_000)
      assert.isAbove(view().kept!.units, 0)
      assert.isTrue(stream.redefine(definition))
      again()
      yield* TestClock.adjust(60_000)
      assert.deepInclude(view(), { kept: undefined, wanted: left(), confirmed: left() })
    })
  )
})
