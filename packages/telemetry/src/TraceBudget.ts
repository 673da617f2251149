/**
 * How many traces may be kept: a token bucket per key, so that one channel's incident does not hide another's.
 *
 * Guarantee: over t seconds a key gets at most `burst + perSecond * t`. Keys are bounded; those beyond share one bucket.
 */
import { bucketsMax } from "./TracingLimit.ts"

interface Bucket {
  tokens: number
  filledAt: number
}

export class TraceBudget {
  private readonly perMilli: number
  private readonly burst: number
  private readonly buckets = new Map<string, Bucket>()

  constructor(perSecond: number, burst: number) {
    this.perMilli = perSecond / 1000
    this.burst = burst
  }

  /** Takes one token if there is one. @param now milliseconds */
  take(key: string, now: number): boolean {
    const bucket = this.bucketOf(key, now)
    bucket.tokens = Math.min(this.burst, bucket.tokens + Math.max(0, now - bucket.filledAt) * this.perMilli)
    bucket.filledAt = now
    // sums of fractions end a hair below a whole token
    if (bucket.tokens < 1 - 1e-9) return false
    bucket.tokens -= 1
    return true
  }

  private bucketOf(key: string, now: number): Bucket {
    const known = this.buckets.get(key)
    if (known !== undefined) return known
    if (this.buckets.size >= bucketsMax && key !== "") return this.bucketOf("", now)
    const bucket = { tokens: this.burst, filledAt: now }
    this.buckets.set(key, bucket)
    return bucket
  }
}
