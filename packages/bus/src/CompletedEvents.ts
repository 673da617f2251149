/**
 * With which SKUs events without lines were completed, as it travels with their facts.
 *
 * A batch that was cut off must be completed to exactly the same facts, and its orders may have got more SKUs since. So its
 * first message says what was decided.
 * Guarantee: the first message of a chain is stored before all others, so whatever is stored of a batch, its lists are. They
 * are a field of the message beside those of `FactBatch`; whoever reads facts passes over it. It does no I/O.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { FactBatch } from "./FactBatch.ts"
import type { ChainMessage } from "./PublishChain.ts"

/** Sequence of the event in EVENTS -> the SKUs that it was completed with, in the order of its parts. */
export type CompletedEvents = ReadonlyMap<number, ReadonlyArray<Sku>>

/** The same messages, the first of which says it. @param messages as `encodeFactBatch` makes them */
export const withCompleted = (
  messages: ReadonlyArray<ChainMessage>,
  completed: CompletedEvents
): ReadonlyArray<ChainMessage> => {
  const [first, ...others] = messages
  if (first === undefined || completed.size === 0) return messages
  const field = JSON.stringify(Object.fromEntries(completed))
  return [{ ...first, payload: `{"completed":${field},${String(first.payload).slice(1)}` }, ...others]
}

const areSkus = (value: unknown): value is ReadonlyArray<Sku> =>
  Array.isArray(value) && value.every((sku) => typeof sku === "string")

/** What the message says of it: nothing unless it is the first of its chain. @param batch as `decodeFactBatch` returns it */
export const completedIn = (batch: FactBatch): CompletedEvents => {
  const { completed } = batch as { readonly completed?: unknown }
  const entries = typeof completed === "object" && completed !== null ? Object.entries(completed) : []
  return new Map(entries.flatMap(([sequence, skus]) => (areSkus(skus) ? [[Number(sequence), skus]] : [])))
}
