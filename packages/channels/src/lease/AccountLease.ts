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
  leaseReportMillis,
  leaseReportMillisMin,
  leaseRetryMillis,
  leaseSlackMillis
} from "../ChannelLimit.ts"
import { CountHolding, ShareHolding, type ShareUser } from "./Holding.ts"
import type { CountTerms, LeaseAnswer, LeaseRequest, ShareTerms, SpokenNow } from "./LeaseTerms.ts"

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
  private readonly counts = new Map<string, CountHolding>()
  private readonly shares = new Map<string, ShareHolding>()
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

  /** A limit of the account; the same holding each time. */
  count(name: string, terms: CountTerms): CountHolding {
    const holding = this.counts.get(name) ?? new CountHolding(terms)
    this.counts.set(name, holding)
    return Object.assign(holding, { terms, isDeclared: true })
  }

  share(name: string, terms: Omit<ShareTerms, "lingerMillis">, user?: ShareUser): ShareHolding {
    const holding = this.shares.get(name) ?? new ShareHolding({ ...terms, lingerMillis: 0 })
    this.shares.set(name, holding)
    return Object.assign(holding, { terms: { ...terms, lingerMillis: 0 }, isDeclared: true, user })
  }

  /** Only these limits are declared from now on. */
  retain(names: ReadonlySet<string>): void {
    for (const [name, holding] of [...this.counts, ...this.shares]) holding.isDeclared = names.has(name)
  }

  get isNeeded(): boolean {
    return this.counts.size + this.shares.size > 0
  }

  private get calls(): ShareHolding | undefined {
    return this.shares.get("calls")
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
    return !this.isUsable(now) || this.lackingSince !== undefined
  }

  /** From when on it is worth asking for something of which nothing is held; undefined: there is some of everything. */
  private get lackingSince(): number | undefined {
    let at: number | undefined
    for (const { isDeclared, left, retryAt } of this.counts.values())
      if (isDeclared && (left.all < 1 || left.others < 1)) at = Math.min(at ?? retryAt, retryAt)
    for (const { isDeclared, units } of this.shares.values())
      if (isDeclared && units < 1) at = Math.min(at ?? Number.POSITIVE_INFINITY, this.askedAt + leaseRetryMillis)
    return at
  }

  /** A call begins. */
  begin(now: number): void {
    this.underWay += 1
    this.activeAt = now
    if (!this.isNeeded) return
    const isLow = [...this.counts.values()].some((each) => each.isLow)
    const isNews = !this.unreported || (isLow && !this.urgent)
    this.unreported = true
    if (isLow) this.urgent = true
    if (isNews) this.poke()
  }

  /** @param calls that ended, or that another account answers for now. @returns whether others may have waited for that */
  end(calls = 1): boolean {
    const wasFull = this.isFull
    this.underWay = Math.max(0, this.underWay - calls)
    if (this.owes) this.poke()
    return wasFull && calls > 0
  }

  /** Others wait for what it has come down by. */
  private get owes(): boolean {
    for (const [name, share] of this.shares) if (share.owes(this.inUse(name))) return true
    return false
  }

  /** Units that it cannot give up now. */
  private inUse(name: string): number {
    return name === "calls" ? this.underWay : 0
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

  private get reportMillis(): number {
    let least = leaseReportMillis
    for (const { terms } of this.counts.values()) least = Math.min(least, Math.ceil(terms.windowMillis / 10))
    return Math.max(least, leaseReportMillisMin)
  }

  /** When the store is to be asked next, milliseconds since the epoch; `Infinity`: not before something happens. */
  dueAt(now: number): number {
    if (!this.isNeeded) return Number.POSITIVE_INFINITY
    const isUsable = this.isUsable(now)
    if (!isUsable && !this.hungry) return Number.POSITIVE_INFINITY
    const earliest = this.askedAt + (this.trouble === undefined ? leasePauseMillis : leaseRetryMillis)
    if (!isUsable) return Math.max(now, earliest)
    let at = this.underWay > 0 ? Number.POSITIVE_INFINITY : this.activeAt + leaseIdleMillis
    const lacking = this.hungry ? this.lackingSince : undefined
    const hasNews = this.unreported || (this.hungry && lacking === undefined)
    at = Math.min(at, this.askedAt + (hasNews ? this.reportMillis : leaseMillis / 3))
    if (lacking !== undefined) at = Math.min(at, lacking)
    else if (this.urgent) at = earliest
    if (this.owes) at = earliest
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
      counts: fromMap(this.counts, (each) => each.ask(elapsed, leaves)),
      shares: fromMap(this.shares, (each, name) => each.ask(now, this.inUse(name), want(each.units), leaves)),
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
    for (const [name, grant] of Object.entries(counts)) this.counts.get(name)?.accept(grant, now)
    for (const [name, grant] of Object.entries(shares)) this.shares.get(name)?.accept(grant, now)
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
    for (const holding of this.counts.values()) holding.reset()
    for (const holding of this.shares.values()) holding.reset(now)
    for (const holdings of [this.counts, this.shares])
      for (const [name, { isDeclared }] of holdings) if (!isDeclared) holdings.delete(name)
  }
}

const fromMap = <A, B>(map: ReadonlyMap<string, A>, f: (value: A, name: string) => B): Readonly<Record<string, B>> =>
  Object.fromEntries([...map].map(([name, value]) => [name, f(value, name)]))

const spokenAt = ({ resetAt, ...said }: BudgetObservation, now: number): SpokenNow =>
  resetAt === undefined ? said : { ...said, resetMillis: resetAt - now }

const observationAt = ({ resetMillis, ...said }: SpokenNow, now: number): BudgetObservation =>
  resetMillis === undefined ? said : { ...said, resetAt: now + resetMillis }
