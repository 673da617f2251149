/**
 * One fact for one SKU, as it travels in the STOCK stream.
 *
 * Guarantee: `decodeFact(encodeFact(fact))` is the fact. The payload is the CloudEvent in structured JSON, narrowed to the
 * lines of one SKU, so that a parked fact can be published again at the front door as it is.
 */
import { decodeEvent, type FieldError } from "@holdfast/domain/EventManifest"
import type { Sku } from "@holdfast/domain/Identity"
import type { SkuFact } from "@holdfast/domain/StockEvent"
import { Result } from "effect"

/** What travels beside a fact: where it came from and its trace. Times are milliseconds since the epoch. */
export interface FactContext {
  readonly eventSequence: number
  readonly storedAt: number
  readonly traceparent: string
  readonly parentSpanId?: string
}

export const encodeFact = (fact: SkuFact): string =>
  JSON.stringify({
    specversion: "1.0",
    source: fact.source,
    id: fact.id,
    type: fact.type,
    time: new Date(fact.time).toISOString(),
    parts: fact.parts,
    data: fact.data
  })

/** @param payload JSON text as written by `encodeFact` */
export const decodeFact = (payload: string): Result.Result<SkuFact, ReadonlyArray<FieldError>> => {
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(payload)
  } catch (cause) {
    return Result.fail([{ field: "payload", message: `must be JSON: ${cause instanceof Error ? cause.message : cause}` }])
  }
  const { source, id, type, time, data, parts } = raw
  return Result.map(decodeEvent({ source, id, type, time, data }, 0), (event) => {
    const sku = (event.data.lines as ReadonlyArray<{ readonly sku: Sku }>)[0]!.sku
    return { ...event, sku, parts: typeof parts === "number" ? parts : 1 } as SkuFact
  })
}
