/**
 * Asks a Vendure shop for its orders: first for those that are open, then for ever for those that changed.
 *
 * Guarantee: no order that was placed after the first look is left out, nor one that was open then. Pages reach back half a minute
 * behind the shop's clock, since an order bears the time at which its transaction began. What was over before is not told: the stock that was
 * counted since does not hold it. An order that leaves in three parts or more is heard of when the order's own state changes.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Clock, Effect, type Redacted, Schema, type Scope } from "effect"
import { vendureOrdersMax, vendureOverlapMillis } from "../ChannelLimit.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import type { OrderCursor, OrderPage, OrderPoll, PollRefused } from "../inbound/OrderPoll.ts"
import type { ListingKeys } from "../ListingMap.ts"
import { type Answered, makeVendureApi, type VendureApi } from "./VendureApi.ts"
import { ordersOperation } from "./VendureOperations.ts"
import { ordersOf, toldOf, variantsOf, type VendureOrder } from "./VendureOrders.ts"

const Millis = Schema.Number.check(Schema.isInt())

const Cursor = Schema.fromJsonString(
  Schema.Struct({
    /** orders that changed at this time or later, ms since the epoch on the shop's clock */
    from: Millis,
    /** of these, so many that changed at the very same time were told */
    skip: Millis,
    /** the next time from the beginning is from here: pages went beyond what can still be changed unseen */
    back: Schema.optionalKey(Millis),
    /** only open orders are told yet; once they are, all that changed since this time. 0: the first page says when */
    thenFrom: Schema.optionalKey(Millis)
  })
)
type Cursor = typeof Cursor.Type

const decodeCursor = Schema.decodeUnknownOption(Cursor)

const beginning: Cursor = { from: 0, skip: 0, thenFrom: 0 }

/** Orders in these states ask for nothing any more. */
const over = ["Cancelled", "Shipped", "Delivered"]

const filterOf = ({ from, thenFrom }: Cursor) => ({
  orderPlacedAt: { isNull: false },
  // times there are finer than milliseconds, and `after` leaves out the very same one
  updatedAt: { after: new Date(from - 1).toISOString() },
  ...(thenFrom === undefined ? {} : { state: { notIn: over } })
})

/**
 * Where to go on after these orders, which were a full page.
 * @param horizon what began before it has ended
 */
const afterPage = (cursor: Cursor, orders: ReadonlyArray<VendureOrder>, horizon: number): Cursor => {
  const last = Date.parse(orders.at(-1)!.updatedAt)
  const back = cursor.back ?? (last > horizon ? horizon : undefined)
  const rest = back === undefined ? cursor : { ...cursor, back }
  // those of the last millisecond are told again, unless they fill pages
  return last === cursor.from ? { ...rest, skip: cursor.skip + orders.length } : { ...rest, from: last, skip: 0 }
}

const afterAll = ({ back, thenFrom }: Cursor, horizon: number): Cursor => ({
  from: thenFrom ?? back ?? horizon,
  skip: 0
})

const refusedBy = (answer: Answered): PollRefused | undefined => {
  if (answer._tag === "executed") return undefined
  const { outcome } = answer
  return {
    _tag: "refused",
    detail: "detail" in outcome ? outcome.detail : outcome._tag,
    retryAfterMillis: outcome._tag === "notApplied" ? outcome.retryAfterMillis : undefined
  }
}

const refused = (detail: string): PollRefused => ({ _tag: "refused", detail, retryAfterMillis: undefined })

const cursorOf = (text: OrderCursor | undefined): Cursor => {
  const read = text === undefined ? undefined : decodeCursor(text)
  // one that another version wrote: what is told again is told once
  return read?._tag === "Some" ? read.value : beginning
}

/** @param ask the shop, on whose clock the answer says when it was given */
export const pagesOf =
  (channel: string, ask: VendureApi, listings: ListingKeys): OrderPoll["page"] =>
  (text) =>
    Effect.gen(function* () {
      const begun = yield* Clock.currentTimeMillis
      const cursor = cursorOf(text)
      const answer = yield* ask(ordersOperation(filterOf(cursor), cursor.skip, vendureOrdersMax))
      const refusal = refusedBy(answer)
      if (refusal !== undefined) return yield* Effect.fail(refusal)
      const orders = ordersOf((answer as { readonly data: unknown }).data)
      if (orders === undefined) return yield* Effect.fail(refused("the answer is not a page of orders"))
      const taken = (yield* Clock.currentTimeMillis) - begun
      const horizon = (answer.at ?? begun + taken) - taken - vendureOverlapMillis
      // when the first look began is where the second goes on
      const within = cursor.thenFrom === 0 ? { ...cursor, thenFrom: horizon } : cursor
      const more = orders.length === vendureOrdersMax
      const next = more ? afterPage(within, orders, horizon) : afterAll(within, horizon)
      const skus = yield* Effect.mapError(listings.find(variantsOf(orders)), ({ message }) => refused(message))
      const page: OrderPage = {
        events: orders.flatMap((order) => toldOf(order, channel, skus)),
        cursor: JSON.stringify(next),
        seenUntil: within.thenFrom === undefined ? Math.min(next.from, next.back ?? horizon, horizon) : 0,
        more: more || within.thenFrom !== undefined
      }
      return page
    })

/** @param secret of an administrator who may read orders */
export const makeVendureOrderPoll = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted,
  listings: ListingKeys
): Effect.Effect<OrderPoll, ConnectorError, Scope.Scope> =>
  Effect.map(makeVendureApi(definition, secret), (ask) => ({ page: pagesOf(definition.id, ask, listings) }))
