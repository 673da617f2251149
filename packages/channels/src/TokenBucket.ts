/**
 * A token bucket: how many requests (or points) a channel admits per second, and how many at once after a pause.
 *
 * Guarantee: over any span of t seconds at most `burst + perSecond * t` are taken. Times are milliseconds; a clock that
 * goes back gives nothing and takes nothing.
 */
import type { RateBudget } from "@holdfast/domain/Channel"

/** Sums of fractions end a hair below a whole token. */
const hair = 1e-9

export class TokenBucket {
  private perMilli: number
  private burst: number
  private tokens: number
  private filledAt = Number.NEGATIVE_INFINITY

  constructor(rate: Pick<RateBudget, "perSecond" | "burst">) {
    this.perMilli = rate.perSecond / 1000
    this.burst = rate.burst
    this.tokens = rate.burst
  }

  /** When `many` tokens are there, with `above` more of them that are not to be touched: `now` or later. */
  availableAt(now: number, above = 0, many = 1): number {
    this.fill(now)
    const missing = many + above - this.tokens
    return missing <= hair ? now : now + Math.ceil(missing / this.perMilli - hair)
  }

  /** Tokens that are there now. */
  left(now: number): number {
    this.fill(now)
    return this.tokens + hair
  }

  /** Takes tokens; only after `availableAt` said that they are there. */
  take(now: number, many = 1): void {
    this.fill(now)
    this.tokens = Math.max(0, this.tokens - many)
  }

  /** No more than these are left, whoever took the others. */
  leave(now: number, tokens: number): void {
    this.fill(now)
    this.tokens = Math.min(this.tokens, Math.max(0, tokens))
  }

  /** Adds tokens that were saved up elsewhere, up to the burst. */
  give(now: number, tokens: number): void {
    this.fill(now)
    this.tokens = Math.min(this.burst, this.tokens + tokens)
  }

  /** Goes by another rate from now on; what was saved up stays, up to the new burst. */
  rebudget(rate: Pick<RateBudget, "perSecond" | "burst">, now: number): void {
    this.fill(now)
    this.perMilli = rate.perSecond / 1000
    this.burst = rate.burst
    this.tokens = Math.min(this.tokens, rate.burst)
  }

  private fill(now: number): void {
    if (now > this.filledAt && this.filledAt !== Number.NEGATIVE_INFINITY) {
      this.tokens = Math.min(this.burst, this.tokens + (now - this.filledAt) * this.perMilli)
    }
    this.filledAt = now
  }
}
