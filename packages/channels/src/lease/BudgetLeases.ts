/**
 * Where processes lease the budgets of the accounts that they share.
 *
 * Guarantee: exchanges about one account take effect one after the other, each all or not at all, and those that took effect
 * outlive the process. The memory layer is for one process alone; PostgreSQL is in `apps/outbound`.
 */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { decideLease } from "./LeaseDecision.ts"
import type { AccountState, LeaseAnswer, LeaseRequest } from "./LeaseTerms.ts"

/** The store did not answer: whether the exchange took effect is unknown. */
export class BudgetLeaseError extends Schema.TaggedError<BudgetLeaseError>()("BudgetLeaseError", {
  account: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `budgets of ${this.account} are not leased: ${this.detail}`
  }
}

export class BudgetLeases extends Context.Service<
  BudgetLeases,
  {
    /** Tells what a process spent of an account, and takes what it may spend next. */
    readonly exchange: (account: string, request: LeaseRequest) => Effect.Effect<LeaseAnswer, BudgetLeaseError>
  }
>()("@holdfast/channels/BudgetLeases") {
  static readonly memory: Layer.Layer<BudgetLeases> = Layer.sync(BudgetLeases, () => {
    const accounts = new Map<string, AccountState>()
    return {
      exchange: (account, request) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const { state, answer } = decideLease(accounts.get(account), request, now)
          accounts.set(account, state)
          return answer
        })
    }
  })
}
