/**
 * What an order at Amazon tells, in whatever way it was heard of: by a notification or by being asked for.
 *
 * 1. An order that asks for goods is placed, once; later it says how many units it asks for in all.
 * 2. One that is shipped sends all that is open. While a part of it is shipped nothing leaves here: its units stay committed.
 * 3. One that is cancelled asks for nothing more. A buyer's wish to cancel is none.
 *
 * Guarantee: an event's id is made of the order's own id and what is told, so that it is one event however often and in whichever way
 * the same is heard. Amazon only ever takes units off an order: one that asked for five, three and five again would not be heard the
 * last time. Pure.
 */
import type { ToldEvent } from "../inbound/InboundCall.ts"
import { digestOf } from "../inbound/SignedBytes.ts"

export type AmazonOrderState = "pending" | "open" | "shipped" | "cancelled"

export interface AmazonOrder {
  readonly orderId: string
  readonly state: AmazonOrderState
  /** RFC 3339 */
  readonly placedAt: string
  /** RFC 3339: of what is told */
  readonly changedAt: string
  readonly items: ReadonlyArray<AmazonOrderItem>
  /** why it was cancelled, as Amazon says */
  readonly reason?: string | undefined
}

export interface AmazonOrderItem {
  /** empty where Amazon names none: it is told as it is, to be parked and seen */
  readonly sku: string
  /** units that it asked for when it was placed, as far as Amazon says */
  readonly ordered: number
  /** units that it asks for now, those already shipped included */
  readonly asked: number
}

/** One line per SKU: the order asks for their sum. */
const linesOf = (items: ReadonlyArray<AmazonOrderItem>, of: "ordered" | "asked") => {
  const units = new Map<string, number>()
  for (const item of items) units.set(item.sku, (units.get(item.sku) ?? 0) + item[of])
  return [...units].map(([sku, quantity]) => ({ sku, quantity }))
}

/** @param channel whose id prefixes that of the order */
export const toldByOrder = (order: AmazonOrder, channel: string): ReadonlyArray<ToldEvent> => {
  const { orderId: amazonId, state, placedAt, changedAt, items, reason } = order
  const orderId = `${channel}-${amazonId}`
  const head = { orderId, channel }
  const event = (name: string, type: string, time: string, data: object): ToldEvent => ({
    id: `${amazonId}:${name}`,
    type,
    time,
    data
  })
  if (state === "cancelled") {
    const why = reason === undefined ? {} : { reason }
    return [event("cancelled", "order.cancelled", changedAt, { ...head, ...why })]
  }
  const placed = linesOf(items, "ordered").filter(({ quantity }) => quantity > 0)
  const lines = linesOf(items, "asked")
  const events: Array<ToldEvent> = []
  if (placed.length > 0) events.push(event("placed", "order.placed", placedAt, { ...head, lines: placed }))
  if (state !== "pending" && lines.length > 0) {
    const digest = digestOf("asks", Buffer.from(JSON.stringify(lines)))
    events.push(event(`asks:${digest}`, "order.changed", changedAt, { ...head, lines }))
  }
  if (state === "shipped")
    events.push(event("shipped", "shipment.confirmed", changedAt, { shipmentId: orderId, orderId }))
  return events
}
