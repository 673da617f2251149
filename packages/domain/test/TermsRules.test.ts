/** Terms of sale as a specification: quota, ring-fence and allowance, what they grant, and what they leave to a channel. */
import { describe, expect, it } from "vitest"
import { ChannelId, LocationId, type ReservationId } from "../src/Identity.ts"
import { allotmentsMax } from "../src/Limit.ts"
import { publishable } from "../src/Publishable.ts"
import { announcedTerms, decodeTerms, encodeTerms } from "../src/SkuTerms.ts"
import { evolve } from "../src/StockRules.ts"
import type { StockCommand } from "../src/StockRules.ts"
import { emptyState } from "../src/StockState.ts"
import { announcedLevels } from "../src/Availability.ts"
import { Random } from "../src/testing/Random.ts"
import {
  adjusted,
  cancelled,
  confirm,
  denial,
  east,
  expire,
  fact,
  lines,
  order,
  received,
  release,
  reserve,
  shelf,
  sku
} from "./Shelf.ts"

const shop = ChannelId.make("shop")
const market = ChannelId.make("market")

type Word = { readonly channel: ChannelId; readonly quota?: number | null; readonly ringFence?: number | null }

const allot = (word: Word, time = 0) => fact({ type: "allotment.set", data: { lines: lines([word]) } }, time)
const allow = (limit: number, more: object = {}, time = 0) =>
  fact({ type: "backorder.set", data: { lines: lines([{ limit, ...more }]) } }, time)
const placedOn = (channel: ChannelId, quantity: number, reservationId?: ReservationId) =>
  fact({
    type: "order.placed",
    data: {
      orderId: order,
      channel,
      lines: lines([{ quantity, ...(reservationId === undefined ? {} : { reservationId }) }])
    }
  })
const ten = received({ quantity: 10 })

const usedBy = (state: ReturnType<typeof shelf>["state"], channel: ChannelId) => {
  const { consumed, held } = state.terms!.allotments.find((one) => one.channel === channel)!
  return [consumed, held]
}

describe("a quota", () => {
  it("is the most that a channel's holds may have, and says what is left of it", () => {
    const { when, granted } = shelf(ten, allot({ channel: shop, quota: 4 }))
    granted(3, { channel: shop })
    expect(when(reserve(2, { channel: shop })).answer).toMatchObject({ reason: "quota_exhausted", available: 1 })
    expect(denial(when(reserve(7)).answer)).toBe("granted")
  })

  it("is given back by a release and by an expiry", () => {
    const { when, granted, state } = shelf(ten, allot({ channel: shop, quota: 4 }))
    when(release(granted(3, { channel: shop })))
    granted(4, { channel: shop })
    when(expire, 1_000)
    expect(usedBy(state, shop)).toEqual([0, 0])
  })

  it("is used by orders; a confirmed hold is counted once, before and after its order comes", () => {
    const { when, granted, state } = shelf(ten, allot({ channel: shop, quota: 9 }))
    when(confirm(granted(3, { channel: shop })))
    expect(usedBy(state, shop)).toEqual([3, 0])
    when(placedOn(shop, 3))
    expect(usedBy(state, shop)).toEqual([3, 0])
    when(cancelled({ quantity: 1 }))
    expect(usedBy(state, shop)).toEqual([2, 0])
  })

  it("of a hold that an order names passes to the order", () => {
    const { when, granted, state } = shelf(ten, allot({ channel: shop, quota: 9 }))
    when(placedOn(shop, 5, granted(3, { channel: shop })))
    expect(usedBy(state, shop)).toEqual([5, 0])
  })

  it("is passed by an order, which is a fact", () => {
    const { when, state } = shelf(ten, allot({ channel: shop, quota: 4 }), placedOn(shop, 6))
    expect(usedBy(state, shop)).toEqual([6, 0])
    expect(when(reserve(1, { channel: shop })).answer).toMatchObject({ reason: "quota_exhausted", available: -2 })
  })

  it("set anew keeps count; lifted and set again it begins with the open holds", () => {
    const { when, granted, state } = shelf(ten, allot({ channel: shop, quota: 9 }), placedOn(shop, 2))
    granted(1, { channel: shop })
    when(allot({ channel: shop, quota: 5 }, 1))
    expect(usedBy(state, shop)).toEqual([2, 1])
    when(allot({ channel: shop, quota: null }, 2))
    expect(denial(when(reserve(6, { channel: shop })).answer)).toBe("granted")
    when(allot({ channel: shop, quota: 20 }, 3))
    expect(usedBy(state, shop)).toEqual([0, 7])
  })

  it("is the last word by time, in whatever order they come", () => {
    const { state } = shelf(
      ten,
      allot({ channel: shop, quota: 5 }, 9),
      allot({ channel: shop, quota: 8, ringFence: 2 }, 3)
    )
    expect(state.terms!.allotments).toMatchObject([{ quota: { units: 5 }, ringFence: { units: 2 } }])
  })
})

describe("a ring-fence", () => {
  it("keeps units for its channel that nobody else may have", () => {
    const { when } = shelf(ten, allot({ channel: shop, ringFence: 4 }))
    expect(when(reserve(7, { channel: market })).answer).toMatchObject({ reason: "ring_fenced", available: 6 })
    expect(denial(when(reserve(10, { channel: shop })).answer)).toBe("granted")
  })

  it("keeps less as its channel uses it", () => {
    const { when, granted } = shelf(ten, allot({ channel: shop, ringFence: 4 }))
    granted(3, { channel: shop })
    expect(denial(when(reserve(6)).answer)).toBe("granted")
    expect(denial(when(reserve(1)).answer)).toBe("ring_fenced")
    expect(denial(when(reserve(1, { channel: shop })).answer)).toBe("granted")
  })

  it("larger than the stock leaves others nothing and its channel what is there", () => {
    const { when } = shelf(ten, allot({ channel: shop, ringFence: 40 }))
    expect(denial(when(reserve(1)).answer)).toBe("ring_fenced")
    expect(when(reserve(11, { channel: shop })).answer).toMatchObject({ reason: "insufficient_stock", available: 10 })
  })

  it("of too many channels is refused and changes nothing", () => {
    const channels = Array.from({ length: allotmentsMax }, (_, n) => ChannelId.make(`c${n}`))
    const { when, state } = shelf(ten, ...channels.map((channel) => allot({ channel, ringFence: 0 })))
    const before = state.version
    expect(when(allot({ channel: shop, ringFence: 1 })).refusal?.reason).toBe("too_many_allotments")
    expect(state.version).toBe(before)
    when(allot({ channel: channels[0]!, ringFence: null }, 1))
    expect(when(allot({ channel: shop, ringFence: 1 })).refusal).toBeUndefined()
  })
})

describe("an allowance", () => {
  it("grants what is not there yet, and says so", () => {
    const { when } = shelf(ten, allow(5, { expectedAt: 77 }))
    expect(when(reserve(12)).answer).toMatchObject({ status: "granted", backordered: 2, expectedAt: 77 })
    expect(when(reserve(4)).answer).toMatchObject({ reason: "insufficient_stock", available: 3 })
    expect(when(reserve(3, { locationId: east })).answer).toMatchObject({ status: "granted", backordered: 3 })
    expect(denial(when(reserve(1)).answer)).toBe("insufficient_stock")
  })

  it("is no overselling; what goes beyond it is, and the labels add up", () => {
    const { when } = shelf(ten, allow(5))
    const labels = (command: Parameters<typeof when>[0]) => when(command).changes.map(({ oversold }) => oversold)
    expect(labels(reserve(15))).toEqual([0])
    expect(labels(adjusted(-2))).toEqual([2])
    expect(labels(allow(6, {}, 1))).toEqual([-1])
    expect(labels(allow(0, {}, 2))).toEqual([6])
    expect(labels(received({ quantity: 7 }))).toEqual([-7])
  })
})

describe("terms", () => {
  it("of an unknown SKU are refused, to be replayed", () => {
    expect(shelf().when(allow(5)).refusal?.reason).toBe("unknown_sku")
  })

  it("are read as they were written", () => {
    const { state } = shelf(ten, allot({ channel: shop, quota: 5, ringFence: null }), allow(3, { kind: "preorder" }))
    expect(decodeTerms(encodeTerms(state.terms!))).toEqual(state.terms)
  })

  it("leave a channel what they leave it", () => {
    const told = (channel: ChannelId, ...given: ReadonlyArray<StockCommand>) => {
      const { state } = shelf(ten, ...given)
      const terms = announcedTerms(state.terms)
      const stock = { levels: announcedLevels(state), ...(terms === undefined ? {} : { terms }) }
      return publishable({ id: channel, buffer: 0, locations: [LocationId.make("main")] }, stock)
    }
    expect(told(shop, allot({ channel: shop, quota: 4 }), placedOn(shop, 1))).toBe(3)
    expect(told(market, allot({ channel: shop, ringFence: 4 }))).toBe(6)
    expect(told(shop, allot({ channel: shop, ringFence: 4 }))).toBe(10)
    expect(told(shop, allow(5))).toBe(15)
    expect(told(shop, allow(5), reserve(2, { locationId: east }))).toBe(13)
    expect(told(market, allot({ channel: shop, ringFence: 4 }), allow(5))).toBe(11)
    expect(told(shop, allow(5), allow(0, {}, 1))).toBe(10)
  })
})

/** What a judge counts by itself: holds and orders of one location, in plain numbers. */
interface Book {
  stock: number
  limit: number
  ordered: number
  readonly quota: Map<string, number>
  readonly fence: Map<string, number>
  readonly asked: Map<string, number>
  readonly holds: Map<ReservationId, { readonly units: number; readonly channel: ChannelId | undefined }>
}

const heldIn = ({ holds }: Book, channel?: string) =>
  [...holds.values()].reduce(
    (sum, hold) => (channel === undefined || hold.channel === channel ? sum + hold.units : sum),
    0
  )
const usedIn = (book: Book, channel: string) => (book.asked.get(channel) ?? 0) + heldIn(book, channel)

/** The most that a request may have. */
const fairShare = (book: Book, channel: ChannelId | undefined): number => {
  const left = book.stock - book.ordered - heldIn(book)
  // an allowance that is used up more than in full grants nothing, and takes nothing away
  let most = book.limit > 0 ? Math.max(0, left + book.limit) : left
  const kept = [shop, market]
    .filter((other) => other !== channel)
    .reduce((sum, other) => sum + Math.max(0, (book.fence.get(other) ?? 0) - usedIn(book, other)), 0)
  if (kept > 0) most = Math.min(most, left + book.limit - kept)
  const quota = channel === undefined ? undefined : book.quota.get(channel)
  return quota === undefined ? most : Math.min(most, quota - usedIn(book, channel!))
}

const history = (seed: number): { granted: number; denied: Set<string | undefined> } => {
  const random = new Random(seed)
  const { when, state } = shelf(
    received({ quantity: 20 }),
    allot({ channel: shop, quota: 99 }),
    allot({ channel: market, ringFence: 0 })
  )
  const met = { granted: 0, denied: new Set<string | undefined>() }
  const book: Book = {
    stock: 20,
    limit: 0,
    ordered: 0,
    quota: new Map([["shop", 99]]),
    fence: new Map(),
    asked: new Map(),
    holds: new Map()
  }
  let labels = 0
  const tell = (command: Parameters<typeof when>[0]) => {
    const decision = when(command)
    for (const change of decision.changes) labels += change.oversold
    return decision
  }
  for (let step = 1; step <= 40; step++) {
    const channel = random.pick([shop, market, undefined])
    const action = random.pick([
      "reserve",
      "reserve",
      "reserve",
      "release",
      "adjust",
      "order",
      "quota",
      "fence",
      "allow"
    ] as const)
    if (action === "reserve") {
      const most = fairShare(book, channel)
      const units = random.chance(0.5) ? random.whole(1, 6) : Math.max(1, most + random.whole(0, 1))
      const { answer } = tell(reserve(units, channel === undefined ? {} : { channel }))
      expect(answer?.status).toBe(units <= most ? "granted" : "denied")
      if (answer?.status === "granted") {
        book.holds.set(answer.reservationId, { units, channel })
        met.granted += 1
      } else {
        met.denied.add(denial(answer))
        expect(answer).toMatchObject({ available: most })
      }
    } else if (action === "release") {
      const [id] = book.holds.keys()
      if (id === undefined) continue
      tell(release(id))
      book.holds.delete(id)
    } else if (action === "adjust") {
      const delta = random.pick([-6, -1, 2, 7])
      tell(adjusted(delta))
      book.stock += delta
    } else if (action === "order") {
      const by = random.pick([shop, market])
      const units = random.whole(1, 4)
      const data = { orderId: `o-${step}`, channel: by, lines: lines([{ quantity: units }]) }
      tell(fact({ type: "order.placed", data } as unknown as Parameters<typeof fact>[0]))
      book.ordered += units
      book.asked.set(by, (book.asked.get(by) ?? 0) + units)
    } else if (action === "allow") {
      book.limit = random.whole(0, 8)
      tell(allow(book.limit, {}, step))
    } else {
      const by = random.pick([shop, market])
      const units = random.whole(0, 12)
      tell(allot(action === "quota" ? { channel: by, quota: units } : { channel: by, ringFence: units }, step))
      book[action].set(by, units)
    }
    const short = Math.max(0, book.ordered + heldIn(book) - book.stock)
    expect(labels).toBe(Math.max(0, short - book.limit))
    for (const by of [shop, market]) expect(usedBy(state, by)).toEqual([book.asked.get(by) ?? 0, heldIn(book, by)])
  }
  return met
}

describe("terms under invented histories", () => {
  it("no grant goes beyond what a judge counts, no denial is needless, and the labels add up", () => {
    const denials = new Set<string | undefined>()
    let granted = 0
    for (let seed = 1; seed <= 1_000; seed++) {
      const met = history(seed)
      granted += met.granted
      for (const reason of met.denied) denials.add(reason)
    }
    expect(granted).toBeGreaterThan(1_000)
    expect(denials).toEqual(new Set(["insufficient_stock", "quota_exhausted", "ring_fenced"]))
  })

  it("fold to the state that the changes made", () => {
    const { state, when } = shelf()
    const folded = emptyState(sku)
    for (const command of [
      ten,
      allot({ channel: shop, quota: 5 }),
      allow(3),
      reserve(2, { channel: shop }),
      placedOn(shop, 2),
      adjusted(-9)
    ])
      for (const change of when(command).changes) evolve(folded, change)
    expect(folded).toEqual(state)
  })
})
