import { describe, expect, it } from "vitest"
import { createHash } from "node:crypto"
import { HeadSampler, inShare } from "@holdfast/telemetry/HeadSampler"
import { TraceBudget } from "@holdfast/telemetry/TraceBudget"

const traceIds = Array.from({ length: 20_000 }, (_, n) =>
  createHash("sha256").update(`trace ${n}`).digest("hex").slice(0, 32)
)

describe("head sampling", () => {
  it("keeps about the share that was asked for", () => {
    for (const ratio of [0.01, 0.1, 0.5]) {
      const kept = traceIds.filter((id) => inShare(ratio, id)).length
      const deviation = Math.sqrt(traceIds.length * ratio * (1 - ratio))
      expect(Math.abs(kept - traceIds.length * ratio)).toBeLessThan(5 * deviation)
    }
  })

  it("keeps with a larger share all that a smaller one keeps, and decides alike every time", () => {
    for (const id of traceIds) {
      if (inShare(0.05, id)) expect(inShare(0.2, id)).toBe(true)
      expect(inShare(0.05, id)).toBe(inShare(0.05, id))
    }
  })

  it("keeps nothing at 0 and everything at 1", () => {
    expect(traceIds.some((id) => inShare(0, id))).toBe(false)
    expect(traceIds.every((id) => inShare(1, id))).toBe(true)
  })

  it("never keeps more than 50 traces per second, and counts the others", () => {
    let now = 0
    const sampler = new HeadSampler(1, () => now)
    const keptOf = (ids: ReadonlyArray<string>) => ids.filter((id) => sampler.keeps(id)).length
    expect(keptOf(traceIds.slice(0, 1_000))).toBe(50)
    now = 1_000
    expect(keptOf(traceIds.slice(0, 1_000))).toBe(50)
    now = 1_500
    expect(keptOf(traceIds.slice(0, 1_000))).toBe(25)
    expect(sampler.suppressed).toBe(2_875)
  })
})

describe("a trace budget", () => {
  it("gives each key its burst and its rate", () => {
    const budget = new TraceBudget(20, 200)
    const taken = (key: string, now: number) =>
      Array.from({ length: 500 }, () => budget.take(key, now)).filter(Boolean).length
    expect([taken("amazon", 0), taken("shop", 0)]).toEqual([200, 200])
    expect([taken("amazon", 1_000), taken("shop", 5_000)]).toEqual([20, 100])
  })
})
