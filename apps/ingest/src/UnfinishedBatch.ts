/**
 * A batch of which STOCK has a beginning only, and which facts of it that is.
 *
 * Guarantee: pure. Partitions are written in rising order, and facts of one partition in the order of their events.
 */
import type { CompletedEvents } from "@holdfast/bus/CompletedEvents"
import type { EventPosition } from "@holdfast/bus/FactBatch"
import type { FactMessage } from "@holdfast/bus/FactMessage"
import { partitionOf } from "@holdfast/domain/Partition"

/** All facts of lower partitions are stored, and those of `partition` up to `through`. */
export interface UnfinishedBatch {
  readonly upTo: EventPosition
  readonly partition: number
  readonly through: EventPosition
  /** what its events without lines were completed with; of the others, nothing is in it */
  readonly completed: CompletedEvents
}

/** Whether a fact comes after a position, or, if `orAt`, is the last before it. */
export const isBeyond = ({ fact, context }: FactMessage, { sequence, part }: EventPosition, orAt = false): boolean => {
  const end = part === 0 ? fact.parts : part
  return context.eventSequence === sequence
    ? context.part > end || (orAt && context.part === end)
    : context.eventSequence > sequence
}

export const isStored = (fact: FactMessage, { partition, through }: UnfinishedBatch): boolean => {
  const own = partitionOf(fact.fact.sku)
  return own < partition || (own === partition && !isBeyond(fact, through))
}
