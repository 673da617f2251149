/**
 * What is left of a bundle to a channel when its components are sold on terms, in this order:
 *
 * 1. what can be built at the channel's locations;
 * 2. and what more can be built with the components' backorder allowances. An allowance is of all locations together: it is spent at
 *    one after the other, in the order of their names;
 * 3. no more than makes what is left of each component to the channel (`Saleable`): its quota, and other channels' ring-fences.
 *
 * Guarantee: whole bundles, signed, and never more than the terms of each component leave. With several allowances at several
 * locations it may be fewer than another order of the locations would give. Without terms it is what can be built. Pure.
 *
 * A bundle has no terms of its own: orders and holds of it ask for components, and nothing would count what was used.
 */
import { availableOver, type AnnouncedLevel, type BundlePart } from "./Availability.ts"
import type { LocationId, Sku } from "./Identity.ts"
import { allowanceOf, saleable, type Policy } from "./Saleable.ts"

/** How many bundles each step leaves to a channel, signed. */
export interface BundleSaleable {
  /** built of what is there */
  readonly available: number
  /** with what may be promised beyond; undefined where no component has an allowance */
  readonly allowed: number | undefined
  /** by component with terms: bundles that what is left of it makes */
  readonly limits: ReadonlyArray<{ readonly sku: Sku; readonly units: number }>
  readonly units: number
}

const placesOf = ({ locations }: Policy, parts: ReadonlyArray<BundlePart>): ReadonlyArray<LocationId> => {
  const known = parts.flatMap(({ levels }) => levels.map(({ locationId }) => locationId))
  return [...new Set(locations ?? known)].sort()
}

/** Bundles that can be built with the allowances. */
const builtBeyond = (policy: Policy, parts: ReadonlyArray<BundlePart>): number => {
  const left = parts.map((part) => allowanceOf(policy, part))
  let bundles = 0
  for (const place of placesOf(policy, parts)) {
    const there = parts.map(({ levels }) => availableOver(levels, [place]))
    const built = Math.min(...parts.map(({ each }, i) => Math.floor((there[i]! + left[i]!) / each)))
    for (const [i, { each }] of parts.entries()) left[i]! -= Math.max(0, built * each - there[i]!)
    bundles += built
  }
  return bundles
}

/**
 * @param levels of the bundle, as they are announced
 * @param parts at least one
 */
export const bundleSaleable = (
  policy: Policy,
  levels: ReadonlyArray<AnnouncedLevel>,
  parts: ReadonlyArray<BundlePart>
): BundleSaleable => {
  const available = availableOver(levels, policy.locations)
  const isAllowed = parts.some(({ terms }) => terms?.backorder !== undefined)
  const allowed = isAllowed ? builtBeyond(policy, parts) : undefined
  const limits = parts.flatMap((part) =>
    part.terms === undefined ? [] : [{ sku: part.sku, units: Math.floor(saleable(policy, part).units / part.each) }]
  )
  return { available, allowed, limits, units: Math.min(allowed ?? available, ...limits.map(({ units }) => units)) }
}
