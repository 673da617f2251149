/**
 * What every store of leased budgets must do, as checks that any test runner can run against any implementation.
 *
 * Each check uses accounts of its own, so that all may run against one store.
 */
import { Effect } from "effect"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import { type BudgetLeaseError, BudgetLeases } from "../lease/BudgetLeases.ts"
import type { CountAsk, LeaseAnswer, LeaseRequest } from "../lease/LeaseTerms.ts"

export interface ContractCheck {
  readonly title: string
  readonly check: Effect.Effect<void, BudgetLeaseError, BudgetLeases>
}

const hour = 3_600_000
const name = "requests"
const zero = { all: 0, others: 0 }

/** Of forty an hour, none kept. */
const ask = (want: number, spent = 0, returned = 0): CountAsk => ({
  max: 40,
  kept: 0,
  windowMillis: hour,
  spent: { all: spent, others: spent },
  returned: { all: returned, others: returned },
  want: want === 0 ? zero : { all: want, others: want }
})

const requestOf = (member: string, count: CountAsk, change: Partial<LeaseRequest> = {}): LeaseRequest => ({
  member,
  turn: 1,
  fresh: true,
  leaves: false,
  rate: { perSecond: 1, burst: 1, concurrency: 1 },
  counts: { [name]: count },
  shares: {},
  pauseMillis: 0,
  spoken: [],
  heard: 0,
  ...change
})

const exchange = (account: string, request: LeaseRequest) =>
  Effect.flatMap(BudgetLeases, (store) => store.exchange(account, request))

const grantedOf = (answer: LeaseAnswer): number => {
  ok(answer._tag === "granted", answer._tag)
  return answer.counts[name]!.granted.all
}

const later = { turn: 2, fresh: false }

export const budgetLeasesContract: ReadonlyArray<ContractCheck> = [
  {
    title: "grants what is asked for, and no more than there is, to however many ask at once",
    check: Effect.gen(function* () {
      strictEqual(grantedOf(yield* exchange("contract-one", requestOf("a", ask(10)))), 10)
      const members = Array.from({ length: 20 }, (_, n) => exchange("contract-many", requestOf(`m${n}`, ask(10))))
      const granted = (yield* Effect.all(members, { concurrency: "unbounded" })).map(grantedOf)
      strictEqual(granted[0]! > 0, true)
      strictEqual(granted.reduce((all, each) => all + each, 0) <= 40, true, granted.join(" "))
    })
  },
  {
    title: "remembers what was spent when its member is gone, and gives what was returned to others",
    check: Effect.gen(function* () {
      yield* exchange("contract-left", requestOf("a", ask(40)))
      yield* exchange("contract-left", requestOf("a", ask(0, 30, 10), { ...later, leaves: true }))
      strictEqual(grantedOf(yield* exchange("contract-left", requestOf("b", ask(40)))), 10)
    })
  },
  {
    title: "counts what was neither spent nor returned",
    check: Effect.gen(function* () {
      yield* exchange("contract-silent", requestOf("killed", ask(25)))
      const first = grantedOf(yield* exchange("contract-silent", requestOf("b", ask(40))))
      const again = yield* exchange("contract-silent", requestOf("b", ask(40), { ...later }))
      strictEqual(grantedOf(again) <= 15 && grantedOf(again) > first, true)
    })
  },
  {
    title: "keeps accounts apart, whatever their names",
    check: Effect.gen(function* () {
      for (const account of ["contract'; drop table account_budget", "Größe 🧦", "__proto__"])
        strictEqual(grantedOf(yield* exchange(account, requestOf("a", ask(40)))), 40)
    })
  },
  {
    title: "does nothing upon a request that comes twice, too late, or of a member that it does not know",
    check: Effect.gen(function* () {
      const account = "contract-late"
      const first = requestOf("a", ask(10))
      yield* exchange(account, first)
      yield* exchange(account, requestOf("a", ask(10), later))
      deepStrictEqual(yield* exchange(account, first), { _tag: "gone" })
      deepStrictEqual(yield* exchange(account, requestOf("stranger", ask(10), later)), { _tag: "gone" })
      strictEqual(grantedOf(yield* exchange(account, requestOf("b", ask(40)))), 10)
      strictEqual(grantedOf(yield* exchange(account, requestOf("b", ask(40), later))), 15)
    })
  },
  {
    title: "tells others of a pause and of what the channel said, and what they declare",
    check: Effect.gen(function* () {
      const account = "contract-news"
      const said = { kind: "requests", remaining: 3, windowMillis: hour, resetMillis: hour } as const
      const rate = { perSecond: 5, burst: 2, concurrency: 3 }
      yield* exchange(account, requestOf("a", ask(0), { pauseMillis: 60_000, spoken: [said], rate }))
      const heard = yield* exchange(account, requestOf("b", ask(0)))
      ok(heard._tag === "granted")
      strictEqual(heard.pauseMillis > 30_000 && heard.pauseMillis <= 60_000, true)
      deepStrictEqual(
        heard.spoken.map(({ resetMillis, ...rest }) => [rest, resetMillis! > hour / 2 && resetMillis! <= hour]),
        [[{ kind: "requests", remaining: 3, windowMillis: hour }, true]]
      )
      deepStrictEqual(heard.others, { ...rate, limits: [] })
      const again = yield* exchange(account, requestOf("b", ask(0), { ...later, heard: heard.heard }))
      deepStrictEqual(again._tag === "granted" && again.spoken, [])
    })
  }
]
