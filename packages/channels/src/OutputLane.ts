/**
 * When the next call to a channel may begin: its rate budget, its concurrency, the pause it asked for, its circuit.
 *
 * Guarantee: all four must admit. It knows nothing of listings.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import { TokenBucket } from "./TokenBucket.ts"

export class OutputLane {
  readonly circuit = new CircuitBreaker()
  private readonly bucket: TokenBucket
  private concurrency: number
  private underWay = 0
  private paused = 0

  constructor(rate: RateBudget) {
    this.bucket = new TokenBucket(rate)
    this.concurrency = rate.concurrency
  }

  /** Milliseconds since the epoch until which the channel asked to be left alone. */
  get pausedUntil(): number {
    return this.paused
  }

  /** When the next call may begin: at most `now`, later, or `Infinity` when only the end of a call can tell. */
  admitAt(now: number): number {
    if (this.underWay >= this.concurrency) return Number.POSITIVE_INFINITY
    return Math.max(this.paused, this.circuit.admitAt(now), this.bucket.availableAt(now))
  }

  /** A call begins. Returns whether it probes the circuit. */
  begin(now: number): boolean {
    this.bucket.take(now)
    this.underWay += 1
    return this.circuit.begin()
  }

  rebudget(rate: RateBudget, now: number): void {
    this.bucket.rebudget(rate, now)
    this.concurrency = rate.concurrency
  }

  end(): void {
    this.underWay -= 1
  }

  pauseUntil(at: number): void {
    this.paused = Math.max(this.paused, at)
  }
}
