/**
 * One history in any order of arrival: what happened up to some moment, and events after it that may be told in any order.
 *
 * Guarantee: `settledPart` is all that must not depend on that order, which is everything but where units are committed.
 * The past is the same in every order: requests are answered by what was known then.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import type { Sku } from "../Identity.ts"
import type { StockLevel } from "../StockState.ts"
import { Shelf, type Shelved } from "./Shelf.ts"
import { StockWorkload, type WorkloadStep } from "./StockWorkload.ts"
import { documentsOf } from "./UnitBalance.ts"

export type EventStep = Extract<WorkloadStep, { readonly _tag: "Event" }>

export interface OpenHistory {
  readonly past: ReadonlyArray<WorkloadStep>
  readonly events: ReadonlyArray<EventStep>
  readonly policies: ReadonlyMap<string, AllocationPolicy>
  /** SKUs known by then: facts about others are refused, in one order and not in another */
  readonly known: ReadonlySet<Sku>
}

export const openHistory = (seed: number): OpenHistory => {
  const workload = new StockWorkload(seed, true)
  const { policies } = workload
  const shelf = new Shelf({ learn: (answer) => workload.learn(answer), policies })
  const past: Array<WorkloadStep> = []
  for (let step = 0; step < 10 + (seed % 20); step++) {
    const next = workload.next()
    past.push(next)
    shelf.take(next)
  }
  const later = [...Array.from({ length: 40 }, () => workload.next()), ...workload.rest()]
  const now = Math.max(...later.map((step) => step.now))
  return {
    past,
    policies,
    events: later.flatMap((step) => (step._tag === "Event" ? [{ ...step, now }] : [])),
    known: new Set([...shelf.skus].filter(([, { state }]) => state.levels.length > 0).map(([sku]) => sku))
  }
}

const quantitiesOf = ({ locationId, ...rest }: StockLevel): ReadonlyArray<string> =>
  Object.entries({ ...rest, committed: 0 })
    .filter(([quantity, units]) => units !== (quantity.endsWith("At") ? -1 : 0))
    .map(([quantity, units]) => `${quantity} at ${locationId}: ${units}`)

/** All of a state that does not depend on the order of arrival. */
const settledPart = ({ state, ledger }: Shelved): object => ({
  quantities: state.levels.flatMap(quantitiesOf).toSorted(),
  committed: state.levels.reduce((sum, level) => sum + level.committed, 0),
  documents: documentsOf(ledger, state).map((line) => (line.kind === "order" ? { ...line, allocations: [] } : line))
})

/** Where a history ends when its events arrive in this order. */
export const endOf = (
  { past, known, policies }: OpenHistory,
  events: ReadonlyArray<EventStep>
): ReadonlyArray<readonly [Sku, object]> => {
  const shelf = new Shelf({ policies })
  for (const step of [...past, ...events]) shelf.take(step)
  return [...known].map((sku) => [sku, settledPart(shelf.skus.get(sku)!)])
}
