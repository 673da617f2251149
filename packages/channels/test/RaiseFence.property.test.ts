/**
 * A channel that takes orders which we have not seen yet, at any moment, on virtual time: random stock, random polls, random answers.
 *
 * What is demanded is reckoned beside the fence: from when on the quantity that is told was there without a break. A run follows from
 * its seed alone; a failure names it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import type { PushOutcome } from "../src/ChannelConnector.ts"
import { OutputCore } from "../src/OutputCore.ts"
import type { Flight } from "../src/OutputPorts.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"

const start = 1_000_000
const skus = ["A", "B", "C", "D"].map((sku) => Sku.make(sku))

interface Order {
  readonly sku: Sku
  readonly placedAt: number
}

/** What is known to us of one SKU, and how the quantity got there. */
interface Known {
  units: number
  version: number
  /** each change: when it came to us, and the units from then on */
  readonly history: Array<{ readonly at: number; readonly units: number }>
}

const answerOf = (random: () => number): PushOutcome => {
  const dice = random()
  if (dice < 0.8) return { _tag: "applied" }
  if (dice < 0.9) return { _tag: "unknown", detail: "lost" }
  return { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: "busy" }
}

/** When the quantity last came from below to that many or more. */
const raisedTo = ({ history }: Known, quantity: number): number => {
  const below = history.findLastIndex(({ units }) => units < quantity)
  return history[below + 1]?.at ?? Number.POSITIVE_INFINITY
}

const run = (seed: number, { polls = true, restocks = 0.1 } = {}) => {
  const random = seededRandom(seed)
  let now = start
  let seenUntil = start
  let placed: Array<Order> = []
  let raises = 0
  let over = 0
  const flights: Array<{ readonly at: number; readonly flight: Flight & { readonly _tag: "push" } }> = []
  const known = new Map<Sku, Known>(
    skus.map((sku) => [sku, { units: 5, version: 1, history: [{ at: 0, units: 5 }] }] as const)
  )
  /** what the channel may show, as far as we can know */
  const may = new Map<Sku, Set<number>>(skus.map((sku) => [sku, new Set([5])]))
  const launch = (flight: Flight): void => {
    if (flight._tag !== "push") return
    for (const { sku, quantity } of flight.items) {
      const isRaise = quantity > Math.min(...may.get(sku)!)
      if (isRaise) raises += 1
      const since = raisedTo(known.get(sku)!, quantity)
      if (isRaise && placed.some((order) => order.sku === sku && order.placedAt < since)) over += 1
      assert.isTrue(!isRaise || since <= seenUntil, `seed ${seed}: ${sku} raised to ${quantity} at ${now - start}`)
    }
    flights.push({ at: now + 1 + Math.floor(random() * 80), flight })
  }
  const core = new OutputCore(
    channelDefinition(),
    { kind: "scripted", batchMax: 3, idempotent: true, settleMillis: 100 },
    false,
    {
      now: () => now,
      random,
      launch,
      wakeAt: () => {},
      confirmed: () => {},
      changed: () => {},
      ordersSeenUntil: () => seenUntil
    }
  )
  core.restore(skus.map((sku) => ({ sku, quantity: 5, version: 1, confirmedAt: start })))
  const change = (sku: Sku, by: number) => {
    const at = known.get(sku)!
    at.units = Math.max(0, at.units + by)
    at.version += 1
    at.history.push({ at: now, units: at.units })
    core.offer(announce(sku, at.version, at.units, now))
  }
  /** Everything placed before some moment that is past is stored, and only then the cursor moves. */
  const poll = (until: number) => {
    for (const { sku } of placed.filter(({ placedAt }) => placedAt < until)) change(sku, -1)
    placed = placed.filter(({ placedAt }) => placedAt >= until)
    seenUntil = Math.max(seenUntil, until)
  }
  const land = () => {
    for (let due = flights.findIndex(({ at }) => at <= now); due >= 0; due = flights.findIndex(({ at }) => at <= now)) {
      const { flight } = flights.splice(due, 1)[0]!
      const outcomes = flight.items.map(({ sku, quantity }) => {
        const outcome = answerOf(random)
        if (outcome._tag === "applied") may.set(sku, new Set([quantity]))
        if (outcome._tag === "unknown") may.get(sku)!.add(quantity)
        return outcome
      })
      core.calls.landPush(flight, outcomes)
    }
  }
  for (let step = 0; step < 2_000; step++) {
    now += Math.floor(random() * 20)
    const sku = skus[Math.floor(random() * skus.length)]!
    if (random() < restocks) change(sku, 1 + Math.floor(random() * 3))
    else if (random() < 0.1) change(sku, -1)
    if (random() < 0.15) placed.push({ sku, placedAt: now })
    if (polls && random() < 0.02) poll(now - Math.floor(random() * 300))
    land()
    core.tick()
  }
  return {
    core,
    known,
    over,
    raises,
    may,
    poll,
    land,
    clock: { later: (millis: number) => (now += millis), now: () => now }
  }
}

describe("a channel with orders that we have not seen", () => {
  it("is never told of a raise over one that was placed before it was raised", () => {
    let raises = 0
    for (let seed = 1; seed <= 60; seed++) {
      const { over, raises: some } = run(seed)
      assert.strictEqual(over, 0, `seed ${seed}`)
      raises += some
    }
    // many of them did go
    assert.isAbove(raises, 60 * 20)
  })

  it("is told the newest of everything once its orders were seen", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { clock, core, known, land, may, poll } = run(seed)
      poll(clock.now() + 1)
      for (let step = 0; step < 4_000; step++) {
        clock.later(20)
        land()
        core.tick()
      }
      for (const [sku, { units }] of known) {
        assert.strictEqual(core.listings.get(sku)!.confirmed, units, `seed ${seed}, ${sku}`)
        assert.deepEqual([...may.get(sku)!], [units])
      }
    }
  })

  it("is told of what was raised before the last poll, though it is raised again all the time", () => {
    const { raises } = run(3, { restocks: 0.9 })
    assert.isAbove(raises, 40)
  })

  it("is told of no raise while its cursor stands still, and of every fall", () => {
    const { clock, core, known, land, may, raises } = run(5, { polls: false })
    assert.strictEqual(raises, 0)
    for (let step = 0; step < 2_000; step++) {
      clock.later(20)
      land()
      core.tick()
    }
    for (const [sku, { units, history }] of known) {
      assert.deepEqual([...may.get(sku)!], [Math.min(5, ...history.map((each) => each.units))], sku)
      assert.strictEqual(core.listings.get(sku)!.place, units > 0 ? "held" : "idle")
    }
  })
})
