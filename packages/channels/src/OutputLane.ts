/**
 * When the next call to a channel may begin, and for which update: its rate budget, its concurrency, the pause it asked for,
 * its circuit.
 *
 * Guarantee: all four must admit. Updates to zero jump the queue, and a part of the burst is kept for them; what has waited
 * beyond its place in the queue still gets a share, however many of them there are. It knows nothing of listings.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import { agedShare, zeroShare } from "./ChannelLimit.ts"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import { TokenBucket } from "./TokenBucket.ts"

/** Which updates wait. */
export interface Waiting {
  readonly toZero: boolean
  /** place in the queue of the first of the others, milliseconds since the epoch; undefined: there is none */
  readonly other: number | undefined
}

export interface Admission {
  /** milliseconds since the epoch: `now`, later, or `Infinity` when only the end of a call can tell */
  readonly at: number
  /** whether it is for an update to zero */
  readonly toZero: boolean
}

const never: Admission = { at: Number.POSITIVE_INFINITY, toZero: false }

const agedRate = ({ perSecond }: RateBudget) => ({ perSecond: perSecond * agedShare, burst: 1 })

export class OutputLane {
  readonly circuit = new CircuitBreaker()
  private readonly bucket: TokenBucket
  /** tokens beside those of `bucket`: with one, what has waited too long goes before updates to zero */
  private readonly aged: TokenBucket
  private rate: RateBudget
  private underWay = 0
  private paused = 0

  constructor(rate: RateBudget) {
    this.bucket = new TokenBucket(rate)
    this.aged = new TokenBucket(agedRate(rate))
    this.rate = rate
  }

  /** Milliseconds since the epoch until which the channel asked to be left alone. */
  get pausedUntil(): number {
    return this.paused
  }

  /** When the next call may begin, and for which of those that wait. */
  admit(now: number, { toZero, other }: Waiting): Admission {
    if (this.underWay >= this.rate.concurrency || (!toZero && other === undefined)) return never
    const open = Math.max(this.paused, this.circuit.admitAt(now))
    const token = Math.max(open, this.bucket.availableAt(now))
    if (other !== undefined && other <= now && this.aged.availableAt(now) <= now) return { at: token, toZero: false }
    if (toZero) return { at: token, toZero: true }
    return { at: Math.max(open, this.bucket.availableAt(now, this.kept)), toZero: false }
  }

  /** Tokens of the burst that are kept for updates to zero. */
  private get kept(): number {
    return Math.floor(this.rate.burst * zeroShare)
  }

  /** A call begins, as it was admitted. Returns whether it probes the circuit. */
  begin(now: number, { toZero }: Admission): boolean {
    this.bucket.take(now)
    if (!toZero) this.aged.take(now)
    this.underWay += 1
    return this.circuit.begin()
  }

  /** All calls that may be under way at once are. */
  get isFull(): boolean {
    return this.underWay >= this.rate.concurrency
  }

  /** When a call may begin that is to delay no other: the channel is well and the whole burst is there, of which it takes one. */
  leftoverAt(now: number): number {
    if (this.isFull || this.circuit.state !== "closed") return Number.POSITIVE_INFINITY
    return Math.max(this.paused, this.bucket.availableAt(now, this.rate.burst - 1))
  }

  beginLeftover(now: number): void {
    this.bucket.take(now)
    this.underWay += 1
  }

  rebudget(rate: RateBudget, now: number): void {
    this.bucket.rebudget(rate, now)
    this.aged.rebudget(agedRate(rate), now)
    this.rate = rate
  }

  end(): void {
    this.underWay -= 1
  }

  pauseUntil(at: number): void {
    this.paused = Math.max(this.paused, at)
  }
}
