/**
 * Facts about stock, past tense: what happened, told by the system that knows. `EventManifest` lists them.
 *
 * Guarantee: a decoded event has only integer quantities inside the limits, and every line names its SKU. It does not
 * say whether the SKU exists or whether stock suffices: a fact is not refused because it is inconvenient.
 */
import { Schema } from "effect"
import { ChannelId, type EventId, type EventSource, LocationId, Note, OrderId, ReservationId, Sku } from "./Identity.ts"
import { lineQuantityMax, linesMax } from "./Limit.ts"

const whole = (min: number, max: number) => (n: number) =>
  Number.isInteger(n) && n >= min && n <= max ? undefined : `must be a whole number from ${min} to ${max}, got ${n}`

/** Units of one line, 1 to `lineQuantityMax`. */
export const Quantity = Schema.Number.check(Schema.makeFilter(whole(1, lineQuantityMax)))

/** Signed units of one adjustment, not zero. */
export const Delta = Schema.Number.check(
  Schema.makeFilter((n: number) => (n === 0 ? "must not be 0" : whole(-lineQuantityMax, lineQuantityMax)(n)))
)

const linesOf = <S extends Schema.Top>(line: S) =>
  Schema.Array(line).check(
    Schema.makeFilter((lines: ReadonlyArray<unknown>) =>
      lines.length >= 1 && lines.length <= linesMax
        ? undefined
        : `must have 1 to ${linesMax} lines, got ${lines.length}`
    )
  )

const place = { sku: Sku, locationId: Schema.optionalKey(LocationId) }

/** An order was placed on a channel: its units are committed, less what a hold already took. */
export const OrderPlaced = Schema.Struct({
  orderId: OrderId,
  channel: Schema.optionalKey(ChannelId),
  lines: linesOf(Schema.Struct({ ...place, quantity: Quantity, reservationId: Schema.optionalKey(ReservationId) }))
})

/** Lines of an order were cancelled: without a quantity, all that is still open of that SKU. */
export const OrderCancelled = Schema.Struct({
  orderId: OrderId,
  channel: Schema.optionalKey(ChannelId),
  lines: linesOf(Schema.Struct({ ...place, quantity: Schema.optionalKey(Quantity) })),
  reason: Schema.optionalKey(Note)
})

/** Goods arrived and are sellable. The first receipt of a SKU makes it known. */
export const GoodsReceived = Schema.Struct({
  lines: linesOf(Schema.Struct({ ...place, quantity: Quantity })),
  reference: Schema.optionalKey(Note)
})

/** A person or a system corrected what is on hand. */
export const StockAdjusted = Schema.Struct({
  lines: linesOf(Schema.Struct({ ...place, delta: Delta })),
  reason: Note,
  by: Schema.optionalKey(Note),
  reference: Schema.optionalKey(Note)
})

export type OrderPlaced = typeof OrderPlaced.Type
export type OrderCancelled = typeof OrderCancelled.Type
export type GoodsReceived = typeof GoodsReceived.Type
export type StockAdjusted = typeof StockAdjusted.Type

/** What every event carries, whatever happened. Times are milliseconds since the epoch. */
export interface EventHeader {
  readonly source: EventSource
  readonly id: EventId
  /** when it happened, as the source says */
  readonly time: number
}

export type StockEvent = EventHeader &
  (
    | { readonly type: "order.placed"; readonly data: OrderPlaced }
    | { readonly type: "order.cancelled"; readonly data: OrderCancelled }
    | { readonly type: "goods.received"; readonly data: GoodsReceived }
    | { readonly type: "stock.adjusted"; readonly data: StockAdjusted }
  )

export type StockEventType = StockEvent["type"]

/** The part of one event that concerns one SKU: what its actor is told. `parts` counts the SKUs of the whole event. */
export type SkuFact = StockEvent & { readonly sku: Sku; readonly parts: number }
