/**
 * How many units to keep from a channel that hears late: the least buffer that demand, over the lag that was measured, exceeds
 * with no more than a target probability.
 *
 * Orders come as a Poisson process and bring sizes of their own, so that mean and variance both grow with the lag. Without
 * more variance than mean the law is Poisson, with more the negative binomial of the same two moments. The lag is mixed over:
 * P(N > b) is the mean of P(N(lag) > b) over what was measured, so that a rare long lag counts as often as it happens.
 * Guarantee: pure; finite for any finite demand and lag; never falls when the lag or (at the same variance to mean) the demand
 * grows, or the target gets stricter. It does not know what the stock is: a channel that never sells all it is shown oversells
 * less often than the target.
 */
import { Schema } from "effect"
import { wholeFrom } from "./WholeNumber.ts"

/** What is sold, per second of lag. */
export interface DemandMoments {
  /** units per second */
  readonly mean: number
  /** units² per second: orders per second x mean square of their size. Below the mean it counts as the mean */
  readonly variance: number
}

/** A part of the measured lags. */
export interface LagPoint {
  readonly seconds: number
  /** its share, 0 to 1; all shares add up to 1 */
  readonly share: number
}

export const LagBufferRule = Schema.Struct({
  /** probability with which demand over the lag may exceed the buffer; below one in a million nothing that was measured says anything */
  target: Schema.Number.check(Schema.isBetween({ minimum: 0.000_001, maximum: 0.5 })),
  /** most units ever kept for this reason; they are summed one by one */
  cap: wholeFrom(1, 10_000)
})
export type LagBufferRule = typeof LagBufferRule.Type

/** A buffer with all that led to it. */
export interface LagBuffer extends LagBufferRule {
  readonly units: number
  readonly law: "poisson" | "negativeBinomial"
  readonly demand: DemandMoments
  /** seconds, the mean of the measured lags */
  readonly lagSeconds: number
  /** probability that demand over the lag exceeds these units: above the target only where the cap bound it */
  readonly exceeded: number
}

/** Below this logarithm a probability is nothing beside any target, and would underflow. */
const logLeast = -600

/**
 * Counts up the probabilities of 0, 1, 2 .. units; both laws in one:
 * p(0) = d^(-m / (d-1)), p(k+1) / p(k) = (m + k (d-1)) / ((k+1) d), Poisson where d = 1.
 */
class UnitCount {
  private readonly mean: number
  private readonly dispersion: number
  private log: number
  private probability: number
  private units = 0
  private below: number

  constructor(mean: number, dispersion: number) {
    this.mean = mean
    this.dispersion = dispersion
    const excess = dispersion - 1
    this.log = excess > 0 ? (-mean * Math.log1p(excess)) / excess : -mean
    this.probability = this.log < logLeast ? 0 : Math.exp(this.log)
    this.below = this.probability
  }

  /** P(N > units) */
  get exceeded(): number {
    return Math.max(0, 1 - this.below)
  }

  next(): void {
    const { dispersion, mean, units } = this
    const ratio = (mean + units * (dispersion - 1)) / ((units + 1) * dispersion)
    if (this.log < logLeast) {
      this.log += Math.log(ratio)
      this.probability = this.log < logLeast ? 0 : Math.exp(this.log)
    } else this.probability *= ratio
    this.units += 1
    this.below += this.probability
  }
}

/**
 * @param lag what was measured; without any of it nothing is kept
 */
export const lagBuffer = (demand: DemandMoments, lag: ReadonlyArray<LagPoint>, rule: LagBufferRule): LagBuffer => {
  const { cap, target } = rule
  const dispersion = demand.mean > 0 ? Math.max(1, demand.variance / demand.mean) : 1
  const parts = lag.map(({ seconds, share }) => ({ share, count: new UnitCount(demand.mean * seconds, dispersion) }))
  const exceededNow = () => parts.reduce((sum, { count, share }) => sum + share * count.exceeded, 0)
  let units = 0
  let exceeded = exceededNow()
  for (; exceeded > target && units < cap; exceeded = exceededNow()) {
    units += 1
    for (const { count } of parts) count.next()
  }
  const law = dispersion > 1 ? "negativeBinomial" : "poisson"
  const lagSeconds = lag.reduce((sum, { seconds, share }) => sum + share * seconds, 0)
  return { units, law, demand, lagSeconds, exceeded, target, cap }
}
