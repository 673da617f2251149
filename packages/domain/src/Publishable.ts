/**
 * The quantity that a channel is told, in this order:
 *
 * 1. what is left to it of the SKU (`Saleable`), or of the bundle (`BundleSaleable`);
 * 2. none at or below its threshold; less its buffer; no more than its cap.
 *
 * Guarantee: a whole number, never negative. What is oversold beyond an allowance is published as zero.
 */
import type { Availability } from "./Availability.ts"
import { bundleSaleable } from "./BundleSaleable.ts"
import { saleable, type Policy, type Stock } from "./Saleable.ts"

/** Units that the channel may show of this SKU. */
export const publishable = (policy: Policy, stock: Stock & Pick<Availability, "parts">): number => {
  const { parts } = stock
  const { units } = parts === undefined ? saleable(policy, stock) : bundleSaleable(policy, stock.levels, parts)
  if (units <= (policy.threshold ?? 0)) return 0
  return Math.max(0, Math.min(policy.cap ?? Number.MAX_SAFE_INTEGER, units - policy.buffer))
}

/** Whether two definitions of a channel tell it the same quantities of any stock. */
export const isReckonedAlike = (a: Policy, b: Policy): boolean =>
  a.buffer === b.buffer &&
  a.cap === b.cap &&
  a.threshold === b.threshold &&
  JSON.stringify(a.locations) === JSON.stringify(b.locations)
