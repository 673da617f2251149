/**
 * `lag-buffer`: units that a channel which hears late is not shown, for a target probability that it shows more than there is.
 *
 * On virtual time, from a retailer's record: the sample day, or the file that `HOLDFAST_RETAIL_CSV` names. No server is called. Each
 * run has another seed, which it names; the baselines are fixed buffers on the same outcomes.
 */
import { Effect } from "effect"
import { join } from "node:path"
import { retailEvents } from "../../src/retail/OnlineRetail.ts"
import { readRetailCsv } from "../../src/retail/RetailCsv.ts"
import { lagPlan } from "../BenchLimit.ts"
import { round } from "../Distribution.ts"
import { figuresOf, type LagFigures } from "../lag/LagFigures.ts"
import { replayLag } from "../lag/LagReplay.ts"
import type { Run, Scenario } from "../Scenario.ts"

const file = process.env["HOLDFAST_RETAIL_CSV"] ?? join(import.meta.dirname, "../../sample/online-retail-sample.csv.gz")

/** Runs so far of the scenario and of each baseline: the same run of each has the same seed. */
const runs = new Map<string, number>()

const replays = new Map<number, Promise<LagFigures>>()

const replay = async (seed: number): Promise<LagFigures> => {
  const rows = await Effect.runPromise(readRetailCsv(file))
  return figuresOf([...replayLag(retailEvents(rows), { ...lagPlan, seed })])
}

const next = async (name: string): Promise<{ readonly seed: number; readonly figures: LagFigures }> => {
  const run = runs.get(name) ?? 0
  runs.set(name, run + 1)
  const seed = lagPlan.seed + run
  const replayed = replays.get(seed) ?? replay(seed)
  replays.set(seed, replayed)
  return { seed, figures: await replayed }
}

const percent = (share: number): string => `${round(share * 100, 3)} %`

const measured = async (note: (text: string) => void): Promise<Run> => {
  const { figures, seed } = await next("run")
  const { all, atRisk, busiest, fixed, fixedForBusiest } = figures
  note(
    `seed ${seed}, ${all.decisions} decisions: oversold ${percent(all.oversold)}, ` +
      `${percent(atRisk.oversold)} where a buffer is needed, ${percent(busiest.oversold)} in the busiest tenth; ` +
      `a fixed buffer of ${fixed.units}: ${percent(fixed.all.oversold)}, ${percent(fixed.busiest.oversold)} in the busiest tenth`
  )
  return {
    value: all.withheld,
    details: {
      seed,
      target: lagPlan.rule.target,
      decisions: all.decisions,
      oversold: round(all.oversold, 5),
      decisionsAtRisk: atRisk.decisions,
      oversoldAtRisk: round(atRisk.oversold, 5),
      withheldAtRisk: round(atRisk.withheld),
      oversoldBusiest: round(busiest.oversold, 5),
      withheldBusiest: round(busiest.withheld),
      fixedUnits: fixed.units,
      fixedOversold: round(fixed.all.oversold, 5),
      fixedOversoldBusiest: round(fixed.busiest.oversold, 5),
      fixedForBusiestUnits: fixedForBusiest.units,
      fixedForBusiestOversold: round(fixedForBusiest.all.oversold, 5)
    }
  }
}

export const lagBufferScenario: Scenario = {
  name: "lag-buffer",
  unit: "units",
  title:
    "units withheld per listing from a channel that hears 10 minutes late, at an oversell probability of 1 %; virtual time",
  higherIsBetter: false,
  warmUps: 0,
  run: (_, note) => measured(note),
  baselines: {
    fixed: async () => (await next("fixed")).figures.fixed.all.withheld,
    fixedForBusiest: async () => (await next("fixedForBusiest")).figures.fixedForBusiest.all.withheld
  }
}
