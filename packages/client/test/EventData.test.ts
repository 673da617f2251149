/** The types of what is published: times may be dates or text, ids are plain text, fields are those of the type. */
import { expectTypeOf, describe, it } from "vitest"
import type { EventData, StockEventType } from "../src/EventData.ts"

describe("the data of an event", () => {
  it("takes a time as a date or as text, and nothing else", () => {
    expectTypeOf<EventData<"count.cycle">["countedAt"]>().toEqualTypeOf<Date | string>()
    type Line = EventData<"purchase.ordered">["lines"][number]
    expectTypeOf<Line["expectedAt"]>().toEqualTypeOf<Date | string | undefined>()
  })

  it("has quantities that are numbers, and ids that are plain text", () => {
    type Line = EventData<"order.placed">["lines"][number]
    expectTypeOf<Line["quantity"]>().toEqualTypeOf<number>()
    expectTypeOf<Line["sku"]>().toEqualTypeOf<string>()
    expectTypeOf<EventData<"order.placed">["orderId"]>().toEqualTypeOf<string>()
  })

  it("keeps the choices of a field", () => {
    type Line = EventData<"return.restocked">["lines"][number]
    expectTypeOf<Line["disposition"]>().toEqualTypeOf<"sellable" | "damaged" | "scrapped">()
    expectTypeOf<EventData<"transfer.received">["closed"]>().toEqualTypeOf<boolean | undefined>()
  })

  it("may leave the lines out only where they then mean the whole order", () => {
    type Required<T extends StockEventType> = T extends StockEventType
      ? EventData<T> extends { readonly lines: ReadonlyArray<unknown> }
        ? T
        : never
      : never
    type WholeOrder = "order.cancelled" | "shipment.created" | "shipment.cancelled" | "shipment.confirmed"
    expectTypeOf<Exclude<StockEventType, Required<StockEventType>>>().toEqualTypeOf<WholeOrder>()
  })
})
