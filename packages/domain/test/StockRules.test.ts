/** The stock rules as a specification: given what happened before, when this happens, then that follows. One SKU. */
import { describe, expect, it } from "vitest"
import { LocationId, OrderId, type ReservationId } from "../src/Identity.ts"
import { levelQuantityMax, lineQuantityMax } from "../src/Limit.ts"
import { evolve, InvariantBroken } from "../src/StockRules.ts"
import { available, emptyLevel } from "../src/StockState.ts"
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
  placed,
  received,
  release,
  reserve,
  shelf
} from "./Shelf.ts"

describe("an unknown SKU", () => {
  it("becomes known by its first receipt", () => {
    expect(shelf(received({ quantity: 5 })).level()).toEqual({ onHand: 5, committed: 0, held: 0 })
  })

  it.each([
    ["an order", placed({ quantity: 1 })],
    ["a cancellation", cancelled({ quantity: 1 })],
    ["an adjustment", adjusted(1)]
  ])("refuses %s, to be parked and replayed", (_, command) => {
    const { when, state } = shelf()
    expect(when(command).refusal?.reason).toBe("unknown_sku")
    expect(state.version).toBe(0)
  })

  it("denies a reservation by name", () => {
    expect(denial(shelf().when(reserve(1)).answer)).toBe("unknown_sku")
  })
})

describe("goods and corrections", () => {
  it("receipts add up per location", () => {
    const { level } = shelf(received({ quantity: 2 }, { quantity: 3 }, { quantity: 4, locationId: east }))
    expect([level().onHand, level(east).onHand]).toEqual([5, 4])
  })

  it("an adjustment may take more than is there: a fact is not refused because it is inconvenient", () => {
    const { when, level } = shelf(received({ quantity: 2 }))
    const { changes } = when(adjusted(-5))
    expect(level().onHand).toBe(-3)
    expect(changes).toMatchObject([{ kind: "stock.adjusted", onHand: -5, oversold: 3, reason: "damaged" }])
  })

  it("a receipt heals what was oversold and says by how much", () => {
    const { when } = shelf(received({ quantity: 1 }), placed({ quantity: 5 }))
    expect(when(received({ quantity: 3 })).changes).toMatchObject([{ oversold: -3 }])
  })

  it("a quantity that would leave the ledger's range is refused and changes nothing", () => {
    const most = Array.from({ length: levelQuantityMax / lineQuantityMax }, () => ({ quantity: lineQuantityMax }))
    const { when, level } = shelf(received(...most))
    expect(when(received({ quantity: 1 })).refusal?.reason).toBe("quantity_out_of_range")
    expect(level().onHand).toBe(levelQuantityMax)
  })
})

describe("an order", () => {
  it("commits its units, lines of one location as one", () => {
    const { when, level } = shelf(received({ quantity: 9 }))
    expect(when(placed({ quantity: 2 }, { quantity: 3 })).changes).toHaveLength(1)
    expect(level()).toEqual({ onHand: 9, committed: 5, held: 0 })
  })

  it("is applied beyond what is available and labelled with the excess", () => {
    const { when, level } = shelf(received({ quantity: 2 }), placed({ quantity: 1 }))
    expect(when(placed({ quantity: 4 })).changes).toMatchObject([{ committed: 4, oversold: 3 }])
    expect(available({ ...emptyLevel(LocationId.make("main")), ...level() })).toBe(-3)
  })

  it("consumes the hold it names and commits the rest", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    const reservationId = granted(2)
    when(placed({ quantity: 3, reservationId }))
    expect(level()).toEqual({ onHand: 9, committed: 3, held: 0 })
  })

  it("gives back what the hold had too much", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    when(placed({ quantity: 1, reservationId: granted(4) }))
    expect(level()).toEqual({ onHand: 9, committed: 1, held: 0 })
  })

  it("commits at the hold's own location what the hold covered", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }, { quantity: 9, locationId: east }))
    when(placed({ quantity: 3, reservationId: granted(2, { locationId: east }) }))
    expect([level(east).committed, level().committed]).toEqual([2, 1])
  })

  it("that names one hold in two lines consumes it once", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    const reservationId = granted(2)
    when(placed({ quantity: 2, reservationId }, { quantity: 2, reservationId }))
    expect(level()).toEqual({ onHand: 9, committed: 4, held: 0 })
  })

  it("that names an expired hold is applied all the same", () => {
    const { when, level, granted } = shelf(received({ quantity: 1 }))
    const reservationId = granted(1)
    const { changes } = when(placed({ quantity: 1, reservationId }), 1_000)
    expect(changes.map((change) => change.kind)).toEqual(["reservation.expired", "order.placed"])
    expect(level()).toEqual({ onHand: 1, committed: 1, held: 0 })
  })
})

describe("a cancellation", () => {
  it("without a quantity frees all that is open", () => {
    expect(shelf(received({ quantity: 9 }), placed({ quantity: 4 }), cancelled({})).level().committed).toBe(0)
  })

  it("frees no more than is open", () => {
    const { when, level } = shelf(received({ quantity: 9 }), placed({ quantity: 4 }))
    expect(when(cancelled({ quantity: 7 })).changes).toMatchObject([{ committed: -4 }])
    expect(level().committed).toBe(0)
  })

  it("frees nothing of another order", () => {
    const other = fact({
      type: "order.placed",
      data: { orderId: OrderId.make("order-2"), lines: lines([{ quantity: 4 }]) }
    })
    expect(shelf(received({ quantity: 9 }), other, cancelled({})).level().committed).toBe(4)
  })

  it("ahead of its order is remembered until the order comes", () => {
    expect(
      shelf(received({ quantity: 9 }), cancelled({ quantity: 3 }), placed({ quantity: 4 })).level().committed
    ).toBe(1)
    expect(shelf(received({ quantity: 9 }), cancelled({}), placed({ quantity: 4 })).level().committed).toBe(0)
  })

  it("of the whole line stays whole after a cancellation of a part, both ahead of the order", () => {
    const { level } = shelf(
      received({ quantity: 9 }),
      cancelled({ quantity: 1 }),
      cancelled({}),
      placed({ quantity: 4 })
    )
    expect(level().committed).toBe(0)
  })

  it("of the whole line holds for good, whenever the order comes again", () => {
    const { level } = shelf(received({ quantity: 9 }), placed({ quantity: 4 }), cancelled({}), placed({ quantity: 2 }))
    expect(level().committed).toBe(0)
  })
})

describe("a reservation", () => {
  it("is granted up to the last available unit and not one beyond", () => {
    const { when, level } = shelf(received({ quantity: 5 }), placed({ quantity: 2 }))
    expect(when(reserve(4)).answer).toMatchObject({ status: "denied", reason: "insufficient_stock", available: 3 })
    expect(when(reserve(3)).answer).toMatchObject({ status: "granted", quantity: 3, version: 3, expiresAt: 1_000 })
    expect(denial(when(reserve(1)).answer)).toBe("insufficient_stock")
    expect(level()).toEqual({ onHand: 5, committed: 2, held: 3 })
  })

  it("is granted from its own location only", () => {
    const { when } = shelf(received({ quantity: 1 }, { quantity: 9, locationId: east }))
    expect(denial(when(reserve(2)).answer)).toBe("insufficient_stock")
    expect(denial(when(reserve(2, { locationId: east })).answer)).toBe("granted")
  })

  it("expires at the millisecond it was promised to, before anything else is decided", () => {
    const { when, granted } = shelf(received({ quantity: 1 }))
    granted(1)
    expect(denial(when(reserve(1), 999).answer)).toBe("insufficient_stock")
    const { changes, answer } = when(reserve(1), 1_000)
    expect(changes.map((change) => change.kind)).toEqual(["reservation.expired", "reservation.granted"])
    expect(denial(answer)).toBe("granted")
  })

  it("expires when only time passes", () => {
    const { when, level, granted } = shelf(received({ quantity: 3 }))
    granted(1)
    granted(2, { ttlMillis: 5_000 })
    expect(when(expire, 1_000).changes).toHaveLength(1)
    expect(level().held).toBe(2)
    expect(when(expire, 1_000).changes).toEqual([])
  })

  it("is confirmed into its order", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    expect(when(confirm(granted(2))).answer).toMatchObject({ status: "confirmed", quantity: 2 })
    expect(level()).toEqual({ onHand: 5, committed: 2, held: 0 })
  })

  it("is confirmed into the order it was reserved for when the confirmation names none", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    when(confirm(granted(2, { orderId: order }), {}))
    when(cancelled({}))
    expect(level().committed).toBe(0)
  })

  it("without any order cannot be confirmed and stays open", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    expect(denial(when(confirm(granted(2), {})).answer)).toBe("order_required")
    expect(level().held).toBe(2)
  })

  it("confirmed ahead of its order is not committed twice when the order comes", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    when(confirm(granted(2)))
    when(placed({ quantity: 5 }))
    expect(level().committed).toBe(5)
  })

  it("confirmed for an order that was already cancelled commits nothing", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    const reservationId = granted(3)
    when(cancelled({}))
    expect(denial(when(confirm(reservationId)).answer)).toBe("confirmed")
    expect(level()).toEqual({ onHand: 9, committed: 0, held: 0 })
    when(placed({ quantity: 3 }))
    expect(level().committed).toBe(0)
  })

  it("confirmed for an order cancelled in part commits the other part", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    const reservationId = granted(3)
    when(cancelled({ quantity: 2 }))
    when(confirm(reservationId))
    when(placed({ quantity: 3 }))
    expect(level().committed).toBe(1)
  })

  it("is given back by a release", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    expect(when(release(granted(2))).answer).toMatchObject({ status: "released", quantity: 2 })
    expect(level().held).toBe(0)
  })

  it.each(["confirm", "release"] as const)("ends once: a %s after its end is denied with the reason", (verb) => {
    const again = verb === "confirm" ? confirm : release
    const { when, granted } = shelf(received({ quantity: 9 }))
    const [confirmed, released, consumed, expired] = [
      granted(1),
      granted(1),
      granted(1),
      granted(1, { ttlMillis: 100 })
    ]
    when(confirm(confirmed))
    when(release(released))
    when(placed({ quantity: 1, reservationId: consumed }))
    const at = (id: ReservationId) => denial(when(again(id), 100).answer)
    expect([at(confirmed), at(released), at(consumed)]).toEqual(Array.from({ length: 3 }, () => "reservation_ended"))
    expect([at(expired), at(expired)]).toEqual(["reservation_expired", "reservation_expired"])
    expect(at("r00-never" as ReservationId)).toBe("unknown_reservation")
  })
})

describe("evolve", () => {
  it("stops a SKU whose committed units would be negative", () => {
    const { state } = shelf(received({ quantity: 1 }))
    const change = {
      kind: "order.cancelled",
      locationId: LocationId.make("main"),
      onHand: 0,
      committed: -1,
      held: 0,
      oversold: 0
    } as const
    expect(() => evolve(state, change)).toThrow(InvariantBroken)
  })
})
