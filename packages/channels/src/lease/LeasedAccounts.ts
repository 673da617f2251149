/**
 * The accounts of a process that shares them with others: one object for each name, with the fiber that keeps its leases.
 *
 * Guarantee: a channel that names no account has one of its own, of which only what outlives a process is leased: without such a
 * limit nothing is asked for. When the scope ends, what is held is given back.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, FiberSet, type Scope } from "effect"
import { AccountBudgets, type AccountOf } from "../budget/AccountBudgets.ts"
import { connectorGraceMillis } from "../ChannelLimit.ts"
import { AccountLease } from "./AccountLease.ts"
import { BudgetLeases } from "./BudgetLeases.ts"
import { keepLease, returnLease } from "./LeaseKeeper.ts"

interface Kept {
  readonly budgets: AccountBudgets
  readonly lease: AccountLease
  /** definitions of the channels that ever joined it */
  readonly channels: Map<string, () => ChannelDefinition>
}

const newName = () => globalThis.crypto.randomUUID()

/** Accounts as a channel sees them. @param definition what the channel goes by now */
export type AccountsFor = (definition: () => ChannelDefinition) => AccountOf

export const makeLeasedAccounts: Effect.Effect<AccountsFor, never, BudgetLeases | Scope.Scope> = Effect.gen(
  function* () {
    const store = yield* BudgetLeases
    const accounts = new Map<string, Kept>()
    yield* Effect.addFinalizer(() =>
      Effect.forEach(accounts, ([name, { lease }]) => returnLease(name, lease, store), { concurrency: "unbounded" })
    )
    const fork = yield* FiberSet.makeRuntime<never, void, never>()
    const open = (name: string, isNamed: boolean): Kept => {
      const lease = new AccountLease(isNamed, newName)
      const channels = new Map<string, () => ChannelDefinition>()
      lease.callMillis = () =>
        [...channels.values()].reduce((most, now) => Math.max(most, now().timeoutMillis), 0) + connectorGraceMillis
      const kept = { lease, channels, budgets: new AccountBudgets(lease) }
      accounts.set(name, kept)
      fork(keepLease(name, lease, store))
      return kept
    }
    return (definition) => (account) => {
      const { id } = definition()
      const name = account === undefined ? `channel ${id}` : `account ${account}`
      const kept = accounts.get(name) ?? open(name, account !== undefined)
      kept.channels.set(id, definition)
      return kept.budgets
    }
  }
)
