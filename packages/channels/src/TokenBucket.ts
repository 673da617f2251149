/**
 * A token bucket: how many requests a channel admits per second, and how many at once after a pause.
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

  /** When the next token is there, with `above` more of them that are not to be touched: `now` or later. */
  availableAt(now: number, above = 0): number {
    this.fill(now)
    const missing = 1 + above - this.tokens
    return missing <= hair ? now : now + Math.ceil(missing / this.perMilli - hair)
  }

  /** Takes one token; only after `availableAt` said that it is there. */
  take(now: number): void {
    this.fill(now)
    this.tokens = Math.max(0, this.tokens - 1)
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
