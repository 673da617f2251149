/**
 * One fact for one SKU, as it travels in the STOCK stream inside a `FactBatch`.
 *
 * Guarantee: `decodeFact(JSON.parse(encodeFact(fact, context)))` is the fact and its context. It is the CloudEvent in structured
 * JSON, narrowed to the lines of one SKU, so that a parked fact can be published again at the front door as it is.
 */
import { decodeEvent, factsOf, type FieldError } from "@holdfast/domain/EventManifest"
import type { Sku } from "@holdfast/domain/Identity"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import { timeMax } from "@holdfast/domain/Rfc3339"
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
type Test = (value: unknown) => boolean

const isId: Test = (value) => typeof value === "string" && value.length > 0

const isWhole =
  (min: number, max: number): Test =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max

const orAbsent =
  (test: Test): Test =>
  (value) =>
    value === undefined || test(value)

const oneOf =
  (...values: ReadonlyArray<string>): Test =>
  (value) =>
    values.includes(value as string)

const units = isWhole(1, lineQuantityMax)
const unitsOrNone = isWhole(0, lineQuantityMax)
const orLifted = orAbsent((value) => value === null || unitsOrNone(value))
const delta: Test = (value) => value !== 0 && isWhole(-lineQuantityMax, lineQuantityMax)(value)
const instant = isWhole(0, timeMax)
const text: Test = (value) => typeof value === "string"
const truth: Test = (value) => typeof value === "boolean"

/** What is looked at in an event's data and in each of its lines, beside SKU and location. */
interface Shape {
  readonly data: ReadonlyArray<readonly [field: string, test: Test]>
  readonly line: ReadonlyArray<readonly [field: string, test: Test]>
}

const quantity = ["quantity", units] as const
const quantityOrNone = ["quantity", unitsOrNone] as const
const quantityOrAll = ["quantity", orAbsent(units)] as const
const order = ["orderId", isId] as const
const shipment = [["shipmentId", isId], order, ["locationId", orAbsent(isId)]] as const

const shapes: Readonly<Record<SkuFact["type"], Shape>> = {
  "order.placed": { data: [order], line: [quantity, ["reservationId", orAbsent(isId)]] },
  "order.changed": { data: [order], line: [quantityOrNone] },
  "order.cancelled": { data: [order], line: [quantityOrAll] },
  "shipment.created": { data: shipment, line: [quantityOrAll] },
  "shipment.cancelled": { data: shipment, line: [] },
  "shipment.confirmed": { data: shipment, line: [quantityOrAll] },
  "goods.received": {
    data: [
      ["purchaseId", orAbsent(isId)],
      ["putaway", orAbsent(oneOf("done"))]
    ],
    line: [quantity]
  },
  "goods.putaway": { data: [], line: [quantity] },
  "return.received": { data: [["orderId", orAbsent(isId)]], line: [quantity] },
  "return.restocked": { data: [], line: [quantity, ["disposition", oneOf("sellable", "damaged", "scrapped")]] },
  "stock.adjusted": {
    data: [["reason", text]],
    line: [
      ["delta", delta],
      ["status", orAbsent(oneOf("receiving", "inspection", "damaged", "quality"))]
    ]
  },
  "transfer.dispatched": {
    data: [
      ["transferId", isId],
      ["fromLocationId", isId],
      ["toLocationId", isId]
    ],
    line: [quantity]
  },
  "transfer.received": {
    data: [
      ["transferId", isId],
      ["toLocationId", isId],
      ["closed", orAbsent(truth)]
    ],
    line: [quantityOrNone]
  },
  "purchase.ordered": { data: [["purchaseId", isId]], line: [quantityOrNone, ["expectedAt", orAbsent(instant)]] },
  "count.cycle": { data: [["countedAt", instant]], line: [quantityOrNone] },
  "allotment.set": {
    data: [],
    line: [
      ["channel", isId],
      ["quota", orLifted],
      ["ringFence", orLifted]
    ]
  },
  "backorder.set": {
    data: [],
    line: [
      ["limit", unitsOrNone],
      ["kind", orAbsent(oneOf("backorder", "preorder"))],
      ["expectedAt", orAbsent(instant)]
    ]
  },
  "sku.registered": { data: [], line: [["safetyStock", unitsOrNone]] }
}

const fits = (raw: Raw, fields: Shape["data"]): boolean => {
  for (const [field, test] of fields) if (!test(raw[field])) return false
  return true
}

const isSoundOrigin = (line: Raw): boolean =>
  line["bundle"] === undefined || (isId(line["bundle"]) && unitsOrNone(line["each"]))

const isSoundLine = ({ line: fields }: Shape, sku: unknown, line: Raw): boolean =>
  line["sku"] === sku &&
  (line["locationId"] === undefined || isId(line["locationId"])) &&
  isSoundOrigin(line) &&
  fits(line, fields)

/** Whether a fact is as ingest writes it: a tenth of the cost of decoding it, which ingest has done already. */
const isSound = ({ source, id, type, parts, data }: Raw, time: number): boolean => {
  if (!isId(source) || !isId(id) || typeof type !== "string" || !Object.hasOwn(shapes, type) || Number.isNaN(time))
    return false
  if (!Number.isInteger(parts) || typeof data !== "object" || data === null) return false
  const shape = shapes[type as SkuFact["type"]]
  const { lines } = data as Raw
  if (!fits(data as Raw, shape.data) || !Array.isArray(lines) || lines.length === 0) return false
  const sku = (lines[0] as Raw | null)?.["sku"]
  if (!isId(sku)) return false
  for (const line of lines) if (!isSoundLine(shape, sku, line as Raw)) return false
  return true
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
