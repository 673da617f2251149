/**
 * What the outcomes of a replay come to, beside one fixed buffer for all listings that protects as well.
 *
 * "Oversold" is short for: the channel shows more than there is when it hears, since more was sold meanwhile than was kept from it.
 * Guarantee: pure. The fixed buffer is the least that is as good, chosen with hindsight; the lag buffer had none.
 */
import type { LagOutcome } from "./LagReplay.ts"

interface Protection {
  readonly decisions: number
  /** share of the decisions that were oversold */
  readonly oversold: number
  /** units kept back, of those that were there; the mean over the decisions */
  readonly withheld: number
}

export interface LagFigures {
  readonly all: Protection
  /** decisions that need a buffer: without any, the model expects more oversells than the target */
  readonly atRisk: Protection
  /** the tenth of the decisions with the greatest demand as it was expected then */
  readonly busiest: Protection
  /** the least fixed buffer that oversells as seldom over all decisions, and in the busiest tenth */
  readonly fixed: FixedBuffer
  readonly fixedForBusiest: FixedBuffer
}

interface FixedBuffer {
  readonly units: number
  /** over all decisions, and among the busiest tenth */
  readonly all: Protection
  readonly busiest: Protection
}

type KeptOf = (outcome: LagOutcome) => number

const protectionOf = (outcomes: ReadonlyArray<LagOutcome>, keptOf: KeptOf): Protection => {
  let oversold = 0
  let withheld = 0
  for (const outcome of outcomes) {
    const kept = keptOf(outcome)
    if (outcome.unheard > kept) oversold += 1
    withheld += Math.min(kept, outcome.available)
  }
  const decisions = outcomes.length
  return { decisions, oversold: oversold / decisions, withheld: withheld / decisions }
}

/** The least units that are exceeded in no larger share of the outcomes. */
const leastFixed = (outcomes: ReadonlyArray<LagOutcome>, oversold: number): number => {
  const falling = outcomes.map(({ unheard }) => unheard).sort((a, b) => b - a)
  return falling[Math.floor(oversold * falling.length)] ?? 0
}

export const figuresOf = (outcomes: ReadonlyArray<LagOutcome>): LagFigures => {
  const own: KeptOf = ({ kept }) => kept.units
  const byDemand = outcomes.toSorted((a, b) => b.kept.demand.mean - a.kept.demand.mean)
  const busiestOutcomes = byDemand.slice(0, Math.ceil(outcomes.length / 10))
  const all = protectionOf(outcomes, own)
  const busiest = protectionOf(busiestOutcomes, own)
  const fixedOf = (units: number): FixedBuffer => ({
    units,
    all: protectionOf(outcomes, () => units),
    busiest: protectionOf(busiestOutcomes, () => units)
  })
  return {
    all,
    atRisk: protectionOf(
      outcomes.filter(({ kept }) => kept.units > 0),
      own
    ),
    busiest,
    fixed: fixedOf(leastFixed(outcomes, all.oversold)),
    fixedForBusiest: fixedOf(leastFixed(busiestOutcomes, busiest.oversold))
  }
}
