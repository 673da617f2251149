/**
 * One fact for one SKU, as it travels in the STOCK stream.
 *
 * Guarantee: `decodeFact(encodeFact(fact))` is the fact. The payload is the CloudEvent in structured JSON, narrowed to the
 * lines of one SKU, so that a parked fact can be published again at the front door as it is.
 */
import { decodeEvent, factsOf, isEventType, type FieldError } from "@holdfast/domain/EventManifest"
import type { Sku } from "@holdfast/domain/Identity"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import type { SkuFact, StockEvent } from "@holdfast/domain/StockEvent"
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

type Raw = Record<string, unknown>

const isId = (value: unknown): value is string => typeof value === "string" && value.length > 0

const isUnits = (value: unknown, min: number): boolean =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= lineQuantityMax

const isSoundLine = (type: string, sku: unknown, line: Raw): boolean => {
  if (line["sku"] !== sku || (line["locationId"] !== undefined && !isId(line["locationId"]))) return false
  if (type === "stock.adjusted") return isUnits(line["delta"], -lineQuantityMax) && line["delta"] !== 0
  if (type === "order.cancelled" && line["quantity"] === undefined) return true
  return isUnits(line["quantity"], 1) && (line["reservationId"] === undefined || isId(line["reservationId"]))
}

/** Whether a fact is as ingest writes it: a tenth of the cost of decoding it, which ingest has done already. */
const isSound = ({ source, id, type, parts, data }: Raw, time: number): boolean => {
  if (!isId(source) || !isId(id) || typeof type !== "string" || !isEventType(type) || Number.isNaN(time)) return false
  if (!Number.isInteger(parts) || typeof data !== "object" || data === null) return false
  const { orderId, reason, lines } = data as Raw
  if ((type === "order.placed" || type === "order.cancelled") && !isId(orderId)) return false
  if (type === "stock.adjusted" && typeof reason !== "string") return false
  if (!Array.isArray(lines) || lines.length === 0) return false
  const sku = (lines[0] as Raw | null)?.["sku"]
  return isId(sku) && lines.every((line) => isSoundLine(type, sku, line as Raw))
}

/**
 * What ingest wrote is only looked over; what somebody else may have put into the stream is decoded in full, so that the
 * errors name the fields.
 * @param payload JSON text as written by `encodeFact`
 */
export const decodeFact = (payload: string): Result.Result<SkuFact, ReadonlyArray<FieldError>> => {
  let raw: Raw
  try {
    raw = JSON.parse(payload)
  } catch (cause) {
    return Result.fail([
      { field: "payload", message: `must be JSON: ${cause instanceof Error ? cause.message : cause}` }
    ])
  }
  const { source, id, type, time, data, parts } = raw
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN
  if (isSound(raw, at)) {
    const { sku } = (data as { readonly lines: ReadonlyArray<{ readonly sku: Sku }> }).lines[0]!
    return Result.succeed({ source, id, type, time: at, data, sku, parts } as unknown as SkuFact)
  }
  return Result.flatMap(decodeEvent({ source, id, type, time, data }, 0), narrowed)
}

/** The front door takes lines of many SKUs; a fact is about one. */
const narrowed = (event: StockEvent): Result.Result<SkuFact, ReadonlyArray<FieldError>> => {
  const facts = factsOf(event)
  return facts.length === 1
    ? Result.succeed(facts[0]!)
    : Result.fail([{ field: "data.lines", message: `must be of one SKU, got ${facts.length}` }])
}
