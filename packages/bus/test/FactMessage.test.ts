/** Facts as they travel: what ingest wrote is only looked over, what somebody else wrote is decoded. */
import { decodeEvent, eventTypes, factsOf } from "@holdfast/domain/EventManifest"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { decodeFact, encodeFact } from "../src/FactMessage.ts"

const context = { eventSequence: 7, storedAt: 1_800_000_000_000, traceparent: "00-1-2-01", parentSpanId: "3", part: 1 }

interface Sample {
  readonly data: object
  readonly line: object
  /** what must not pass: fields of the data, and of the line */
  readonly wrong: ReadonlyArray<readonly [data: object, line: object, field: string]>
}

const order = { orderId: "o-1" }
const shipment = { ...order, shipmentId: "s-1" }
const noUnits = [{}, { quantity: 0 }, "lines[0].quantity"] as const
const noOrder = [{ orderId: undefined }, {}, "orderId"] as const
const noShipment = [{ shipmentId: 5 }, {}, "shipmentId"] as const

const samples: Readonly<Record<string, Sample>> = {
  "order.placed": {
    data: order,
    line: { quantity: 2, reservationId: "r-1" },
    wrong: [noUnits, noOrder, [{}, { reservationId: "" }, "lines[0].reservationId"]]
  },
  "order.changed": {
    data: order,
    line: { quantity: 0 },
    wrong: [[{}, { quantity: -1 }, "lines[0].quantity"], noOrder]
  },
  "order.cancelled": { data: order, line: {}, wrong: [noUnits, noOrder] },
  "shipment.created": { data: { ...shipment, locationId: "L" }, line: {}, wrong: [noUnits, noOrder, noShipment] },
  "shipment.cancelled": { data: shipment, line: {}, wrong: [noOrder, noShipment] },
  "shipment.confirmed": {
    data: shipment,
    line: { quantity: 3 },
    wrong: [noUnits, noShipment, [{ locationId: "" }, {}, "locationId"]]
  },
  "goods.received": {
    data: { purchaseId: "p-1", putaway: "done" },
    line: { quantity: 2, locationId: "L" },
    wrong: [noUnits, [{ putaway: "later" }, {}, "putaway"], [{}, { locationId: "" }, "lines[0].locationId"]]
  },
  "goods.putaway": { data: {}, line: { quantity: 2 }, wrong: [noUnits] },
  "return.received": { data: order, line: { quantity: 2 }, wrong: [noUnits, [{ orderId: 5 }, {}, "orderId"]] },
  "return.restocked": {
    data: {},
    line: { quantity: 2, disposition: "damaged" },
    wrong: [noUnits, [{}, { disposition: "lost" }, "lines[0].disposition"]]
  },
  "stock.adjusted": {
    data: { reason: "found" },
    line: { delta: -2, status: "quality" },
    wrong: [
      [{}, { delta: 0 }, "lines[0].delta"],
      [{ reason: undefined }, {}, "reason"],
      [{}, { status: "fine" }, "lines[0].status"]
    ]
  },
  "transfer.dispatched": {
    data: { transferId: "t", fromLocationId: "L", toLocationId: "M" },
    line: { quantity: 2 },
    wrong: [noUnits, [{ toLocationId: undefined }, {}, "toLocationId"]]
  },
  "transfer.received": {
    data: { transferId: "t", toLocationId: "M", closed: true },
    line: { quantity: 0 },
    wrong: [
      [{ closed: "yes" }, {}, "closed"],
      [{ transferId: undefined }, {}, "transferId"]
    ]
  },
  "purchase.ordered": {
    data: { purchaseId: "p-1" },
    line: { quantity: 0, expectedAt: "2026-11-27T09:30:00Z" },
    wrong: [
      [{}, { expectedAt: -1 }, "lines[0].expectedAt"],
      [{ purchaseId: undefined }, {}, "purchaseId"]
    ]
  },
  "count.cycle": {
    data: { countedAt: "2026-11-27T09:30:00+01:00" },
    line: { quantity: 0 },
    wrong: [
      [{ countedAt: undefined }, {}, "countedAt"],
      [{}, { quantity: 0.5 }, "lines[0].quantity"]
    ]
  },
  "allotment.set": {
    data: {},
    line: { channel: "shop", quota: 5, ringFence: null },
    wrong: [
      [{}, { channel: 5 }, "lines[0].channel"],
      [{}, { quota: -1 }, "lines[0].quota"],
      [{}, { ringFence: 0.5 }, "lines[0].ringFence"]
    ]
  },
  "backorder.set": {
    data: {},
    line: { limit: 5, kind: "preorder", expectedAt: "2026-11-27T09:30:00Z" },
    wrong: [
      [{}, { limit: -1 }, "lines[0].limit"],
      [{}, { kind: "later" }, "lines[0].kind"]
    ]
  },
  "sku.registered": { data: {}, line: { safetyStock: 0 }, wrong: [[{}, { safetyStock: -1 }, "lines[0].safetyStock"]] }
}

/** Types of which there are facts: an inventory becomes counts before. */
const factTypes = eventTypes.filter((type) => type !== "count.physical" && type !== "bundle.defined")

const factOf = (type: string) => {
  const { data, line } = samples[type]!
  const raw = {
    source: "shop",
    id: "e-1",
    type,
    time: "2026-11-27T09:30:00Z",
    data: { ...data, lines: [{ sku: "A", ...line }] }
  }
  return factsOf(Result.getOrThrow(decodeEvent(raw, 0)))[0]!
}

interface Json {
  readonly data: { readonly lines: ReadonlyArray<object> }
}

const jsonOf = (type: string): Json => JSON.parse(encodeFact(factOf(type), context)) as Json

describe("a fact in STOCK", () => {
  it("is of any type that there is", () => {
    expect(Object.keys(samples).toSorted()).toEqual(factTypes.toSorted())
  })

  it.each(factTypes)("%s is read as it was written", (type) => {
    expect(Result.getOrThrow(decodeFact(jsonOf(type)))).toEqual({ fact: factOf(type), context })
  })

  it.each(factTypes)("%s is only looked over", (type) => {
    const json = jsonOf(type)
    const more = { ...json, data: { ...json.data, unknown: "is dropped when it is decoded" } }
    expect(Result.getOrThrow(decodeFact(more)).fact.data).toEqual(more.data)
  })

  it.each(
    factTypes.flatMap((type) => samples[type]!.wrong.map(([data, line, field]) => ({ type, data, line, field })))
  )("$type is refused when $field is wrong", ({ type, data, line, field }) => {
    const json = jsonOf(type)
    const [only] = json.data.lines
    const result = decodeFact({ ...json, data: { ...json.data, ...data, lines: [{ ...only, ...line }] } })
    expect(Result.isFailure(result) && result.failure.map((error) => error.field)).toEqual([`data.${field}`])
  })

  it("is no part of an inventory", () => {
    const data = { countId: "C", locationId: "L", countedAt: 0, part: 1, lines: [{ sku: "A", quantity: 1 }] }
    expect(Result.isFailure(decodeFact({ ...jsonOf("count.cycle"), type: "count.physical", data }))).toBe(true)
  })

  it("is about one SKU, and names its lines", () => {
    const json = jsonOf("order.placed")
    const others = [...json.data.lines, { sku: "B", quantity: 1 }]
    const of = (lines: unknown) => decodeFact({ ...json, data: { ...json.data, lines } })
    expect(of(others)).toEqual(Result.fail([{ field: "data.lines", message: "must be of one SKU, got 2" }]))
    const whole = jsonOf("order.cancelled")
    expect(decodeFact({ ...whole, data: { orderId: "o-1" } })).toEqual(
      Result.fail([{ field: "data.lines", message: "must be of one SKU, got 0" }])
    )
  })
})
