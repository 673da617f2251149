import { describe, expect, it } from "vitest"
import { announcedLevels } from "../src/Availability.ts"
import type { LineRequest } from "../src/LineRules.ts"
import { defaultLocation, OrderId, type ReservationId } from "../src/Identity.ts"
import { memberReservationId } from "../src/Partition.ts"
import type { ReservationRequest } from "../src/Reservation.ts"
import type { GroupFate } from "../src/DueHolds.ts"
import { decide, evolve, type StockCommand } from "../src/StockRules.ts"
import type { StockState } from "../src/StockState.ts"
import { cancelled, confirm, denial, expire, order, placed, received, release, shelf, sku } from "./Shelf.ts"

let requests = 0
const ask = (request: Record<string, unknown>): StockCommand => {
  requests += 1
  return { _tag: "Request", request: { key: `h${requests}`, ...request } as unknown as ReservationRequest, unique: "x" }
}
const extend = (reservationId: ReservationId, ttlMillis: number) => ask({ verb: "extend", reservationId, ttlMillis })
const pin = (reservationId: ReservationId) => ask({ verb: "pin", reservationId })
const unpin = (reservationId: ReservationId, more = {}) => ask({ verb: "unpin", reservationId, ...more })

describe("a hold that is extended", () => {
  it("lives from now on as long as was said, and is never shortened", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    const id = granted(2)
    expect(when(extend(id, 1_000), 400).answer).toMatchObject({ status: "extended", quantity: 2, expiresAt: 1_400 })
    expect(when(extend(id, 100), 500)).toMatchObject({ changes: [], answer: { status: "extended", expiresAt: 1_400 } })
    expect(when(expire, 1_399).changes).toEqual([])
    expect(when(expire, 1_400).changes).toHaveLength(1)
    expect(level().held).toBe(0)
  })

  it("is denied once it has ended", () => {
    const { when, granted } = shelf(received({ quantity: 5 }))
    const [expired, released] = [granted(1), granted(1)]
    when(release(released))
    expect(denial(when(extend(released, 1_000)).answer)).toBe("reservation_ended")
    expect(denial(when(extend(expired, 1_000), 1_000).answer)).toBe("reservation_expired")
    expect(denial(when(pin(expired), 1_000).answer)).toBe("reservation_expired")
    expect(denial(when(pin("r00-never" as ReservationId)).answer)).toBe("unknown_reservation")
  })
})

describe("a hold that is pinned", () => {
  it("does not expire until it is unpinned, and then lives as long as is said", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    const id = granted(2)
    const pinned = when(pin(id), 900)
    expect(pinned.answer).toEqual({ status: "pinned", reservationId: id, sku, quantity: 2, version: 3 })
    expect(pinned.changes).toMatchObject([{ kind: "reservation.pinned", held: 0, expiresAt: Infinity }])
    expect(when(pin(id), 950).changes).toEqual([])
    expect(when(expire, 1e12).changes).toEqual([])
    expect(when(unpin(id, { ttlMillis: 500 }), 1e12).answer).toMatchObject({
      status: "unpinned",
      expiresAt: 1e12 + 500
    })
    expect(when(unpin(id, { ttlMillis: 9_000 }), 1e12).changes).toEqual([])
    expect(when(expire, 1e12 + 500).changes).toHaveLength(1)
    expect(level().held).toBe(0)
  })

  it("ends once, even when it is given the end that it had before", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    const id = granted(2)
    when(pin(id), 0)
    when(unpin(id, { ttlMillis: 1_000 }), 0)
    expect(when(expire, 1_000).changes).toHaveLength(1)
    expect(level().held).toBe(0)
  })

  it("lives ten minutes after it is unpinned when nothing is said", () => {
    const { when, granted } = shelf(received({ quantity: 5 }))
    const id = granted(2)
    when(pin(id))
    expect(when(unpin(id), 5).answer).toMatchObject({ expiresAt: 600_005 })
  })
})

describe("a hold that is confirmed in part", () => {
  it("keeps the rest under the same id, to the same end", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    const id = granted(4)
    expect(when(confirm(id, { orderId: order, quantity: 1 })).answer).toMatchObject({
      status: "confirmed",
      quantity: 1,
      left: 3
    })
    expect(level()).toEqual({ onHand: 5, committed: 1, held: 3 })
    expect(denial(when(confirm(id, { orderId: order, quantity: 4 })).answer)).toBe("exceeds_hold")
    expect(when(expire, 1_000).changes).toMatchObject([{ kind: "reservation.expired", held: -3 }])
    expect(level()).toEqual({ onHand: 5, committed: 1, held: 0 })
  })

  it("ends with its last unit", () => {
    const { when, level, granted } = shelf(received({ quantity: 5 }))
    const id = granted(2)
    when(confirm(id, { orderId: order, quantity: 1 }))
    const last = when(confirm(id, { orderId: order, quantity: 1 })).answer
    expect(last).toMatchObject({ status: "confirmed", quantity: 1 })
    expect(last).not.toHaveProperty("left")
    expect(denial(when(release(id)).answer)).toBe("reservation_ended")
    expect(level()).toEqual({ onHand: 5, committed: 2, held: 0 })
  })

  it("gives what is left to the order that names it", () => {
    const { when, level, granted } = shelf(received({ quantity: 9 }))
    const id = granted(4)
    when(confirm(id, { orderId: OrderId.make("other"), quantity: 1 }))
    when(placed({ quantity: 4, reservationId: id }))
    expect(level()).toEqual({ onHand: 9, committed: 5, held: 0 })
  })
})

describe("units under guard", () => {
  const guarded = (state: StockState) => announcedLevels(state).map((level) => level.guarded)

  it("are flagged for as long as they are held, and lower what is available like all held units", () => {
    const { state, when, level, granted } = shelf(received({ quantity: 9 }))
    expect(guarded(state)).toEqual([undefined])
    const [one, other] = [granted(2, { guard: true }), granted(3, { guard: true })]
    granted(1)
    expect(level().held).toBe(6)
    expect(announcedLevels(state)).toEqual([{ locationId: "main", onHand: 9, committed: 0, held: 6, guarded: 5 }])
    when(confirm(one, { orderId: order, quantity: 1 }))
    when(release(other))
    expect(guarded(state)).toEqual([1])
    when(expire, 1_000)
    expect(guarded(state)).toEqual([undefined])
    expect(level().held).toBe(0)
  })
})

describe("a hold that belongs to a group", () => {
  const reservationId = memberReservationId(sku, { group: "0".repeat(32), attempt: 1, line: 0 })
  const hold: LineRequest = {
    ask: "hold",
    reservationId,
    sku,
    locationId: defaultLocation,
    quantity: 2,
    partial: false,
    expiresAt: 1_000,
    deadline: 500
  }
  const line = (request: LineRequest): StockCommand => ({ _tag: "Line", request })
  const held = () => {
    const known = shelf(received({ quantity: 5 }))
    known.when(line(hold))
    return known
  }

  it("is held once, however often it is asked for, and not again once it has ended", () => {
    const { when, level } = held()
    expect(when(line(hold), 900)).toMatchObject({ changes: [], answer: { status: "granted", quantity: 2 } })
    when(line({ ask: "release", reservationId }))
    expect(level().held).toBe(0)
    expect(denial(when(line(hold)).answer)).toBe("reservation_ended")
    expect(denial(when(line({ ask: "release", reservationId })).answer)).toBe("reservation_ended")
  })

  it("is not held past the deadline of its group", () => {
    const { when } = shelf(received({ quantity: 5 }))
    expect(denial(when(line(hold), 500).answer)).toBe("too_late")
    expect(denial(when(line({ ...hold, expiresAt: 100 }), 100).answer)).toBe("too_late")
  })

  it("takes what there is when that is welcome, but at least one unit", () => {
    const { when } = shelf(received({ quantity: 5 }))
    expect(when(line({ ...hold, quantity: 9, partial: true })).answer).toMatchObject({ status: "granted", quantity: 5 })
    const other = memberReservationId(sku, { group: "0".repeat(32), attempt: 1, line: 1 })
    const more = when(line({ ...hold, reservationId: other, partial: true })).answer
    expect(more).toMatchObject({ status: "denied", reason: "insufficient_stock", available: 0 })
  })

  it.each([confirm, release, pin, unpin])("is left to its group", (request) => {
    const { when } = held()
    expect(denial(when(request(reservationId)).answer)).toBe("part_of_group")
  })

  it("does not expire unless its group says so", () => {
    const { state, level } = held()
    const follow = (now: number, fate?: GroupFate) => {
      const fates = new Map(fate === undefined ? [] : [[reservationId as string, fate]])
      const { changes } = decide(state, { _tag: "Expire" }, now, undefined, fates)
      for (const change of changes) evolve(state, change)
      return changes.map(({ kind }) => kind)
    }
    expect(follow(1_000)).toEqual([])
    expect(follow(1_000, { fate: "live", until: 2_000 })).toEqual(["reservation.extended"])
    expect(follow(1_999)).toEqual([])
    expect(follow(2_000, { fate: "confirm", orderId: order })).toEqual(["reservation.confirmed"])
    expect(level()).toEqual({ onHand: 5, committed: 2, held: 0 })
  })

  it("is answered as what was due in the same decision left it", () => {
    const told = (fate: GroupFate, request: LineRequest) => {
      const { state } = held()
      const { answer, changes } = decide(state, line(request), 1_000, undefined, new Map([[reservationId, fate]]))
      return { answer, kinds: changes.map(({ kind }) => kind) }
    }
    const release: LineRequest = { ask: "release", reservationId }
    expect(denial(told({ fate: "confirm", orderId: order }, release).answer)).toBe("reservation_ended")
    expect(denial(told({ fate: "expire" }, release).answer)).toBe("reservation_expired")
    const live = told({ fate: "live", until: Infinity }, { ask: "live", reservationId, until: Infinity })
    expect(live.kinds).toEqual(["reservation.pinned"])
  })

  it("is consumed by an order that names it, and stays committed when its group ends", () => {
    const { when, level } = held()
    when(placed({ quantity: 2, reservationId }))
    expect(denial(when(line({ ask: "release", reservationId })).answer)).toBe("reservation_ended")
    expect(level().committed).toBe(2)
    when(cancelled({}))
    expect(level().committed).toBe(0)
  })
})
