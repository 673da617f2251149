/**
 * Asks Amazon's Orders API of 2026-01-01 for the orders that the seller ships.
 *
 * First the open orders of the last thirty days, then whatever was updated since, page by page. Amazon answers for a time that ended
 * two minutes ago, and by default 0.0056 requests a second: notifications are faster, this misses none.
 *
 * Guarantee: of an order that was updated while pages were read, the last word is heard later again. A page whose place Amazon does not
 * know any more begins anew. It relies on Amazon's page tokens: that an order which is updated meanwhile moves no other one. Units of a partly shipped order that left before the first page count as open until it is shipped.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Clock, Effect, Option, type Redacted, Schema, type Scope } from "effect"
import {
  amazonOpenOrdersMillis,
  amazonOrdersBytesMax,
  amazonOrdersMax,
  amazonOrdersPauseMillis,
  amazonOverlapMillis
} from "../ChannelLimit.ts"
import type { PushOutcome } from "../ChannelConnector.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import { shortened } from "../http/AnswerText.ts"
import type { OrderPage, OrderPoll, PollRefused } from "../inbound/OrderPoll.ts"
import { type AmazonApi, type AmazonRequest, makeAmazonApi, queryOf } from "./AmazonApi.ts"
import { type AmazonOrder, type AmazonOrderState, toldByOrder } from "./AmazonOrder.ts"

/** Which orders a page is of; times are RFC 3339. */
const Place = Schema.Struct({
  /** `open`: those created since, and still open. `updated`: those updated since, and a little before. */
  of: Schema.Literals(["open", "updated"]),
  after: Schema.String,
  /** of the next page of the same orders */
  token: Schema.optionalKey(Schema.String),
  /** until when the first of these pages was answered for */
  before: Schema.optionalKey(Schema.String)
})
type Place = typeof Place.Type

const PlaceText = Schema.fromJsonString(Place)
const decodePlace = Schema.decodeUnknownOption(PlaceText)

const Units = Schema.Number.check(Schema.isInt())

const Item = Schema.Struct({
  quantityOrdered: Units,
  product: Schema.Struct({ sellerSku: Schema.optionalKey(Schema.String) }),
  cancellation: Schema.optionalKey(Schema.Struct({ cancellationExecution: Schema.optionalKey(Schema.Unknown) })),
  fulfillment: Schema.optionalKey(Schema.Struct({ quantityFulfilled: Schema.optionalKey(Units) }))
})

const Order = Schema.Struct({
  orderId: Schema.String,
  createdTime: Schema.String,
  lastUpdatedTime: Schema.String,
  fulfillment: Schema.Struct({
    fulfillmentStatus: Schema.String,
    fulfilledBy: Schema.optionalKey(Schema.String)
  }),
  orderItems: Schema.Array(Item)
})

const Page = Schema.Struct({
  orders: Schema.Array(Order),
  pagination: Schema.optionalKey(Schema.Struct({ nextToken: Schema.optionalKey(Schema.String) })),
  lastUpdatedBefore: Schema.optionalKey(Schema.String),
  createdBefore: Schema.optionalKey(Schema.String)
})
type Page = typeof Page.Type
const decodePage = Schema.decodeUnknownResult(Page)

const openStatuses = ["PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED"]

const stateOf: Readonly<Record<string, AmazonOrderState>> = {
  PENDING_AVAILABILITY: "pending",
  PENDING: "pending",
  UNSHIPPED: "open",
  PARTIALLY_SHIPPED: "open",
  SHIPPED: "shipped",
  CANCELLED: "cancelled",
  UNFULFILLABLE: "cancelled"
}

const orderOf = (order: typeof Order.Type): AmazonOrder | undefined => {
  const { fulfillmentStatus, fulfilledBy } = order.fulfillment
  const state = stateOf[fulfillmentStatus]
  if (state === undefined || fulfilledBy === "AMAZON") return undefined
  return {
    orderId: order.orderId,
    state,
    placedAt: order.createdTime,
    changedAt: order.lastUpdatedTime,
    reason: fulfillmentStatus,
    items: order.orderItems.map(({ product, quantityOrdered, cancellation, fulfillment }) => ({
      sku: product.sellerSku ?? "",
      ordered: quantityOrdered,
      asked: cancellation?.cancellationExecution === undefined ? quantityOrdered : (fulfillment?.quantityFulfilled ?? 0)
    }))
  }
}

const earlier = (time: string): string => {
  const at = Date.parse(time)
  return Number.isNaN(at) ? time : new Date(at - amazonOverlapMillis).toISOString()
}

const requestOf = ({ marketplaceId }: AmazonApi, { of, after, token }: Place): AmazonRequest => ({
  method: "GET",
  target: `/orders/2026-01-01/orders${queryOf({
    ...(of === "open"
      ? { createdAfter: after, fulfillmentStatuses: openStatuses }
      : { lastUpdatedAfter: earlier(after) }),
    marketplaceIds: marketplaceId,
    fulfilledBy: "MERCHANT",
    maxResultsPerPage: String(amazonOrdersMax),
    includedData: ["FULFILLMENT", "CANCELLATION"],
    paginationToken: token
  })}`
})

const refusedBy = (outcome: PushOutcome): PollRefused => {
  const detail = "detail" in outcome ? outcome.detail : outcome._tag
  const isThrottled = outcome._tag === "notApplied" && outcome.because === "throttled"
  const asked = outcome._tag === "notApplied" ? outcome.retryAfterMillis : undefined
  return { _tag: "refused", detail, retryAfterMillis: asked ?? (isThrottled ? amazonOrdersPauseMillis : undefined) }
}

/** Everything before is heard when the last page of it is. */
const seenUntil = (place: Place): number => (place.of === "open" ? 0 : Date.parse(place.after) || 0)

const pageOf = (place: Place, page: Page, channel: string): OrderPage => {
  const events = page.orders.flatMap((each) => {
    const order = orderOf(each)
    return order === undefined ? [] : toldByOrder(order, channel)
  })
  const { lastUpdatedBefore, createdBefore } = page
  const before = place.before ?? lastUpdatedBefore ?? createdBefore ?? place.after
  const token = page.pagination?.nextToken
  const next: Place = token === undefined ? { of: "updated", after: before } : { ...place, token, before }
  return { events, cursor: JSON.stringify(next), seenUntil: seenUntil(next), more: token !== undefined }
}

/** Amazon forgets the places of pages. */
const isForgotten = (place: Place, outcome: PushOutcome): boolean =>
  place.token !== undefined && outcome._tag === "rejected"

const anew = ({ of, after }: Place): OrderPage => {
  const place: Place = { of, after }
  return { events: [], cursor: JSON.stringify(place), seenUntil: seenUntil(place), more: true }
}

const placeOf = (cursor: string | undefined): Effect.Effect<Place> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    Option.getOrElse(decodePlace(cursor), (): Place => ({
      of: "open",
      after: new Date(now - amazonOpenOrdersMillis).toISOString()
    }))
  )

/** @param secret JSON as `AmazonCredentials` describes it */
export const makeAmazonOrderPoll = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
): Effect.Effect<OrderPoll, ConnectorError, Scope.Scope> =>
  Effect.map(makeAmazonApi(definition, secret, amazonOrdersBytesMax), (api) => ({
    page: (cursor) =>
      Effect.gen(function* () {
        const place = yield* placeOf(cursor)
        const answer = yield* api.ask(requestOf(api, place))
        if (answer._tag === "refused")
          return isForgotten(place, answer.outcome) ? anew(place) : yield* Effect.fail(refusedBy(answer.outcome))
        const page = decodePage(answer.body)
        if (page._tag === "Success") return pageOf(place, page.success, definition.id)
        const detail = shortened(`the answer is not a page of orders: ${page.failure.message}`)
        return yield* Effect.fail<PollRefused>({ _tag: "refused", detail, retryAfterMillis: amazonOrdersPauseMillis })
      })
  }))
