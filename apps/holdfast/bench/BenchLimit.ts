/**
 * Sizes of the benchmarks, each with its reason, and the environment variables that make a quick look cheaper.
 *
 * `HOLDFAST_BENCH_SCALE` (0 to 1) shrinks backlogs and durations; figures of a scaled run are no figures.
 * `HOLDFAST_BENCH_RUNS` changes the number of counted runs.
 * `HOLDFAST_BENCH_NODE_FLAGS` are flags of Node for the process that is measured, such as `--cpu-prof`.
 */

import { serviceFlags } from "@holdfast/infra/local/NodeFlags"
import { shortShareDefault } from "../src/retail/OnlineRetail.ts"

const numberOf = (variable: string, otherwise: number): number => {
  const text = process.env[variable]
  if (text === undefined || text === "") return otherwise
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`${variable} must be a number above 0, got ${JSON.stringify(text)}`)
  return value
}

const scale = Math.min(1, numberOf("HOLDFAST_BENCH_SCALE", 1))
const scaled = (size: number): number => Math.max(1, Math.round(size * scale))

/** Runs of each scenario and of each baseline that are counted: the least that has a middle. */
export const countedRuns = Math.round(numberOf("HOLDFAST_BENCH_RUNS", 3))

/** Flags of the measured process: those that `npm start` runs with, and then those that are asked for. */
export const nodeFlags: ReadonlyArray<string> = [
  ...serviceFlags,
  ...(process.env["HOLDFAST_BENCH_NODE_FLAGS"] ?? "").split(" ").filter(Boolean)
]

/** SKUs of a retailer of some size: more than fit into a commit, few enough that each is touched often. */
export const skus = 10_000

/** Events of a backlog: a minute's outage at 3,000 events per second. */
export const backlogEvents = scaled(200_000)

/** Messages that a producer has under way while it fills the front door. */
export const publishWindow = 256

/** `steady`: events per second, and for how long. Some 1 % of events must be many enough to be a quantile. */
export const steadyRate = 5_000
export const steadySeconds = 10 * scale

/** `deliver`: events per second, for how long, and how long the channel takes to answer. */
export const deliverRate = 500
export const deliverSeconds = 10 * scale
export const deliverChannelMillis = 20

/** `deliver`: SKUs. At its rate an event per SKU every four seconds: hardly any push is saved by a newer one. */
export const deliverSkus = 2_000

/** Load that is not measured before the load that is: compiled code and buffers settle. */
export const warmUpSeconds = 3 * scale

/** `hot-reserve`, `multi-reserve`: requesters that each wait for their answer before they ask again, and for how long. */
export const requesters = Math.round(numberOf("HOLDFAST_BENCH_REQUESTERS", 256))
export const reserveSeconds = 5 * scale

/** `multi-reserve`: lines of an order, and SKUs over which orders are: a shop's basket, and few enough that orders meet. */
export const orderShape = { lines: 10, skus: 1_000 }

/** `hot-reserve`, `multi-reserve`: connections of the baselines, a usual pool of an application. */
export const baselineConnections = 32

/** `memory`: SKUs that are loaded and listed. */
export const memorySkus = scaled(100_000)

/** `memory`: milliseconds for which nothing happens before memory is read: V8 returns what it can meanwhile. */
export const settleMillis = 10_000

/**
 * `channels`: events per second and SKUs. Five channels have as many pushes at most as the one of `deliver`; each SKU changes every
 * five seconds, so that windows have something to save.
 */
export const channelsRate = Math.round(numberOf("HOLDFAST_BENCH_CHANNELS_RATE", 100))
export const channelsSkus = 5 * channelsRate

/** `channels`: long enough that the channel with half the requests has come to rest: some times the wait of its queue. */
export const channelsSeconds = 30 * scale
export const channelsWarmUpSeconds = 10 * scale

/**
 * `ailing`: events per second, SKUs, and seconds for which channels ail; as long before, with all of them well. Six channels have
 * hardly more pushes than the one of `deliver`. Tens of seconds, of odd number: with the warm-up the last word on a fifth of the SKUs
 * is that there are some before channels ail, and that there are none when they are well again.
 */
export const ailingRate = 50
export const ailingSkus = 250
export const ailingSeconds = numberOf("HOLDFAST_BENCH_AILING_SECONDS", 70 * scale)

/** `channels`: milliseconds between two releases of the channel that waits for an operator. */
export const releaseMillis = 8_000

/**
 * `risk-order`: a minute of the record passes in a second, as for a retailer with sixty times as many orders; so does a budget
 * of one hour. Every other order is the marketplace's. It takes these shares of the requests that it would need while the shop is
 * open, and SKUs run short as often as an import has it, or as often as would hurt; each with every seed.
 */
export const riskOrder = {
  pace: 60,
  budgetMillis: 60_000,
  marketplaceShare: 0.5,
  rateShares: [0.25, 0.5, 0.75],
  shortShares: [shortShareDefault, 0.3],
  seeds: [1, 2, 3]
}

/**
 * `lag-buffer`: a channel that hears after ten minutes, one time in a hundred after forty, and may show too many one time in a
 * hundred. It is looked at every half hour, since instants nearer than its lag say the same twice.
 */
export const lagPlan = {
  rule: { target: 0.01, cap: 1_000 },
  seed: 20_111_101,
  medianMillis: 600_000,
  sigma: 0.6,
  everyMillis: 1_800_000,
  warmUpShare: 0.1
}

/**
 * Milliseconds by which a generator may be late with all but 1 % of what it sends, and with anything. Lateness counts as
 * latency, since it is counted from the intended time; a run beyond this says more of the generator than of us.
 */
export const lateP99MillisMax = 25
export const lateMillisMax = 250

/** Milliseconds after which what has not arrived is given up on. */
export const patienceMillis = 120_000
