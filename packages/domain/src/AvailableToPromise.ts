/**
 * Available to promise by date: what there is now, and what there will be as purchases arrive.
 *
 * 1. A purchase counts from the day on which it is expected. One that was expected before now did not come: nobody knows when
 *    it will, so it does not count; nor does one without a date.
 * 2. What is missing now is made good first: the steps are cumulative.
 *
 * Guarantee: pure. The first step is now; steps rise in time, and never fall in units.
 */
import type { LocationId } from "./Identity.ts"

/** Units of a SKU that a purchase is to bring. */
export interface ExpectedUnits {
  readonly locationId: LocationId
  readonly units: number
  /** milliseconds since the epoch */
  readonly at: number
}

/** Units that may be promised from a time on, signed. */
export interface PromiseStep {
  /** milliseconds since the epoch */
  readonly from: number
  readonly available: number
}

/**
 * @param now milliseconds since the epoch
 * @param expected of all that the answer is about
 * @param availableWith what there would be once these have arrived
 */
export const promiseOf = <E extends ExpectedUnits>(
  now: number,
  expected: ReadonlyArray<E>,
  availableWith: (arrived: ReadonlyArray<E>) => number
): ReadonlyArray<PromiseStep> => {
  const toCome = expected.filter(({ at }) => at > now)
  const dates = [...new Set(toCome.map(({ at }) => at))].sort((a, b) => a - b)
  return [
    { from: now, available: availableWith([]) },
    ...dates.map((from) => ({ from, available: availableWith(toCome.filter(({ at }) => at <= from)) }))
  ]
}

/** Units that may be promised for a time; for one before now, what there is now. @param by milliseconds since the epoch */
export const availableBy = (steps: ReadonlyArray<PromiseStep>, by: number): number =>
  (steps.findLast(({ from }) => from <= by) ?? steps[0]!).available
