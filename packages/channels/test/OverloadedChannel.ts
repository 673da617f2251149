/**
 * A channel that for some time takes less than it would need, on virtual time, with and without the ladder: the same stock from a seed.
 *
 * Many listings sell, some run out and come back. Exposure counts the units that the channel showed and that were not there, times the
 * seconds that it did.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import type { SettledEvent } from "../src/EventAccount.ts"
import type { Rung } from "../src/Ladder.ts"
import { LatencyHistogram } from "../src/LatencyHistogram.ts"
import { OutputCore } from "../src/OutputCore.ts"
import type { RungChange } from "../src/OutputLadder.ts"
import type { Flight } from "../src/OutputPorts.ts"
import { riskFirst } from "../src/QueueOrder.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { emptyExposure, exposed, type Exposure } from "./Exposure.ts"

export interface Overload {
  readonly seed: number
  readonly climbs: boolean
  readonly batchMax?: number
  readonly definition?: Partial<ChannelDefinition>
  readonly listings?: number
  /** changes per second, at a second of the run */
  readonly changes: (second: number) => number
  readonly seconds: number
}

export interface OverloadOutcome {
  readonly exposure: Exposure
  /** change to acknowledgement of updates to zero, milliseconds */
  readonly zeroP99: number
  /** milliseconds for which the channel showed more than was there, without a change of it */
  readonly longestFallWait: number
  readonly calls: number
  /** calls that left between two times, milliseconds since the epoch */
  readonly callsBetween: (from: number, to: number) => number
  readonly changes: ReadonlyArray<RungChange>
  readonly settled: ReadonlyArray<SettledEvent>
  readonly rungAt: (second: number) => Rung
  /** raises that left, with the rung at that time */
  readonly raises: ReadonlyArray<{ readonly at: number; readonly rung: Rung }>
  /** listings that show something else than is there, at the end */
  readonly wrong: number
}

const start = 1_000_000
const answerMillis = 50

export const overloaded = (overload: Overload): OverloadOutcome => {
  const { batchMax = 1, changes: perSecond, climbs, listings = 400, seconds, seed } = overload
  const random = seededRandom(seed)
  let now = start
  const landings: Array<{ readonly at: number; readonly flight: Flight & { readonly _tag: "push" } }> = []
  const settled: Array<SettledEvent> = []
  const changes: Array<RungChange> = []
  const raises: Array<{ readonly at: number; readonly rung: Rung }> = []
  const shown = new Map<Sku, number>()
  const calledAt: Array<number> = []
  const launch = (flight: Flight): void => {
    if (flight._tag !== "push") return
    calledAt.push(now)
    for (const { sku, quantity } of flight.items)
      if (quantity > shown.get(sku)!) raises.push({ at: now, rung: core.restraint.ladder.rung })
    landings.push({ at: now + answerMillis, flight })
  }
  const core: OutputCore = new OutputCore(
    channelDefinition(overload.definition),
    { kind: "scripted", batchMax, idempotent: true, settleMillis: 1_000 },
    false,
    {
      now: () => now,
      random,
      launch,
      wakeAt: () => {},
      confirmed: () => {},
      changed: () => {},
      settled: (each) => settled.push(each),
      rungChanged: (change) => changes.push(change)
    },
    riskFirst,
    climbs
  )
  const stock = new Map<Sku, { units: number; version: number; since: number; toZeroSince: number | undefined }>()
  const exposure = emptyExposure()
  const zeroes = new LatencyHistogram()
  let longestFallWait = 0
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
      for (const { sku, quantity } of flight.items) {
        const known = stock.get(sku)!
        longestFallWait = Math.max(longestFallWait, now - known.since)
        shown.set(sku, quantity)
        known.since = quantity <= known.units ? Number.POSITIVE_INFINITY : flight.requestAt
        if (quantity === 0 && known.toZeroSince !== undefined) {
          zeroes.record(now - known.toZeroSince, 1)
          known.toZeroSince = undefined
        }
      }
      core.calls.landPush(
        flight,
        flight.items.map(() => ({ _tag: "applied" }))
      )
    }
  }
  const skus = [...stock.keys()]
  for (let tick = 0; tick < seconds * 100; tick++) {
    now += 10
    land()
    if (random() < perSecond(tick / 100) / 100) {
      const sku = skus[Math.floor(random() * listings)]!
      const known = stock.get(sku)!
      known.units = known.units === 0 ? (random() < 0.2 ? 3 : 0) : known.units - 1
      known.version += 1
      known.since = shown.get(sku)! <= known.units ? Number.POSITIVE_INFINITY : Math.min(known.since, now)
      known.toZeroSince = known.units === 0 && shown.get(sku) !== 0 ? (known.toZeroSince ?? now) : undefined
      core.offer(announce(sku, known.version, known.units, now))
    }
    core.tick()
    if (tick % 10 === 0) for (const sku of skus) exposed(exposure, shown.get(sku)!, stock.get(sku)!.units, 0.1)
  }
  const rungAt = (second: number): Rung => changes.findLast(({ at }) => at <= start + second * 1_000)?.rung ?? "none"
  const wrong = skus.filter((sku) => shown.get(sku) !== stock.get(sku)!.units).length
  const zeroP99 = zeroes.summary().p99 ?? 0
  const callsBetween = (from: number, to: number) => calledAt.filter((at) => at >= from && at < to).length
  const calls = calledAt.length
  return { exposure, zeroP99, longestFallWait, calls, callsBetween, changes, settled, rungAt, raises, wrong }
}
