/**
 * How long a call goes on, and how long it waits between two attempts.
 *
 * Guarantee: no attempt and no pause outlasts the deadline. Pauses are spread, so that clients that were refused together
 * do not come back together.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { attemptMillis, attemptMillisMin, retryMillis, retryMillisMax } from "./ClientLimit.ts"

export class Patience {
  private readonly endsAt: number
  private backoff = retryMillis

  /** @param millis from now to the deadline */
  constructor(millis: number) {
    this.endsAt = performance.now() + millis
  }

  /** Milliseconds that the next attempt may take, at least 1. */
  get attempt(): number {
    return Math.max(1, Math.min(attemptMillis, this.left))
  }

  /**
   * Waits before the next attempt. Resolves with false, and at once, when there is no time left for one
   * that could be heard.
   * @param asked milliseconds that the other side asked for; a growing pause when absent
   */
  async pause(asked?: number): Promise<boolean> {
    const least = asked ?? this.backoff
    if (asked === undefined) this.backoff = Math.min(2 * this.backoff, retryMillisMax)
    const millis = least * (1 + Math.random())
    if (millis > this.left - attemptMillisMin) return false
    await sleep(millis)
    return true
  }

  private get left(): number {
    return this.endsAt - performance.now()
  }
}
