/** Goods, transfers, purchases and counts as a specification: given what was heard, then that is there. One SKU. */
import { describe, expect, it } from "vitest"
import { DocumentId, LocationId } from "../src/Identity.ts"
import type { StockEvent } from "../src/StockEvent.ts"
import { decide, evolve, type StockCommand } from "../src/StockRules.ts"
import { available, levelAt, oversold, type StockLevel } from "../src/StockState.ts"
import { denial, east, fact, lines, placed, received, reserve, shelf } from "./Shelf.ts"

const main = LocationId.make("main")
const transferId = DocumentId.make("T-1")
const purchaseId = DocumentId.make("P-1")

const goods = (type: "goods.received" | "goods.putaway" | "return.received", quantity: number, time = 0) =>
  fact({ type, data: { lines: lines([{ quantity }]) } }, time)
const restocked = (quantity: number, disposition: "sellable" | "damaged" | "scrapped") =>
  fact({ type: "return.restocked", data: { lines: lines([{ quantity, disposition }]) } })
const dispatched = (quantity: number) =>
  fact({
    type: "transfer.dispatched",
    data: { transferId, fromLocationId: main, toLocationId: east, lines: lines([{ quantity }]) }
  })
const arrived = (quantity: number, closed = false) =>
  fact({ type: "transfer.received", data: { transferId, toLocationId: east, closed, lines: lines([{ quantity }]) } })
const purchased = (quantity: number, time = 0) =>
  fact({ type: "purchase.ordered", data: { purchaseId, lines: lines([{ quantity }]) } }, time)
const delivered = (quantity: number) =>
  fact({ type: "goods.received", data: { purchaseId, putaway: "done", lines: lines([{ quantity }]) } })
const safetyStock = (units: number, time = 0) =>
  fact({ type: "sku.registered", data: { lines: lines([{ safetyStock: units }]) } }, time)

const levelOf = (state: Parameters<typeof levelAt>[0], at = main): StockLevel => levelAt(state, at)!

/** A shelf that knows what moved since when, as the ledger does. */
const counted = () => {
  const { state } = shelf(received({ quantity: 10 }))
  const moves: Array<{ readonly at: number; readonly units: number }> = []
  const happen = (event: Pick<StockEvent, "type" | "data">, time: number) => {
    const { countedAt } = event.data as { readonly countedAt?: number }
    const units = moves.filter(({ at }) => countedAt !== undefined && at > countedAt)
    const movedSince = new Map([[main, units.reduce((sum, move) => sum + move.units, 0)]])
    const command = { ...fact(event, time), movedSince } as StockCommand
    const { changes } = decide(state, command, 0)
    for (const change of changes) {
      evolve(state, change)
      if (change.kind !== "count.cycle") moves.push({ at: time, units: change.onHand })
    }
    return changes
  }
  const adjust = (delta: number, time: number) =>
    happen({ type: "stock.adjusted", data: { reason: "found", lines: lines([{ delta }]) } }, time)
  const count = (quantity: number, countedAt: number) =>
    happen({ type: "count.cycle", data: { countedAt, lines: lines([{ quantity }]) } }, countedAt)
  return { adjust, count, onHand: () => levelOf(state).onHand }
}

describe("goods that arrive", () => {
  it("are on hand at once and sellable after their putaway", () => {
    const { when, state } = shelf(goods("goods.received", 5))
    expect(levelOf(state)).toMatchObject({ onHand: 5, receiving: 5 })
    expect(denial(when(reserve(1)).answer)).toBe("insufficient_stock")
    when(goods("goods.putaway", 3))
    expect(available(levelOf(state))).toBe(3)
  })

  it("end the same when their putaway is heard of first", () => {
    const { state } = shelf(received({ quantity: 1 }), goods("goods.putaway", 3), goods("goods.received", 3))
    expect(levelOf(state)).toMatchObject({ onHand: 4, receiving: 0 })
  })

  it("that are not sellable yet do not heal what is oversold", () => {
    const { when, state } = shelf(received({ quantity: 1 }), placed({ quantity: 3 }), goods("goods.received", 5))
    expect(oversold(levelOf(state))).toBe(2)
    expect(when(goods("goods.putaway", 5)).changes).toMatchObject([{ oversold: -2 }])
  })
})

describe("a return", () => {
  it.each([
    ["sellable", { onHand: 12, inspection: 0, damaged: 0 }, 12],
    ["damaged", { onHand: 12, inspection: 0, damaged: 2 }, 10],
    ["scrapped", { onHand: 10, inspection: 0, damaged: 0 }, 10]
  ] as const)("that is %s after inspection", (disposition, units, free) => {
    const { state, when } = shelf(received({ quantity: 10 }), goods("return.received", 2))
    expect(available(levelOf(state))).toBe(10)
    when(restocked(2, disposition))
    expect(levelOf(state)).toMatchObject(units)
    expect(available(levelOf(state))).toBe(free)
  })
})

describe("an adjustment", () => {
  it("with a status corrects the units that cannot be sold", () => {
    const data = { reason: "water", lines: lines([{ delta: -3 }, { delta: 3, status: "damaged" as const }]) }
    const { state } = shelf(received({ quantity: 10 }), fact({ type: "stock.adjusted", data }))
    expect(levelOf(state)).toMatchObject({ onHand: 10, damaged: 3 })
    expect(available(levelOf(state))).toBe(7)
  })
})

describe("a transfer", () => {
  it("is in transit until it arrives", () => {
    const { when, state, level } = shelf(received({ quantity: 10 }), dispatched(4))
    expect([level().onHand, level(east).onHand, levelOf(state, east).inTransit]).toEqual([6, 0, 4])
    when(arrived(3))
    expect([level(east).onHand, levelOf(state, east).inTransit]).toEqual([3, 1])
  })

  it("that is closed has nothing in transit any more, and says the difference", () => {
    const { when, state } = shelf(received({ quantity: 10 }), dispatched(4))
    expect(when(arrived(3, true)).changes).toMatchObject([{ inTransit: -4, reason: "difference -1" }])
    expect(levelOf(state, east).inTransit).toBe(0)
  })

  it("ends the same when its arrival is heard of first", () => {
    const { state } = shelf(received({ quantity: 10 }), arrived(3, true), dispatched(4))
    expect(levelOf(state)).toMatchObject({ onHand: 6 })
    expect(levelOf(state, east)).toMatchObject({ onHand: 3, inTransit: 0 })
  })
})

describe("a transfer that is said to go to two places", () => {
  const astray = fact({
    type: "transfer.received",
    data: { transferId, toLocationId: main, lines: lines([{ quantity: 1 }]) }
  })

  it("goes to the first by name, whichever was heard of first", () => {
    for (const told of [
      [dispatched(4), astray],
      [astray, dispatched(4)]
    ]) {
      const { state } = shelf(received({ quantity: 10 }), ...told)
      expect([levelOf(state), levelOf(state, east)]).toMatchObject([
        { onHand: 7, inTransit: 0 },
        { onHand: 0, inTransit: 3 }
      ])
    }
  })
})

describe("a purchase", () => {
  it("is incoming until it is received, and makes a SKU known", () => {
    const { when, state } = shelf(purchased(10))
    expect(levelOf(state)).toMatchObject({ onHand: 0, incoming: 10 })
    when(delivered(4))
    expect(levelOf(state)).toMatchObject({ onHand: 4, incoming: 6 })
    when(delivered(9))
    expect(levelOf(state)).toMatchObject({ onHand: 13, incoming: 0 })
  })

  it("says last, by its time, how much is to come", () => {
    const { state } = shelf(purchased(10, 2), purchased(30, 1), purchased(0, 3))
    expect(levelOf(state).incoming).toBe(0)
  })
})

describe("safety stock", () => {
  it("is never promised, and dipping into it is not overselling", () => {
    const { when, state } = shelf(received({ quantity: 10 }), safetyStock(4))
    expect(when(reserve(7)).answer).toMatchObject({ status: "denied", available: 6 })
    expect(when(placed({ quantity: 9 })).changes).toMatchObject([{ oversold: 0 }])
    expect(available(levelOf(state))).toBe(-3)
  })

  it("is what was said last by its time", () => {
    expect(levelOf(shelf(safetyStock(4, 2), safetyStock(9, 1)).state).safetyStock).toBe(4)
  })
})

describe("a count", () => {
  it("corrects what is on hand and leaves what moved after it", () => {
    const { adjust, count, onHand } = counted()
    adjust(-2, 5)
    adjust(-3, 20)
    expect(count(6, 10)).toMatchObject([{ onHand: -2, countedAt: 10 }])
    expect(onHand()).toBe(3)
  })

  it("has seen what happened before it and is heard of later", () => {
    const { adjust, count, onHand } = counted()
    count(6, 10)
    expect(adjust(-3, 8)).toMatchObject([{ onHand: 0, counted: -3 }])
    adjust(2, 11)
    expect(onHand()).toBe(8)
  })

  it("that is older than another changes nothing", () => {
    const { count, onHand } = counted()
    count(6, 10)
    expect(count(99, 9)).toMatchObject([{ onHand: 0, reason: "another count holds" }])
    expect(onHand()).toBe(6)
  })

  it("made at the same moment as another holds if it found more, whichever was heard of first", () => {
    for (const told of [
      [6, 9],
      [9, 6]
    ]) {
      const { adjust, count, onHand } = counted()
      adjust(-1, 20)
      for (const quantity of told) count(quantity, 10)
      expect(onHand()).toBe(8)
    }
  })

  it("may have been made at the epoch", () => {
    const { adjust, count, onHand } = counted()
    count(6, 0)
    adjust(-3, 0)
    expect(onHand()).toBe(6)
  })
})
