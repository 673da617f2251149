/** What is accepted at the front door, and what is said when it is not. The fixtures are what publishers send. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { decodeEvent, eventTypes, factsOf, type RawEvent } from "../src/EventManifest.ts"
import { lineQuantityMax, linesMax } from "../src/Limit.ts"
import countCycle from "./fixtures/events/count.cycle.json" with { type: "json" }
import bundleDefined from "./fixtures/events/bundle.defined.json" with { type: "json" }
import countPhysical from "./fixtures/events/count.physical.json" with { type: "json" }
import goodsPutaway from "./fixtures/events/goods.putaway.json" with { type: "json" }
import goodsReceived from "./fixtures/events/goods.received.json" with { type: "json" }
import orderCancelled from "./fixtures/events/order.cancelled.json" with { type: "json" }
import orderChanged from "./fixtures/events/order.changed.json" with { type: "json" }
import orderPlaced from "./fixtures/events/order.placed.json" with { type: "json" }
import purchaseOrdered from "./fixtures/events/purchase.ordered.json" with { type: "json" }
import returnReceived from "./fixtures/events/return.received.json" with { type: "json" }
import returnRestocked from "./fixtures/events/return.restocked.json" with { type: "json" }
import shipmentCancelled from "./fixtures/events/shipment.cancelled.json" with { type: "json" }
import shipmentConfirmed from "./fixtures/events/shipment.confirmed.json" with { type: "json" }
import shipmentCreated from "./fixtures/events/shipment.created.json" with { type: "json" }
import allotmentSet from "./fixtures/events/allotment.set.json" with { type: "json" }
import backorderSet from "./fixtures/events/backorder.set.json" with { type: "json" }
import skuRegistered from "./fixtures/events/sku.registered.json" with { type: "json" }
import stockAdjusted from "./fixtures/events/stock.adjusted.json" with { type: "json" }
import transferDispatched from "./fixtures/events/transfer.dispatched.json" with { type: "json" }
import transferReceived from "./fixtures/events/transfer.received.json" with { type: "json" }

const fixtures = [
  allotmentSet,
  backorderSet,
  orderPlaced,
  orderChanged,
  orderCancelled,
  shipmentCreated,
  shipmentCancelled,
  shipmentConfirmed,
  goodsReceived,
  goodsPutaway,
  returnReceived,
  returnRestocked,
  stockAdjusted,
  transferDispatched,
  transferReceived,
  purchaseOrdered,
  countCycle,
  countPhysical,
  skuRegistered,
  bundleDefined
]
const storedAt = 1_800_000_000_000

/** Times inside the data are text outside and milliseconds inside. */
const withMillis = (data: object): object =>
  JSON.parse(JSON.stringify(data), (key, value) => (/^(counted|expected)At$/.test(key) ? Date.parse(value) : value))

const errorsOf = (raw: Partial<RawEvent>): Record<string, string> => {
  const decoded = decodeEvent({ ...orderPlaced, ...raw }, storedAt)
  if (Result.isSuccess(decoded)) throw new Error("was accepted")
  return Object.fromEntries(decoded.failure.map(({ field, message }) => [field, message]))
}
const placing = (data: unknown) => errorsOf({ data })
const line = { sku: "MUG", quantity: 1 }

describe("the events of the manifest", () => {
  it("each have a fixture", () => {
    expect(fixtures.map(({ type }) => type).toSorted()).toEqual(eventTypes.toSorted())
  })

  it.each(fixtures)("$type decodes to what was sent", (fixture) => {
    const event = Result.getOrThrow(decodeEvent(fixture, storedAt))
    const { id, source, type, time } = fixture
    const data = { lines: [], ...withMillis(fixture.data) }
    expect(event).toEqual({ id, source, type, data, time: Date.parse(time) })
  })

  it("drop fields that nobody knows", () => {
    const event = Result.getOrThrow(decodeEvent({ ...orderPlaced, data: { ...orderPlaced.data, price: 3 } }, storedAt))
    expect(event.data).not.toHaveProperty("price")
  })

  it("that name no time happened when the broker stored them", () => {
    expect(Result.getOrThrow(decodeEvent({ ...orderPlaced, time: undefined }, storedAt)).time).toBe(storedAt)
  })
})

describe("a field error names the field and the limit", () => {
  it("of the envelope", () => {
    const errors = errorsOf({ id: "", source: "x".repeat(129), time: "yesterday", data: orderPlaced.data })
    expect(errors["id"]).toContain("must not be empty")
    expect(errors["source"]).toContain("at most 128 bytes, got 129")
    expect(errors["time"]).toContain("RFC 3339")
  })

  it("of an unknown type, with the types that are known", () => {
    expect(errorsOf({ type: "order.invented" })["type"]).toMatch(/order\.placed.*got "order\.invented"/)
  })

  it.each([
    [0, `must be a whole number from 1 to ${lineQuantityMax}, got 0`],
    [-1, `from 1 to ${lineQuantityMax}, got -1`],
    [1.5, "got 1.5"],
    [lineQuantityMax + 1, `from 1 to ${lineQuantityMax}`]
  ])("of a quantity of %d", (quantity, message) => {
    expect(placing({ orderId: "1", lines: [line, { sku: "MUG", quantity }] })["data.lines[1].quantity"]).toContain(
      message
    )
  })

  it.each([
    ["text", "2"],
    ["nothing", null],
    ["not a number", Number.NaN]
  ])("of a quantity that is %s", (_, quantity) => {
    expect(placing({ orderId: "1", lines: [{ sku: "MUG", quantity }] })).toHaveProperty(["data.lines[0].quantity"])
  })

  it("of a missing field", () => {
    expect(placing({ lines: [line] })).toHaveProperty(["data.orderId"])
    expect(placing({ orderId: "1", lines: [{ quantity: 1 }] })).toHaveProperty(["data.lines[0].sku"])
    expect(placing(undefined)).toHaveProperty("data")
  })

  it("of too few and too many lines", () => {
    expect(placing({ orderId: "1", lines: [] })["data.lines"]).toContain(`1 to ${linesMax} lines, got 0`)
    const many = Array.from({ length: linesMax + 1 }, () => line)
    expect(placing({ orderId: "1", lines: many })["data.lines"]).toContain(`got ${linesMax + 1}`)
  })

  it.each([
    ["control characters", "a\u0000b", "control characters"],
    ["lone surrogates", "\ud800", "well-formed"],
    ["too many bytes, not characters", "茶".repeat(43), "at most 128 bytes, got 129"]
  ])("of a SKU with %s", (_, sku, message) => {
    expect(placing({ orderId: "1", lines: [{ sku, quantity: 1 }] })["data.lines[0].sku"]).toContain(message)
  })

  it("of an adjustment by nothing", () => {
    const data = { reason: "count", lines: [{ sku: "MUG", delta: 0 }] }
    expect(errorsOf({ type: "stock.adjusted", data })["data.lines[0].delta"]).toContain("must not be 0")
  })

  it("all at once, not one by one", () => {
    const errors = placing({ lines: [{ sku: "", quantity: 0 }] })
    expect(Object.keys(errors).toSorted()).toEqual(["data.lines[0].quantity", "data.lines[0].sku", "data.orderId"])
  })
})

describe("an event cut into facts", () => {
  it("gives one fact per SKU with that SKU's lines, in order of first mention", () => {
    const facts = factsOf(Result.getOrThrow(decodeEvent(orderPlaced, storedAt)))
    expect(facts.map(({ sku, parts, data }) => ({ sku, parts, lines: data.lines }))).toEqual([
      { sku: "MUG", parts: 2, lines: [orderPlaced.data.lines[0], orderPlaced.data.lines[2]] },
      { sku: "PLATE", parts: 2, lines: [orderPlaced.data.lines[1]] }
    ])
  })

  it("stays whole when it is about one SKU", () => {
    const event = Result.getOrThrow(decodeEvent(stockAdjusted, storedAt))
    expect(factsOf(event)).toEqual([{ ...event, sku: "MUG", parts: 1 }])
  })
})
