/** Which rung a load means: one at a time, up and down, and no flapping. */
import { assert, describe, it } from "@effect/vitest"
import { ladderLeaveTimes, ladderPatienceMax } from "../src/ChannelLimit.ts"
import { deadlineLoad, ladderFoot, nextRung, rungs } from "../src/Ladder.ts"

const climbMillis = 1_000
const lookMillis = 250

/** Follows a load that depends on the rung, looking several times in between. */
const follow = (seconds: number, load: (at: number, rung: string) => number, fallsLoad = load) => {
  let state = ladderFoot(0)
  const changes: Array<{ readonly at: number; readonly rung: string }> = []
  for (let at = 0; at <= seconds * 1_000; at += lookMillis) {
    const { rung } = state
    state = nextRung(state, { all: load(at, rung), falls: fallsLoad(at, rung) }, at, climbMillis)
    if (state.rung !== rung) changes.push({ at, rung: state.rung })
  }
  return changes
}

describe("the ladder", () => {
  it("is climbed rung by rung while deadlines are at risk, and left rung by rung when none is", () => {
    const changes = follow(60, (at) => (at < 10_000 ? 3 : 0))
    const up = rungs.slice(1)
    assert.deepEqual(
      changes.map(({ rung }) => rung),
      [...up, ...rungs.slice(0, -1).toReversed()]
    )
    for (let i = 1; i < changes.length; i++) {
      const pause = changes[i]!.at - changes[i - 1]!.at
      assert.isAtLeast(pause, i < up.length ? climbMillis : ladderLeaveTimes * climbMillis)
    }
  })

  it("is not climbed for a moment, nor while the load is between its bounds", () => {
    assert.deepEqual(
      follow(60, (at) => (at % 1_000 === 0 ? 5 : 0.7)),
      []
    )
    assert.deepEqual(
      follow(60, () => 0.99),
      []
    )
  })

  it("shows less and raises nothing for falls that are at risk, not for raises", () => {
    const changes = follow(
      60,
      () => 3,
      () => 0
    )
    assert.deepEqual(
      changes.map(({ rung }) => rung),
      ["largerBatches", "onlyRisky"]
    )
  })

  it("keeps a rung longer each time that it was left too early, so that a steady overload does not flap", () => {
    // the second rung mends it, and without it the deadlines are at risk again
    const changes = follow(1_800, (_, rung) => (rung === "none" || rung === "largerBatches" ? 2 : 0.1))
    assert.isAbove(changes.length, 4)
    const pauses = changes.slice(1).map(({ at }, i) => at - changes[i]!.at)
    assert.strictEqual(Math.max(...pauses), ladderPatienceMax * ladderLeaveTimes * climbMillis + lookMillis)
    const late = changes.filter(({ at }) => at > 900_000)
    assert.isAtMost(late.length, (2 * 900_000) / (ladderPatienceMax * ladderLeaveTimes * climbMillis))
  })

  it("forgets that after a long calm", () => {
    const restless = (at: number, rung: string) =>
      (at < 100_000 || at > 2_000_000) && rung === "none" ? 2 : at > 2_000_000 || at < 100_000 ? 0.1 : 0
    const changes = follow(2_060, restless).filter(({ at }) => at > 2_000_000)
    assert.strictEqual(changes[1]!.at - changes[0]!.at, ladderLeaveTimes * climbMillis + lookMillis)
  })
})

describe("the load of deadlines", () => {
  const due = (slacks: ReadonlyArray<number>, perSecond: number) =>
    deadlineLoad({ deadlines: slacks.map((slack) => 5_000 + slack), now: 5_000, budgetMillis: 2_000, perSecond })

  it("is what is due beside what is admitted until then, where that is most", () => {
    assert.strictEqual(due(new Array<number>(20).fill(1_999), 10), 1)
    assert.strictEqual(due(new Array<number>(40).fill(1_999), 10), 2)
    assert.strictEqual(due([...new Array<number>(10).fill(400), ...new Array<number>(4).fill(1_999)], 10), 2)
  })

  it("counts what is late already as due at once", () => {
    assert.strictEqual(due(new Array<number>(10).fill(-60_000), 10), 4)
  })

  it("is none when nothing waits, and at most 1 for one listing, however slow the channel", () => {
    assert.strictEqual(due([], 10), 0)
    assert.strictEqual(due([-1], 0.001), 1)
  })
})
