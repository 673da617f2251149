/**
 * The quantity that a channel is told: `publishable(channel) = clamp(available - buffer, 0, cap)` over its locations.
 *
 * Guarantee: a whole number, never negative. Oversold stock is published as zero.
 */
import { availableOver, type Availability } from "./Availability.ts"
import type { ChannelDefinition } from "./Channel.ts"

type Policy = Pick<ChannelDefinition, "buffer" | "cap" | "locations">

/** Units that the channel may show of this SKU. */
export const publishable = (policy: Policy, stock: Pick<Availability, "levels">): number =>
  Math.max(
    0,
    Math.min(policy.cap ?? Number.MAX_SAFE_INTEGER, availableOver(stock.levels, policy.locations) - policy.buffer)
  )
