/**
 * What a Vendure order says of stock, as it stands now.
 *
 * 1. An order that was placed is told as placed, with the quantities that it was placed with, at the time at which it was.
 * 2. Where it asks for others now, it was changed; the last word by the shop's own time holds. An order that is changed two weeks after it
 *    was placed is only told as changed, which is what it asks for in all: told as placed again it might count twice.
 * 3. `Cancelled` cancels what is open. `Shipped` and `Delivered` ship what is open; of an order that left in part, each fulfilment that left
 *    ships its own lines, unless it is two weeks old: then the whole order's shipment tells it.
 * 4. Orders that nobody placed are not asked for.
 *
 * Guarantee: ids are made of the shop's own content, so that the same order read again is the same events. Pure.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { Schema } from "effect"
import { vendureRetoldMillis } from "../ChannelLimit.ts"
import type { ToldEvent } from "../inbound/InboundCall.ts"

const Time = Schema.String.check(
  Schema.makeFilter((text: string) => (Number.isNaN(Date.parse(text)) ? "must be a time" : undefined))
)

const Line = Schema.Struct({
  id: Schema.String,
  quantity: Schema.Number,
  orderPlacedQuantity: Schema.Number,
  productVariant: Schema.Struct({ id: Schema.String, sku: Schema.String })
})
type Line = typeof Line.Type

const Fulfillment = Schema.Struct({
  id: Schema.String,
  state: Schema.String,
  createdAt: Time,
  updatedAt: Time,
  lines: Schema.Array(Schema.Struct({ orderLineId: Schema.String, quantity: Schema.Number }))
})
type Fulfillment = typeof Fulfillment.Type

const Order = Schema.Struct({
  id: Schema.String,
  state: Schema.String,
  orderPlacedAt: Time,
  updatedAt: Time,
  lines: Schema.Array(Line),
  fulfillments: Schema.NullOr(Schema.Array(Fulfillment)),
  modifications: Schema.Array(Schema.Struct({ id: Schema.String }))
})
export type VendureOrder = typeof Order.Type

const Page = Schema.Struct({ orders: Schema.Struct({ items: Schema.Array(Order) }) })
const decodePage = Schema.decodeUnknownOption(Page)

/** @param data of an answer. @returns undefined: the answer is not understood */
export const ordersOf = (data: unknown): ReadonlyArray<VendureOrder> | undefined => {
  const read = decodePage(data)
  return read._tag === "None" ? undefined : read.value.orders.items
}

export const variantsOf = (orders: ReadonlyArray<VendureOrder>): ReadonlyArray<string> => [
  ...new Set(orders.flatMap(({ lines }) => lines.map(({ productVariant }) => productVariant.id)))
]

/** Our SKUs by the ids of variants, of those that are mapped; the others are what the shop calls them. */
export type MappedSkus = ReadonlyMap<string, Sku>

const hasLeft = ({ state }: Pick<Fulfillment, "state">): boolean => state === "Shipped" || state === "Delivered"

interface Told extends Pick<ToldEvent, "type" | "data"> {
  /** ms since the epoch */
  readonly at: number
  /** what tells it from others of its type about the order; the same for the same content */
  readonly mark: string
}

const skuOf = (skus: MappedSkus, { productVariant: { id, sku } }: Line): string => skus.get(id) ?? sku

/** One line per SKU: the order asks for their sum. */
const summed = (lines: ReadonlyArray<readonly [sku: string, quantity: number]>) => {
  const units = new Map<string, number>()
  for (const [sku, quantity] of lines) units.set(sku, (units.get(sku) ?? 0) + quantity)
  return [...units].map(([sku, quantity]) => ({ sku, quantity }))
}

const placed = (order: VendureOrder, head: object, skus: MappedSkus): ReadonlyArray<Told> => {
  const lines = order.lines
    .filter(({ orderPlacedQuantity }) => orderPlacedQuantity > 0)
    .map((line) => [skuOf(skus, line), line.orderPlacedQuantity] as const)
  if (lines.length === 0) return []
  const at = Date.parse(order.orderPlacedAt)
  return [{ type: "order.placed", data: { ...head, lines: summed(lines) }, at, mark: "" }]
}

const changed = (order: VendureOrder, head: object, skus: MappedSkus): ReadonlyArray<Told> => {
  const lines = order.lines.map((line) => [skuOf(skus, line), line.quantity] as const)
  // a time that is before that of the placement is that of the transaction which placed it
  const at = Math.max(Date.parse(order.updatedAt), Date.parse(order.orderPlacedAt))
  return [{ type: "order.changed", data: { ...head, lines: summed(lines) }, at, mark: order.updatedAt }]
}

const shipped = (order: VendureOrder, head: { orderId: string }): Told => ({
  type: "shipment.confirmed",
  data: { shipmentId: head.orderId, orderId: head.orderId },
  at: Date.parse(order.updatedAt),
  mark: order.updatedAt
})

const partlyShipped = (
  order: VendureOrder,
  { orderId }: { orderId: string },
  skus: MappedSkus,
  { id, lines, updatedAt }: Fulfillment
): Told => {
  const byId = new Map(order.lines.map((line) => [line.id, line]))
  const left = lines.flatMap(({ orderLineId, quantity }) => {
    const line = byId.get(orderLineId)
    return line === undefined ? [] : [[skuOf(skus, line), quantity] as const]
  })
  const data = { shipmentId: `${orderId}-${id}`, orderId, lines: summed(left) }
  return { type: "shipment.confirmed", data, at: Date.parse(updatedAt), mark: `fulfillment:${id}` }
}

const isYoung = (since: string, { updatedAt }: VendureOrder): boolean =>
  Date.parse(updatedAt) - Date.parse(since) < vendureRetoldMillis

const asksForOthers = ({ lines, modifications }: VendureOrder): boolean =>
  modifications.length > 0 || lines.some(({ orderPlacedQuantity, quantity }) => orderPlacedQuantity !== quantity)

const asked = (order: VendureOrder, head: object, skus: MappedSkus): ReadonlyArray<Told> => {
  const isNew = isYoung(order.orderPlacedAt, order)
  // a cancelled order has no quantities any more: what is said of it is that it is cancelled
  const isOther = asksForOthers(order) && order.state !== "Cancelled"
  return [...(isNew ? placed(order, head, skus) : []), ...(!isNew || isOther ? changed(order, head, skus) : [])]
}

const leaving = (order: VendureOrder, head: { orderId: string }, skus: MappedSkus): ReadonlyArray<Told> => {
  if (hasLeft(order)) return [shipped(order, head)]
  return (order.fulfillments ?? [])
    .filter((fulfillment) => hasLeft(fulfillment) && isYoung(fulfillment.createdAt, order))
    .map((fulfillment) => partlyShipped(order, head, skus, fulfillment))
}

/** @param channel whose id prefixes those of its orders, so that two shops may both have an order 12 */
export const toldOf = (order: VendureOrder, channel: string, skus: MappedSkus): ReadonlyArray<ToldEvent> => {
  const head = { orderId: `${channel}-${order.id}`, channel }
  const cancelled: Told = {
    type: "order.cancelled",
    data: { ...head, reason: "Cancelled" },
    at: Math.max(Date.parse(order.updatedAt), Date.parse(order.orderPlacedAt)),
    mark: ""
  }
  const told = [
    ...asked(order, head, skus),
    ...leaving(order, head, skus),
    ...(order.state === "Cancelled" ? [cancelled] : [])
  ]
  return told.map(({ at, data, mark, type }) => ({
    id: `${order.id}:${type}${mark === "" ? "" : `:${mark}`}`,
    type,
    time: new Date(at).toISOString(),
    data
  }))
}
