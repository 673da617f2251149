/** Which SKUs an event without lines is about. */
import { emptyOrderLine } from "@holdfast/domain/OrderRules"
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { OrderId, Sku } from "@holdfast/domain/Identity"
import type { OrderLine } from "@holdfast/domain/DocumentLine"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { completionOf, entriesOfLine, entryOf, type OrderEntry, type OrderEvent } from "../src/Completion.ts"

const orderId = OrderId.make("o-1")

const eventOf = (type: string, id: string, data: object = {}) =>
  Result.getOrThrow(decodeEvent({ source: "shop", id, type, time: undefined, data: { orderId, ...data } }, 0))

const about = (type: string, id: string, data: object = {}) => eventOf(type, id, data) as OrderEvent

const units = (...skus: ReadonlyArray<string>) => ({ lines: skus.map((sku) => ({ sku, quantity: 1 })) })

/** What the event says, cut into one fact per SKU. */
const said = (type: string, id: string, skus: ReadonlyArray<string>, data: object = {}): OrderEntry =>
  entryOf(
    eventOf(type, id, { ...units(...skus), ...data }),
    skus.map((sku) => ({ sku: Sku.make(sku) }))
  )!

const lineOf = (sku: string, changes: Partial<OrderLine>): ReadonlyArray<OrderEntry> =>
  entriesOfLine({ orderId, sku: Sku.make(sku), line: { ...emptyOrderLine(orderId), ...changes } })

const shipment = (shipmentId: string, created: number) =>
  ({ shipmentId, created, cancelled: false, confirmed: 0 }) as OrderLine["shipments"][number]

const placed = said("order.placed", "p-1", ["B", "A"])

describe("an event without lines", () => {
  it("is about all SKUs that its order was placed or changed with, in a fixed order", () => {
    const changed = said("order.changed", "c-1", ["C", "A"])
    expect(completionOf(about("order.cancelled", "x"), [placed, changed])).toEqual(["A", "B", "C"])
    expect(completionOf(about("order.cancelled", "x"), [changed, placed])).toEqual(["A", "B", "C"])
    expect(completionOf(about("shipment.created", "x", { shipmentId: "s" }), [placed])).toEqual(["A", "B"])
  })

  it("waits as long as nobody says what the order consists of", () => {
    const cancelled = said("order.cancelled", "l-1", ["A"])
    const created = said("shipment.created", "l-2", ["A"], { shipmentId: "s" })
    expect(completionOf(about("order.cancelled", "x"), [])).toBeUndefined()
    expect(completionOf(about("order.cancelled", "x"), [cancelled, created])).toBeUndefined()
    expect(completionOf(about("order.cancelled", "x"), [cancelled, placed])).toEqual(["A", "B"])
  })

  it("is about what its shipment was created with, where that was said", () => {
    const created = said("shipment.created", "l-2", ["A"], { shipmentId: "s-1" })
    const entries = [placed, created]
    expect(completionOf(about("shipment.confirmed", "x", { shipmentId: "s-1" }), entries)).toEqual(["A"])
    expect(completionOf(about("shipment.cancelled", "x", { shipmentId: "s-1" }), entries)).toEqual(["A"])
    expect(completionOf(about("shipment.confirmed", "x", { shipmentId: "s-2" }), entries)).toEqual(["A", "B"])
    expect(completionOf(about("shipment.created", "x", { shipmentId: "s-1" }), entries)).toEqual(["A", "B"])
    expect(completionOf(about("shipment.confirmed", "x", { shipmentId: "s-1" }), [created])).toEqual(["A"])
  })

  it("is about the same SKUs when it is repeated, whatever was said since", () => {
    const first = said("order.cancelled", "x", ["A"])
    expect(completionOf(about("order.cancelled", "x"), [placed, first])).toEqual(["A"])
    expect(completionOf(about("order.cancelled", "y"), [placed, first])).toEqual(["A", "B"])
  })

  it("understands lines of the ledger", () => {
    const some = [
      ...lineOf("A", { placed: [{ at: 0, units: 1 }], shipments: [shipment("s-1", 1), shipment("s-2", 0)] }),
      ...lineOf("B", { set: { at: 0, units: 0 } }),
      ...lineOf("C", { voidAt: 0 })
    ]
    expect(completionOf(about("order.cancelled", "x"), some)).toEqual(["A", "B", "C"])
    expect(completionOf(about("shipment.confirmed", "x", { shipmentId: "s-1" }), some)).toEqual(["A"])
    expect(completionOf(about("shipment.confirmed", "x", { shipmentId: "s-2" }), some)).toEqual(["A", "B", "C"])
    expect(completionOf(about("order.cancelled", "x"), lineOf("C", { voidAt: 0 }))).toBeUndefined()
    expect(completionOf(about("order.cancelled", "x"), lineOf("C", { confirmed: 2 }))).toEqual(["C"])
  })
})

it("a return says nothing of what its order consists of", () => {
  const returned = eventOf("return.received", "r-1", units("A"))
  expect(entryOf(returned, [{ sku: Sku.make("A") }])).toBeUndefined()
})
