/**
 * What one process holds of the budgets of an account that it shares with others: what to ask for, and when.
 *
 * Guarantee: it goes by no more than it was granted, for no longer than its lease lasts by its own clock, and begins anew under another
 * name then. Without a demand it asks for nothing and gives back what it holds. Synchronous; `LeaseKeeper` does the asking.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import type { BudgetObservation } from "../budget/BudgetObservation.ts"
import {
  leaseAheadMillis,
  leaseIdleMillis,
  leaseMillis,
  leasePauseMillis,
  leaseRetryMillis,
  leaseSlackMillis
} from "../ChannelLimit.ts"
import type { ShareHolding } from "./Holding.ts"
import { Holdings } from "./Holdings.ts"
import type { LeaseAnswer, LeaseRequest, SpokenNow } from "./LeaseTerms.ts"

/** What the other processes say. */
export interface Heard {
  readonly pauseMillis: number
  readonly spoken: ReadonlyArray<BudgetObservation>
}

export class AccountLease {
  /** whether it is an account that channels name: then its rate and its calls at once are shared, too */
  readonly isNamed: boolean
  /** there is something to ask for earlier than before */
  poke: () => void = () => {}
  /** something was granted, or was not */
  onAnswer: (heard: Heard | undefined, now: number) => void = () => {}
  /** milliseconds that a call may last at most */
  callMillis: () => number = () => 0
  rate: RateBudget | undefined
  others: RateBudget | undefined
  /** why the store does not answer */
  trouble: string | undefined
  pausedUntil = 0
  readonly holdings = new Holdings()
  private readonly spoken = new Map<string, BudgetObservation>()
  private readonly nameOf: () => string
  private member: string
  private turn = 0
  private fresh = true
  private heard = 0
  private usableUntil = Number.NEGATIVE_INFINITY
  private sentAt = Number.NEGATIVE_INFINITY
  private askedAt = Number.NEGATIVE_INFINITY
  private activeAt = Number.NEGATIVE_INFINITY
  private hungry = false
  private urgent = false
  private unreported = false
  private underWay = 0

  /** @param nameOf gives a name that no other process has, another one each time */
  constructor(isNamed: boolean, nameOf: () => string) {
    this.isNamed = isNamed
    this.nameOf = nameOf
    this.member = nameOf()
  }

  get isNeeded(): boolean {
    return this.holdings.isSome
  }

  private get calls(): ShareHolding | undefined {
    return this.holdings.calls
  }

  /** Calls that other processes may have under way. */
  get callsElsewhere(): number {
    return this.calls?.elsewhere ?? 0
  }

  private get isFull(): boolean {
    return this.calls !== undefined && this.underWay >= this.calls.units
  }

  isUsable(now: number): boolean {
    return now < this.usableUntil
  }

  /** When to look again for what is not held. An answer comes earlier, as a rule. */
  retryAt(now: number): number {
    return Math.max(now, this.askedAt) + leaseRetryMillis
  }

  /** When its lease and its calls at once admit a call: `now` or later. */
  admitAt(now: number): number {
    return !this.isNeeded || (this.isUsable(now) && !this.isFull) ? now : this.retryAt(now)
  }

  /** A call waits for what is not held, or only for its time. */
  want(now: number): void {
    if (!this.isNeeded) return
    const urgent = this.isLacking(now)
    const isNews = !this.hungry || (urgent && !this.urgent)
    this.activeAt = now
    this.hungry = true
    this.urgent = urgent
    if (isNews) this.poke()
  }

  /** Something waits that it could have more of. */
  get isWanting(): boolean {
    return this.hungry
  }

  private isLacking(now: number): boolean {
    return !this.isUsable(now) || this.holdings.lackingSince(this.askedAt) !== undefined
  }

  /** A call begins. */
  begin(now: number): void {
    this.underWay += 1
    this.activeAt = now
    if (!this.isNeeded) return
    const { isLow } = this.holdings
    const isNews = !this.unreported || (isLow && !this.urgent)
    this.unreported = true
    if (isLow) this.urgent = true
    if (isNews) this.poke()
  }

  /** @param calls that ended, or that another account answers for now. @returns whether others may have waited for that */
  end(calls = 1): boolean {
    const wasFull = this.isFull
    this.underWay = Math.max(0, this.underWay - calls)
    if (this.holdings.owes(this.underWay)) this.poke()
    return wasFull && calls > 0
  }

  pause(until: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, until)
    this.tell()
  }

  speak(observed: BudgetObservation): void {
    this.spoken.set(`${observed.kind} ${observed.windowMillis ?? ""}`, observed)
    this.unreported = true
  }

  private tell(): void {
    if (!this.isNeeded) return
    this.hungry = true
    this.urgent = true
    this.poke()
  }

  /** When the store is to be asked next, milliseconds since the epoch; `Infinity`: not before something happens. */
  dueAt(now: number): number {
    if (!this.isNeeded) return Number.POSITIVE_INFINITY
    const isUsable = this.isUsable(now)
    if (!isUsable && !this.hungry) return Number.POSITIVE_INFINITY
    const earliest = this.askedAt + (this.trouble === undefined ? leasePauseMillis : leaseRetryMillis)
    if (!isUsable) return Math.max(now, earliest)
    let at = this.underWay > 0 ? Number.POSITIVE_INFINITY : this.activeAt + leaseIdleMillis
    const lacking = this.hungry ? this.holdings.lackingSince(this.askedAt) : undefined
    const hasNews = this.unreported || (this.hungry && lacking === undefined)
    at = Math.min(at, this.askedAt + (hasNews ? this.holdings.reportMillis : leaseMillis / 3))
    if (lacking !== undefined) at = Math.min(at, lacking)
    else if (this.urgent) at = earliest
    if (this.holdings.owes(this.underWay)) at = earliest
    return Math.max(at, earliest)
  }

  /** @param closes the process ends */
  request(now: number, closes = false): LeaseRequest {
    if (!this.fresh && !this.isUsable(now)) this.reset(now)
    const elapsed = Math.min(now - this.sentAt, leaseMillis)
    const isIdle = now - this.activeAt >= leaseIdleMillis
    const leaves = closes || (isIdle && this.underWay === 0)
    const isQuiet = now - this.activeAt >= leaseAheadMillis
    const want = (units: number) => (this.hungry ? undefined : isQuiet ? 0 : Math.max(1, Math.ceil(units / 2)))
    const calls = this.calls
    if (calls !== undefined) calls.terms = { ...calls.terms, lingerMillis: Math.ceil(this.callMillis()) }
    const { member, fresh, heard } = this
    const request = {
      member,
      turn: (this.turn += 1),
      fresh,
      leaves,
      rate: this.rate!,
      counts: this.holdings.askCounts(elapsed, leaves),
      shares: this.holdings.askShares(now, this.underWay, want, leaves),
      pauseMillis: Math.max(0, this.pausedUntil - now),
      spoken: [...this.spoken.values()].map((each) => spokenAt(each, now)),
      heard
    }
    this.sentAt = now
    this.hungry = this.urgent = this.unreported = false
    this.spoken.clear()
    return request
  }

  /** @param request what was answered */
  accept(answer: LeaseAnswer, { leaves }: LeaseRequest, now: number): void {
    this.askedAt = now
    this.trouble = undefined
    this.fresh = false
    if (answer._tag === "gone" || leaves) {
      this.reset(now)
      this.hungry ||= answer._tag === "gone" && !leaves
      return this.onAnswer(undefined, now)
    }
    this.usableUntil = this.sentAt + leaseMillis - leaseSlackMillis
    const { counts, shares, others, pauseMillis, spoken, heard } = answer
    this.holdings.accept(counts, shares, now)
    this.others = others
    this.heard = heard
    this.onAnswer({ pauseMillis, spoken: spoken.map((each) => observationAt(each, now)) }, now)
  }

  /** It was not answered: whether it took effect is unknown. */
  failed(detail: string, now: number): void {
    this.askedAt = now
    this.trouble = detail
    this.onAnswer(undefined, now)
  }

  private reset(now: number): void {
    this.member = this.nameOf()
    this.turn = 0
    this.fresh = true
    this.usableUntil = Number.NEGATIVE_INFINITY
    this.holdings.reset(now)
  }
}

const spokenAt = ({ resetAt, ...said }: BudgetObservation, now: number): SpokenNow =>
  resetAt === undefined ? said : { ...said, resetMillis: resetAt - now }

const observationAt = ({ resetMillis, ...said }: SpokenNow, now: number): BudgetObservation =>
  resetMillis === undefined ? said : { ...said, resetAt: now + resetMillis }
