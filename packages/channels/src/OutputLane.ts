/**
 * When the next call to a channel may begin, and for which update: its budgets, its concurrency, the pause it asked for, its
 * circuit, and its turn where it shares an account.
 *
 * Guarantee: all of them must admit. Updates to zero jump the queue, and a part of every budget is kept for them; what has
 * waited beyond its place in the queue still gets a share, however many of them there are. It knows nothing of listings.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import { type AccountMember, type AccountOf, makeAccounts } from "./budget/AccountBudgets.ts"
import type { BudgetObservation } from "./budget/BudgetObservation.ts"
import { anyRoom, type CallKind, type Room } from "./budget/LimitBudget.ts"
import { agedShare } from "./ChannelLimit.ts"
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

/** What a call took along. */
export interface Load {
  readonly writes: boolean
  readonly items: number
  /** items that are not to zero */
  readonly others: number
}

export interface LaneOptions {
  /** milliseconds since the epoch */
  readonly now: number
  readonly accountOf?: AccountOf | undefined
  /** asks for another look at `admit`: it may be the channel's turn */
  readonly wake?: () => void
}

const never: Admission = { at: Number.POSITIVE_INFINITY, toZero: false }

export class OutputLane {
  readonly circuit = new CircuitBreaker()
  private readonly options: LaneOptions
  private readonly accountOf: AccountOf
  private member: AccountMember
  /** tokens beside those of the budgets: with one, what has waited too long goes before updates to zero */
  private aged: TokenBucket
  private rate: RateBudget
  private underWay = 0

  constructor(rate: RateBudget, options: LaneOptions = { now: 0 }) {
    this.options = options
    this.accountOf = options.accountOf ?? makeAccounts()
    this.rate = rate
    this.member = this.join(options.now)
    this.aged = new TokenBucket(this.agedRate)
  }

  private join(now: number): AccountMember {
    const { wake = () => {} } = this.options
    return this.accountOf(this.rate.account).join(this.rate, now, wake)
  }

  private get budgets() {
    return this.member.account.budgets
  }

  private get agedRate() {
    return { perSecond: this.budgets.sustained * agedShare, burst: 1 }
  }

  /** Calls per second that its budgets bear for ever. */
  get sustained(): number {
    return this.budgets.sustained
  }

  /** Milliseconds since the epoch until which the channel asked to be left alone. */
  get pausedUntil(): number {
    return this.budgets.pausedUntil
  }

  /** When the next call may begin, and for which of those that wait. */
  admit(now: number, waiting: Waiting): Admission {
    if (this.underWay >= this.rate.concurrency || (!waiting.toZero && waiting.other === undefined)) {
      this.member.wantsAt = never.at
      return never
    }
    const { at, toZero } = this.choose(now, Math.max(now, this.circuit.admitAt(now)), waiting)
    return { at: this.member.account.turnAt(this.member, now, at), toZero }
  }

  private choose(now: number, open: number, { toZero, other }: Waiting): Admission {
    const at = (kind: CallKind) => Math.max(open, this.budgets.admitAt(now, kind))
    if (other !== undefined && this.isAged(now, other)) {
      const aged = { at: at("aged"), toZero: false }
      if (!toZero || aged.at <= now) return aged
      const zero = { at: at("toZero"), toZero: true }
      return zero.at < aged.at ? zero : aged
    }
    return toZero ? { at: at("toZero"), toZero } : { at: at("other"), toZero }
  }

  private isAged(now: number, place: number): boolean {
    return place <= now && this.aged.availableAt(now) <= now
  }

  /** Items that a call that was admitted now may take along. */
  room(now: number, { toZero }: Admission): Room {
    const { budgets } = this
    return budgets.isBare ? anyRoom : budgets.room(now, toZero ? "toZero" : "aged")
  }

  /** A call begins, as it was admitted. Returns whether it probes the circuit. */
  begin(): boolean {
    this.underWay += 1
    return this.circuit.begin()
  }

  /** What a call that began takes of the budgets; others that share them may begin theirs meanwhile. */
  spend(now: number, { toZero }: Admission, load: Load): void {
    if (!toZero) this.aged.take(now)
    this.member.account.spend(this.member, now, { ...load, kind: toZero ? "toZero" : "other" })
  }

  /** All calls that may be under way at once are. */
  get isFull(): boolean {
    return this.underWay >= this.rate.concurrency
  }

  /** When a call may begin that is to delay no other: the channel is well and the whole burst is there, of which it takes one. */
  leftoverAt(now: number): number {
    if (this.isFull || this.circuit.state !== "closed") return Number.POSITIVE_INFINITY
    return this.budgets.leftoverAt(now)
  }

  beginLeftover(now: number): void {
    this.underWay += 1
    this.member.account.spend(this.member, now, { writes: false, items: 0, others: 0, kind: "other" })
  }

  rebudget(rate: RateBudget, now: number): void {
    const { account } = this.rate
    this.rate = rate
    if (account === rate.account) {
      this.member.rate = rate
      this.member.account.redeclare(now)
    } else {
      this.leave(now)
      this.member = this.join(now)
    }
    this.aged.rebudget(this.agedRate, now)
  }

  /** Shares the account no longer. */
  leave(now: number): void {
    this.member.account.leave(this.member, now)
  }

  end(): void {
    this.underWay -= 1
    this.member.account.end(this.member)
  }

  /** What the channel said of its budgets. */
  learn(observed: ReadonlyArray<BudgetObservation>, now: number): void {
    for (const each of observed) this.budgets.learn(each, now, this.member.account.underWay)
    this.aged.rebudget(this.agedRate, now)
  }

  /** Which limit holds back what waits, and until when; undefined: none. */
  waitsFor(now: number): { readonly limit: string; readonly until: number } | undefined {
    return this.budgets.waitsFor(now)
  }

  pauseUntil(at: number): void {
    this.budgets.pausedUntil = Math.max(this.budgets.pausedUntil, at)
  }
}
