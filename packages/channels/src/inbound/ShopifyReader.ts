/**
 * Webhooks of Shopify about its orders, fulfillments and refunds.
 *
 * 1. Only the body is signed: `X-Shopify-Topic`, `-Event-Id` and `-Webhook-Id` may be anybody's. What a call is about is taken from
 *    `admin_graphql_api_id` in the body, so that a call which was overheard is never taken for another.
 * 2. An order says how many units it asks for in all: those in fulfillments that were not called off, and those still to be
 *    fulfilled. The last word by its `updated_at` holds, in whatever order calls come; with `cancelled_at` it asks for no more.
 * 3. A fulfillment that succeeded is shipped, once, whatever is told of it later. Nothing is told of one that is called off.
 * 4. A refund that restocks what was not sent (`cancel`) cancels these units, and what came back (`return`) is sellable again. A
 *    refund of money alone moves no goods.
 * 5. `orders/edited` tells differences without SKUs, and comes with an `orders/updated` that says it all.
 *
 * Lines of a variant without a SKU are told as they are, so that they are parked and seen; a line of no variant and no SKU, such as a tip, is
 * no stock. The places of fulfillments and refunds are Shopify's, and not told.
 */
import { Option } from "effect"
import { exactJson } from "./ExactJson.ts"
import { forged, type InboundReader, type InboundReading, irrelevant, type ToldEvent } from "./InboundCall.ts"
import {
  decodeFulfillment,
  decodeOrder,
  decodeRefund,
  type Fulfillment,
  type Good,
  kindOf,
  type Order,
  type Refund
} from "./ShopifyCall.ts"
import { digestOf, isSignedBy } from "./SignedBytes.ts"

type Told = Omit<ToldEvent, "id">

interface Named {
  readonly channel: string
  /** digits of the id of what the call is about */
  readonly number: string
}

/** Units by SKU, of what is a good at all; none is a number of units. */
const linesOf = <G extends Good>(goods: ReadonlyArray<G>, unitsOf: (good: G) => number) => {
  const units = new Map<string, number>()
  for (const good of goods) {
    const sku = good.sku ?? ""
    if (sku === "" && (good.variant_id ?? null) === null) continue
    units.set(sku, (units.get(sku) ?? 0) + unitsOf(good))
  }
  return [...units].map(([sku, quantity]) => ({ sku, quantity }))
}

const calledOff: ReadonlySet<string | null> = new Set(["cancelled", "error", "failure"])

/** Units of each line, by its id, that fulfillments took. */
const fulfilledBy = ({ fulfillments }: Order): ReadonlyMap<string, number> => {
  const taken = new Map<string, number>()
  for (const { status, line_items } of fulfillments)
    if (!calledOff.has(status))
      for (const { id, quantity } of line_items) taken.set(String(id), (taken.get(String(id)) ?? 0) + quantity)
  return taken
}

const orderTold = (order: Order, { channel, number }: Named): ReadonlyArray<Told> => {
  const head = { orderId: `${channel}-${number}`, channel }
  const time = order.updated_at
  const fulfilled = fulfilledBy(order)
  const lines = linesOf(
    order.line_items,
    ({ id, fulfillable_quantity }) => fulfillable_quantity + (fulfilled.get(String(id)) ?? 0)
  )
  if (lines.length === 0) return []
  if ((order.cancelled_at ?? null) === null) return [{ type: "order.changed", time, data: { ...head, lines } }]
  const reason = order.cancel_reason ?? "cancelled"
  return [{ type: "order.cancelled", time, data: { ...head, reason, lines: lines.map(({ sku }) => ({ sku })) } }]
}

const fulfillmentTold = (fulfillment: Fulfillment, { channel, number }: Named): ReadonlyArray<Told> => {
  if (fulfillment.status !== "success") return []
  const lines = linesOf(fulfillment.line_items, ({ quantity }) => quantity).filter(({ quantity }) => quantity > 0)
  if (lines.length === 0) return []
  const data = { shipmentId: `${channel}-${number}`, orderId: `${channel}-${fulfillment.order_id}`, lines }
  return [{ type: "shipment.confirmed", time: fulfillment.created_at, data }]
}

const refundTold = (refund: Refund, { channel, number }: Named): ReadonlyArray<Told> => {
  const orderId = `${channel}-${refund.order_id}`
  const returnId = `${channel}-${number}`
  const time = refund.created_at
  const linesBy = (type: string) => {
    const items = refund.refund_line_items.filter(({ restock_type }) => restock_type === type)
    const goods = items.map(({ line_item, quantity }) => ({ ...line_item, quantity }))
    return linesOf(goods, ({ quantity }) => quantity).filter(({ quantity }) => quantity > 0)
  }
  const [cancelled, returned] = [linesBy("cancel"), linesBy("return")]
  const sellable = returned.map((line) => ({ ...line, disposition: "sellable" }))
  return [
    ...(cancelled.length === 0
      ? []
      : [{ type: "order.cancelled", time, data: { orderId, channel, reason: "refund", lines: cancelled } }]),
    ...(returned.length === 0
      ? []
      : [
          { type: "return.received", time, data: { returnId, orderId, lines: returned } },
          { type: "return.restocked", time, data: { returnId, lines: sellable } }
        ])
  ]
}

const reading = (events: ReadonlyArray<Told>, name: string, nothing: string): InboundReading =>
  events.length === 0
    ? irrelevant(nothing)
    : { _tag: "told", events: events.map((event) => ({ ...event, id: `${name}:${event.type}` })) }

const unreadable = (what: string): InboundReading => ({
  _tag: "unreadable",
  field: "body",
  detail: `is not ${what} as Shopify's webhooks write it`
})

/** Of these a call without an id that we understand is not what Shopify documents. */
const documented = /^(orders\/(create|updated|cancelled)|fulfillments\/(create|update)|refunds\/create)$/

/** @param secret the client secret of the app, or that of the shop's notifications */
export const readShopify: InboundReader = ({ headers, body }, channel, secret) => {
  if (!isSignedBy(secret, body, headers["x-shopify-hmac-sha256"]))
    return forged("x-shopify-hmac-sha256 is not that of these bytes under our secret")
  const call = Option.getOrUndefined(exactJson(body))
  const kind = kindOf(call)
  if (kind === undefined) {
    const topic = headers["x-shopify-topic"] ?? ""
    return documented.test(topic) ? unreadable("an order, a fulfillment or a refund") : irrelevant(`topic ${topic}`)
  }
  const named = { channel, number: kind.number }
  switch (kind.of) {
    case "Order": {
      const order = decodeOrder(call)
      if (order._tag === "None") return unreadable("an order")
      // an order is told again and again: each time it says something else
      return reading(orderTold(order.value, named), digestOf("order", body), "an order without goods")
    }
    case "Fulfillment": {
      const fulfillment = decodeFulfillment(call)
      if (fulfillment._tag === "None") return unreadable("a fulfillment")
      const told = fulfillmentTold(fulfillment.value, named)
      return reading(told, `fulfillment-${kind.number}`, `fulfillment status ${fulfillment.value.status}`)
    }
    case "Refund": {
      const refund = decodeRefund(call)
      if (refund._tag === "None") return unreadable("a refund")
      return reading(refundTold(refund.value, named), `refund-${kind.number}`, "a refund that restocks nothing")
    }
  }
}
