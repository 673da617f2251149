/**
 * Notifications of Amazon about orders (`ORDER_CHANGE`), as whatever takes them out of their SQS queue brings them, one in a body.
 *
 * Amazon does not sign them for us: whoever brings them shows the secret that both sides share in the header `x-holdfast-key`.
 * What an order tells is `AmazonOrder`'s: a notification that comes late or twice tells nothing twice. Orders that Amazon's warehouses
 * ship are not about our stock. An item that is cancelled alone is not named here: asking for orders (`AmazonOrderPoll`) hears of it.
 */
import { Schema } from "effect"
import { type AmazonOrderState, toldByOrder } from "../amazon/AmazonOrder.ts"
import { forged, type InboundReader, irrelevant } from "./InboundCall.ts"
import { isSameSecret } from "./SignedBytes.ts"

const Named = Schema.Struct({ NotificationType: Schema.String })

const Item = Schema.Struct({
  SellerSKU: Schema.optionalKey(Schema.NullOr(Schema.String)),
  Quantity: Schema.Number
})

const OrderChange = Schema.Struct({
  EventTime: Schema.String,
  Payload: Schema.Struct({
    OrderChangeNotification: Schema.Struct({
      NotificationLevel: Schema.String,
      AmazonOrderId: Schema.String,
      OrderChangeType: Schema.String,
      OrderChangeTrigger: Schema.Struct({ TimeOfOrderChange: Schema.NullOr(Schema.String) }),
      Summary: Schema.Struct({
        OrderStatus: Schema.String,
        PurchaseDate: Schema.NullOr(Schema.String),
        FulfillmentType: Schema.String,
        OrderItems: Schema.Array(Item)
      })
    })
  })
})

const decodeJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))
const isNamed = Schema.is(Named)
const decodeOrder = Schema.decodeUnknownOption(OrderChange)

const stateOf: Readonly<Record<string, AmazonOrderState>> = {
  PendingAvailability: "pending",
  Pending: "pending",
  InvoiceUnconfirmed: "open",
  Unshipped: "open",
  PartiallyShipped: "open",
  Shipped: "shipped",
  Canceled: "cancelled",
  Unfulfillable: "cancelled"
}

const itemOf = ({ SellerSKU, Quantity }: typeof Item.Type) => ({
  sku: SellerSKU ?? "",
  ordered: Quantity,
  asked: Quantity
})

const unreadable = (detail: string) => ({ _tag: "unreadable", field: "body", detail }) as const

export const readAmazonNotification: InboundReader = ({ headers, body }, channel, secret) => {
  if (!isSameSecret(secret, headers["x-holdfast-key"])) return forged("x-holdfast-key is not our secret")
  const json = decodeJson(Buffer.from(body).toString("utf8"))
  const notification = json._tag === "None" ? undefined : json.value
  if (!isNamed(notification)) return unreadable("is not a notification of Amazon")
  if (notification.NotificationType !== "ORDER_CHANGE") return irrelevant(notification.NotificationType)
  const decoded = decodeOrder(notification)
  if (decoded._tag === "None") return unreadable("is not a notification ORDER_CHANGE as Amazon documents it")
  const { EventTime, Payload } = decoded.value
  const {
    AmazonOrderId: orderId,
    NotificationLevel: level,
    OrderChangeTrigger,
    ...change
  } = Payload.OrderChangeNotification
  const { OrderStatus, PurchaseDate, FulfillmentType, OrderItems } = change.Summary
  if (FulfillmentType !== "MFN") return irrelevant(`fulfillment ${FulfillmentType}`)
  // a wish of the buyer changes nothing yet; of one item alone nothing of the order can be told
  if (change.OrderChangeType !== "OrderStatusChange" || level !== "OrderLevel")
    return irrelevant(`${change.OrderChangeType} of ${level}`)
  const state = stateOf[OrderStatus]
  if (state === undefined) return irrelevant(`status ${OrderStatus}`)
  const changedAt = OrderChangeTrigger.TimeOfOrderChange ?? EventTime
  const items = OrderItems.map(itemOf)
  const order = { orderId, state, placedAt: PurchaseDate ?? changedAt, changedAt, items, reason: OrderStatus }
  const events = toldByOrder(order, channel)
  return events.length === 0 ? irrelevant(`status ${OrderStatus} without items`) : { _tag: "told", events }
}
