/**
 * The quantity that a channel is told, in this order:
 *
 * 1. what is left to it of the SKU (`Saleable`), or of the bundle (`BundleSaleable`);
 * 2. none at or below its threshold; less its buffer, and what is kept for its lag (`LagBuffer`); no more than its cap.
 *
 * Guarantee: a whole number, never negative. What is oversold beyond an allowance is published as zero.
 */
import type { Availability } from "./Availability.ts"
import { bundleSaleable } from "./BundleSaleable.ts"
import type { ChannelDefinition } from "./Channel.ts"
import { saleable, type Policy, type Stock } from "./Saleable.ts"

type Told = Policy & Pick<ChannelDefinition, "lagBuffer">

/** Signed units that are left to the channel of this SKU, or of this bundle. */
export const saleableUnits = (policy: Policy, stock: Stock & Pick<Availability, "parts">): number => {
  const { parts } = stock
  return parts === undefined ? saleable(policy, stock).units : bundleSaleable(policy, stock.levels, parts).units
}

/**
 * What a channel shows of units that are saleable to it.
 * @param kept units kept from it beside its buffer, 0 or more
 */
export const shownOf = ({ buffer, cap, threshold }: Policy, units: number, kept: number): number =>
  units <= (threshold ?? 0) ? 0 : Math.max(0, Math.min(cap ?? Number.MAX_SAFE_INTEGER, units - buffer - kept))

/** Units that the channel may show of this SKU; what it keeps for its lag comes off that. */
export const publishable = (policy: Policy, stock: Stock & Pick<Availability, "parts">): number =>
  shownOf(policy, saleableUnits(policy, stock), 0)

/** Whether two definitions of a channel tell it the same quantities of any stock. */
export const isReckonedAlike = (a: Told, b: Told): boolean =>
  a.buffer === b.buffer &&
  a.lagBuffer?.target === b.lagBuffer?.target &&
  a.lagBuffer?.cap === b.lagBuffer?.cap &&
  a.cap === b.cap &&
  a.threshold === b.threshold &&
  JSON.stringify(a.locations) === JSON.stringify(b.locations)
