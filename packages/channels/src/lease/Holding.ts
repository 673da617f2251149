/**
 * What a process holds of one budget: so many of a window, or units of a bucket or of calls at once.
 *
 * Guarantee: counts only grow until the lease is over, and what is returned is no longer there to spend. No clock, no I/O.
 */
import { keptOf, leaseAheadMillis, leaseAmountMin } from "../ChannelLimit.ts"
import type { Amount, CountAsk, CountGrant, CountTerms, ShareAsk, ShareGrant, ShareTerms } from "./LeaseTerms.ts"

/** A rate is told from no shorter time: two calls at once are no flood. */
const measureMillisMin = 100

export class CountHolding {
  terms: CountTerms
  /** a limit that a definition no longer has: what is held of it goes back */
  isDeclared = true
  /** milliseconds since the epoch from which on it is worth asking for more */
  retryAt = Number.NEGATIVE_INFINITY
  private granted = { all: 0, others: 0 }
  private spent = { all: 0, others: 0 }
  private returned = { all: 0, others: 0 }
  private reported = 0
  private ahead = leaseAmountMin
  private low = 0

  constructor(terms: CountTerms) {
    this.terms = terms
  }

  get left(): Amount {
    const { granted, spent, returned } = this
    const all = granted.all - spent.all - returned.all
    return { all, others: Math.min(all, granted.others - spent.others - returned.others) }
  }

  /** Half of what there was after the last answer is spent. */
  get isLow(): boolean {
    return this.granted.all - this.spent.all - this.returned.all <= this.low
  }

  spend({ all, others }: Amount): void {
    this.spent.all += all
    this.spent.others += others
  }

  /** @param elapsedMillis since the last time */
  ask(elapsedMillis: number, leaves: boolean): CountAsk {
    const since = this.spent.all - this.reported
    const needed = Math.ceil((since / Math.max(elapsedMillis, measureMillisMin)) * leaseAheadMillis)
    this.ahead = Math.min(Math.max(needed, Math.floor(this.ahead / 2), leaseAmountMin), this.terms.max)
    this.reported = this.spent.all
    const ends = leaves || !this.isDeclared
    const others = ends ? 0 : this.ahead
    const all = ends ? 0 : this.ahead + Math.max(1, keptOf(this.ahead))
    this.giveBack(all, others)
    const { left } = this
    const want = { all: Math.max(0, all - left.all), others: Math.max(0, others - left.others) }
    return { ...this.terms, spent: { ...this.spent }, returned: { ...this.returned }, want }
  }

  /** More than twice what is needed would be missed elsewhere. */
  private giveBack(all: number, others: number): void {
    const { granted, spent, returned } = this
    if (this.left.all > 2 * all) returned.all += this.left.all - all
    const leftOthers = granted.others - spent.others - returned.others
    const needed = Math.min(leftOthers > 2 * others ? others : leftOthers, this.left.all)
    returned.others += leftOthers - needed
  }

  accept({ granted, retryMillis }: CountGrant, now: number): void {
    this.granted = { ...granted }
    this.retryAt = now + retryMillis
    this.low = Math.floor(this.left.all / 2)
  }

  reset(): void {
    this.granted = { all: 0, others: 0 }
    this.spent = { all: 0, others: 0 }
    this.returned = { all: 0, others: 0 }
    this.reported = 0
    this.low = 0
    this.retryAt = Number.NEGATIVE_INFINITY
  }
}

/** Whoever goes by a share of a bucket. */
export interface ShareUser {
  /** @param part of the whole, 0 to 1 @param level of the whole: how full is what was not held before */
  readonly regrant: (part: number, level: number, now: number) => void
  /** how full it is, of the whole */
  readonly levelAt: (now: number) => number
}

export class ShareHolding {
  terms: ShareTerms
  isDeclared = true
  units = 0
  elsewhere = 0
  /** units that the store takes for held here */
  private recorded = 0
  user: ShareUser | undefined
  private of: number

  constructor(terms: ShareTerms) {
    this.terms = terms
    this.of = terms.units
  }

  /** Of the whole, 0 to 1. */
  get part(): number {
    return Math.min(1, this.units / this.of)
  }

  /** @param inUse units that cannot be given up now @param want of the units; undefined: as many as there are */
  ask(now: number, inUse: number, want: number | undefined, leaves: boolean): ShareAsk {
    const ends = leaves || !this.isDeclared
    const back = ends ? Math.min(this.units, (this.user?.levelAt(now) ?? 0) * this.of) : 0
    if (ends && this.units > 0) {
      this.units = 0
      this.user?.regrant(0, 0, now)
    }
    const hold = Math.min(this.recorded, Math.max(this.units, inUse))
    this.recorded = hold
    return { ...this.terms, hold, back, want: ends ? 0 : Math.min(want ?? this.terms.units, this.terms.units) }
  }

  accept({ units, level, target, of, elsewhere }: ShareGrant, now: number): void {
    this.recorded = units
    this.units = Math.min(units, target)
    this.of = of
    this.elsewhere = elsewhere
    this.user?.regrant(this.part, level / of, now)
  }

  /** It came down to what it was told, which the store is to know. @param inUse units that cannot be given up now */
  owes(inUse: number): boolean {
    return this.recorded > Math.max(this.units, inUse)
  }

  reset(now: number): void {
    this.units = 0
    this.recorded = 0
    this.user?.regrant(0, 0, now)
  }
}
