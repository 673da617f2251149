/** Orders and their shipments as a specification: given what was heard, in whatever order, then this is committed. One SKU. */
import { describe, expect, it } from "vitest"
import { ChannelId, DocumentId, type LocationId } from "../src/Identity.ts"
import type { StockCommand } from "../src/StockRules.ts"
import { cancelled, confirm, east, fact, lines, order, placed, received, shelf } from "./Shelf.ts"

const first = DocumentId.make("S-1")
const stocked = received({ quantity: 20 }, { quantity: 20, locationId: east })

const placedAt = (time: number, quantity: number, locationId?: LocationId) =>
  fact(
    {
      type: "order.placed",
      data: {
        orderId: order,
        channel: ChannelId.make("webshop"),
        lines: lines([locationId === undefined ? { quantity } : { quantity, locationId }])
      }
    },
    time
  )
const changedAt = (time: number, quantity: number) =>
  fact({ type: "order.changed", data: { orderId: order, lines: lines([{ quantity }]) } }, time)
const cancelledAt = (time: number, quantity?: number) =>
  fact(
    { type: "order.cancelled", data: { orderId: order, lines: lines([quantity === undefined ? {} : { quantity }]) } },
    time
  )
const shipment = (
  type: "shipment.created" | "shipment.confirmed",
  quantity?: number,
  locationId?: LocationId,
  shipmentId = first
) =>
  fact({
    type,
    data: {
      shipmentId,
      orderId: order,
      ...(locationId === undefined ? {} : { locationId }),
      lines: lines([quantity === undefined ? {} : { quantity }])
    }
  })
const created = (quantity?: number, locationId?: LocationId) => shipment("shipment.created", quantity, locationId)
const left = (quantity?: number, locationId?: LocationId) => shipment("shipment.confirmed", quantity, locationId)
const calledOff = fact({
  type: "shipment.cancelled",
  data: { shipmentId: first, orderId: order, lines: lines([{}]) }
})

const permutations = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.length < 2 ? [all] : all.flatMap((one, i) => permutations(all.toSpliced(i, 1)).map((rest) => [one, ...rest]))

/** What is committed, by location, after the facts in each order of arrival: it must be the same. */
const committedInAnyOrder = (
  ...facts: ReadonlyArray<StockCommand>
): { readonly units: number; readonly main: number } => {
  const ends = permutations(facts).map((some) => {
    const { state, level } = shelf(stocked, ...some)
    return { units: level().committed + level(east).committed, main: level().onHand, version: state.version > 0 }
  })
  for (const end of ends) expect(end).toEqual(ends[0])
  return ends[0]!
}

describe("an order that changes", () => {
  it("asks for what it was changed to last, by the time of the change", () => {
    expect(committedInAnyOrder(placedAt(1, 5), changedAt(2, 8), changedAt(3, 2)).units).toBe(2)
  })

  it("keeps what was placed and cancelled after the change", () => {
    expect(committedInAnyOrder(placedAt(1, 5), changedAt(2, 3), placedAt(3, 4), cancelledAt(4, 1)).units).toBe(6)
  })

  it("does not count a cancellation again that the change already knew", () => {
    expect(committedInAnyOrder(placedAt(1, 5), cancelledAt(2, 2), changedAt(3, 3)).units).toBe(3)
  })

  it("counts units that were shipped as a part of what it asks for", () => {
    expect(committedInAnyOrder(placedAt(1, 5), left(2), changedAt(3, 3)).units).toBe(1)
  })

  it("may ask for nothing any more", () => {
    expect(committedInAnyOrder(placedAt(1, 5), changedAt(2, 0)).units).toBe(0)
  })

  it("lives again when it is changed after it was cancelled whole", () => {
    expect(committedInAnyOrder(placedAt(1, 5), cancelledAt(2), changedAt(3, 4)).units).toBe(4)
    expect(committedInAnyOrder(placedAt(1, 5), changedAt(2, 4), cancelledAt(3)).units).toBe(0)
  })
})

describe("a shipment", () => {
  it("that left takes its units from what is on hand and from what is open", () => {
    const { level } = shelf(stocked, placed({ quantity: 5 }), left(2))
    expect(level()).toEqual({ onHand: 18, committed: 3, held: 0 })
  })

  it("heard of before its order counts when the order comes", () => {
    expect(committedInAnyOrder(placedAt(1, 5), left(5))).toMatchObject({ units: 0, main: 15 })
  })

  it("beyond what was ordered takes what left from what is on hand, and leaves nothing open", () => {
    const { level } = shelf(stocked, placed({ quantity: 2 }), left(5))
    expect(level()).toEqual({ onHand: 15, committed: 0, held: 0 })
  })

  it("moves units of the order to the location that it leaves from", () => {
    const { when, level } = shelf(stocked, placed({ quantity: 5 }))
    expect(when(created(3, east)).changes.map(({ locationId, committed }) => [locationId, committed])).toEqual([
      ["main", -3],
      ["east", 3]
    ])
    when(left(3, east))
    expect([level().committed, level(east).committed, level(east).onHand]).toEqual([2, 0, 17])
  })

  it("binds no more than is open", () => {
    const { level } = shelf(stocked, placed({ quantity: 2 }), created(5, east))
    expect([level().committed, level(east).committed]).toEqual([0, 2])
  })

  it("binds units against a cancellation of others", () => {
    const { level } = shelf(stocked, placed({ quantity: 5 }), created(3, east), cancelled({ quantity: 2 }))
    expect([level().committed, level(east).committed]).toEqual([0, 3])
  })

  it("that is called off binds nothing, in any order", () => {
    for (const facts of permutations([created(3, east), calledOff])) {
      const { when, level } = shelf(stocked, placed({ quantity: 5 }), ...facts)
      when(cancelled({ quantity: 5 }))
      expect([level().committed, level(east).committed]).toEqual([0, 0])
    }
  })

  it("without a quantity takes what it was created with, else all that is open", () => {
    const { level } = shelf(stocked, placed({ quantity: 5 }), created(2), left())
    expect(level()).toEqual({ onHand: 18, committed: 3, held: 0 })
    expect(shelf(stocked, placed({ quantity: 5 }), left()).level()).toEqual({ onHand: 15, committed: 0, held: 0 })
  })
})

describe("a confirmed hold", () => {
  it("is a part of what the order asks for, whichever is heard of first", () => {
    for (const confirmFirst of [true, false]) {
      const { when, level, granted } = shelf(stocked)
      const said = [confirm(granted(2)), placed({ quantity: 5 })]
      for (const command of confirmFirst ? said : said.reverse()) when(command)
      expect(level()).toEqual({ onHand: 20, committed: 5, held: 0 })
    }
  })
})
