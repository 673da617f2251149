/**
 * One fact for one SKU, as it travels in the STOCK stream inside a `FactBatch`.
 *
 * Guarantee: `decodeFact(JSON.parse(encodeFact(fact, context)))` is the fact and its context. It is the CloudEvent in structured
 * JSON, narrowed to the lines of one SKU, so that a parked fact can be published again at the front door as it is.
 */
import { decodeEvent, factsOf, isEventType, type FieldError } from "@holdfast/domain/EventManifest"
import type { Sku } from "@holdfast/domain/Identity"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import type { SkuFact, StockEvent } from "@holdfast/domain/StockEvent"
import { Result } from "effect"

/** What travels with a fact: where it came from and its trace. Times are milliseconds since the epoch. */
export interface FactContext {
  /** sequence in EVENTS of the event that the fact was cut from */
  readonly eventSequence: number
  /** when the broker stored that event */
  readonly storedAt: number
  /** W3C trace context whose span id is the root of the event's trace */
  readonly traceparent: string
  /** span id of the publisher's own span, if it sent one */
  readonly parentSpanId?: string
  /** which of the event's facts this is, from 1; the last of them is `parts` */
  readonly part: number
}

export interface FactMessage {
  readonly fact: SkuFact
  readonly context: FactContext
}

/** The context travels as extension attributes of the CloudEvent: reading headers costs more than the rest of a message. */
export const encodeFact = (fact: SkuFact, context: FactContext): string =>
  JSON.stringify({
    specversion: "1.0",
    source: fact.source,
    id: fact.id,
    type: fact.type,
    time: new Date(fact.time).toISOString(),
    part: context.part,
    parts: fact.parts,
    eventsequence: context.eventSequence,
    storedat: context.storedAt,
    traceparent: context.traceparent,
    parentspan: context.parentSpanId,
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
 * @param json parsed, as written by `encodeFact`
 */
export const decodeFact = (json: unknown): Result.Result<FactMessage, ReadonlyArray<FieldError>> => {
  if (typeof json !== "object" || json === null)
    return Result.fail([{ field: "facts", message: "must be JSON objects" }])
  const raw = json as Raw
  const { source, id, type, time, data, parts } = raw
  const at = typeof time === "string" ? Date.parse(time) : Number.NaN
  if (isSound(raw, at)) {
    const { sku } = (data as { readonly lines: ReadonlyArray<{ readonly sku: Sku }> }).lines[0]!
    const fact = { source, id, type, time: at, data, sku, parts } as unknown as SkuFact
    return Result.succeed({ fact, context: contextOf(raw) })
  }
  const event = Result.flatMap(decodeEvent({ source, id, type, time, data }, 0), narrowed)
  return Result.map(event, (fact) => ({ fact, context: contextOf(raw) }))
}

const contextOf = ({ eventsequence, storedat, traceparent, parentspan, part }: Raw): FactContext => ({
  part: Number(part ?? 1),
  eventSequence: Number(eventsequence ?? 0),
  storedAt: Number(storedat ?? 0),
  traceparent: typeof traceparent === "string" ? traceparent : "",
  ...(typeof parentspan === "string" ? { parentSpanId: parentspan } : {})
})

/** The front door takes lines of many SKUs; a fact is about one. */
const narrowed = (event: StockEvent): Result.Result<SkuFact, ReadonlyArray<FieldError>> => {
  const facts = factsOf(event)
  return facts.length === 1
    ? Result.succeed(facts[0]!)
    : Result.fail([{ field: "data.lines", message: `must be of one SKU, got ${facts.length}` }])
}
