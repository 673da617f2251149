/**
 * Goal: a group of holds says one thing only, whatever its lines answer and whoever writes to it. Method: examples, and
 * invented histories in which several coordinators work on one register at once, each stopped anywhere.
 */
import { describe, expect, it } from "vitest"
import {
  answerGroup,
  fateOf,
  followUps,
  hasHeard,
  holdRequests,
  overdue,
  restarted,
  settled,
  verdict
} from "../src/GroupRules.ts"
import { IdempotencyKey, LocationId, OrderId, ReservationId, Sku } from "../src/Identity.ts"
import type { LineRequest } from "../src/LineRules.ts"
import { dueMembers } from "../src/DueHolds.ts"
import { groupReservationId, membershipOf } from "../src/Partition.ts"
import type { ReservationAnswer } from "../src/Reservation.ts"
import { demandOf, type GroupChange, type GroupRequest, type ReservationGroup } from "../src/ReservationGroup.ts"
import { decide, evolve, type StockCommand } from "../src/StockRules.ts"
import { emptyState, levelAt, type StockState } from "../src/StockState.ts"
import { Random } from "../src/testing/Random.ts"
import { received } from "./Shelf.ts"

const id = "0123456789abcdef0123456789abcdef"
const key = IdempotencyKey.make("k")
const main = LocationId.make("main")
const [a, b, c] = ["A", "B", "C"].map((sku) => Sku.make(sku)) as [Sku, Sku, Sku]

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

/** One register, the stock of three SKUs, and several who work on the register, each with a copy that may be old. */
class Shop {
  readonly states: ReadonlyArray<StockState>
  register: ReservationGroup
  /** every grant and end that was ever written */
  readonly written: Array<string> = []
  now = 0
  private readonly random: Random

  constructor(seed: number) {
    this.random = new Random(seed)
    this.states = [a, b, c].map((sku) => {
      const state = emptyState(sku)
      const quantity = this.random.whole(1, 4)
      for (const change of decide(state, received({ quantity }), 0).changes) evolve(state, change)
      return state
    })
    const lines = [a, b, c].map((sku) => ({ sku, quantity: this.random.whole(1, 3) }))
    this.register = { ...pending(this.random.chance(0.3)), lines: demandOf({ lines }), orderId: OrderId.make("o") }
  }

  /** As the database does it. */
  write({ group, when }: GroupChange): boolean {
    const isDue = this.register.dueAt <= this.now
    if (group.revision !== this.register.revision + 1 || (when !== undefined && isDue !== (when === "due")))
      return false
    if (group.status === "granted" && this.register.status !== "granted") this.written.push("granted")
    if (group.ended !== undefined && this.register.ended === undefined) this.written.push(group.ended)
    this.register = group
    return true
  }

  /** Asks a line, unless the message is lost; the answer may be lost too. */
  ask(sku: Sku, request: LineRequest): ReservationAnswer | undefined {
    if (this.random.chance(0.1)) return undefined
    const state = this.states.find((one) => one.sku === sku)!
    const answer = this.decide(state, { _tag: "Line", request })
    return this.random.chance(0.1) ? undefined : answer
  }

  /** As the owner of the partition does it: due holds ask first. */
  decide(state: StockState, command: StockCommand): ReservationAnswer | undefined {
    const fates = new Map<string, ReturnType<typeof fateOf>>()
    for (const held of dueMembers(state, this.now)) {
      const change = this.register.dueAt <= this.now ? overdue(this.register) : undefined
      if (change !== undefined) this.write(change)
      fates.set(held, fateOf(this.register, membershipOf(held)!))
    }
    const { changes, answer } = decide(state, command, this.now, undefined, fates)
    for (const change of changes) evolve(state, change)
    return answer
  }

  /** One who works on the register in steps, and may stop after any. */
  *worker(): Generator<void> {
    const { random } = this
    for (let turn = 0; turn < 3; turn++) {
      const group = this.register
      yield
      if (group.status === "pending" && this.now < group.dueAt) {
        const answers: Array<ReservationAnswer | undefined> = []
        for (const [line, request] of holdRequests(group).entries()) {
          answers[line] = this.ask(group.lines[line]!.sku, request)
          if (random.chance(0.5)) yield
        }
        const change = verdict(group, answers)
        if (!this.write(change)) yield* this.tell(this.register)
        else if (change.group.status !== "granted") yield* this.settle(change.group)
      } else if (group.status === "granted" && group.ended === undefined && this.now < group.expiresAt) {
        const verb = random.pick(["confirm", "release", "extend", "pin", "unpin"] as const)
        const request = { verb, key, reservationId, ttlMillis: 500 } as GroupRequest
        const { change } = answerGroup(group, request, this.now)
        yield
        if (change !== undefined && this.write(change)) yield* this.settle(change.group)
      } else yield* this.sweep(group)
    }
  }

  *sweep(group: ReservationGroup): Generator<void> {
    const change = group.dueAt <= this.now ? overdue(group) : undefined
    if (change !== undefined && !this.write(change)) return
    yield
    const closed = change?.group ?? group
    if (closed.status === "pending" || (closed.status === "granted" && closed.ended === undefined)) return
    if (!closed.settled) yield* this.settle(closed)
    else if (closed.status === "aborted") this.write(restarted(closed, this.now))
  }

  *tell(group: ReservationGroup): Generator<void> {
    if (group.status !== "pending") yield* this.settle(group)
  }

  *settle(group: ReservationGroup): Generator<void> {
    let heard = true
    for (const request of followUps(group)) {
      const sku = group.lines[Number(request.reservationId.split("-").at(-1))]!.sku
      heard = hasHeard(this.ask(sku, request)) && heard
      if (this.random.chance(0.5)) yield
    }
    if (heard && (group.status !== "granted" || group.ended !== undefined)) this.write(settled(group))
  }

  run(): void {
    const workers = Array.from({ length: 4 }, () => this.worker())
    for (let step = 0; step < 60; step++) {
      this.now += this.random.pick([0, 0, 0, 10, 100])
      const worker = this.random.pick(workers)
      // some are killed, and another comes in their place
      if (worker.next().done === true || this.random.chance(0.05)) workers[workers.indexOf(worker)] = this.worker()
    }
    for (let sweeps = 0; sweeps < 100 && !this.register.settled; sweeps++) {
      this.now = Math.max(this.now, Math.min(this.register.dueAt, this.now + 2_000))
      const { change } = answerGroup(this.register, { verb: "unpin", key, reservationId, ttlMillis: 100 }, this.now)
      if (change !== undefined) this.write(change)
      for (const _ of this.sweep(this.register)) {
        // nobody disturbs the last one
      }
    }
    // what was held for somebody who was late and then killed
    this.now += 10_000
    for (const state of this.states) this.decide(state, { _tag: "Expire" })
  }
}

describe("several who work on one group at once", () => {
  it("leave nothing held and nothing in part, and end it once", () => {
    const met = new Map<string, number>()
    for (let seed = 1; seed <= 5_000; seed++) {
      const shop = new Shop(seed)
      shop.run()
      const { register, states, written } = shop
      const said = `seed ${seed}: ${JSON.stringify(register)}, ${written.join(", ")}`
      expect(register.settled, said).toBe(true)
      expect(written.length, said).toBeLessThanOrEqual(2)
      for (const state of states) {
        const { held, committed, onHand } = levelAt(state, main)!
        const line = register.lines.find(({ sku }) => sku === state.sku)!
        expect(held, said).toBe(0)
        expect(committed, said).toBe(register.ended === "confirmed" ? line.granted : 0)
        expect(committed, said).toBeLessThanOrEqual(onHand)
      }
      const end = register.ended ?? register.status
      met.set(end, (met.get(end) ?? 0) + 1)
    }
    for (const end of ["confirmed", "released", "expired", "denied", "aborted"])
      expect(met.get(end) ?? 0, end).toBeGreaterThan(50)
  })
})
