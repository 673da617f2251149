/**
 * The partitions that this process owns right now: requests find their partition here.
 *
 * Guarantee: a partition is listed from when its owner serves until it is lost. It is no proof of ownership: the fence of
 * the commit is.
 */
import { Context, Layer } from "effect"
import type { StockPartition } from "./StockPartition.ts"

export class StockOwnership extends Context.Service<StockOwnership, Map<number, StockPartition>>()(
  "@holdfast/engine/StockOwnership"
) {
  static readonly layer = Layer.sync(StockOwnership, () => new Map<number, StockPartition>())
}
