/**
 * Webhooks of WooCommerce about its orders (`order.created`, `order.updated`, `order.restored`, `order.deleted`).
 *
 * 1. What asks for goods (`pending`, `on-hold`, `processing`, `completed`) is placed when it is created and changed later: each says how
 *    many units the order asks for in all, so the last word by the shop's own time holds, in whatever order calls come.
 * 2. `completed` is also shipped; `cancelled`, `failed`, `refunded`, `trash` and a deletion cancel what is open.
 * 3. `X-WC-Webhook-Delivery-ID` is the same for two deliveries within one second: events are named by topic and signed bytes.
 *
 * Lines of a product without a SKU are told as they are, so that they are parked and seen, and not lost.
 */
import { Schema } from "effect"
import { forged, type InboundReader, irrelevant, type ToldEvent } from "./InboundCall.ts"
import { digestOf, isSignedBy } from "./SignedBytes.ts"

const Line = Schema.Struct({
  sku: Schema.optionalKey(Schema.NullOr(Schema.String)),
  quantity: Schema.Number
})

const Order = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.Number.check(Schema.isInt()),
    status: Schema.optionalKey(Schema.String),
    /** UTC, without a zone */
    date_modified_gmt: Schema.optionalKey(Schema.NullOr(Schema.String)),
    line_items: Schema.optionalKey(Schema.Array(Line))
  })
)
type Order = typeof Order.Type

const decode = Schema.decodeUnknownExit(Order)

const asksForGoods: ReadonlySet<string> = new Set(["pending", "on-hold", "processing", "completed"])
const asksNoMore: ReadonlySet<string> = new Set(["cancelled", "failed", "refunded", "trash"])

/** What WooCommerce sends, unsigned and as a form, to see whether an address answers. */
const ping = /^webhook_id=\d+$/

/** One line per SKU: the order asks for their sum. */
const linesOf = ({ line_items: items = [] }: Order) => {
  const units = new Map<string, number>()
  for (const { sku, quantity } of items) units.set(sku ?? "", (units.get(sku ?? "") ?? 0) + quantity)
  return [...units].map(([sku, quantity]) => ({ sku, quantity }))
}

type Told = Omit<ToldEvent, "id">

const ordered = (topic: string, order: Order, head: { orderId: string; channel: string }): ReadonlyArray<Told> => {
  const type = topic === "order.created" ? "order.placed" : "order.changed"
  const asked: Told = { type, data: { ...head, lines: linesOf(order) } }
  if (order.status !== "completed") return [asked]
  const { orderId } = head
  return [asked, { type: "shipment.confirmed", data: { shipmentId: orderId, orderId } }]
}

const toldBy = (topic: string, order: Order, channel: string): ReadonlyArray<Told> => {
  const head = { orderId: `${channel}-${order.id}`, channel }
  // the topic is not signed: only a body that says no more than an id is one of a deletion
  const status = order.status ?? (topic === "order.deleted" ? "trash" : "")
  if (asksNoMore.has(status)) return [{ type: "order.cancelled", data: { ...head, reason: status } }]
  return asksForGoods.has(status) ? ordered(topic, order, head) : []
}

export const readWooCommerce: InboundReader = ({ headers, body }, channel, secret) => {
  if (body.length < 64 && ping.test(Buffer.from(body).toString("latin1"))) return irrelevant("a ping")
  if (!isSignedBy(secret, body, headers["x-wc-webhook-signature"]))
    return forged("x-wc-webhook-signature is not that of these bytes under our secret")
  const topic = headers["x-wc-webhook-topic"] ?? ""
  if (!topic.startsWith("order.")) return irrelevant(`topic ${topic}`)
  const decoded = decode(Buffer.from(body).toString("utf8"))
  if (decoded._tag === "Failure")
    return { _tag: "unreadable", field: "body", detail: "is not an order as WooCommerce's REST API writes it" }
  const order = decoded.value
  const modified = order.date_modified_gmt
  const time = modified === undefined || modified === null ? {} : { time: `${modified}Z` }
  const digest = digestOf(topic, body)
  const told = toldBy(topic, order, channel)
  if (told.length === 0) return irrelevant(`status ${order.status ?? "none"}`)
  return { _tag: "told", events: told.map((event) => ({ ...event, ...time, id: `${digest}:${event.type}` })) }
}
