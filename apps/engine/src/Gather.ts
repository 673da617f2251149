/**
 * Gathers what many ask at about the same time into few round trips.
 *
 * Guarantee: in the order in which it came, one round trip at a time, and what came meanwhile goes into the next. Everybody
 * hears the result of their own part, or the error of the whole.
 */
import { Pace } from "@holdfast/bus/Pace"

interface Waiting<A, B> {
  readonly asked: A
  readonly resolve: (answer: B) => void
  readonly reject: (cause: unknown) => void
}

export class Gather<A, B> {
  private waiting: Array<Waiting<A, B>> = []
  private running = false
  private readonly pace: Pace
  private readonly max: number
  private readonly together: (all: ReadonlyArray<A>) => Promise<ReadonlyArray<B>>

  /** @param together answers all, in order. @param options `max` in one round trip, `paceMillis` between two */
  constructor(
    together: (all: ReadonlyArray<A>) => Promise<ReadonlyArray<B>>,
    { max, paceMillis }: { readonly max: number; readonly paceMillis: number }
  ) {
    this.together = together
    this.max = max
    this.pace = new Pace(paceMillis)
  }

  /** Rejects with what the round trip threw. */
  ask(asked: A): Promise<B> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ asked, resolve, reject })
      if (!this.running) void this.run()
    })
  }

  private async run(): Promise<void> {
    this.running = true
    while (this.waiting.length > 0) {
      await this.pace.turn()
      await this.answer(this.waiting.splice(0, this.max))
    }
    this.running = false
  }

  private async answer(all: ReadonlyArray<Waiting<A, B>>): Promise<void> {
    try {
      const answers = await this.together(all.map(({ asked }) => asked))
      for (const [i, { resolve }] of all.entries()) resolve(answers[i]!)
    } catch (cause) {
      for (const { reject } of all) reject(cause)
    }
  }
}
