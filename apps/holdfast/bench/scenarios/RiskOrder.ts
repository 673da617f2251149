/**
 * `risk-order`: what does a marketplace that takes too few requests oversell of the retailer's record, when the riskiest update
 * goes first and when the first that came does?
 *
 * On virtual time, without servers: the same file and seeds give the same figures. `HOLDFAST_RETAIL_CSV` names the file; the
 * shipped sample when absent. The figure counts only SKUs of which nothing is left: whatever is shown of them can only be
 * oversold. All units that are shown above those that are there, of SKUs with thousands left too, are `allExcess`.
 */
import { Effect } from "effect"
import { join } from "node:path"
import { salesEvents } from "../../src/retail/OnlineRetail.ts"
import { readRetailCsv } from "../../src/retail/RetailCsv.ts"
import { riskOrder } from "../BenchLimit.ts"
import { median, round } from "../Distribution.ts"
import type { ReplayOutcome } from "../RetailReplay.ts"
import { compareOrders, type RiskOrders } from "../RiskOrders.ts"
import { type LinesScenario, type Measurement, spanOf } from "../Scenario.ts"

const file = process.env["HOLDFAST_RETAIL_CSV"] ?? join(import.meta.dirname, "../../sample/online-retail-sample.csv.gz")

/** Each seed's figure, the riskiest first and first in, first out. */
const both = (all: ReadonlyArray<RiskOrders>, of: (outcome: ReplayOutcome) => number): string => {
  const each = (outcomes: ReadonlyArray<ReplayOutcome>) => outcomes.map((outcome) => round(of(outcome), 1)).join(" ")
  return `${each(all.map(({ risky }) => risky))} | ${each(all.map(({ fifo }) => fifo))}`
}

const lineOf = (shortShare: number, rateShare: number, all: ReadonlyArray<RiskOrders>): Measurement => {
  const exposure = all.map(({ risky }) => risky.soldOutUnitSeconds)
  const fifo = median(all.map((each) => each.fifo.soldOutUnitSeconds))
  const { neededPerSecond, perSecond } = all[0]!
  return {
    scenario: `risk-order ${shortShare} ${rateShare}`,
    unit: "unit-seconds",
    ...spanOf(exposure),
    baseline: { fifo: round(fifo) },
    ratio: { fifo: round(fifo / median(exposure)) },
    details: {
      seeds: riskOrder.seeds.join(" "),
      pace: riskOrder.pace,
      budgetSeconds: riskOrder.budgetMillis / 1000,
      marketplaceShare: riskOrder.marketplaceShare,
      shortShare,
      rateShare,
      neededPerSecond: round(neededPerSecond),
      perSecond: round(perSecond),
      soldOutUnitSeconds: both(all, (each) => each.soldOutUnitSeconds),
      allExcessUnitSeconds: both(all, (each) => each.exposureUnitSeconds),
      oversoldUnits: both(all, (each) => each.oversoldUnits),
      soldUnits: both(all, (each) => each.soldUnits),
      longestWaitSeconds: both(all, (each) => each.longestWaitMillis / 1000),
      zeroP99Seconds: both(all, (each) => each.zeroP99Millis / 1000),
      zeroUpdates: both(all, (each) => each.zeroUpdates),
      pushes: both(all, (each) => each.pushes),
      coalesced: both(all, (each) => each.coalesced)
    }
  }
}

export const riskOrderScenario: LinesScenario = {
  name: "risk-order",
  title:
    "a retailer's record and a marketplace that takes too few requests: exposure, the riskiest first and first in, first out",
  lines: async (_, note) => {
    const sales = salesEvents(await Effect.runPromise(readRetailCsv(file)))
    note(`${sales.length} events of ${file}; every pair is seeds ${riskOrder.seeds.join(" ")}, riskiest first | fifo`)
    return riskOrder.shortShares.flatMap((shortShare) =>
      riskOrder.rateShares.map((rateShare) =>
        lineOf(
          shortShare,
          rateShare,
          riskOrder.seeds.map((seed) => compareOrders(sales, shortShare, rateShare, seed))
        )
      )
    )
  }
}
