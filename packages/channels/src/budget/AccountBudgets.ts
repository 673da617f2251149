/**
 * The budgets of one account, and the channels that share them in turns.
 *
 * Guarantee: together the channels keep to the strictest of what they declare. Of those that could begin a call, the one that
 * has begun the fewest goes first: none starves, and one that was silent saves nothing up. A channel that does not take its
 * turn is waited for no longer than `turnPatienceMillis`. Other processes have their part in it by an `AccountLease`, where there is one.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import { turnPatienceMillis } from "../ChannelLimit.ts"
import type { AccountLease, Heard } from "../lease/AccountLease.ts"
import { Budgets, strictest } from "./Budgets.ts"
import type { Call } from "./LimitBudget.ts"

/** A channel's part in an account. */
export class AccountMember {
  readonly account: AccountBudgets
  rate: RateBudget
  /** calls begun, and those that it left to others while it was silent */
  turns = 0
  /** when it could begin a call, as far as it is known */
  wantsAt = Number.POSITIVE_INFINITY
  /** calls that are not answered yet */
  underWay = 0
  /** it could begin a call, but it is another's turn */
  yields = false
  /** it may be its turn now */
  readonly wake: () => void

  constructor(account: AccountBudgets, rate: RateBudget, wake: () => void) {
    this.account = account
    this.rate = rate
    this.wake = wake
  }
}

export class AccountBudgets {
  private readonly members = new Set<AccountMember>()
  private shared: Budgets | undefined
  private readonly lease: AccountLease | undefined
  private declaredElsewhere: string | undefined
  /** turns of the channel that went last */
  private turns = 0

  /** @param lease by which other processes have their part in it; undefined: it is ours alone */
  constructor(lease?: AccountLease) {
    this.lease = lease
    if (lease !== undefined) lease.onAnswer = (heard, now) => this.answered(lease, heard, now)
  }

  private answered(lease: AccountLease, heard: Heard | undefined, now: number): void {
    const { others } = lease
    if (JSON.stringify(others) !== this.declaredElsewhere) {
      this.declaredElsewhere = JSON.stringify(others)
      this.redeclare(now)
    }
    if (heard !== undefined && heard.pauseMillis > 0) this.budgets.hearPause(now + heard.pauseMillis)
    for (const observed of heard?.spoken ?? []) this.budgets.hear(observed, now, this.underWay)
    for (const member of this.members) member.wake()
  }

  /** What limits it; only once a channel has joined. */
  get budgets(): Budgets {
    return this.shared!
  }

  /** @param wake asks the channel to look whether it may begin a call */
  join(rate: RateBudget, now: number, wake: () => void): AccountMember {
    const member = new AccountMember(this, rate, wake)
    this.members.add(member)
    this.redeclare(now)
    return member
  }

  leave(member: AccountMember, now: number): void {
    this.members.delete(member)
    this.lease?.end(member.underWay)
    if (this.members.size > 0) this.redeclare(now)
  }

  /** A member declares another rate, joins or leaves. */
  redeclare(now: number): void {
    const own = [...this.members].map((member) => member.rate)
    if (own.length === 0) return
    const { lease } = this
    if (lease !== undefined) lease.rate = strictest(own)
    const rate = strictest(lease?.others === undefined ? own : [...own, lease.others])
    if (this.shared === undefined) this.shared = new Budgets(rate, lease)
    else this.shared.redeclare(rate, now)
  }

  /** When it is the member's turn. @param at when the budgets and the channel itself admit its next call */
  turnAt(member: AccountMember, now: number, at: number): number {
    if (this.members.size === 1) return at
    const wasSilent = member.wantsAt === Number.POSITIVE_INFINITY || now > member.wantsAt + turnPatienceMillis
    if (wasSilent) member.turns = Math.max(member.turns, this.turns)
    member.wantsAt = at
    member.yields = false
    if (at > now) return at
    for (const other of this.members) {
      const isDue = other.wantsAt <= now && now <= other.wantsAt + turnPatienceMillis
      if (other.turns < member.turns && isDue) {
        member.yields = true
        return other.wantsAt + turnPatienceMillis + 1
      }
    }
    return at
  }

  /** A call begins. */
  spend(member: AccountMember, now: number, call: Call): void {
    this.budgets.spend(now, call)
    this.lease?.begin(now)
    member.underWay += 1
    this.turns = Math.max(this.turns, member.turns)
    member.turns += 1
    if (this.members.size > 1) for (const other of this.members) if (other.yields) other.wake()
  }

  /** A call ended. */
  end(member: AccountMember): void {
    if (member.underWay === 0) return
    member.underWay -= 1
    if (this.lease?.end() === true) for (const other of this.members) if (other !== member) other.wake()
  }

  /** Calls of all members that are not answered yet. */
  get underWay(): number {
    let sum = 0
    for (const member of this.members) sum += member.underWay
    return sum
  }
}

/** The account of a name: one object each. Without a name, one of the asker's own. */
export type AccountOf = (name: string | undefined) => AccountBudgets

/** Accounts that the channels of one process share. */
export const makeAccounts = (): AccountOf => {
  const accounts = new Map<string, AccountBudgets>()
  return (name) => {
    if (name === undefined) return new AccountBudgets()
    const account = accounts.get(name) ?? new AccountBudgets()
    accounts.set(name, account)
    return account
  }
}
