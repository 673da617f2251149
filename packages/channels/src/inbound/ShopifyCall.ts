/** What Shopify's webhooks say, as far as it is about stock. Ids may be digits: `ExactJson` keeps those that are long exact. */
import { Schema } from "effect"

const Id = Schema.Union([Schema.Number.check(Schema.isInt()), Schema.String.check(Schema.isPattern(/^\d{1,20}$/))])
const Units = Schema.Number.check(Schema.isInt(), Schema.isGreaterThanOrEqualTo(0))
const Text = Schema.NullOr(Schema.String)

/** What is sold on a line: a variant of the shop, or something else that was typed in. */
const good = {
  sku: Schema.optionalKey(Text),
  variant_id: Schema.optionalKey(Schema.NullOr(Id))
}
const Good = Schema.Struct(good)
export type Good = typeof Good.Type

const Order = Schema.Struct({
  updated_at: Schema.String,
  cancelled_at: Schema.optionalKey(Text),
  cancel_reason: Schema.optionalKey(Text),
  /** `fulfillable_quantity`: units that are still to be fulfilled */
  line_items: Schema.Array(Schema.Struct({ ...good, id: Id, fulfillable_quantity: Units })),
  fulfillments: Schema.Array(
    Schema.Struct({ status: Text, line_items: Schema.Array(Schema.Struct({ id: Id, quantity: Units })) })
  )
})
export type Order = typeof Order.Type

const Fulfillment = Schema.Struct({
  order_id: Id,
  created_at: Schema.String,
  status: Text,
  line_items: Schema.Array(Schema.Struct({ ...good, quantity: Units }))
})
export type Fulfillment = typeof Fulfillment.Type

const Refund = Schema.Struct({
  order_id: Id,
  created_at: Schema.String,
  refund_line_items: Schema.Array(
    Schema.Struct({ quantity: Units, restock_type: Schema.optionalKey(Text), line_item: Good })
  )
})
export type Refund = typeof Refund.Type

export const decodeOrder = Schema.decodeUnknownOption(Order)
export const decodeFulfillment = Schema.decodeUnknownOption(Fulfillment)
export const decodeRefund = Schema.decodeUnknownOption(Refund)

/** What a call is about, with the digits of its id. */
export interface Kind {
  readonly of: "Order" | "Fulfillment" | "Refund"
  readonly number: string
}

const decodeNamed = Schema.decodeUnknownOption(Schema.Struct({ admin_graphql_api_id: Schema.String }))
const gid = /^gid:\/\/shopify\/(Order|Fulfillment|Refund)\/(\d{1,20})$/

/** Undefined: it is about something else, or says not what about. */
export const kindOf = (call: unknown): Kind | undefined => {
  const named = decodeNamed(call)
  const [, of, number] = (named._tag === "Some" ? gid.exec(named.value.admin_graphql_api_id) : null) ?? []
  return of === undefined ? undefined : { of: of as Kind["of"], number: number! }
}
