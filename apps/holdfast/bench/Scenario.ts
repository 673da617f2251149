/**
 * What a benchmark scenario is, and the one JSON line that says what it measured.
 *
 * Each scenario is warmed up, run three times, and measured against baselines in the same run, since only the ratio
 * travels from one machine to another.
 */
import { countedRuns } from "./BenchLimit.ts"
import type { BenchServers } from "./BenchServers.ts"
import { median, round, type Tail } from "./Distribution.ts"

/** One measured run: the scenario's figure, and the latencies behind it where it has any. */
export interface Run {
  readonly value: number
  /** milliseconds */
  readonly tail?: Tail
  /** why this run cannot be believed: it is repeated once, and counted with that note if it happens again */
  readonly invalid?: string | undefined
  /** what else was measured, by name */
  readonly details?: Readonly<Record<string, number>>
}

export type Note = (text: string) => void

export interface Scenario {
  readonly name: string
  readonly unit: string
  /** one line for people: what is measured */
  readonly title: string
  /** whether a larger value is better; says how `ratio` reads */
  readonly higherIsBetter: boolean
  readonly run: (servers: BenchServers, note: Note) => Promise<Run>
  /** one that has a tail is compared by its p99 too, as `<name>P99` */
  readonly baselines: Readonly<Record<string, (servers: BenchServers, note: Note) => Promise<number | Run>>>
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
  /** what else is known of it; its names say the unit */
  readonly details?: Readonly<Record<string, number | string>>
}

/** A scenario that measures several things at once, and gives a line of each. */
export interface LinesScenario {
  readonly name: string
  /** one line for people: what is measured */
  readonly title: string
  /** @param servers starts them the first time that it is called */
  readonly lines: (servers: () => Promise<BenchServers>, note: Note) => Promise<ReadonlyArray<Measurement>>
}

/** The middle and both ends of the values of several runs, as a line has them. */
export const spanOf = (values: ReadonlyArray<number>) => ({
  median: round(median(values)),
  min: round(Math.min(...values)),
  max: round(Math.max(...values))
})

const tails = (runs: ReadonlyArray<Run>): Tail | undefined => {
  const measured = runs.flatMap((run) => (run.tail === undefined ? [] : [run.tail]))
  if (measured.length === 0) return undefined
  const of = (name: keyof Tail) => round(median(measured.map((tail) => tail[name])))
  return { p50: of("p50"), p99: of("p99"), p999: of("p999") }
}

/** A run that says more of the generator than of us is repeated once. */
export const believed = async <R extends { readonly invalid?: string | undefined }>(
  once: () => Promise<R>,
  note: Note
): Promise<R> => {
  const first = await once()
  if (first.invalid === undefined) return first
  note(`INVALID, repeated: ${first.invalid}`)
  const second = await once()
  if (second.invalid !== undefined) note(`INVALID again, counted all the same: ${second.invalid}`)
  return second
}

const valid = (run: (note: Note) => Promise<number | Run>, note: Note): Promise<Run> =>
  believed(async () => {
    const ran = await run(note)
    return typeof ran === "number" ? { value: ran } : ran
  }, note)

const repeat = async (name: string, times: number, run: (note: Note) => Promise<number | Run>, note: Note) => {
  const runs: Array<Run> = []
  for (let i = 1; i <= times; i++) runs.push(await valid(run, (text) => note(`${name} ${i}: ${text}`)))
  return runs
}

export const measure = async (scenario: Scenario, servers: BenchServers, note: Note): Promise<Measurement> => {
  const { higherIsBetter, warmUps } = scenario
  try {
    await repeat("warm-up", warmUps, (say) => scenario.run(servers, say), note)
    const runs = await repeat("run", countedRuns, (say) => scenario.run(servers, say), note)
    const values = runs.map((run) => run.value)
    const middle = median(values)
    const tail = tails(runs)
    const details = runs.find(({ value }) => value === middle)?.details
    const baseline: Record<string, number> = {}
    const ratio: Record<string, number> = {}
    const compare = (name: string, ours: number, theirs: number): void => {
      baseline[name] = round(theirs)
      ratio[name] = round(higherIsBetter ? ours / theirs : theirs / ours)
    }
    for (const [name, run] of Object.entries(scenario.baselines)) {
      const measured = await repeat(`baseline ${name}`, countedRuns, (say) => run(servers, say), note)
      compare(name, middle, median(measured.map(({ value }) => value)))
      const theirs = tails(measured)
      if (tail !== undefined && theirs !== undefined) compare(`${name}P99`, tail.p99, theirs.p99)
    }
    return {
      scenario: scenario.name,
      unit: scenario.unit,
      ...spanOf(values),
      ...tail,
      baseline,
      ratio,
      ...(details === undefined ? {} : { details })
    }
  } finally {
    await servers.processes.stopAll()
  }
}
