/** How a group of holds changes, by examples; what many who work on one at once make of it: `GroupRules.property.test.ts`. */
import { describe, expect, it } from "vitest"
import { answerGroup, fateOf, overdue, verdict } from "../src/GroupRules.ts"
import { IdempotencyKey, LocationId, OrderId, ReservationId, Sku } from "../src/Identity.ts"
import { groupReservationId } from "../src/Partition.ts"
import type { ReservationAnswer } from "../src/Reservation.ts"
import { demandOf, type GroupRequest, type ReservationGroup } from "../src/ReservationGroup.ts"

const id = "0123456789abcdef0123456789abcdef"
const key = IdempotencyKey.make("k")
const [a, b] = ["A", "B"].map((sku) => Sku.make(sku)) as [Sku, Sku]

const pending = (partial = false): ReservationGroup => ({
  id,
  revision: 1,
  body: id,
  lines: demandOf({ lines: [a, b].map((sku) => ({ sku, quantity: 2 })) }),
  partial,
  guard: false,
  orderId: undefined,
  channel: undefined,
  ttlMillis: 1_000,
  attempt: 1,
  status: "pending",
  ended: undefined,
  expiresAt: 1_000,
  dueAt: 1_000,
  answer: undefined,
  settled: false
})

const grantedOf = (quantity: number): ReservationAnswer => ({
  status: "granted",
  reservationId: ReservationId.make("r00-x"),
  sku: a,
  quantity,
  version: 1,
  expiresAt: 1_000
})
const short: ReservationAnswer = { status: "denied", reason: "insufficient_stock", available: 1 }
const late: ReservationAnswer = { status: "denied", reason: "too_late" }

const granted = verdict(pending(), [grantedOf(2), grantedOf(2)]).group
const reservationId = groupReservationId(id)
const confirm: GroupRequest = { verb: "confirm", key, reservationId, orderId: OrderId.make("o") }

describe("the demand of a reservation", () => {
  it("is summed per SKU and location, in one order", () => {
    const east = LocationId.make("east")
    const lines = [
      { sku: b, quantity: 1 },
      { sku: a, quantity: 2 },
      { sku: b, quantity: 3 },
      { sku: b, quantity: 4, locationId: east }
    ]
    const demand = demandOf({ lines })
    expect(demand.map(({ sku, locationId, requested }) => [sku, locationId, requested])).toEqual([
      ["A", "main", 2],
      ["B", "east", 4],
      ["B", "main", 4]
    ])
    expect(demandOf({ lines: lines.toReversed() })).toEqual(demand)
  })
})

describe("a group", () => {
  it.each([
    ["granted when every line is", false, [grantedOf(2), grantedOf(2)], "granted"],
    ["denied when a line is", false, [grantedOf(2), short], "denied"],
    ["denied when a line is, whatever the other would say", false, [undefined, short], "denied"],
    ["aborted when a line does not answer", false, [grantedOf(2), undefined], "aborted"],
    ["aborted when a line was asked too late", false, [grantedOf(2), late], "aborted"],
    ["granted in part where that is welcome", true, [grantedOf(1), short], "granted"],
    ["denied in part when nothing is there", true, [short, short], "denied"],
    ["aborted in part when a line does not answer", true, [grantedOf(1), undefined], "aborted"]
  ] as const)("is %s", (_, partial, answers, status) => {
    expect(verdict(pending(partial), answers).group.status).toBe(status)
  })

  it("is granted only before its deadline, and nothing else waits for that", () => {
    expect(verdict(pending(), [grantedOf(2), grantedOf(2)]).when).toBe("not due")
    expect(verdict(pending(), [grantedOf(2), short]).when).toBeUndefined()
  })

  it("has nothing left to do when it is denied and no line holds anything", () => {
    expect(verdict(pending(), [short, short]).group.settled).toBe(true)
    expect(verdict(pending(), [grantedOf(2), short]).group.settled).toBe(false)
    expect(verdict(pending(), [undefined, short]).group.settled).toBe(false)
  })

  it("ends once", () => {
    const { change, answer } = answerGroup(granted, confirm, 500)
    expect(answer).toMatchObject({ status: "confirmed", orderId: "o", lines: [{ quantity: 2 }, { quantity: 2 }] })
    expect(change!.when).toBe("not due")
    const release: GroupRequest = { verb: "release", key, reservationId }
    expect(answerGroup(change!.group, release, 500).answer).toEqual({ status: "denied", reason: "reservation_ended" })
    expect(answerGroup(granted, confirm, 1_000).answer).toEqual({ status: "denied", reason: "reservation_expired" })
    expect(answerGroup(overdue(granted)!.group, confirm, 500).answer).toMatchObject({ reason: "reservation_expired" })
    expect(answerGroup(pending(), confirm, 500).answer).toMatchObject({ reason: "unknown_reservation" })
    expect(answerGroup(undefined, confirm, 500).answer).toMatchObject({ reason: "unknown_reservation" })
  })

  it("is confirmed whole and for an order", () => {
    const { orderId: _, ...orderless } = confirm
    expect(answerGroup(granted, orderless, 500).answer).toMatchObject({ reason: "order_required" })
    expect(answerGroup(granted, { ...confirm, quantity: 1 }, 500).answer).toMatchObject({ reason: "part_of_group" })
  })

  it("is extended but never shortened, and lives until it is unpinned", () => {
    const extend = (ttlMillis: number): GroupRequest => ({ verb: "extend", key, reservationId, ttlMillis })
    expect(answerGroup(granted, extend(100), 500)).toMatchObject({ answer: { expiresAt: 1_000 } })
    expect(answerGroup(granted, extend(100), 500).change).toBeUndefined()
    expect(answerGroup(granted, extend(900), 500).change!.group).toMatchObject({ expiresAt: 1_400, dueAt: 1_400 })
    const pinned = answerGroup(granted, { verb: "pin", key, reservationId }, 500).change!.group
    expect(pinned).toMatchObject({ expiresAt: Infinity, dueAt: Infinity })
    const unpin: GroupRequest = { verb: "unpin", key, reservationId, ttlMillis: 300 }
    expect(answerGroup(pinned, unpin, 5_000).change!.group).toMatchObject({ expiresAt: 5_300 })
    expect(answerGroup(granted, unpin, 500).change).toBeUndefined()
  })

  it("says what becomes of a hold that is due", () => {
    const confirmed = answerGroup(granted, confirm, 500).change!.group
    const first = { group: id, attempt: 1, line: 0 }
    expect(fateOf(confirmed, first)).toEqual({ fate: "confirm", orderId: "o" })
    expect(fateOf(granted, first)).toEqual({ fate: "live", until: 1_000 })
    for (const group of [overdue(granted)!.group, overdue(pending())!.group, undefined])
      expect(fateOf(group, first)).toEqual({ fate: "expire" })
    expect(fateOf(confirmed, { ...first, attempt: 2 })).toEqual({ fate: "expire" })
    const inPart = verdict(pending(true), [grantedOf(2), short]).group
    expect(fateOf(answerGroup(inPart, confirm, 500).change!.group, { ...first, line: 1 })).toEqual({ fate: "expire" })
  })
})
