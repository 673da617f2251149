/**
 * Which SKUs an event is about that names an order and no lines.
 *
 * 1. An event that was completed before is about the same SKUs again, whatever its order has become: so what was applied is
 *    recognised, and nothing else is applied.
 * 2. A shipment that was created is about the SKUs that it was created with: others of its order do not leave with it.
 * 3. Otherwise it is about all SKUs of its order.
 * 4. An order is known once it was placed or changed, or a hold was confirmed for it. What is only known to be shipped or
 *    cancelled does not say what the order consists of.
 *
 * Guarantee: pure, and in whatever order the entries are, the same. It does not know where they come from.
 */
import type { RecordedLine } from "@holdfast/ledger/OrderRecord"
import type { EventId, EventSource, OrderId, Sku } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"

/** An event that may name no lines. */
export type OrderEvent = Extract<
  StockEvent,
  { readonly type: "order.cancelled" | "shipment.created" | "shipment.cancelled" | "shipment.confirmed" }
>

/** SKUs that an order is known to have, and by what. */
export interface OrderEntry {
  readonly orderId: OrderId
  readonly skus: ReadonlyArray<Sku>
  /** whether it says what the order consists of */
  readonly isOrder: boolean
  /** the shipment that was created with them */
  readonly shipmentId: string | undefined
  /** the event that was about them, where it may have had no lines */
  readonly source: EventSource | undefined
  readonly id: EventId | undefined
}

type EventOfOrder = OrderEvent | Extract<StockEvent, { readonly type: "order.placed" | "order.changed" }>

/** A return names its order, too, but makes no line of it. */
const isOfOrder = (event: StockEvent): event is EventOfOrder =>
  event.type.startsWith("order.") || event.type.startsWith("shipment.")

/** What an event says of its order; undefined when it says nothing of one. @param facts that it was cut into */
export const entryOf = (event: StockEvent, facts: ReadonlyArray<{ readonly sku: Sku }>): OrderEntry | undefined => {
  if (!isOfOrder(event)) return undefined
  const { type, source, id, data } = event
  const { orderId } = data
  const skus = facts.map(({ sku }) => sku)
  if (type === "order.placed" || type === "order.changed")
    return { orderId, skus, isOrder: true, shipmentId: undefined, source: undefined, id: undefined }
  const shipmentId = type === "shipment.created" ? data.shipmentId : undefined
  return { orderId, skus, isOrder: false, shipmentId, source, id }
}

/** What the ledger's line of one SKU says of its order. */
export const entriesOfLine = ({ orderId, sku, line }: RecordedLine): ReadonlyArray<OrderEntry> => {
  const { placed, set, confirmed, shipments } = line
  const isOrder = placed.length > 0 || set !== undefined || confirmed > 0
  const said = { orderId, skus: [sku], source: undefined, id: undefined }
  const created = shipments.filter((shipment) => shipment.created > 0)
  return [
    { ...said, isOrder, shipmentId: undefined },
    ...created.map(({ shipmentId }) => ({ ...said, isOrder, shipmentId }))
  ]
}

/** The SKUs in a fixed order; undefined when the order is not known yet. @param entries of its order, older than the event */
export const completionOf = (event: OrderEvent, entries: ReadonlyArray<OrderEntry>): ReadonlyArray<Sku> | undefined => {
  const repeated = skusOf(entries.filter(({ source, id }) => source === event.source && id === event.id))
  if (repeated.length > 0) return repeated
  if (event.type === "shipment.confirmed" || event.type === "shipment.cancelled") {
    const shipped = skusOf(entries.filter(({ shipmentId }) => shipmentId === event.data.shipmentId))
    if (shipped.length > 0) return shipped
  }
  return entries.some(({ isOrder }) => isOrder) ? skusOf(entries) : undefined
}

const skusOf = (entries: ReadonlyArray<OrderEntry>): ReadonlyArray<Sku> =>
  [...new Set(entries.flatMap(({ skus }) => skus))].sort()
