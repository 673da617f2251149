import { describe, expect, it } from "vitest"
import { lagBuffer, type DemandMoments, type LagPoint } from "../src/LagBuffer.ts"
import { Random } from "../src/testing/Random.ts"

const cap = 10_000

const after = (seconds: number): ReadonlyArray<LagPoint> => [{ seconds, share: 1 }]

/** Orders of one unit. */
const poisson = (perSecond: number): DemandMoments => ({ mean: perSecond, variance: perSecond })

/** 0.3 orders a minute, as in the vendor's example that peers' formula gets wrong. */
const example = poisson(0.3 / 60)

/** P(N > units) by definition, term by term, each from its own logarithm. */
const tailByDefinition = (mean: number, dispersion: number, units: number): number => {
  const size = mean / (dispersion - 1)
  let below = 0
  let ways = 0
  for (let n = 0; n <= units; n++) {
    if (n > 0) ways += (dispersion > 1 ? Math.log(size + n - 1) : 0) - Math.log(n)
    below += Math.exp(
      dispersion > 1
        ? ways - size * Math.log(dispersion) + n * Math.log1p(-1 / dispersion)
        : ways + n * Math.log(mean) - mean
    )
  }
  return 1 - below
}

/** Units of a Poisson process in so many seconds, each order of a size that `size` draws. */
const soldIn = (random: Random, ordersPerSecond: number, seconds: number, size: () => number): number => {
  let units = 0
  for (let at = -Math.log(1 - random.unit()) / ordersPerSecond; at < seconds;) {
    units += size()
    at -= Math.log(1 - random.unit()) / ordersPerSecond
  }
  return units
}

describe("the lag buffer", () => {
  it.each([
    [30 * 60, 20],
    [15 * 60, 12],
    [5 * 60, 6],
    [60, 3],
    [5, 1]
  ])("for 0.3 orders a minute and one in a thousand: after %d s, %d units", (seconds, units) => {
    expect(lagBuffer(example, after(seconds), { target: 0.001, cap }).units).toBe(units)
  })

  it.each([
    [20, 30 * 60, 0.0004],
    [5, 15 * 60, 0.297],
    [2, 15 * 60, 0.826],
    [2, 60, 0.0036],
    [1, 5, 0.0003]
  ])("says that %d units do not last %d s with probability %d", (units, seconds, probability) => {
    const kept = lagBuffer(example, after(seconds), { target: 0.000_001, cap: units })
    expect(kept.exceeded).toBeCloseTo(probability, 3)
  })

  it.each([
    [0.2, 1, 3],
    [9, 1, 20],
    [0.6, 25, 12],
    [9, 1.5, 20],
    [40, 8, 90],
    [0.01, 300, 2]
  ])("exceeds as the law says: mean %d, variance/mean %d, %d units", (mean, dispersion, units) => {
    const demand = { mean, variance: mean * dispersion }
    const kept = lagBuffer(demand, after(1), { target: 0.000_001, cap: units })
    expect(kept.exceeded).toBeCloseTo(tailByDefinition(mean, dispersion, units), 9)
    expect(kept.law).toBe(dispersion > 1 ? "negativeBinomial" : "poisson")
  })

  it("is the least: one unit fewer would miss the target", () => {
    for (const [mean, dispersion] of [
      [0.5, 1],
      [3, 4],
      [20, 1.2]
    ] as const) {
      const { units, exceeded } = lagBuffer({ mean, variance: mean * dispersion }, after(1), { target: 0.01, cap })
      expect(exceeded).toBeLessThanOrEqual(0.01)
      expect(tailByDefinition(mean, dispersion, units - 1)).toBeGreaterThan(0.01)
    }
  })

  it("covers simulated orders of one unit, over lags that differ, in all but the target", () => {
    const random = new Random(7)
    const lag = [
      { seconds: 10, share: 0.9 },
      { seconds: 600, share: 0.1 }
    ]
    const { units, exceeded } = lagBuffer(poisson(0.02), lag, { target: 0.02, cap })
    let missed = 0
    for (let i = 0; i < 50_000; i++)
      if (soldIn(random, 0.02, random.chance(0.9) ? 10 : 600, () => 1) > units) missed += 1
    // five standard errors of the simulation
    expect(Math.abs(missed / 50_000 - exceeded)).toBeLessThan(5 * Math.sqrt(exceeded / 50_000))
  })

  it("covers simulated orders of many units, whose logarithmic sizes make demand negative binomial", () => {
    const random = new Random(11)
    const p = 0.9
    // P(size = k) = -p^k / (k ln(1-p)), by inversion
    const size = () => {
      let k = 1
      let probability = -p / Math.log(1 - p)
      for (let left = random.unit(); left > probability; k++) {
        left -= probability
        probability *= (p * k) / (k + 1)
      }
      return k
    }
    const meanSize = -p / ((1 - p) * Math.log(1 - p))
    const orders = 0.001
    const demand = { mean: orders * meanSize, variance: (orders * meanSize) / (1 - p) }
    const { units, exceeded, law } = lagBuffer(demand, after(300), { target: 0.05, cap })
    expect(law).toBe("negativeBinomial")
    let missed = 0
    for (let i = 0; i < 50_000; i++) if (soldIn(random, orders, 300, size) > units) missed += 1
    expect(Math.abs(missed / 50_000 - exceeded)).toBeLessThan(5 * Math.sqrt(exceeded / 50_000))
  })

  it("never falls when the lag or the demand grows, or the target gets stricter", () => {
    const random = new Random(3)
    for (let i = 0; i < 300; i++) {
      const mean = 10 ** (random.unit() * 5 - 4)
      const dispersion = random.chance(0.3) ? 1 : 1 + 100 * random.unit() ** 3
      const seconds = 10 ** (random.unit() * 3)
      const target = 10 ** (-5 * random.unit() - 0.4)
      const more = 1 + random.unit()
      const of = (perSecond: number, lag: number, goal: number) =>
        lagBuffer({ mean: perSecond, variance: perSecond * dispersion }, after(lag), { target: goal, cap }).units
      const units = of(mean, seconds, target)
      expect(of(mean, seconds * more, target)).toBeGreaterThanOrEqual(units)
      expect(of(mean * more, seconds, target)).toBeGreaterThanOrEqual(units)
      expect(of(mean, seconds, target / more)).toBeGreaterThanOrEqual(units)
    }
  })

  it("is capped, and says how often demand exceeds it then", () => {
    const kept = lagBuffer(example, after(1_800), { target: 0.001, cap: 5 })
    expect(kept).toMatchObject({ units: 5, cap: 5, target: 0.001, lagSeconds: 1_800 })
    expect(kept.exceeded).toBeGreaterThan(0.8)
  })

  it("stays a number where probabilities are too small for one", () => {
    const { units, exceeded } = lagBuffer(poisson(1), after(5_000), { target: 0.001, cap })
    // the normal approximation of so large a Poisson mean, to a unit or two
    expect(Math.abs(units - (5_000 + 3.09 * Math.sqrt(5_000)))).toBeLessThan(3)
    expect(exceeded).toBeLessThanOrEqual(0.001)
    expect(lagBuffer(poisson(1e9), after(1e6), { target: 0.5, cap }).units).toBe(cap)
    expect(lagBuffer({ mean: 1e-12, variance: 1 }, after(1), { target: 0.000_001, cap }).units).toBe(0)
  })

  it("keeps nothing where nothing sells, or nothing is late", () => {
    const rule = { target: 0.000_001, cap }
    expect(lagBuffer(poisson(0), after(60), rule).units).toBe(0)
    expect(lagBuffer(poisson(1), after(0), rule).units).toBe(0)
    expect(lagBuffer(poisson(1), [], rule).units).toBe(0)
  })
})
