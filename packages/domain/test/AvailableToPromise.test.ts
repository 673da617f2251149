import { describe, expect, it } from "vitest"
import { availableBy, promiseOf, type ExpectedUnits } from "../src/AvailableToPromise.ts"
import { defaultLocation } from "../src/Identity.ts"

const now = 1_000
const expected = (at: number, units: number): ExpectedUnits => ({ locationId: defaultLocation, units, at })
const withUnits = (available: number) => (arrived: ReadonlyArray<ExpectedUnits>) =>
  available + arrived.reduce((sum, { units }) => sum + units, 0)

describe("available to promise", () => {
  it("is what there is now where nothing is to come", () => {
    expect(promiseOf(now, [], withUnits(4))).toEqual([{ from: now, available: 4 }])
  })

  it("adds up what purchases bring, each from its day on", () => {
    const steps = promiseOf(now, [expected(3_000, 5), expected(2_000, 2), expected(3_000, 1)], withUnits(4))
    expect(steps).toEqual([
      { from: now, available: 4 },
      { from: 2_000, available: 6 },
      { from: 3_000, available: 12 }
    ])
    expect([500, now, 1_999, 2_000, 2_999, 9_999].map((by) => availableBy(steps, by))).toEqual([4, 4, 4, 6, 6, 12])
  })

  it("makes good first what is missing", () => {
    const steps = promiseOf(now, [expected(2_000, 2), expected(3_000, 9)], withUnits(-5))
    expect(steps.map(({ available }) => available)).toEqual([-5, -3, 6])
  })

  it("counts on nothing that was to be there already", () => {
    expect(promiseOf(now, [expected(now, 7), expected(900, 7)], withUnits(1))).toEqual([{ from: now, available: 1 }])
  })
})
