/**
 * Who looks at what the engine does: tracing and counters. The engine calls it after the fact, in its hot loop.
 *
 * Guarantee: `committed` is called once per durable batch, in the order of a lane. An observer must not throw or block.
 */
import { Context, Layer } from "effect"
import type { DecisionBatch } from "./DecisionBatch.ts"
import type { Loss, StockPartition } from "./StockPartition.ts"

/** What happened since the start of this process. */
export interface EngineCounts {
  facts: number
  duplicates: number
  parked: number
  requests: number
  commits: number
  partitionsLost: number
}

export interface EngineObserverShape {
  readonly counts: EngineCounts
  /** whether the trace of this context is kept */
  readonly traced: (traceparent: string) => boolean
  /** @param committedAt the database's clock, milliseconds since the epoch */
  readonly committed: (batch: DecisionBatch, committedAt: number) => void
  readonly lost: (partition: StockPartition, loss: Loss) => void
}

export class EngineObserver extends Context.Service<EngineObserver, EngineObserverShape>()(
  "@holdfast/engine/EngineObserver"
) {
  /** @param onCommit what else is done with a durable batch, for example its traces */
  static readonly layer = (
    traced: EngineObserverShape["traced"],
    onCommit: EngineObserverShape["committed"],
    onLoss: EngineObserverShape["lost"]
  ) =>
    Layer.sync(EngineObserver, () => {
      const counts = { facts: 0, duplicates: 0, parked: 0, requests: 0, commits: 0, partitionsLost: 0 }
      return {
        counts,
        traced,
        committed: (batch, committedAt) => {
          counts.facts += batch.facts
          counts.duplicates += batch.duplicates
          counts.parked += batch.commit.parked.length
          counts.requests += batch.replies.length
          counts.commits += 1
          onCommit(batch, committedAt)
        },
        lost: (partition, loss) => {
          if (loss.reason !== "released") counts.partitionsLost += 1
          onLoss(partition, loss)
        }
      }
    })
}
