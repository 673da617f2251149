/**
 * The one list of events: their type, which is also their NATS subject after `stock.events.`, and their schema.
 *
 * Guarantee: what `decodeEvent` returns is a well-typed event, or a list of field errors that name the field and the
 * limit. Unknown fields are dropped. It does no I/O and knows no transport.
 */
import { Result, Schema, SchemaIssue } from "effect"
import { EventId, EventSource, type Sku } from "./Identity.ts"
import { rfc3339, timeMax } from "./Rfc3339.ts"
import {
  AllotmentSet,
  BackorderSet,
  BundleDefined,
  CycleCounted,
  GoodsPutaway,
  GoodsReceived,
  OrderCancelled,
  OrderChanged,
  OrderPlaced,
  PhysicalCounted,
  PurchaseOrdered,
  ReturnReceived,
  ReturnRestocked,
  ShipmentCancelled,
  ShipmentConfirmed,
  ShipmentCreated,
  SkuRegistered,
  StockAdjusted,
  TransferDispatched,
  TransferReceived,
  type LineOrigin,
  type SkuFact,
  type StockEvent,
  type StockEventType
} from "./StockEvent.ts"

/** Type of each event -> schema of its data. */
export const EventManifest = {
  "order.placed": OrderPlaced,
  "order.changed": OrderChanged,
  "order.cancelled": OrderCancelled,
  "shipment.created": ShipmentCreated,
  "shipment.cancelled": ShipmentCancelled,
  "shipment.confirmed": ShipmentConfirmed,
  "goods.received": GoodsReceived,
  "goods.putaway": GoodsPutaway,
  "return.received": ReturnReceived,
  "return.restocked": ReturnRestocked,
  "stock.adjusted": StockAdjusted,
  "transfer.dispatched": TransferDispatched,
  "transfer.received": TransferReceived,
  "purchase.ordered": PurchaseOrdered,
  "count.cycle": CycleCounted,
  "count.physical": PhysicalCounted,
  "sku.registered": SkuRegistered,
  "bundle.defined": BundleDefined,
  "allotment.set": AllotmentSet,
  "backorder.set": BackorderSet
} as const satisfies Record<StockEventType, Schema.Top>

export const eventTypes = Object.keys(EventManifest) as ReadonlyArray<StockEventType>

export const isEventType = (type: string): type is StockEventType => Object.hasOwn(EventManifest, type)

/** One thing wrong with one field: `field` is a path like `data.lines[3].quantity`. */
export interface FieldError {
  readonly field: string
  readonly message: string
}

/** The parts of an event before its data is understood, from any of the three CloudEvents encodings. */
export interface RawEvent {
  readonly source: unknown
  readonly id: unknown
  readonly type: unknown
  /** RFC 3339 text, or absent: then the time at which the broker stored it counts */
  readonly time: unknown
  readonly data: unknown
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const pathOf = (root: string, path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined): string =>
  (path ?? []).reduce<string>((at, step) => {
    const key = typeof step === "object" ? step.key : step
    return typeof key === "number" ? `${at}[${key}]` : `${at}.${String(key)}`
  }, root)

/** What a schema found wrong, one entry per field. @param root name of the value that was decoded */
export const fieldErrorsOf = (root: string, error: Schema.SchemaError): ReadonlyArray<FieldError> =>
  formatIssue(error.issue).issues.map((issue) => ({ field: pathOf(root, issue.path), message: issue.message }))

const decoders = Object.fromEntries(
  eventTypes.map((type) => [
    type,
    Schema.decodeUnknownResult(EventManifest[type] as unknown as Schema.Codec<StockEvent["data"]>, { errors: "all" })
  ])
) as Record<StockEventType, (data: unknown) => Result.Result<StockEvent["data"], Schema.SchemaError>>

const decodeId = Schema.decodeUnknownResult(EventId)
const decodeSource = Schema.decodeUnknownResult(EventSource)

const decodeTime = (time: unknown, storedAt: number): number | FieldError => {
  if (time === undefined || time === null) return storedAt
  const millis = typeof time === "string" && rfc3339.test(time) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(millis)) return { field: "time", message: "must be an RFC 3339 time such as 2026-11-27T09:30:00Z" }
  return millis >= 0 && millis <= timeMax ? millis : { field: "time", message: "must be from 1970 to 9999, in UTC" }
}

const unknownType = (type: unknown): FieldError => ({
  field: "type",
  message: `must be one of ${eventTypes.join(", ")}${typeof type === "string" ? `, got ${JSON.stringify(type.slice(0, 64))}` : ""}`
})

/** No lines at all are none, so that nobody has to ask. */
const linesGiven = (data: object): object => ("lines" in data ? data : { ...data, lines: [] })

/**
 * Decodes one event.
 * @param storedAt milliseconds since the epoch, used when the event names no time
 */
export const decodeEvent = (raw: RawEvent, storedAt: number): Result.Result<StockEvent, ReadonlyArray<FieldError>> => {
  const errors: Array<FieldError> = []
  const id = decodeId(raw.id)
  if (Result.isFailure(id)) errors.push(...fieldErrorsOf("id", id.failure))
  const source = decodeSource(raw.source)
  if (Result.isFailure(source)) errors.push(...fieldErrorsOf("source", source.failure))
  const time = decodeTime(raw.time, storedAt)
  if (typeof time === "object") errors.push(time)
  if (typeof raw.type !== "string" || !isEventType(raw.type)) {
    return Result.fail([...errors, unknownType(raw.type)])
  }
  const data = decoders[raw.type](raw.data)
  if (Result.isFailure(data)) errors.push(...fieldErrorsOf("data", data.failure))
  if (errors.length > 0 || Result.isFailure(id) || Result.isFailure(source) || Result.isFailure(data)) {
    return Result.fail(errors)
  }
  const event = {
    type: raw.type,
    id: id.success,
    source: source.success,
    time: time as number,
    data: linesGiven(data.success)
  }
  return Result.succeed(event as StockEvent)
}

/** Whether the event names no lines, and so is about every SKU of its order: it has to be completed before it can be cut. */
export const isAboutWholeOrder = (event: StockEvent): boolean => event.data.lines.length === 0

/** The same event with a line for each of the SKUs that its order has. */
export const completed = (event: StockEvent, skus: ReadonlyArray<Sku>): StockEvent =>
  ({ ...event, data: { ...event.data, lines: skus.map((sku) => ({ sku })) } }) as unknown as StockEvent

/**
 * Cuts an event into one fact per SKU and bundle that its lines come from, in order of first mention; each keeps only its lines.
 * So what a bundle asks for is the same fact whether it was known to be one at once, or only when the event came again. A line
 * that names a SKU without a quantity is about all of it, and takes those that come from bundles with it. A part of a physical
 * inventory has no facts, see `PhysicalCount`, nor has what a bundle is made of, see `Bundle`.
 */
export const factsOf = (event: StockEvent): ReadonlyArray<SkuFact> => {
  const lines = event.data.lines as ReadonlyArray<OriginLine>
  const first = lines[0]
  if (first === undefined || event.type === "count.physical" || event.type === "bundle.defined") return []
  if (lines.every(({ sku, bundle }) => sku === first.sku && bundle === first.bundle))
    return [{ ...event, sku: first.sku, parts: 1 }]
  const whole = new Set(lines.filter(isAboutAll).map(({ sku }) => sku))
  // no id has a control character in it
  const subjectOf = ({ sku, bundle }: OriginLine): string =>
    bundle === undefined || whole.has(sku) ? sku : `${sku}\u0000${bundle}`
  const facts = [...Map.groupBy(lines, subjectOf).values()]
  return facts.map(
    (own) =>
      ({ ...event, data: { ...event.data, lines: own }, sku: own[0]!.sku, parts: facts.length }) as unknown as SkuFact
  )
}

type OriginLine = { readonly sku: Sku; readonly quantity?: number } & LineOrigin

const isAboutAll = ({ quantity, bundle }: OriginLine): boolean => quantity === undefined && bundle === undefined

/** The bundle that a fact's lines come from; undefined: they name the SKU itself. */
export const bundleOf = ({ data }: SkuFact): Sku | undefined => {
  const lines = data.lines as ReadonlyArray<OriginLine>
  return lines.every(({ bundle }) => bundle !== undefined) ? lines[0]!.bundle : undefined
}
