/**
 * Notes when each event of a run reached each stage of its way: stored by the broker, decided, committed, and so on.
 *
 * Guarantee: the first time counts; `latencies` resolves when every event has reached the last stage, and fails when some
 * do not. A stage that only some events reach is judged by those.
 */
import { setTimeout as wait } from "node:timers/promises"
import { indexOf } from "./Backlog.ts"
import { patienceMillis } from "./BenchLimit.ts"
import { type Tail, tailOf } from "./Distribution.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { intendedAt, type Schedule } from "./OpenModel.ts"

/** What monotonic milliseconds are short of milliseconds since the epoch. */
const epochOffset = Date.now() - monotonicMillis()

export class EventWatch<Stage extends string> {
  private readonly run: string
  private readonly from: number
  private readonly count: number
  private readonly last: Stage
  private readonly reachedAt: ReadonlyMap<Stage, Float64Array>
  private missing: number
  private readonly all = Promise.withResolvers<void>()

  /** Events `from` to `from + count - 1` of the run. */
  constructor(run: string, from: number, count: number, stages: ReadonlyArray<Stage>) {
    this.run = run
    this.from = from
    this.count = count
    this.missing = count
    this.last = stages.at(-1)!
    this.reachedAt = new Map(stages.map((stage) => [stage, new Float64Array(count)]))
  }

  /** @param at milliseconds since the epoch */
  noteEpoch(stage: Stage, id: string, at: number): void {
    this.note(stage, id, at - epochOffset)
  }

  /** @param at monotonic milliseconds */
  note(stage: Stage, id: string, at: number): void {
    const index = indexOf(this.run, id)
    if (index === undefined) return
    const reachedAt = this.reachedAt.get(stage)!
    const position = index - this.from
    if (reachedAt[position] !== 0) return
    reachedAt[position] = at
    if (stage !== this.last) return
    this.missing -= 1
    if (this.missing === 0) this.all.resolve()
  }

  /** Intended instant to each stage, milliseconds. */
  async latencies({ startAt, rate }: Pick<Schedule, "startAt" | "rate">): Promise<Record<Stage, Tail>> {
    const { count } = this
    const impatience = new AbortController()
    const tooLate = wait(patienceMillis, undefined, { signal: impatience.signal }).then(() => {
      throw new Error(`${this.missing} of ${count} events were not ${this.last} within ${patienceMillis} ms`)
    })
    tooLate.catch(() => {})
    await Promise.race([this.all.promise, tooLate])
    impatience.abort()
    const tails = [...this.reachedAt].map(([stage, reachedAt]) => {
      const latencies: Array<number> = []
      for (const [i, at] of reachedAt.entries()) {
        if (at !== 0) latencies.push(at - intendedAt({ startAt, rate, count }, i))
      }
      return [stage, tailOf(latencies)] as const
    })
    return Object.fromEntries(tails) as Record<Stage, Tail>
  }
}

/** Each stage's p50 and p99 in one line. */
export const describeStages = (stages: Readonly<Record<string, Tail>>): string =>
  Object.entries(stages)
    .map(([stage, { p50, p99 }]) => `${stage} ${p50.toFixed(1)}/${p99.toFixed(1)}`)
    .join(", ")
