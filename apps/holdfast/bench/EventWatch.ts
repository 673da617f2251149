/**
 * Notes when each event of a run arrived somewhere: was committed, was acknowledged by a channel.
 *
 * Guarantee: the first arrival of an event counts; `latencies` resolves when all have arrived, and fails when some do not.
 */
import type { Tail } from "./Distribution.ts"
import { tailOf } from "./Distribution.ts"
import { indexOf } from "./Backlog.ts"
import { patienceMillis } from "./BenchLimit.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { intendedAt, type Schedule } from "./OpenModel.ts"

export class EventWatch {
  private readonly run: string
  private readonly from: number
  private readonly arrivedAt: Float64Array
  private arrived = 0
  private readonly all = Promise.withResolvers<void>()

  /** Events `from` to `from + count - 1` of the run. */
  constructor(run: string, from: number, count: number) {
    this.run = run
    this.from = from
    this.arrivedAt = new Float64Array(count)
  }

  /** @param at monotonic milliseconds */
  note(id: string, at: number): void {
    const index = indexOf(this.run, id)
    if (index === undefined) return
    const position = index - this.from
    if (this.arrivedAt[position] !== 0) return
    this.arrivedAt[position] = at
    this.arrived += 1
    if (this.arrived === this.arrivedAt.length) this.all.resolve()
  }

  /** Intended instant to arrival, milliseconds. */
  async latencies(schedule: Pick<Schedule, "startAt" | "rate">): Promise<Tail> {
    const { arrivedAt } = this
    const count = arrivedAt.length
    const impatience = setTimeout(() => {
      this.all.reject(new Error(`only ${this.arrived} of ${count} events arrived within ${patienceMillis} ms`))
    }, patienceMillis)
    await this.all.promise
    clearTimeout(impatience)
    return tailOf(arrivedAt.map((at, i) => at - intendedAt({ ...schedule, count }, i)))
  }
}

/** Counts up, and tells when a number is reached. */
export class Counter {
  private value = 0
  private waiting: { readonly target: number; readonly resolve: (at: number) => void } | undefined

  add(amount: number): void {
    this.value += amount
    this.tell()
  }

  /** Resolves with the monotonic milliseconds at which the count reached `target`. One waits at a time. */
  reaches(target: number): Promise<number> {
    return new Promise((resolve) => {
      this.waiting = { target, resolve }
      this.tell()
    })
  }

  private tell(): void {
    if (this.waiting === undefined || this.value < this.waiting.target) return
    const { resolve } = this.waiting
    this.waiting = undefined
    resolve(monotonicMillis())
  }
}
