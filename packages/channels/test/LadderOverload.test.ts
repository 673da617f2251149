/** A channel that takes a quarter, or half, of what it would need for some minutes: what the ladder does then, and what it is worth. */
import { assert, describe, it } from "@effect/vitest"
import { ladderClimbMillisOf, safeAgeingMillisOf } from "../src/ChannelLimit.ts"
import { isAtLeast, rungs } from "../src/Ladder.ts"
import { overloaded, type Overload } from "./OverloadedChannel.ts"

const budgetMillis = 2_000
const need = 40
const overloadSeconds = 400
const seconds = 600

/** @param share of the calls that would be needed */
const definitionFor = (share: number) => ({
  budgetMillis,
  rate: { perSecond: need * share, burst: 10, concurrency: 8 }
})

const story = (share: number, climbs: boolean, seed = 7): Overload => ({
  seed,
  climbs,
  seconds,
  changes: (second) => (second < overloadSeconds ? need : need / 10),
  definition: definitionFor(share)
})

describe("a channel with a quarter of the requests that it needs", () => {
  const without = overloaded(story(0.25, false))
  const climbing = overloaded(story(0.25, true))

  it("climbs rung by rung, and comes down rung by rung when the overload is over, without flapping", () => {
    const expected = [...rungs.slice(1), ...rungs.slice(0, -1).toReversed()]
    assert.deepEqual(
      climbing.changes.map(({ rung }) => rung),
      expected
    )
    assert.strictEqual(climbing.rungAt(overloadSeconds), "alert")
    assert.strictEqual(climbing.rungAt(seconds), "none")
    for (const [i, { at }] of climbing.changes.entries())
      if (i > 0) assert.isAtLeast(at - climbing.changes[i - 1]!.at, ladderClimbMillisOf(budgetMillis))
  })

  it("exposes a tenth or less of the units that are not there", () => {
    const other = [overloaded(story(0.25, false, 8)), overloaded(story(0.25, true, 8))] as const
    for (const [before, after] of [[without, climbing] as const, other])
      assert.isAtMost(10 * after.exposure.unitSeconds, before.exposure.unitSeconds)
  })

  it("tells what ran out within its budget", () => assert.isAtMost(climbing.zeroP99, budgetMillis))

  it("keeps no fall back for longer than safe ones age", () =>
    assert.isAtMost(climbing.longestFallWait, without.longestFallWait + safeAgeingMillisOf(budgetMillis)))

  it("raises nothing while it stands on the rung that says so, and everything in the end", () => {
    assert.isAbove(climbing.raises.length, 0)
    assert.deepEqual(
      climbing.raises.filter(({ rung }) => isAtLeast(rung, "stopRaising")),
      []
    )
    assert.strictEqual(climbing.wrong, 0)
  })

  it("names in what settles the rungs that were climbed while it waited", () => {
    const named = climbing.settled.filter(({ rungs: some }) => some.length > 0)
    assert.isAbove(named.length, 0)
    for (const { queuedAt, ackAt, rungs: some } of named)
      for (const { at } of some) assert.isTrue(at >= queuedAt && at <= ackAt)
    assert.isTrue(without.settled.every(({ rungs: some }) => some.length === 0))
  })
})

describe("a channel with half the requests that it needs", () => {
  const without = overloaded(story(0.5, false))
  const climbing = overloaded(story(0.5, true))

  it("exposes a quarter or less of the units that are not there, and tells what ran out in time", () => {
    assert.isAtMost(4 * climbing.exposure.unitSeconds, without.exposure.unitSeconds)
    assert.isAtMost(climbing.zeroP99, budgetMillis)
  })

  it("looks for a lower rung ever less often", () => {
    const during = climbing.changes.filter(({ at }) => at < climbing.changes[0]!.at + 380_000)
    assert.isAtMost(during.length, 32)
    assert.strictEqual(climbing.rungAt(seconds), "none")
    assert.strictEqual(climbing.wrong, 0)
  })
})

describe("a channel with the requests that it needs", () => {
  it("stands on no rung, and does the same as without a ladder", () => {
    const without = overloaded(story(1.2, false))
    const climbing = overloaded(story(1.2, true))
    assert.deepEqual(climbing.changes, [])
    assert.deepEqual(climbing.settled, without.settled)
    assert.deepEqual(climbing.exposure, without.exposure)
    assert.strictEqual(climbing.calls, without.calls)
  })
})

describe("a channel that takes batches", () => {
  const batches = (climbs: boolean): Overload => ({
    seed: 7,
    climbs,
    batchMax: 10,
    listings: 2_000,
    seconds: 400,
    changes: (second) => (second < 60 ? 40 : 2),
    definition: { budgetMillis: 20_000, rate: { perSecond: 1, burst: 1, concurrency: 2 } }
  })

  it("makes fewer calls, since they wait to be full, and none is late for that", () => {
    const without = overloaded(batches(false))
    const climbing = overloaded(batches(true))
    assert.strictEqual(climbing.changes[0]!.rung, "largerBatches")
    const calm = climbing.changes.find(({ before }) => before === "alert")!.at
    const end = climbing.changes.at(-1)!.at
    assert.strictEqual(climbing.changes.at(-1)!.rung, "none")
    assert.isAtMost(climbing.callsBetween(calm, end), 0.85 * without.callsBetween(calm, end))
    const lateOf = ({ settled }: typeof without) => settled.filter(({ late }) => late).length
    assert.isAtMost(lateOf(climbing), lateOf(without))
  })
})
