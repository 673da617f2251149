/**
 * Keeps the leases of one account: asks the store when `AccountLease` says so, and tells it what came of it.
 *
 * Guarantee: one exchange at a time; no call waits for it but one that needs what is not held. A store that is away is asked
 * again for ever, and said so once.
 */
import { Clock, Effect, Latch } from "effect"
import { leaseAnswerMillis } from "../ChannelLimit.ts"
import type { AccountLease } from "./AccountLease.ts"
import type { BudgetLeases } from "./BudgetLeases.ts"

type Store = BudgetLeases["Service"]

const exchange = (account: string, lease: AccountLease, store: Store, closes = false) =>
  Effect.gen(function* () {
    const request = lease.request(yield* Clock.currentTimeMillis, closes)
    const wasAway = lease.trouble !== undefined
    const result = yield* store.exchange(account, request).pipe(
      Effect.timeout(leaseAnswerMillis),
      Effect.mapError((error) => error.message),
      Effect.result
    )
    const now = yield* Clock.currentTimeMillis
    if (result._tag === "Success") lease.accept(result.success, request, now)
    else {
      if (!wasAway) yield* Effect.logWarning(`shared budgets of ${account} are not leased: ${result.failure}`)
      lease.failed(result.failure, now)
    }
  })

/** For ever. */
export const keepLease = (account: string, lease: AccountLease, store: Store): Effect.Effect<never> => {
  const poked = Latch.makeUnsafe()
  lease.poke = () => void poked.openUnsafe()
  const turn = Effect.gen(function* () {
    yield* poked.close
    const now = yield* Clock.currentTimeMillis
    const wait = Math.ceil(lease.dueAt(now) - now)
    if (wait <= 0) return yield* exchange(account, lease, store)
    yield* wait === Number.POSITIVE_INFINITY ? poked.await : Effect.raceFirst(poked.await, Effect.sleep(wait))
    // whoever poked is at work still
    yield* Effect.yieldNow
  })
  return Effect.forever(turn)
}

/** Gives back what is held: the process ends. */
export const returnLease = (account: string, lease: AccountLease, store: Store): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (lease.isUsable(yield* Clock.currentTimeMillis)) yield* exchange(account, lease, store, true)
  })
