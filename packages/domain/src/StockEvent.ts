/**
 * Facts about stock, past tense: what happened, told by the system that knows. `EventManifest` lists them.
 *
 * Guarantee: a decoded event has only integer quantities inside the limits, and every line names its SKU. It does not
 * say whether the SKU exists or whether stock suffices: a fact is not refused because it is inconvenient.
 */
import { Schema, SchemaGetter } from "effect"
import {
  ChannelId,
  DocumentId,
  type EventId,
  type EventSource,
  LocationId,
  Note,
  OrderId,
  ReservationId,
  Sku
} from "./Identity.ts"
import { bundleComponentsMax, countPartsMax, lineQuantityMax, linesMax } from "./Limit.ts"
import { rfc3339, timeMax } from "./Rfc3339.ts"

const whole = (min: number, max: number) => (n: number) =>
  Number.isInteger(n) && n >= min && n <= max ? undefined : `must be a whole number from ${min} to ${max}, got ${n}`

/** Units of one line, 1 to `lineQuantityMax`. */
export const Quantity = Schema.Number.check(Schema.makeFilter(whole(1, lineQuantityMax)))

/** Units of one line that may be none, 0 to `lineQuantityMax`. */
export const QuantityOrNone = Schema.Number.check(Schema.makeFilter(whole(0, lineQuantityMax)))

/** Signed units of one adjustment, not zero. */
export const Delta = Schema.Number.check(
  Schema.makeFilter((n: number) => (n === 0 ? "must not be 0" : whole(-lineQuantityMax, lineQuantityMax)(n)))
)

/** A moment inside an event's data: RFC 3339 text outside, milliseconds since the epoch inside. */
export const Instant = Schema.Union([Schema.String, Schema.Number]).pipe(
  Schema.decodeTo(
    Schema.Number.check(
      Schema.makeFilter((n: number) =>
        Number.isInteger(n) && n >= 0 && n <= timeMax
          ? undefined
          : "must be an RFC 3339 time such as 2026-11-27T09:30:00Z"
      )
    ),
    {
      decode: SchemaGetter.transform((text: string | number) =>
        typeof text === "number" ? text : rfc3339.test(text) ? Date.parse(text) : -1
      ),
      encode: SchemaGetter.transform((millis: number) => millis)
    }
  )
)

const linesOf = <S extends Schema.Top>(line: S) =>
  Schema.Array(line).check(
    Schema.makeFilter((lines: ReadonlyArray<unknown>) =>
      lines.length >= 1 && lines.length <= linesMax
        ? undefined
        : `must have 1 to ${linesMax} lines, got ${lines.length}`
    )
  )

/** Lines that may be left out: then the fact is about every SKU of its order, and they are completed from the order. */
const linesOrAll = <S extends Schema.Top>(line: S) => Schema.optionalKey(linesOf(line))

const place = { sku: Sku, locationId: Schema.optionalKey(LocationId) }
const units = { ...place, quantity: Quantity }
const reference = Schema.optionalKey(Note)

/** Why units that are on hand cannot be sold. */
export const UnavailableReason = Schema.Literals(["receiving", "inspection", "damaged", "quality"])
export type UnavailableReason = typeof UnavailableReason.Type

/** An order was placed on a channel: its units are committed, less what a hold already took. */
export const OrderPlaced = Schema.Struct({
  orderId: OrderId,
  channel: Schema.optionalKey(ChannelId),
  /** where the order goes, for an allocation by cost: a region as the cost table names it */
  destination: Schema.optionalKey(Note),
  lines: linesOf(Schema.Struct({ ...units, reservationId: Schema.optionalKey(ReservationId) }))
})

/** Lines of an order now ask for this many units in total, those already shipped included. */
export const OrderChanged = Schema.Struct({
  orderId: OrderId,
  channel: Schema.optionalKey(ChannelId),
  lines: linesOf(Schema.Struct({ ...place, quantity: QuantityOrNone }))
})

/** Lines of an order were cancelled: without a quantity the whole line of that SKU, now and when it comes later. */
export const OrderCancelled = Schema.Struct({
  orderId: OrderId,
  channel: Schema.optionalKey(ChannelId),
  lines: linesOrAll(Schema.Struct({ ...place, quantity: Schema.optionalKey(Quantity) })),
  reason: Schema.optionalKey(Note)
})

const shipment = { shipmentId: DocumentId, orderId: OrderId, locationId: Schema.optionalKey(LocationId) }

/** A shipment was created: units of the order are bound to its location; without a quantity all that is open. */
export const ShipmentCreated = Schema.Struct({
  ...shipment,
  lines: linesOrAll(Schema.Struct({ sku: Sku, quantity: Schema.optionalKey(Quantity) }))
})

/** A shipment will not leave: its units are bound no more. */
export const ShipmentCancelled = Schema.Struct({ ...shipment, lines: linesOrAll(Schema.Struct({ sku: Sku })) })

/** Goods left the location for a customer; without a quantity what the shipment was created with, else all that is open. */
export const ShipmentConfirmed = Schema.Struct({
  ...shipment,
  lines: linesOrAll(Schema.Struct({ sku: Sku, quantity: Schema.optionalKey(Quantity) }))
})

/** Goods arrived: on hand at once, sellable after their putaway. Makes a SKU known. */
export const GoodsReceived = Schema.Struct({
  lines: linesOf(Schema.Struct(units)),
  /** the purchase that they were ordered with: that many fewer are incoming */
  purchaseId: Schema.optionalKey(DocumentId),
  /** `done`: they are in their place already, and sellable at once */
  putaway: Schema.optionalKey(Schema.Literal("done")),
  reference
})

/** Received goods are in their place, and sellable from now on. */
export const GoodsPutaway = Schema.Struct({ lines: linesOf(Schema.Struct(units)), reference })

/** A customer's goods came back: on hand, and to be inspected. */
export const ReturnReceived = Schema.Struct({
  returnId: Schema.optionalKey(DocumentId),
  orderId: Schema.optionalKey(OrderId),
  lines: linesOf(Schema.Struct(units)),
  reference
})

/** Returned goods were inspected: they are sellable again, damaged, or thrown away. */
export const ReturnRestocked = Schema.Struct({
  returnId: Schema.optionalKey(DocumentId),
  lines: linesOf(Schema.Struct({ ...units, disposition: Schema.Literals(["sellable", "damaged", "scrapped"]) })),
  reference
})

/** A person or a system corrected what is on hand; with `status`, among the units that cannot be sold for that reason. */
export const StockAdjusted = Schema.Struct({
  lines: linesOf(Schema.Struct({ ...place, delta: Delta, status: Schema.optionalKey(UnavailableReason) })),
  reason: Note,
  by: Schema.optionalKey(Note),
  reference
})

/** Goods left one location for another. */
export const TransferDispatched = Schema.Struct({
  transferId: DocumentId,
  fromLocationId: LocationId,
  toLocationId: LocationId,
  lines: linesOf(Schema.Struct({ sku: Sku, quantity: Quantity }))
})

/** Goods of a transfer arrived. `closed`: nothing more will; what is missing then is the transfer's difference. */
export const TransferReceived = Schema.Struct({
  transferId: DocumentId,
  fromLocationId: Schema.optionalKey(LocationId),
  toLocationId: LocationId,
  closed: Schema.optionalKey(Schema.Boolean),
  lines: linesOf(Schema.Struct({ sku: Sku, quantity: QuantityOrNone }))
})

/** Goods were ordered from a supplier: this many in total are to come with this purchase; 0 calls it off. Makes a SKU known. */
export const PurchaseOrdered = Schema.Struct({
  purchaseId: DocumentId,
  lines: linesOf(Schema.Struct({ ...place, quantity: QuantityOrNone, expectedAt: Schema.optionalKey(Instant) })),
  reference
})

/** Somebody counted what is on hand. What moved after `countedAt` is not undone by it. */
export const CycleCounted = Schema.Struct({
  countId: Schema.optionalKey(DocumentId),
  countedAt: Instant,
  lines: linesOf(Schema.Struct({ ...place, quantity: QuantityOrNone })),
  by: Schema.optionalKey(Note),
  reference
})

/** Number of a part of a full physical inventory, or how many there are. */
const PartNumber = Schema.Number.check(Schema.makeFilter(whole(1, countPartsMax)))

/** A part of a full inventory of a location, applied when all are there: a SKU that nobody counted is not there then. */
export const PhysicalCounted = Schema.Struct({
  countId: DocumentId,
  locationId: LocationId,
  /** when this part was counted: what moved afterwards is not undone by it */
  countedAt: Instant,
  /** which part this is, from 1 */
  part: PartNumber,
  /** how many parts there are: with it the inventory is closed */
  parts: Schema.optionalKey(PartNumber),
  lines: linesOf(Schema.Struct({ sku: Sku, quantity: QuantityOrNone })),
  by: Schema.optionalKey(Note),
  reference
})

/** A SKU is kept, with the units that are never promised. Makes a SKU known. */
export const SkuRegistered = Schema.Struct({
  lines: linesOf(Schema.Struct({ ...place, safetyStock: QuantityOrNone }))
})

/** What is sold as one is made of these; none at all: it is a bundle no more. The last word by the event's time. */
export const BundleDefined = Schema.Struct({
  lines: linesOf(
    Schema.Struct({
      /** the bundle: it has no stock of its own */
      sku: Sku,
      components: Schema.Array(Schema.Struct({ sku: Sku, quantity: Quantity })).check(
        Schema.makeFilter((components: ReadonlyArray<unknown>) =>
          components.length <= bundleComponentsMax
            ? undefined
            : `must have at most ${bundleComponentsMax} components, got ${components.length}`
        )
      )
    })
  )
})

const orLifted = Schema.optionalKey(Schema.NullOr(QuantityOrNone))

const speaks = Schema.makeFilter((line: { readonly quota?: unknown; readonly ringFence?: unknown }) =>
  line.quota === undefined && line.ringFence === undefined ? "must have a quota or a ringFence" : undefined
)

export const AllotmentLine = Schema.Struct({
  sku: Sku,
  channel: ChannelId,
  quota: orLifted,
  ringFence: orLifted
}).check(speaks)
export type AllotmentLine = typeof AllotmentLine.Type

/** How many units of a SKU a channel may have (quota) and which nobody else may have (ring-fence); null lifts it. */
export const AllotmentSet = Schema.Struct({ lines: linesOf(AllotmentLine) })

export const BackorderLine = Schema.Struct({
  sku: Sku,
  limit: QuantityOrNone,
  kind: Schema.optionalKey(Schema.Literals(["backorder", "preorder"])),
  expectedAt: Schema.optionalKey(Instant)
})
export type BackorderLine = typeof BackorderLine.Type

/** How many units may be promised beyond what is there; 0 lifts it. */
export const BackorderSet = Schema.Struct({ lines: linesOf(BackorderLine) })

/** Where a line of a fact comes from when a bundle was named: set by ingest, never by a publisher. */
export interface LineOrigin {
  readonly bundle?: Sku
  /** units of the line's SKU in one bundle; the line's quantity is that of the bundles times this */
  readonly each?: number
}

/** After decoding: no lines at all mean every SKU of the order. */
type WithLines<T extends { readonly lines?: ReadonlyArray<object> }> = Omit<T, "lines"> & {
  readonly lines: ReadonlyArray<NonNullable<T["lines"]>[number] & LineOrigin>
}

export type OrderPlaced = WithLines<typeof OrderPlaced.Type>
export type OrderChanged = WithLines<typeof OrderChanged.Type>
export type OrderCancelled = WithLines<typeof OrderCancelled.Type>
export type ShipmentCreated = WithLines<typeof ShipmentCreated.Type>
export type ShipmentCancelled = WithLines<typeof ShipmentCancelled.Type>
export type ShipmentConfirmed = WithLines<typeof ShipmentConfirmed.Type>
export type GoodsReceived = typeof GoodsReceived.Type
export type GoodsPutaway = typeof GoodsPutaway.Type
export type ReturnReceived = WithLines<typeof ReturnReceived.Type>
export type ReturnRestocked = WithLines<typeof ReturnRestocked.Type>
export type StockAdjusted = typeof StockAdjusted.Type
export type TransferDispatched = typeof TransferDispatched.Type
export type TransferReceived = typeof TransferReceived.Type
export type PurchaseOrdered = typeof PurchaseOrdered.Type
export type CycleCounted = typeof CycleCounted.Type
export type PhysicalCounted = typeof PhysicalCounted.Type
export type SkuRegistered = typeof SkuRegistered.Type
export type BundleDefined = typeof BundleDefined.Type

export type AllotmentSet = typeof AllotmentSet.Type
export type BackorderSet = typeof BackorderSet.Type

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
    | { readonly type: "order.changed"; readonly data: OrderChanged }
    | { readonly type: "order.cancelled"; readonly data: OrderCancelled }
    | { readonly type: "shipment.created"; readonly data: ShipmentCreated }
    | { readonly type: "shipment.cancelled"; readonly data: ShipmentCancelled }
    | { readonly type: "shipment.confirmed"; readonly data: ShipmentConfirmed }
    | { readonly type: "goods.received"; readonly data: GoodsReceived }
    | { readonly type: "goods.putaway"; readonly data: GoodsPutaway }
    | { readonly type: "return.received"; readonly data: ReturnReceived }
    | { readonly type: "return.restocked"; readonly data: ReturnRestocked }
    | { readonly type: "stock.adjusted"; readonly data: StockAdjusted }
    | { readonly type: "transfer.dispatched"; readonly data: TransferDispatched }
    | { readonly type: "transfer.received"; readonly data: TransferReceived }
    | { readonly type: "purchase.ordered"; readonly data: PurchaseOrdered }
    | { readonly type: "count.cycle"; readonly data: CycleCounted }
    | { readonly type: "count.physical"; readonly data: PhysicalCounted }
    | { readonly type: "sku.registered"; readonly data: SkuRegistered }
    | { readonly type: "bundle.defined"; readonly data: BundleDefined }
    | { readonly type: "allotment.set"; readonly data: AllotmentSet }
    | { readonly type: "backorder.set"; readonly data: BackorderSet }
  )

export type StockEventType = StockEvent["type"]

/**
 * Events that are about SKUs as they come. A full physical inventory is not: it becomes counts when it is closed. Nor is what a
 * bundle is made of: it says what later events are about.
 */
type FactEvent = Exclude<StockEvent, { readonly type: "count.physical" | "bundle.defined" }>

/** The part of one event that concerns one SKU, by name or through one bundle: what its actor is told. `parts` counts those of the event. */
export type SkuFact = FactEvent & { readonly sku: Sku; readonly parts: number }
