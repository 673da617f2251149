import { describe, expect, it } from "vitest"
import {
  demandAt,
  demandLeast,
  demandSeconds,
  demandWith,
  expectedExcess,
  expectedOversell,
  placeInQueue,
  type Demand
} from "../src/OversellRisk.ts"

/** The same by its definition, term by term. */
const excessByDefinition = (mean: number, units: number): number => {
  let sum = 0
  let logFactorial = 0
  for (let n = 1; n < 2_000; n++) {
    logFactorial += Math.log(n)
    if (n > units) sum += (n - units) * Math.exp(n * Math.log(mean) - mean - logFactorial)
  }
  return sum
}

describe("expected oversell", () => {
  it.each([
    [0.01, 0],
    [0.3, 1],
    [1.5, 2],
    [9, 3],
    [9, 20],
    [120, 100],
    [400, 390]
  ])("is the mean excess of Poisson demand: mean %d, %d units", (mean, units) => {
    expect(expectedExcess(mean, units)).toBeCloseTo(excessByDefinition(mean, units), 6)
  })

  it("is that of demand itself when the demand is beyond all counting", () => {
    expect(expectedExcess(10_000, 100)).toBe(9_900)
    expect(expectedExcess(3, 10_000)).toBe(0)
  })

  it("is none where the channel shows no more than there is, or nothing yet", () => {
    const base = { demand: 1, seconds: 60 }
    expect(expectedOversell({ ...base, shown: 3, wanted: 3 })).toBe(0)
    expect(expectedOversell({ ...base, shown: 1, wanted: 5 })).toBe(0)
    expect(expectedOversell({ ...base, shown: undefined, wanted: 0 })).toBe(0)
  })

  it("is never more than what is shown too many", () => {
    expect(expectedOversell({ shown: 2, wanted: 0, demand: 100, seconds: 60 })).toBe(2)
    expect(expectedOversell({ shown: 9, wanted: 8, demand: 100, seconds: 60 })).toBe(1)
  })

  it("is greater the less there is, and the faster it sells", () => {
    const of = (shown: number, wanted: number, demand: number) =>
      expectedOversell({ shown, wanted, demand, seconds: 60 })
    expect(of(3, 0, 0.01)).toBeGreaterThan(of(4, 1, 0.01))
    expect(of(4, 1, 0.01)).toBeGreaterThan(of(13, 10, 0.01))
    expect(of(4, 1, 0.1)).toBeGreaterThan(of(4, 1, 0.01))
  })
})

describe("demand", () => {
  it("comes to the rate at which units are sold, and is forgotten", () => {
    let demand: Demand | undefined
    for (let second = 0; second <= 5 * demandSeconds; second += 10) demand = demandWith(demand, 2, second * 1000)
    const now = 5 * demandSeconds * 1000
    expect(demandAt(demand, now)).toBeCloseTo(0.2, 2)
    expect(demandAt(demand, now + demandSeconds * 1000)).toBeCloseTo(0.2 / Math.E, 2)
    expect(demandAt(demand, now + 1e9)).toBe(demandLeast)
    expect(demandAt(undefined, now)).toBe(demandLeast)
  })
})

describe("the place in the queue", () => {
  it("is by deadline among updates of equal risk", () => {
    expect(placeInQueue(1_000, 60_000, 0)).toBeLessThan(placeInQueue(1_001, 60_000, 0))
  })

  it("lets the riskier go first, though never before what has waited longer than the ageing", () => {
    expect(placeInQueue(1_000, 60_000, 1)).toBeLessThan(placeInQueue(1_000, 60_000, 0.1))
    expect(placeInQueue(61_000, 60_000, 1_000_000)).toBeGreaterThan(placeInQueue(1_000, 60_000, 0))
  })
})
