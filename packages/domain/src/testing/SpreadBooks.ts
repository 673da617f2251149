/**
 * The auditor's own reckoning of where a channel's policy puts units of an order that name no location.
 *
 * Guarantee: it knows the policy's words and no code of the rules: preferred or cheapest locations first, each with what it
 * has; whole or split; what nobody has goes where most is available.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import type { LocationId } from "../Identity.ts"

/** @param available signed units at each location of the policy, before the units are placed */
export const spread = (
  units: number,
  { strategy, split, costs, locations }: AllocationPolicy,
  destination: string | undefined,
  available: ReadonlyMap<LocationId, number>
): ReadonlyArray<readonly [LocationId, number]> => {
  const costOf = (at: LocationId): number =>
    (destination === undefined ? undefined : costs?.[destination]?.[at]) ?? Number.MAX_VALUE
  const turn = [...locations.entries()]
  if (strategy === "nearest") turn.sort(([i, a], [j, b]) => costOf(a) - costOf(b) || i - j)
  const places = turn.map(([, at]) => ({ at, free: available.get(at)! }))
  const most = Math.max(...places.map(({ free }) => free))
  const freest = places.find(({ free }) => free === most)!
  if (!split) return [[(places.find(({ free }) => free >= units) ?? freest).at, units]]
  const parts = new Map<LocationId, number>()
  let left = units
  for (const { at, free } of places) {
    if (left === 0 || free <= 0) continue
    parts.set(at, Math.min(free, left))
    left -= parts.get(at)!
  }
  if (left > 0) parts.set(freest.at, (parts.get(freest.at) ?? 0) + left)
  return [...parts]
}
