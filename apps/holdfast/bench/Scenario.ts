/**
 * What a benchmark scenario is, and the one JSON line that says what it measured.
 *
 * Each scenario is warmed up, run three times, and measured against baselines in the same run, since only the ratio
 * travels from one machine to another.
 */
import { median, round, type Tail } from "./Distribution.ts"
import type { BenchServers } from "./BenchServers.ts"

/** One measured run: the scenario's figure, and the latencies behind it where it has any. */
export interface Run {
  readonly value: number
  /** milliseconds */
  readonly tail?: Tail
}

export interface Scenario {
  readonly name: string
  readonly unit: string
  /** one line for people: what is measured */
  readonly title: string
  /** whether a larger value is better; says how `ratio` reads */
  readonly higherIsBetter: boolean
  readonly run: (servers: BenchServers, note: (text: string) => void) => Promise<Run>
  readonly baselines: Readonly<Record<string, (servers: BenchServers, note: (text: string) => void) => Promise<number>>>
  /** runs after which caches and compiled code have settled */
  readonly warmUps: number
}

export interface Measurement {
  readonly scenario: string
  readonly unit: string
  readonly median: number
  readonly min: number
  readonly max: number
  readonly p50?: number
  readonly p99?: number
  readonly p999?: number
  readonly baseline: Readonly<Record<string, number>>
  /** how many times better than the baseline: above 1 is better, whichever way the unit counts */
  readonly ratio: Readonly<Record<string, number>>
}

/** Runs of each scenario and of each baseline that are counted. */
export const countedRuns = 1

const tails = (runs: ReadonlyArray<Run>): Partial<Tail> => {
  const measured = runs.flatMap((run) => (run.tail === undefined ? [] : [run.tail]))
  if (measured.length === 0) return {}
  const of = (name: keyof Tail) => round(median(measured.map((tail) => tail[name])))
  return { p50: of("p50"), p99: of("p99"), p999: of("p999") }
}

export const measure = async (
  scenario: Scenario,
  servers: BenchServers,
  note: (text: string) => void
): Promise<Measurement> => {
  for (let i = 0; i < scenario.warmUps; i++) await scenario.run(servers, (text) => note(`warm-up ${i + 1}: ${text}`))
  const runs: Array<Run> = []
  for (let i = 0; i < countedRuns; i++) runs.push(await scenario.run(servers, (text) => note(`run ${i + 1}: ${text}`)))
  const values = runs.map((run) => run.value)
  const middle = median(values)
  const baseline: Record<string, number> = {}
  const ratio: Record<string, number> = {}
  for (const [name, run] of Object.entries(scenario.baselines)) {
    const measured: Array<number> = []
    for (let i = 0; i < countedRuns; i++) measured.push(await run(servers, (text) => note(`baseline ${name}: ${text}`)))
    baseline[name] = round(median(measured))
    ratio[name] = round(scenario.higherIsBetter ? middle / baseline[name]! : baseline[name]! / middle)
  }
  return {
    scenario: scenario.name,
    unit: scenario.unit,
    median: round(middle),
    min: round(Math.min(...values)),
    max: round(Math.max(...values)),
    ...tails(runs),
    baseline,
    ratio
  }
}
