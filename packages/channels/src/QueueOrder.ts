/**
 * In which order updates go that wait for the channel: the riskiest first, or, to compare with, the one that is due or came first.
 *
 * Guarantee: pure. With `riskFirst` nothing waits longer than `ageingMillisOf` the budget behind what is riskier; while only
 * risky updates go, a safe one `safeAgeingMillisOf` longer, a raise twice that.
 */
import { demandAt, expectedOversell, placeInQueue } from "@holdfast/domain/OversellRisk"
import { ageingMillisOf, safeAgeingMillisOf, safeUnits } from "./ChannelLimit.ts"
import type { Listing } from "./Listing.ts"

export interface QueueOrder {
  /** the least goes first; milliseconds since the epoch, so that what waits gets on. @param budgetMillis of the channel
   * @param onlyRisky what risks next to nothing waits behind what does */
  readonly place: (listing: Listing, now: number, budgetMillis: number, onlyRisky: boolean) => number
  /** whether it goes before all others, up to their share */
  readonly jumps: (listing: Listing) => boolean
}

/** An update after which nothing more can be sold, where something still can: the dearest one to be late with. */
const isToZero = ({ step, wanted, confirmed }: Listing): boolean =>
  step === "push" && wanted === 0 && confirmed !== undefined && confirmed > 0

export const riskFirst: QueueOrder = {
  place: ({ agesFrom, confirmed: shown, wanted, deadline, demand }, now, budgetMillis, onlyRisky) => {
    const ageing = ageingMillisOf(budgetMillis)
    const seconds = ageing / 1000
    const units = expectedOversell({ shown, wanted, demand: demandAt(demand, now), seconds })
    const place = placeInQueue(Math.max(agesFrom ?? deadline, deadline), ageing, units)
    if (!onlyRisky || units >= safeUnits) return place
    const isRaise = shown === undefined || shown < wanted
    return place + (isRaise ? 2 : 1) * safeAgeingMillisOf(budgetMillis)
  },
  jumps: isToZero
}

export const byDeadline: QueueOrder = { place: ({ deadline }) => deadline, jumps: () => false }

/** What waits keeps its place, whatever becomes of its stock meanwhile: its newest quantity leaves when the first would have. */
export const firstInFirstOut: QueueOrder = {
  place: ({ place, heapKey }, now) => (place === "ready" ? heapKey : now),
  jumps: () => false
}
