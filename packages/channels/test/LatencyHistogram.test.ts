import { describe, expect, it } from "vitest"
import { LatencyHistogram } from "../src/LatencyHistogram.ts"

describe("LatencyHistogram", () => {
  it("counts by given bounds, weighted, with what is above the last", () => {
    const histogram = new LatencyHistogram()
    histogram.record(5)
    histogram.record(200, 3)
    histogram.record(90_000)
    expect(histogram.bucketsBy([10, 1_000])).toEqual({ counts: [1, 3, 1], count: 5, sum: 5 + 600 + 90_000 })
    expect(histogram.bucketsBy([])).toEqual({ counts: [5], count: 5, sum: 90_605 })
  })

  it("loses no value, and tells none to be within a bound that it is above", () => {
    const bounds = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500]
    for (let millis = 0; millis < 3_000; millis++) {
      const histogram = new LatencyHistogram()
      histogram.record(millis)
      const at = histogram.bucketsBy(bounds).counts.indexOf(1)
      const below = bounds[at] ?? Number.POSITIVE_INFINITY
      expect(millis).toBeLessThanOrEqual(below)
      if (at > 0) expect(millis).toBeGreaterThan(bounds[at - 1]! * (1 - 1 / 16) - 1)
    }
  })
})
