/**
 * What is left of a SKU to a channel before its own rules for what it shows, in this order:
 *
 * 1. what is available over its locations, but no more than other channels' ring-fences leave over all locations;
 * 2. and what of a backorder allowance locations that it does not sell from have not used;
 * 3. no more than is left of its quota.
 *
 * Guarantee: whole units, signed. Pure. It knows nothing of bundles.
 */
import { availableAt, availableOver, type Availability } from "./Availability.ts"
import type { ChannelDefinition } from "./Channel.ts"

/** What of a channel's definition its quantities follow from. */
export type Policy = Pick<ChannelDefinition, "id" | "buffer" | "cap" | "locations" | "threshold">

export type Stock = Pick<Availability, "levels" | "terms">

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

/** Units that may be promised at the channel's locations beyond what is there, those that they have promised so already included. */
export const allowanceOf = (policy: Policy, stock: Stock): number =>
  Math.max(0, (stock.terms?.backorder ?? 0) - usedElsewhere(policy, stock))

export const saleable = (policy: Policy, stock: Stock): Saleable => {
  const available = availableOver(stock.levels, policy.locations)
  const { terms } = stock
  if (terms === undefined)
    return { available, unfenced: undefined, allowed: undefined, inQuota: undefined, units: available }
  let units = available
  const fenced = fencesOf(policy, stock)
  const unfenced = fenced === 0 ? undefined : (units = Math.min(units, availableOver(stock.levels) - fenced))
  const allowed = terms.backorder === undefined ? undefined : (units += allowanceOf(policy, stock))
  const own = terms.allotments.find(({ channel }) => channel === policy.id)
  const inQuota = own?.quota === undefined ? undefined : (units = Math.min(units, own.quota - own.used))
  return { available, unfenced, allowed, inQuota, units }
}
