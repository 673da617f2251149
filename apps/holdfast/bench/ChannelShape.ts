/** Channels of the scenarios that have several: what differs between them, and those that have all the requests they need. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"

/** What a channel of a scenario is, beside what all of them are. */
export type ChannelShape = Pick<ChannelDefinition, "id" | "timing" | "budgetMillis" | "rate"> & {
  readonly timeoutMillis?: number
}

/** A rate that never holds anything back; the concurrency is a generous number of connections. */
export const ample = { perSecond: 100_000, burst: 1_000, concurrency: 64 }

/** One of each timing model that needs nobody, with a budget that is longer than it waits. */
export const unhindered: ReadonlyArray<ChannelShape> = [
  { id: ChannelId.make("realtime"), timing: { model: "realtime" }, budgetMillis: 1_000, rate: ample },
  {
    id: ChannelId.make("nearrealtime"),
    timing: { model: "nearRealtime", windowMillis: 2_000, batchSize: 500 },
    budgetMillis: 4_000,
    rate: ample
  },
  {
    id: ChannelId.make("scheduled"),
    timing: { model: "scheduled", everyMillis: 5_000 },
    budgetMillis: 8_000,
    rate: ample
  }
]
