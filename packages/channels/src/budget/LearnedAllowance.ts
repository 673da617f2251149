/**
 * How many requests a channel said are left, and until when that counts.
 *
 * Guarantee: until then it only falls, in whatever order answers come; afterwards it limits nothing, until the channel says
 * something again. It is never more than what a definition declares, since both must admit.
 */
import { allowanceMaxMillis, keptOf, unknownResetShare } from "../ChannelLimit.ts"
import type { BudgetObservation } from "./BudgetObservation.ts"
import type { CallKind } from "./LimitBudget.ts"

export class LearnedAllowance {
  private left = 0
  private kept = 0
  private until = Number.NEGATIVE_INFINITY

  /** @param underWay calls that may or may not be in what is left */
  learn(observed: BudgetObservation, now: number, underWay: number): void {
    const { max, remaining, resetAt, windowMillis } = observed
    if (remaining === undefined) return
    const left = Math.max(0, remaining - underWay)
    if (now < this.until) {
      this.left = Math.min(this.left, left)
      return
    }
    const until = resetAt ?? now + (windowMillis ?? 0) * unknownResetShare
    this.until = Math.min(until, now + allowanceMaxMillis)
    this.left = left
    this.kept = max === undefined ? 0 : keptOf(max)
  }

  admitAt(now: number, kind: CallKind): number {
    if (now >= this.until) return now
    return this.left > (kind === "toZero" ? 0 : this.kept) ? now : this.until
  }

  spend(): void {
    this.left = Math.max(0, this.left - 1)
  }
}
