/** A shop that is asked for its orders while they change, as late as a transaction may end: nothing is missed. From a seed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { OrderCursor } from "../src/inbound/OrderPoll.ts"
import { vendureOrdersMax, vendureOverlapMillis } from "../src/ChannelLimit.ts"
import { pagesOf } from "../src/vendure/VendureOrderPoll.ts"

const begin = Date.parse("2026-11-25T10:00:00Z")

interface ShopOrder {
  readonly id: string
  readonly placedAt: number | undefined
  readonly updatedAt: number
  readonly state: string
  /** when it can be seen: its transaction has ended */
  readonly seenAt: number
}

/** What of GraphQL's variables this shop understands. */
interface Asked {
  readonly filter: {
    readonly updatedAt: { readonly after: string }
    readonly state?: { readonly notIn: ReadonlyArray<string> }
  }
  readonly skip: number
  readonly take: number
}

class Shop {
  now = begin
  asked = 0
  refuses: string | undefined
  private readonly versions: Array<ShopOrder> = []

  write(
    id: number,
    change: { readonly state?: string; readonly takes?: number; readonly placed?: boolean } = {}
  ): void {
    const { placed = true, state = "PaymentSettled", takes = 0 } = change
    const placedAt = placed ? this.now : undefined
    const seenAt = this.now + takes
    this.versions.push({ id: String(id), placedAt, state, updatedAt: this.now, seenAt })
  }

  /** What can be seen now of each order: the last that ended. */
  get orders(): ReadonlyArray<ShopOrder> {
    const seen = this.versions.filter(({ seenAt }) => seenAt <= this.now).sort((a, b) => a.seenAt - b.seenAt)
    return [...new Map(seen.map((order) => [order.id, order])).values()]
  }

  private page({ filter, skip, take }: Asked) {
    const after = Date.parse(filter.updatedAt.after)
    return this.orders
      .filter(({ placedAt, updatedAt }) => placedAt !== undefined && updatedAt > after)
      .filter(({ state }) => filter.state?.notIn.includes(state) !== true)
      .sort((a, b) => a.updatedAt - b.updatedAt || Number(a.id) - Number(b.id))
      .slice(skip, skip + take)
      .map(({ id, placedAt, state, updatedAt }) => ({
        id,
        state,
        orderPlacedAt: new Date(placedAt!).toISOString(),
        updatedAt: new Date(updatedAt).toISOString(),
        lines: [{ id: "a", quantity: 1, orderPlacedQuantity: 2, productVariant: { id: "1", sku: "MUG" } }],
        fulfillments: [],
        modifications: []
      }))
  }

  readonly poll = {
    page: pagesOf(
      "shop",
      ({ variables }) =>
        Effect.sync(() => {
          this.asked += 1
          if (this.refuses !== undefined)
            return { _tag: "refused", outcome: { _tag: "blocked", detail: this.refuses } } as const
          const items = this.page(variables as unknown as Asked)
          return { _tag: "executed", data: { orders: { items } }, at: this.now } as const
        }),
      { find: () => Effect.succeed(new Map()) }
    )
  }
}

/** Whoever asks: the cursor, and all that was told. */
class Asker {
  cursor: OrderCursor | undefined
  seenUntil = 0
  readonly told = new Set<string>()
  private readonly shop: Shop

  constructor(shop: Shop) {
    this.shop = shop
  }

  /** One page. @returns whether there are more */
  readonly look = Effect.suspend(() =>
    Effect.map(this.shop.poll.page(this.cursor), (page) => {
      for (const { id } of page.events) this.told.add(id)
      assert.isAtMost(page.cursor.length, 4_096)
      this.cursor = page.cursor
      this.seenUntil = Math.max(this.seenUntil, page.seenUntil)
      return page.more
    })
  )

  readonly all = Effect.suspend(() => Effect.repeat(this.look, { while: (more) => more }))
}

const idOf = ({ id, updatedAt }: ShopOrder) => `${id}:order.changed:${new Date(updatedAt).toISOString()}`

const randomFrom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >> 8) % below
  }
}

describe("a Vendure shop that is asked for its orders", () => {
  it.effect("tells open orders first, of whatever age, and nothing that was over before or never placed", () =>
    Effect.gen(function* () {
      const shop = new Shop()
      shop.now = begin - 90 * 86_400_000
      for (let id = 0; id < 120; id++) {
        shop.now += 1_000
        shop.write(id, {
          state: ["PaymentSettled", "Shipped", "Delivered", "Cancelled"][id % 4]!,
          placed: id % 8 !== 4
        })
      }
      shop.now = begin
      const asker = new Asker(shop)
      yield* asker.look
      assert.strictEqual(asker.seenUntil, 0)
      yield* asker.all
      const open = shop.orders.filter(({ placedAt, state }) => placedAt !== undefined && state === "PaymentSettled")
      assert.deepStrictEqual(
        [...asker.told].filter((id) => id.includes("changed")),
        open.map(idOf)
      )
      assert.strictEqual(asker.seenUntil, begin - vendureOverlapMillis)
    })
  )

  it.effect("tells all of many orders that changed in the same millisecond", () =>
    Effect.gen(function* () {
      const shop = new Shop()
      const asker = new Asker(shop)
      yield* asker.all
      shop.now += 60_000
      for (let id = 0; id < 3 * vendureOrdersMax; id++) shop.write(id)
      yield* asker.all
      assert.deepStrictEqual(
        shop.orders.filter((order) => !asker.told.has(idOf(order))),
        []
      )
      // and it goes on from there
      shop.now += 120_000
      yield* asker.all
      const asked = shop.asked
      yield* asker.all
      assert.strictEqual(shop.asked, asked + 1)
    })
  )

  for (const seed of [1, 2, 3, 4])
    it.effect(`misses none that changes while pages are read, seed ${seed}`, () =>
      Effect.gen(function* () {
        const random = randomFrom(seed)
        const shop = new Shop()
        const asker = new Asker(shop)
        const known = new Set<number>()
        for (let turn = 0; turn < 200; turn++) {
          shop.now += random(3_000)
          for (let n = random(30); n > 0; n--) {
            const id = random(300)
            known.add(id)
            shop.write(id, { state: ["PaymentSettled", "Shipped"][random(2)]!, takes: random(vendureOverlapMillis) })
          }
          // whoever asks is away now and then
          if (random(10) > 2) yield* asker.look
          if (random(30) === 0) shop.now += random(600_000)
          const before = shop.orders.filter(({ updatedAt }) => updatedAt < asker.seenUntil)
          if (asker.seenUntil > 0)
            assert.deepStrictEqual(
              before.filter((order) => order.state !== "Shipped" && !asker.told.has(idOf(order))),
              []
            )
        }
        shop.now += 10 * vendureOverlapMillis
        // to the end of what was begun, and once more from where it could still be changed
        yield* asker.all
        yield* asker.all
        const missing = shop.orders.filter((order) => order.updatedAt > begin && !asker.told.has(idOf(order)))
        assert.deepStrictEqual(missing, [])
        assert.isAbove(known.size, 250)
      })
    )

  it.effect("begins anew where a cursor is not understood, and says why it refuses", () =>
    Effect.gen(function* () {
      const shop = new Shop()
      shop.write(1)
      const asker = new Asker(shop)
      asker.cursor = "of another time"
      yield* asker.all
      assert.strictEqual(asker.told.size, 2)
      shop.refuses = "no"
      const refusal = yield* Effect.flip(asker.look)
      assert.deepInclude(refusal, { _tag: "refused", detail: "no" })
    })
  )
})
