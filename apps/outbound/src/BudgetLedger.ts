/** Where the processes of a deployment lease the budgets of the accounts that they share: over PostgreSQL, by its clock. */
import { BudgetLeaseError, BudgetLeases } from "@holdfast/channels/lease/BudgetLeases"
import { decideLease } from "@holdfast/channels/lease/LeaseDecision"
import type { AccountState } from "@holdfast/channels/lease/LeaseTerms"
import { reviseAccountBudget } from "@holdfast/ledger/AccountBudgets"
import { Database, query } from "@holdfast/ledger/Database"
import { Effect, Layer } from "effect"

export const layer: Layer.Layer<BudgetLeases, never, Database> = Layer.effect(
  BudgetLeases,
  Effect.map(Database, ({ sql }) => ({
    exchange: (account, request) =>
      query(() =>
        reviseAccountBudget(sql, account, (state, now) =>
          decideLease((state ?? undefined) as AccountState | undefined, request, now)
        )
      ).pipe(Effect.mapError(({ message: detail }) => new BudgetLeaseError({ account, detail })))
  }))
)
