/** Counts up, and tells when a number was reached. */
import { monotonicMillis } from "./MonotonicClock.ts"

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
