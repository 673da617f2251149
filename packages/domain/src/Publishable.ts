/**
 * The quantity that a channel is told, in this order:
 *
 * 1. what is available over its locations, but no more than other channels' ring-fences leave over all locations;
 * 2. and what of a backorder allowance locations that it does not sell from have not used;
 * 3. no more than is left of its quota;
 * 4. none at or below its threshold; less its buffer, and what is kept for its lag (`LagBuffer`); no more than its cap.
 *
 * Guarantee: a whole number, never negative. What is oversold beyond an allowance is published as zero.
 */
import { availableAt, availableOver, type Availability } from "./Availability.ts"
import type { ChannelDefinition } from "./Channel.ts"

type Policy = Pick<ChannelDefinition, "id" | "buffer" | "cap" | "locations" | "threshold">

type Told = Policy & Pick<ChannelDefinition, "lagBuffer">

type Stock = Pick<Availability, "levels" | "terms">

/** Signed units that each step of the terms leaves to a channel; undefined where a step does not apply to it. */
export interface Saleable {
  readonly available: number
  /** after other channels' ring-fences */
  readonly unfenced: number | undefined
  /** with the backorder allowance */
  readonly allowed: number | undefined
  /** after its quota */
  readonly inQuota: number | undefined
  readonly units: number
}

const fencesOf = (policy: Policy, { terms }: Stock): number => {
  let fenced = 0
  for (const { channel, ringFence = 0, used } of terms?.allotments ?? [])
    if (channel !== policy.id) fenced += Math.max(0, ringFence - used)
  return fenced
}

/** Units promised beyond what is there at locations that the channel does not sell from. */
const usedElsewhere = ({ locations }: Policy, { levels }: Stock): number => {
  let units = 0
  for (const level of levels)
    if (locations !== undefined && !locations.includes(level.locationId)) units += Math.max(0, -availableAt(level))
  return units
}

export const saleable = (policy: Policy, stock: Stock): Saleable => {
  const available = availableOver(stock.levels, policy.locations)
  const { terms } = stock
  if (terms === undefined)
    return { available, unfenced: undefined, allowed: undefined, inQuota: undefined, units: available }
  let units = available
  const fenced = fencesOf(policy, stock)
  const unfenced = fenced === 0 ? undefined : (units = Math.min(units, availableOver(stock.levels) - fenced))
  const { backorder } = terms
  const allowed = backorder === undefined ? undefined : (units += Math.max(0, backorder - usedElsewhere(policy, stock)))
  const own = terms.allotments.find(({ channel }) => channel === policy.id)
  const inQuota = own?.quota === undefined ? undefined : (units = Math.min(units, own.quota - own.used))
  return { available, unfenced, allowed, inQuota, units }
}

/**
 * What a channel shows of units that are saleable to it.
 * @param kept units kept from it beside its buffer, 0 or more
 */
export const shownOf = ({ buffer, cap, threshold }: Policy, units: number, kept: number): number =>
  units <= (threshold ?? 0) ? 0 : Math.max(0, Math.min(cap ?? Number.MAX_SAFE_INTEGER, units - buffer - kept))

/** Units that the channel may show of this SKU; what it keeps for its lag comes off that. */
export const publishable = (policy: Policy, stock: Stock): number => shownOf(policy, saleable(policy, stock).units, 0)

/** Whether two definitions of a channel tell it the same quantities of any stock. */
export const isReckonedAlike = (a: Told, b: Told): boolean =>
  a.buffer === b.buffer &&
  a.lagBuffer?.target === b.lagBuffer?.target &&
  a.lagBuffer?.cap === b.lagBuffer?.cap &&
  a.cap === b.cap &&
  a.threshold === b.threshold &&
  JSON.stringify(a.locations) === JSON.stringify(b.locations)
