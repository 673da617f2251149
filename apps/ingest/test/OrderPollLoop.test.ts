/** One channel's loop, on a virtual clock: whatever fails or is cut off between any two steps, nothing is lost. */
import type { ToldEvent } from "@holdfast/channels/inbound/InboundCall"
import type { OrderCursor, OrderPage, PollRefused } from "@holdfast/channels/inbound/OrderPoll"
import { Effect, Fiber, References } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { askForOrders, refused } from "../src/OrderPollLoop.ts"

const event = (n: number): ToldEvent => ({ id: `o${n}`, type: "order.placed", data: { n } })

/** A channel of pages of two orders; the cursor is how many were told. */
class Shop {
  orders = 0
  asked: Array<OrderCursor | undefined> = []
  stored: Array<string> = []
  cursor: OrderCursor | undefined = undefined
  /** what the next steps meet, in their order; "go" where nothing */
  faults: Array<PollRefused | "go" | "die"> = []

  private step = Effect.suspend(() => {
    const fault = this.faults.shift() ?? "go"
    if (fault === "die") return Effect.die("a mistake")
    return fault === "go" ? Effect.void : Effect.fail(fault)
  })

  private page(cursor: OrderCursor | undefined): OrderPage {
    const from = Number(cursor ?? 0)
    const until = Math.min(this.orders, from + 2)
    const events = Array.from({ length: until - from }, (_, i) => event(from + i))
    return { events, cursor: String(until), seenUntil: until, more: until < this.orders }
  }

  readonly run = askForOrders({
    channel: "shop",
    everyMillis: 1_000,
    poll: {
      page: (cursor) =>
        Effect.andThen(
          Effect.sync(() => void this.asked.push(cursor)),
          Effect.map(this.step, () => this.page(cursor))
        )
    },
    ports: {
      cursor: Effect.map(this.step, () => this.cursor),
      store: ({ id }) => Effect.map(this.step, () => void this.stored.push(id)),
      move: ({ cursor }) => Effect.map(this.step, () => void (this.cursor = cursor))
    }
  })
}

const onTestClock = (body: Effect.Effect<void>) =>
  Effect.runPromise(
    body.pipe(
      Effect.scoped,
      Effect.provide(TestClock.layer()),
      Effect.provideService(References.MinimumLogLevel, "None")
    )
  )

/** Everything that is due by then has happened, pages that follow one another without a pause too. */
const after = (millis: number) =>
  Effect.andThen(TestClock.adjust(millis), Effect.repeat(TestClock.adjust(0), { times: 10 }))

const inOrder = (count: number) => Array.from({ length: count }, (_, n) => `o${n}`)

describe("a channel that is asked for its orders", () => {
  it("is asked page by page without a pause, then as often as its definition says", () =>
    onTestClock(
      Effect.gen(function* () {
        const shop = new Shop()
        shop.orders = 5
        yield* Effect.forkChild(shop.run)
        yield* after(1)
        expect([shop.stored, shop.cursor]).toEqual([inOrder(5), "5"])
        expect(shop.asked).toEqual([undefined, "2", "4"])
        shop.orders = 6
        yield* after(998)
        expect(shop.asked.length).toBe(3)
        yield* after(2)
        expect([shop.stored, shop.cursor]).toEqual([inOrder(6), "6"])
      })
    ))

  it("loses nothing when any step fails, once or for long, by a refusal or a mistake", () =>
    onTestClock(
      Effect.gen(function* () {
        // cursor, page, store, store, move: five steps of the first page
        for (const fault of [refused("no"), "die"] as const)
          for (let at = 0; at < 5; at++)
            for (const times of [1, 7]) {
              const shop = new Shop()
              shop.orders = 4
              shop.faults = [...Array.from({ length: at }, () => "go" as const), ...Array(times).fill(fault)]
              const fiber = yield* Effect.forkChild(shop.run)
              yield* after(300_000)
              yield* Fiber.interrupt(fiber)
              expect([...new Set(shop.stored)]).toEqual(inOrder(4))
              expect(shop.cursor).toBe("4")
            }
      })
    ))

  it("loses nothing when it is cut off before any step, and begins again from the cursor", () =>
    onTestClock(
      Effect.gen(function* () {
        for (let at = 0; at < 10; at++) {
          const shop = new Shop()
          shop.orders = 4
          // stands still at that step until it is cut off
          shop.faults = [
            ...Array.from({ length: at }, () => "go" as const),
            { ...refused("no"), retryAfterMillis: 1e9 }
          ]
          const fiber = yield* Effect.forkChild(shop.run)
          yield* after(10)
          yield* Fiber.interrupt(fiber)
          const again = yield* Effect.forkChild(shop.run)
          yield* after(10)
          yield* Fiber.interrupt(again)
          expect([...new Set(shop.stored)]).toEqual(inOrder(4))
          expect(shop.cursor).toBe("4")
        }
      })
    ))

  it("is not asked sooner than it wants, and later and later while it fails", () =>
    onTestClock(
      Effect.gen(function* () {
        const shop = new Shop()
        shop.faults = ["go", { ...refused("busy"), retryAfterMillis: 60_000 }]
        yield* Effect.forkChild(shop.run)
        yield* after(59_999)
        expect(shop.asked.length).toBe(1)
        yield* after(1)
        expect(shop.asked.length).toBe(2)
        const failing = new Shop()
        failing.faults = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? "go" : refused("down")))
        yield* Effect.forkChild(failing.run)
        yield* after(3_600_000)
        // some 15 s each on the average, after the first ones
        expect(failing.asked.length).toBeGreaterThan(100)
        expect(failing.asked.length).toBeLessThan(500)
      })
    ))

  it("is not asked without a pause when it says more of the same place", () =>
    onTestClock(
      Effect.gen(function* () {
        let asked = 0
        const page = { events: [event(1)], cursor: "same", seenUntil: 0, more: true }
        let stored = 0
        const store = Effect.sync(() => void (stored += 1))
        yield* Effect.forkChild(
          askForOrders({
            channel: "shop",
            everyMillis: 1_000,
            poll: { page: () => Effect.sync(() => (asked++, page)) },
            ports: { cursor: Effect.succeed("same"), store: () => store, move: () => Effect.void }
          })
        )
        yield* after(10_500)
        expect([asked, stored]).toEqual([11, 1])
      })
    ))
})
