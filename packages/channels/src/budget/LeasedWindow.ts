/**
 * So many in a span of time, of which this process spends what it has leased.
 *
 * Guarantee: no more than was granted, and nothing once the lease is over; that no span sees more than the limit is the store's.
 */
import type { AccountLease } from "../lease/AccountLease.ts"
import type { CountHolding } from "../lease/Holding.ts"

export class LeasedWindow {
  private readonly lease: AccountLease
  private readonly holding: CountHolding

  constructor(lease: AccountLease, holding: CountHolding) {
    this.lease = lease
    this.holding = holding
  }

  /** When one more may be taken: `now`, or when it is worth looking again. */
  admitAt(now: number, toZero: boolean): number {
    const { left, retryAt } = this.holding
    const isLeft = (toZero ? left.all : left.others) >= 1
    return isLeft && this.lease.isUsable(now) ? now : Math.max(retryAt, this.lease.retryAt(now))
  }

  /** How many may be taken now, and how many of them that are not to zero. */
  room(now: number): { readonly items: number; readonly others: number } {
    const { left } = this.holding
    return this.lease.isUsable(now) ? { items: left.all, others: left.others } : { items: 0, others: 0 }
  }

  /** @param others those of `all` that are not to zero */
  take(_now: number, all: number, others: number): void {
    this.holding.spend({ all, others })
  }
}
