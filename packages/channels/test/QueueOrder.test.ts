/**
 * A channel that takes half of what it would need, on virtual time: the same stock, the riskiest first and by deadline.
 *
 * The stock is invented from a seed: many listings change, some run out. Exposure counts the units that the channel showed and
 * that were not there, times the seconds that it did.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Sku } from "@holdfast/domain/Identity"
import { emptyExposure, exposed, type Exposure } from "./Exposure.ts"
import { LatencyHistogram } from "../src/LatencyHistogram.ts"
import { ageingMillisOf } from "../src/ChannelLimit.ts"
import { OutputCore } from "../src/OutputCore.ts"
import type { Flight } from "../src/OutputPorts.ts"
import { byDeadline, riskFirst, type QueueOrder } from "../src/QueueOrder.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"

const seconds = 600
const listings = 400
const budgetMillis = 2_000
/** changes per second; the channel takes half as many */
const changes = 40

interface Outcome {
  readonly exposure: Exposure
  readonly zeroP99: number
  readonly longestWait: number
  readonly pushes: number
}

const run = (order: QueueOrder, seed: number): Outcome => {
  const random = seededRandom(seed)
  let now = 1_000_000
  const landings: Array<{ readonly at: number; readonly flight: Flight & { readonly _tag: "push" } }> = []
  const definition = channelDefinition({ budgetMillis, rate: { perSecond: changes / 2, burst: 10, concurrency: 8 } })
  const descriptor = { kind: "scripted", batchMax: 1, idempotent: true, settleMillis: 1_000 }
  const launch = (flight: Flight) => void (flight._tag === "push" && landings.push({ at: now + 50, flight }))
  const core = new OutputCore(
    definition,
    descriptor,
    false,
    { now: () => now, random, launch, wakeAt: () => {}, confirmed: () => {}, changed: () => {} },
    order
  )
  const stock = new Map<Sku, { units: number; version: number; since: number; toZeroSince: number | undefined }>()
  const shown = new Map<Sku, number>()
  const exposure = emptyExposure()
  const zeroes = new LatencyHistogram()
  let longestWait = 0
  for (let n = 0; n < listings; n++) {
    const { sku } = announce(`S${n}`, 1, 0, now)
    const units = n % 4 === 0 ? 3 : 200
    stock.set(sku, { units, version: 1, since: Number.POSITIVE_INFINITY, toZeroSince: undefined })
    shown.set(sku, units)
  }
  core.restore([...stock].map(([sku, { units, version }]) => ({ sku, quantity: units, version, confirmedAt: now })))
  for (const [sku, { units, version }] of stock) core.offer(announce(sku, version, units, now))
  const land = () => {
    while (landings.length > 0 && landings[0]!.at <= now) {
      const { flight } = landings.shift()!
      const [{ sku, quantity, version }] = flight.items as [(typeof flight.items)[number]]
      const known = stock.get(sku)!
      shown.set(sku, quantity)
      longestWait = Math.max(longestWait, now - known.since)
      known.since = version === known.version ? Number.POSITIVE_INFINITY : flight.requestAt
      if (quantity === 0 && known.toZeroSince !== undefined) {
        zeroes.record(now - known.toZeroSince, 1)
        known.toZeroSince = undefined
      }
      core.calls.landPush(flight, [{ _tag: "applied" }])
    }
  }
  const skus = [...stock.keys()]
  for (let tick = 0; tick < seconds * 100; tick++) {
    now += 10
    land()
    if (random() < changes / 100) {
      const sku = skus[Math.floor(random() * listings)]!
      const known = stock.get(sku)!
      known.units = known.units === 0 ? (random() < 0.2 ? 3 : 0) : known.units - 1
      known.version += 1
      known.since = shown.get(sku) === known.units ? Number.POSITIVE_INFINITY : Math.min(known.since, now)
      known.toZeroSince = known.units === 0 ? (known.toZeroSince ?? now) : undefined
      core.offer(announce(sku, known.version, known.units, now))
    }
    core.tick()
    if (tick % 10 === 0) for (const sku of skus) exposed(exposure, shown.get(sku)!, stock.get(sku)!.units, 0.1)
  }
  return { exposure, zeroP99: zeroes.summary().p99!, longestWait, pushes: core.counts.pushes }
}

describe("a channel with half the requests that it needs", () => {
  const risky = run(riskFirst, 7)
  const due = run(byDeadline, 7)

  it("is told of what ran out within its budget, when the riskiest goes first", () => {
    assert.isAtMost(risky.zeroP99, budgetMillis)
    assert.isAbove(due.zeroP99, budgetMillis)
  })

  it("shows a third or less of the units that are not there", () => {
    assert.isAtMost(3 * risky.exposure.unitSeconds, due.exposure.unitSeconds)
  })

  it("uses all its requests either way", () => {
    assert.isAtLeast(risky.pushes, 0.95 * due.pushes)
  })

  it("starves nothing: no change waits longer than by deadline, and the ageing", () => {
    assert.isAtMost(risky.longestWait, due.longestWait + ageingMillisOf(budgetMillis))
  })
})
