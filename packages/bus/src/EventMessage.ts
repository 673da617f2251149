/**
 * One event as a publisher wrote it, whatever it came through: a NATS message or one item of an HTTP body.
 *
 * Three ways to write it, told apart in this order:
 * - structured CloudEvent: content type `application/cloudevents+json`, or a body that names `specversion`;
 * - binary CloudEvent: a header `ce-specversion`, `ce-source` or `ce-type`; the body is the data;
 * - bare JSON: `{ id, source, type, time, data }`.
 *
 * What a body leaves out may come from a `ce-` header; the id then from `Nats-Msg-Id`, the type from the subject. A type
 * that is given must agree with the subject. `Nats-Msg-Id` need not agree with the id: it belongs to the broker's own
 * deduplication, and publishers put the source into it.
 *
 * Guarantee: what is read is strict JSON in valid UTF-8 inside the limits; everything else is a defect that names the
 * field. It does no I/O.
 */
import { decodeEvent, type FieldError, type RawEvent } from "@holdfast/domain/EventManifest"
import { payloadBytesMax } from "@holdfast/domain/Limit"
import type { LineOrigin, StockEvent } from "@holdfast/domain/StockEvent"
import { Result } from "effect"
import { jsonDefect } from "./StrictJson.ts"
import { eventsPrefix, header } from "./Subject.ts"

/** Names and values of headers, as NATS headers iterate; names in any case. */
export type HeaderEntries = Iterable<readonly [name: string, value: string | ReadonlyArray<string>]>

export interface EventMessage {
  readonly headers?: HeaderEntries | undefined
  readonly payload: Uint8Array
  /** absent when the transport has none */
  readonly subject?: string | undefined
}

/** Why an event cannot be understood. */
export interface EventDefect {
  readonly reason: "too_large" | "not_utf8" | "not_json" | "too_deep" | "duplicate_key" | "invalid"
  readonly errors: ReadonlyArray<FieldError>
  /** attributes as far as they could be read: text of the publisher, not checked */
  readonly source?: string | undefined
  readonly id?: string | undefined
  readonly traceparent?: string | undefined
}

export interface ReadEvent {
  readonly raw: RawEvent
  /** W3C trace context as the publisher sent it, not checked */
  readonly traceparent: string | undefined
  /** it was cut from an event before, and was parked */
  readonly isFact: boolean
}

export interface DecodedEvent {
  readonly event: StockEvent
  readonly traceparent: string | undefined
}

/** What the headers say of the event. */
interface Attributes {
  readonly id?: string
  readonly source?: string
  readonly type?: string
  readonly time?: string
  readonly specversion?: string
  readonly contentType?: string
  readonly messageId?: string
  readonly traceparent?: string
  readonly fact?: string
}

const attributeOf: Readonly<Record<string, keyof Attributes>> = Object.assign(Object.create(null), {
  [`${header.cloudEventPrefix}id`]: "id",
  [`${header.cloudEventPrefix}source`]: "source",
  [`${header.cloudEventPrefix}type`]: "type",
  [`${header.cloudEventPrefix}time`]: "time",
  [`${header.cloudEventPrefix}specversion`]: "specversion",
  [`${header.cloudEventPrefix}traceparent`]: "traceparent",
  [header.traceparent]: "traceparent",
  [header.contentType]: "contentType",
  [header.messageId.toLowerCase()]: "messageId",
  [header.replayedFact]: "fact"
})

/** CloudEvents percent-encodes header values; what is no such encoding is taken as it is. */
const percentDecoded = (value: string): string => {
  if (!value.includes("%")) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

const attributesOf = (headers: HeaderEntries | undefined): Attributes => {
  const found: { -readonly [K in keyof Attributes]: string } = {}
  for (const [name, values] of headers ?? []) {
    const attribute = attributeOf[name] ?? attributeOf[name.toLowerCase()]
    if (attribute === undefined) continue
    const value = typeof values === "string" ? values : values[0]
    if (value !== undefined) found[attribute] ??= attribute === "messageId" ? value : percentDecoded(value)
  }
  return found as Attributes
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const defect = (reason: EventDefect["reason"], field: string, message: string): EventDefect => ({
  reason,
  errors: [{ field, message }]
})

const jsonOf = (payload: Uint8Array): Result.Result<unknown, EventDefect> => {
  if (payload.length > payloadBytesMax) {
    return Result.fail(
      defect("too_large", "payload", `must be at most ${payloadBytesMax} bytes, got ${payload.length}`)
    )
  }
  let text: string
  try {
    text = utf8.decode(payload)
  } catch {
    return Result.fail(defect("not_utf8", "payload", "must be valid UTF-8"))
  }
  const found = jsonDefect(text)
  // too deep a text is not parsed at all
  if (found?.reason === "too_deep") return Result.fail(defect(found.reason, found.field, found.message))
  try {
    const json: unknown = JSON.parse(text)
    return found === undefined ? Result.succeed(json) : Result.fail(defect(found.reason, found.field, found.message))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return Result.fail(
      defect("not_json", "payload", payload.length === 0 ? "must not be empty" : `must be JSON: ${message}`)
    )
  }
}

type Body = Readonly<Record<string, unknown>>

const isObject = (json: unknown): json is Body => typeof json === "object" && json !== null && !Array.isArray(json)

const isBinary = ({ contentType, specversion, source, type }: Attributes): boolean =>
  contentType?.toLowerCase().startsWith("application/cloudevents") !== true &&
  (specversion !== undefined || source !== undefined || type !== undefined)

/** Own properties only, so that `__proto__` and `constructor` are nothing special. */
const own = (body: Body, key: string): unknown => (Object.hasOwn(body, key) ? body[key] : undefined)

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** Reads one message. */
export const readEvent = (message: EventMessage): Result.Result<ReadEvent, EventDefect> => {
  const attributes = attributesOf(message.headers)
  const { id, source, traceparent, messageId } = attributes
  const isFact = attributes.fact !== undefined
  const json = jsonOf(message.payload)
  if (Result.isFailure(json)) return Result.fail({ ...json.failure, id: id ?? messageId, source, traceparent })
  const subjectType = message.subject?.startsWith(eventsPrefix) ? message.subject.slice(eventsPrefix.length) : undefined
  const body = json.success
  const isStructured = isObject(body) && own(body, "specversion") !== undefined && own(body, "data") !== undefined
  if (isBinary(attributes) && !isStructured) {
    const { type, time, specversion } = attributes
    const raw = { id: id ?? messageId, source, type: type ?? subjectType, time, data: body }
    return checked({ raw, traceparent, isFact }, specversion, subjectType)
  }
  if (!isObject(body)) {
    return Result.fail({
      ...defect("invalid", "payload", "must be a JSON object"),
      id: id ?? messageId,
      source,
      traceparent
    })
  }
  const raw = {
    id: own(body, "id") ?? id ?? messageId,
    source: own(body, "source") ?? source,
    type: own(body, "type") ?? attributes.type ?? subjectType,
    time: own(body, "time") ?? attributes.time,
    data: own(body, "data")
  }
  const read = { raw, traceparent: traceparent ?? textOf(own(body, "traceparent")), isFact }
  return checked(read, own(body, "specversion") ?? attributes.specversion, subjectType)
}

const checked = (
  read: ReadEvent,
  specversion: unknown,
  subjectType: string | undefined
): Result.Result<ReadEvent, EventDefect> => {
  const { type } = read.raw
  const errors: Array<FieldError> = []
  if (specversion !== undefined && specversion !== "1.0") errors.push({ field: "specversion", message: "must be 1.0" })
  if (subjectType !== undefined && type !== subjectType) {
    const got = typeof type === "string" ? `, got ${JSON.stringify(type.slice(0, 64))}` : ""
    errors.push({ field: "type", message: `must agree with the subject ${eventsPrefix}${subjectType}${got}` })
  }
  return errors.length === 0 ? Result.succeed(read) : Result.fail(invalid(read, errors))
}

const invalid = ({ raw, traceparent }: ReadEvent, errors: ReadonlyArray<FieldError>): EventDefect => ({
  reason: "invalid",
  errors,
  id: textOf(raw.id),
  source: textOf(raw.source),
  traceparent
})

/**
 * Reads one message and decodes its event.
 * @param storedAt milliseconds since the epoch, used when the event names no time
 */
export const decodeEventMessage = (
  message: EventMessage,
  storedAt: number
): Result.Result<DecodedEvent, EventDefect> => {
  const read = readEvent(message)
  if (Result.isFailure(read)) return Result.fail(read.failure)
  const { raw, traceparent, isFact } = read.success
  const event = decodeEvent(raw, storedAt)
  if (Result.isFailure(event)) return Result.fail(invalid(read.success, event.failure))
  return Result.succeed({ event: isFact ? withOrigins(event.success, raw) : event.success, traceparent })
}

const originOf = (line: LineOrigin): LineOrigin => {
  const { bundle, each } = line
  return typeof bundle === "string" && Number.isInteger(each) ? { bundle, each: each! } : {}
}

/** From which bundles the lines of a fact come: a publisher cannot say it, since what it says of it is dropped. */
const withOrigins = (event: StockEvent, raw: RawEvent): StockEvent => {
  const { lines: told = [] } = raw.data as { readonly lines?: ReadonlyArray<LineOrigin> }
  const lines = event.data.lines.map((line, i) => ({ ...line, ...originOf(told[i]!) }))
  return { ...event, data: { ...event.data, lines } } as StockEvent
}

/** Field errors in one line, for people. Shows at most `shown` of them. */
export const describeErrors = (errors: ReadonlyArray<FieldError>, shown = 10): string => {
  const lines = errors.slice(0, shown).map(({ field, message }) => `${field}: ${message}`)
  return (errors.length > shown ? [...lines, `and ${errors.length - shown} more`] : lines).join("; ")
}
