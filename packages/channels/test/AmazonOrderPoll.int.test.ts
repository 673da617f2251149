/** Amazon asked for its orders, over HTTP, against an account that keeps Amazon's contract. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeAmazonOrderPoll } from "../src/amazon/AmazonOrderPoll.ts"
import { amazonOrdersMax } from "../src/ChannelLimit.ts"
import type { OrderPage, OrderPoll } from "../src/inbound/OrderPoll.ts"
import type { SellerOrder } from "../src/testing/amazon/AmazonOrders.ts"
import { amazonSecret, amazonSubject } from "./ConformanceTargets.ts"

const minute = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * minute).toISOString()

type Status = SellerOrder["fulfillment"]["fulfillmentStatus"]

const order = (orderId: string, fulfillmentStatus: Status, change: Partial<SellerOrder> = {}): SellerOrder => ({
  orderId,
  createdTime: ago(60),
  lastUpdatedTime: ago(30),
  fulfillment: { fulfillmentStatus, fulfilledBy: "MERCHANT" },
  orderItems: [{ orderItemId: `${orderId}-1`, quantityOrdered: 2, product: { sellerSku: "MUG" } }],
  ...change
})

const opened = Effect.gen(function* () {
  const subject = yield* amazonSubject(20_000)
  return { ...subject, poll: yield* makeAmazonOrderPoll(subject.definition, amazonSecret(subject.seller)) }
})

/** All pages that there are now. */
const pagesFrom = (poll: OrderPoll, cursor?: string) =>
  Effect.gen(function* () {
    const pages: Array<OrderPage> = []
    do pages.push(yield* poll.page(pages.at(-1)?.cursor ?? cursor))
    while (pages.at(-1)!.more)
    return pages
  })

const told = (pages: ReadonlyArray<OrderPage>) =>
  pages.flatMap(({ events }) => events.map(({ id, type }) => `${id.split(":", 1)[0]} ${type}`))

describe("Amazon asked for its orders", () => {
  it.live("tells the open ones first, and then whatever becomes of them", () =>
    Effect.gen(function* () {
      const { poll, seller } = yield* opened
      seller.orders.push(order("1", "UNSHIPPED"), order("2", "SHIPPED"), order("3", "PENDING"))
      const first = yield* pagesFrom(poll)
      assert.deepStrictEqual(told(first), ["1 order.placed", "1 order.changed", "3 order.placed"])
      const { cursor, seenUntil } = first.at(-1)!
      // what was updated before is not heard again, but for the last minutes
      assert.deepStrictEqual(told(yield* pagesFrom(poll, cursor)), [])
      assert.isTrue(Math.abs(seenUntil - (Date.now() - 2 * minute)) < minute, `${seenUntil}`)
      const later = new Date(seenUntil).toISOString()
      seller.orders[0] = order("1", "SHIPPED", { lastUpdatedTime: later })
      seller.orders[2] = order("3", "CANCELLED", { lastUpdatedTime: later })
      const next = yield* pagesFrom(poll, cursor)
      assert.deepStrictEqual(told(next), [
        "1 order.placed",
        "1 order.changed",
        "1 shipment.confirmed",
        "3 order.cancelled"
      ])
      // what was told before has the id that it had
      assert.deepStrictEqual(
        next[0]!.events.slice(0, 2).map(({ id }) => id),
        first[0]!.events.slice(0, 2).map(({ id }) => id)
      )
    })
  )

  it.live("tells an order's lines as they stand, and nothing of what Amazon's warehouses ship", () =>
    Effect.gen(function* () {
      const { poll, seller } = yield* opened
      const cancelled = { cancellationExecution: { cancelReason: "no stock" } }
      seller.orders.push(
        order("1", "PARTIALLY_SHIPPED", {
          orderItems: [
            { orderItemId: "a", quantityOrdered: 2, product: { sellerSku: "MUG" } },
            { orderItemId: "b", quantityOrdered: 3, product: { sellerSku: "MUG" } },
            {
              orderItemId: "c",
              quantityOrdered: 4,
              product: { sellerSku: "LAMP" },
              cancellation: cancelled,
              fulfillment: { quantityFulfilled: 1, quantityUnfulfilled: 0 }
            }
          ]
        }),
        order("2", "UNSHIPPED", { fulfillment: { fulfillmentStatus: "UNSHIPPED", fulfilledBy: "AMAZON" } })
      )
      const [page] = yield* pagesFrom(poll)
      const head = { orderId: "shop-1", channel: "shop" }
      assert.deepStrictEqual(
        page!.events.map(({ type, data }) => [type, data]),
        [
          [
            "order.placed",
            {
              ...head,
              lines: [
                { sku: "MUG", quantity: 5 },
                { sku: "LAMP", quantity: 4 }
              ]
            }
          ],
          [
            "order.changed",
            {
              ...head,
              lines: [
                { sku: "MUG", quantity: 5 },
                { sku: "LAMP", quantity: 1 }
              ]
            }
          ]
        ]
      )
    })
  )

  it.live("tells every order once over many pages, which say the same when they are read again", () =>
    Effect.gen(function* () {
      const { poll, seller } = yield* opened
      const count = 2 * amazonOrdersMax + 1
      seller.orders.push(...Array.from({ length: count }, (_, i) => order(String(i), "PENDING")))
      const pages = yield* pagesFrom(poll)
      assert.deepStrictEqual(
        pages.map(({ events, more }) => [events.length, more]),
        [
          [amazonOrdersMax, true],
          [amazonOrdersMax, true],
          [1, false]
        ]
      )
      assert.strictEqual(new Set(told(pages)).size, count)
      assert.deepStrictEqual(
        pages.map(({ seenUntil }) => seenUntil > 0),
        [false, false, true]
      )
      assert.deepStrictEqual(yield* poll.page(pages[0]!.cursor), pages[1])
    })
  )

  it.live("misses no order while others are updated, and hears those later", () =>
    Effect.gen(function* () {
      const { poll, seller } = yield* opened
      const ids = Array.from({ length: amazonOrdersMax + 2 }, (_, i) => String(i))
      const createdTime = ago(60)
      seller.orders.push(...ids.map((id) => order(id, "UNSHIPPED", { createdTime })))
      const first = yield* poll.page(undefined)
      const { before } = JSON.parse(first.cursor) as { before: string }
      // two that the first page told, and one that is still to come
      for (const i of [0, 1, seller.orders.length - 1])
        seller.orders[i] = order(ids[i]!, "SHIPPED", { createdTime, lastUpdatedTime: before })
      const rest = yield* pagesFrom(poll, first.cursor)
      const after = yield* pagesFrom(poll, rest.at(-1)!.cursor)
      const all = told([first, ...rest, ...after])
      for (const id of ids) assert.include(all, `${id} order.placed`)
      for (const i of [0, 1, ids.length - 1]) assert.include(told(after), `${ids[i]} shipment.confirmed`)
    })
  )

  it.live("begins anew when Amazon has forgotten the place of a page", () =>
    Effect.gen(function* () {
      const { poll, seller } = yield* opened
      seller.orders.push(order("1", "UNSHIPPED", { lastUpdatedTime: ago(5) }))
      const cursor = JSON.stringify({ of: "updated", after: ago(10), token: "forgotten", before: ago(3) })
      const pages = yield* pagesFrom(poll, cursor)
      assert.deepStrictEqual([pages.length, pages[0]!.events], [2, []])
      assert.deepStrictEqual(told(pages), ["1 order.placed", "1 order.changed"])
      // nor does it know the place of another format
      assert.deepStrictEqual(told(yield* pagesFrom(poll, '{"from":7}')), ["1 order.placed", "1 order.changed"])
    })
  )

  it.live("takes nothing of an answer that it does not get or understand, and waits as long as its quota takes", () =>
    Effect.gen(function* () {
      const { poll, contract, expire, proxy, seller } = yield* opened
      seller.orders.push(order("1", "UNSHIPPED"))
      const refusal = Effect.flip(poll.page(undefined))
      for (const body of ["{}", '{"orders":[{"orderId":"1"}]}', "<html>"]) {
        proxy.meets({ _tag: "status", status: 200, body })
        assert.deepInclude(yield* refusal, { _tag: "refused" })
      }
      contract.quotas.searchOrders.leave(-1_000)
      assert.deepInclude(yield* refusal, { retryAfterMillis: 180_000 })
      contract.quotas.searchOrders.leave(20)
      assert.strictEqual(told(yield* pagesFrom(poll)).length, 2)
      expire()
      assert.match((yield* refusal).detail, /invalid_grant/)
    })
  )
})
