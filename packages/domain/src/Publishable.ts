/**
 * The quantity that a channel is told: `publishable(channel) = clamp(available - buffer, 0, cap)` over its locations, and none
 * at or below its threshold.
 *
 * Guarantee: a whole number, never negative. Oversold stock is published as zero.
 */
import { availableOver, type Availability } from "./Availability.ts"
import type { ChannelDefinition } from "./Channel.ts"

type Policy = Pick<ChannelDefinition, "buffer" | "cap" | "locations" | "threshold">

/** Units that the channel may show of this SKU. */
export const publishable = (policy: Policy, stock: Pick<Availability, "levels">): number => {
  const available = availableOver(stock.levels, policy.locations)
  if (available <= (policy.threshold ?? 0)) return 0
  return Math.max(0, Math.min(policy.cap ?? Number.MAX_SAFE_INTEGER, available - policy.buffer))
}

/** Whether two definitions of a channel tell it the same quantities of any stock. */
export const isReckonedAlike = (a: Policy, b: Policy): boolean =>
  a.buffer === b.buffer &&
  a.cap === b.cap &&
  a.threshold === b.threshold &&
  JSON.stringify(a.locations) === JSON.stringify(b.locations)
