/**
 * From which locations a channel's orders are served, and how the units of an order line that names none are spread over them.
 *
 * Guarantee: every unit gets a location of the policy, whether or not stock suffices: an order is a fact. What no location has is
 * put where the least of it is missing. A new strategy is one more entry of `strategies`. Pure.
 */
import { Schema } from "effect"
import { atDefaultLocation, type AllocationStrategy } from "./Allocation.ts"
import type { Allocation } from "./DocumentLine.ts"
import { LocationId, Note } from "./Identity.ts"

export const AllocationRule = Schema.Struct({
  /** `priority`: in the order of the channel's locations; `nearest`: the cheapest first, by `costs` of the order's destination */
  strategy: Schema.Literals(["priority", "nearest"]),
  /** whether the units of one line may come from several locations */
  split: Schema.Boolean,
  /** cost of a unit by destination and location, in any currency; a location without one comes last */
  costs: Schema.optionalKey(Schema.Record(Note, Schema.Record(LocationId, Schema.Number)))
})
export type AllocationRule = typeof AllocationRule.Type

export interface AllocationPolicy extends AllocationRule {
  /** the channel's sources, the preferred one first; one or more */
  readonly locations: ReadonlyArray<LocationId>
}

/** Of a channel that says from where it sells and no more. */
const defaultRule: AllocationRule = { strategy: "priority", split: true }

/** Undefined for a channel that sells from everywhere: its orders go to the default location unless they name another. */
export const allocationPolicyOf = (channel: {
  readonly locations?: ReadonlyArray<LocationId>
  readonly allocation?: AllocationRule
}): AllocationPolicy | undefined => {
  const { locations, allocation = defaultRule } = channel
  return locations === undefined || locations.length === 0 ? undefined : { ...allocation, locations }
}

/** Signed available units at a location. */
export type AvailableAt = (locationId: LocationId) => number

/** Locations of the policy, the one to serve from first. */
type Ranking = (policy: AllocationPolicy, destination: string | undefined) => ReadonlyArray<LocationId>

const strategies: Readonly<Record<AllocationPolicy["strategy"], Ranking>> = {
  priority: ({ locations }) => locations,
  nearest: ({ locations, costs }, destination) => {
    const cost = (at: LocationId): number => costs?.[destination ?? ""]?.[at] ?? Number.POSITIVE_INFINITY
    return locations.toSorted((a, b) => (cost(a) === cost(b) ? 0 : cost(a) - cost(b)))
  }
}

const freest = (ranked: ReadonlyArray<LocationId>, available: AvailableAt): LocationId =>
  ranked.reduce((best, at) => (available(at) > available(best) ? at : best))

const whole = (ranked: ReadonlyArray<LocationId>, units: number, available: AvailableAt): ReadonlyArray<Allocation> => [
  { locationId: ranked.find((at) => available(at) >= units) ?? freest(ranked, available), units }
]

const split = (ranked: ReadonlyArray<LocationId>, units: number, available: AvailableAt): ReadonlyArray<Allocation> => {
  const parts: Array<{ readonly locationId: LocationId; units: number }> = []
  let left = units
  for (const locationId of ranked) {
    const here = Math.min(left, Math.max(0, available(locationId)))
    if (here > 0) parts.push({ locationId, units: here })
    left -= here
  }
  const short = freest(ranked, available)
  const last = parts.find(({ locationId }) => locationId === short)
  if (left === 0) return parts
  if (last === undefined) return [...parts, { locationId: short, units: left }]
  last.units += left
  return parts
}

/** @param destination region of the order, as the policy's costs name it */
export const strategyOf = (
  policy: AllocationPolicy | undefined,
  available: AvailableAt,
  destination?: string
): AllocationStrategy => {
  if (policy === undefined) return atDefaultLocation
  const ranked = strategies[policy.strategy](policy, destination)
  return (units) => (policy.split ? split : whole)(ranked, units, available)
}
