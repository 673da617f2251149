/** The lag buffer on the sample day: what must be true of it whatever the machine. */
import { Effect } from "effect"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { figuresOf, type LagFigures } from "../bench/lag/LagFigures.ts"
import { replayLag, type LagPlan } from "../bench/lag/LagReplay.ts"
import { retailEvents } from "../src/retail/OnlineRetail.ts"
import { readRetailCsv } from "../src/retail/RetailCsv.ts"

const plan: LagPlan = {
  rule: { target: 0.01, cap: 1_000 },
  seed: 5,
  medianMillis: 600_000,
  sigma: 0.6,
  everyMillis: 1_800_000,
  warmUpShare: 0.1
}

const sample = join(import.meta.dirname, "../sample/online-retail-sample.csv.gz")

describe("the lag buffer on the sample day", { timeout: 60_000 }, () => {
  let of: (change: Partial<LagPlan>) => LagFigures
  let usual: LagFigures

  beforeAll(async () => {
    const events = retailEvents(await Effect.runPromise(readRetailCsv(sample)))
    of = (change) => figuresOf([...replayLag(events, { ...plan, ...change })])
    usual = of({})
  }, 60_000)

  it("comes to the same from the same seed, and looks at enough to say something", () => {
    expect(of({})).toEqual(usual)
    expect(usual.all.decisions).toBeGreaterThan(5_000)
  })

  it("oversells no oftener than a fifth above the target where it keeps something, and much less often than without", () => {
    expect(usual.atRisk.oversold).toBeLessThan(1.2 * plan.rule.target)
    const without = of({ rule: { target: 0.5, cap: 1 } })
    expect(without.all.oversold).toBeGreaterThan(2 * usual.all.oversold)
  })

  it("withholds less from a channel that hears sooner, or may oversell oftener", () => {
    expect(of({ medianMillis: 60_000 }).all.withheld).toBeLessThan(usual.all.withheld)
    expect(of({ rule: { target: 0.05, cap: 1_000 } }).all.withheld).toBeLessThan(usual.all.withheld)
  })

  it("protects the busiest better than a fixed buffer that is as good on the whole", () => {
    expect(usual.fixed.all.oversold).toBeLessThanOrEqual(usual.all.oversold)
    expect(usual.busiest.oversold).toBeLessThan(usual.fixed.busiest.oversold)
  })
})
