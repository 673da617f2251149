import { payloadBytesMax } from "@holdfast/domain/Limit"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { decodeEventMessage, describeErrors, type EventMessage } from "../src/EventMessage.ts"

const storedAt = Date.parse("2026-11-27T12:00:00Z")
const subject = "stock.events.order.placed"
const data = { orderId: "o-1", lines: [{ sku: "A", quantity: 2 }] }
const bare = { id: "e-1", source: "shop", type: "order.placed", time: "2026-11-27T09:30:00Z", data }
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

const bytes = (text: string) => new TextEncoder().encode(text)
const json = (value: unknown) => bytes(JSON.stringify(value))

const understood = (message: EventMessage) => {
  const decoded = decodeEventMessage(message, storedAt)
  if (Result.isFailure(decoded)) throw new Error(describeErrors(decoded.failure.errors))
  return decoded.success
}

const refused = (message: EventMessage) => {
  const decoded = decodeEventMessage(message, storedAt)
  if (Result.isSuccess(decoded)) throw new Error("was understood")
  return decoded.failure
}

const event = { id: "e-1", source: "shop", type: "order.placed", time: Date.parse("2026-11-27T09:30:00Z"), data }

describe("an event message is understood", () => {
  it("as a structured CloudEvent", () => {
    expect(understood({ payload: json({ specversion: "1.0", ...bare }), subject }).event).toEqual(event)
  })

  it("as a structured CloudEvent that its content type names", () => {
    const headers = [
      ["content-type", "application/cloudevents+json; charset=utf-8"],
      ["ce-source", "not this"]
    ] as const
    expect(understood({ headers, payload: json(bare), subject }).event).toEqual(event)
  })

  it("as a binary CloudEvent, header names in any case", () => {
    const headers = [
      ["CE-SpecVersion", ["1.0"]],
      ["ce-id", ["e-1"]],
      ["Ce-Source", ["shop"]],
      ["ce-type", ["order.placed"]],
      ["ce-time", ["2026-11-27T09:30:00Z"]]
    ] as const
    expect(understood({ headers, payload: json(data), subject }).event).toEqual(event)
  })

  it("as a binary CloudEvent whose header values are percent-encoded", () => {
    const headers = [
      ["ce-source", "caf%C3%A9"],
      ["ce-id", "100%"]
    ] as const
    expect(understood({ headers, payload: json(data), subject }).event).toMatchObject({ source: "café", id: "100%" })
  })

  it("as bare JSON", () => {
    expect(understood({ payload: json(bare), subject }).event).toEqual(event)
  })

  it("with the subject's type and the message id where the body names none", () => {
    const { type: _type, id: _id, ...rest } = bare
    expect(understood({ headers: [["Nats-Msg-Id", "e-1"]], payload: json(rest), subject }).event).toEqual(event)
  })

  it("with the event's own id where Nats-Msg-Id is another", () => {
    expect(understood({ headers: [["Nats-Msg-Id", "shop-e-1"]], payload: json(bare), subject }).event.id).toBe("e-1")
  })

  it("with an id from ce-id alone, which does not make it binary", () => {
    const { id: _id, ...rest } = bare
    expect(understood({ headers: [["ce-id", "e-9"]], payload: json(rest), subject }).event.id).toBe("e-9")
  })

  it("at the broker's time when it names none", () => {
    const { time: _time, ...rest } = bare
    expect(understood({ payload: json(rest), subject }).event.time).toBe(storedAt)
  })

  it.each([
    ["a header", [["traceparent", traceparent]] as const, bare],
    ["a ce- header", [["ce-traceparent", traceparent]] as const, bare],
    ["the body", [] as const, { ...bare, traceparent }]
  ])("with the trace from %s", (_, headers, body) => {
    expect(understood({ headers, payload: json(body), subject }).traceparent).toBe(traceparent)
  })

  it("without what it does not know, and with keys that are special to JavaScript", () => {
    const payload = bytes(
      `{"__proto__":{"id":"x"},"parts":3,${JSON.stringify({ ...bare, data: { ...data, constructor: 1 } }).slice(1)}`
    )
    expect(understood({ payload, subject }).event).toEqual(event)
  })

  it("in the largest payload and not one byte above", () => {
    const padded = (length: number) => {
      const text = JSON.stringify(bare)
      return bytes(text + " ".repeat(length - text.length))
    }
    expect(understood({ payload: padded(payloadBytesMax), subject }).event).toEqual(event)
    expect(refused({ payload: padded(payloadBytesMax + 1), subject })).toMatchObject({
      reason: "too_large",
      errors: [{ field: "payload", message: "must be at most 262144 bytes, got 262145" }]
    })
  })
})

const line = { sku: "A", quantity: 2 }
const withLine = (changes: object) =>
  JSON.stringify({ ...bare, data: { ...data, lines: [line, { ...line, ...changes }] } })
const nested = (depth: number) => `{"x":`.repeat(depth - 1) + "{}" + "}".repeat(depth - 1)

const defects: ReadonlyArray<readonly [what: string, payload: string | Uint8Array, reason: string, field: string]> = [
  ["nothing", "", "not_json", "payload"],
  ["spaces", "  ", "not_json", "payload"],
  ["text", "hello", "not_json", "payload"],
  ["half an event", JSON.stringify(bare).slice(0, 40), "not_json", "payload"],
  ["two events", JSON.stringify(bare).repeat(2), "not_json", "payload"],
  ["NaN", withLine({}).replace("2}]", "NaN}]"), "not_json", "payload"],
  ["a trailing comma", JSON.stringify(bare).replace("}]", "},]"), "not_json", "payload"],
  ["a raw control character", JSON.stringify(bare).replace("o-1", "o\u0001"), "not_json", "payload"],
  ["a byte order mark", `\uFEFF${JSON.stringify(bare)}`, "not_json", "payload"],
  ["invalid UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), "not_utf8", "payload"],
  ["a surrogate in UTF-8", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), "not_utf8", "payload"],
  ["null", "null", "invalid", "payload"],
  ["an array", "[]", "invalid", "payload"],
  ["a number", "7", "invalid", "payload"],
  ["a string", `"x"`, "invalid", "payload"],
  ["depth 17", nested(17), "too_deep", "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x"],
  ["depth 100,000", nested(40_000), "too_deep", "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x"],
  ["a key twice", `{"id":"a","id":"b"}`, "duplicate_key", "id"],
  [
    "a key twice in a line",
    withLine({}).replace(`"quantity":2}]`, `"quantity":2,"quantity":9}]`),
    "duplicate_key",
    "data.lines[1].quantity"
  ],
  ["a key twice, once escaped", String.raw`{"id":"a","\u0069d":"b"}`, "duplicate_key", "id"],
  ["no data", JSON.stringify({ ...bare, data: undefined }), "invalid", "data"],
  ["no source", JSON.stringify({ ...bare, source: undefined }), "invalid", "source"],
  ["no id", JSON.stringify({ ...bare, id: undefined }), "invalid", "id"],
  ["a number as id", JSON.stringify({ ...bare, id: 7 }), "invalid", "id"],
  ["an empty id", JSON.stringify({ ...bare, id: "" }), "invalid", "id"],
  ["a long id", JSON.stringify({ ...bare, id: "x".repeat(129) }), "invalid", "id"],
  ["a lone surrogate", JSON.stringify({ ...bare, id: "\ud800" }), "invalid", "id"],
  ["a control character", JSON.stringify({ ...bare, id: "a\u0000" }), "invalid", "id"],
  ["another type than the subject", JSON.stringify({ ...bare, type: "goods.received" }), "invalid", "type"],
  ["a number as type", JSON.stringify({ ...bare, type: 1 }), "invalid", "type"],
  ["another specversion", JSON.stringify({ specversion: "0.3", ...bare }), "invalid", "specversion"],
  ["a time without zone", JSON.stringify({ ...bare, time: "2026-11-27T09:30:00" }), "invalid", "time"],
  ["a time that is none", JSON.stringify({ ...bare, time: "2026-13-41T09:30:00Z" }), "invalid", "time"],
  ["a quantity of 0", withLine({ quantity: 0 }), "invalid", "data.lines[1].quantity"],
  ["a negative quantity", withLine({ quantity: -1 }), "invalid", "data.lines[1].quantity"],
  ["a fractional quantity", withLine({ quantity: 1.5 }), "invalid", "data.lines[1].quantity"],
  ["a quantity as text", withLine({ quantity: "2" }), "invalid", "data.lines[1].quantity"],
  ["an infinite quantity", withLine({}).replace("2}]", "1e400}]"), "invalid", "data.lines[1].quantity"],
  ["a huge quantity", withLine({ quantity: 1e15 }), "invalid", "data.lines[1].quantity"],
  ["no lines", JSON.stringify({ ...bare, data: { ...data, lines: [] } }), "invalid", "data.lines"]
]

describe("an event message is refused, naming the field,", () => {
  it.each(defects)("with %s", (_, payload, reason, field) => {
    const defect = refused({ payload: typeof payload === "string" ? bytes(payload) : payload, subject })
    expect({ reason: defect.reason, field: defect.errors[0]!.field }).toEqual({ reason, field })
  })

  it("with a subject of a type that does not exist", () => {
    const { type: _type, ...rest } = bare
    expect(refused({ payload: json(rest), subject: "stock.events.order.eaten" }).errors[0]).toMatchObject({
      field: "type"
    })
  })

  it("and says which event it was, as far as that can be read", () => {
    const headers = [
      ["Nats-Msg-Id", "m-1"],
      ["traceparent", traceparent]
    ] as const
    expect(refused({ headers, payload: bytes("{"), subject })).toMatchObject({ id: "m-1", traceparent })
    expect(refused({ headers, payload: json({ ...bare, time: "x" }), subject })).toMatchObject({
      id: "e-1",
      source: "shop",
      traceparent
    })
  })

  it("in one line that is bounded", () => {
    const errors = Array.from({ length: 30 }, (_, i) => ({ field: `f${i}`, message: "is wrong" }))
    expect(describeErrors(errors, 2)).toBe("f0: is wrong; f1: is wrong; and 28 more")
  })
})
