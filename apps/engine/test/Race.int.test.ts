/**
 * Goal: requests that race for the same units are decided one after another, as if there were only one of them at a time. Method: many
 * clients over NATS; every answer names the version of the SKU at which it was decided, and the ledger says what happened at each. An
 * answer that contradicts the ledger, or versions that contradict who was answered before whom asked, is a failure.
 */
import { Random } from "@holdfast/domain/testing/Random"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { EngineHarness, type Answer } from "./EngineHarness.ts"

interface Operation {
  readonly verb: "reserve" | "confirm" | "release"
  readonly quantity: number
  readonly reservationId?: string
  readonly answer: Answer
  /** order in which questions left and answers came, by one counter */
  readonly asked: number
  readonly answered: number
}

interface LedgerRow {
  readonly version: number
  readonly kind: string
  readonly reservation_id: string | null
  readonly held: number
  /** signed units by which the change moved what is available */
  readonly moved: number
}

const seed = Number(process.env["HOLDFAST_SEED"] ?? 17)

describe("the engine", () => {
  let harness: EngineHarness
  let clock = 0
  let keys = 0
  const operations: Array<Operation> = []

  beforeAll(async () => {
    harness = await EngineHarness.start()
    await harness.startEngine()
  }, 60_000)

  afterAll(() => harness.stop())

  const receive = async (sku: string, quantity: number) => {
    const id = `receipt-${++keys}`
    await harness.publish({ id, type: "goods.received", data: { putaway: "done", lines: [{ sku, quantity }] } })
    await vi.waitFor(
      async () =>
        expect(
          (await harness.sql`select 1 from ledger where cause_id = ${id} and kind = 'goods.received'`).length
        ).toBe(1),
      { timeout: 10_000, interval: 20 }
    )
  }

  /** Asks until it is heard: busy is no answer. */
  const hear = async (verb: Operation["verb"], body: object): Promise<Answer> => {
    for (;;) {
      const answer = await harness.request(verb, body)
      if (answer["status"] !== "busy") return answer
    }
  }

  const operate = async (
    verb: Operation["verb"],
    body: { quantity?: number; reservationId?: string; orderId?: string }
  ): Promise<Answer> => {
    const asked = ++clock
    const answer = await hear(verb, { key: `race-${++keys}`, ...body })
    const { quantity = 0, reservationId } = body
    operations.push({
      verb,
      quantity,
      ...(reservationId === undefined ? {} : { reservationId }),
      answer,
      asked,
      answered: ++clock
    })
    return answer
  }

  /** Reserves, and does with its own holds what clients do, also too late and twice. */
  const client = async (random: Random, sku: string, turns: number): Promise<void> => {
    const mine: Array<string> = []
    for (let turn = 0; turn < turns; turn++) {
      const verb = mine.length === 0 ? "reserve" : random.weighted({ reserve: 5, confirm: 3, release: 3 })
      if (verb === "reserve") {
        const body = { sku, quantity: random.whole(1, 3), ttlMillis: random.pick([100, 150, 400, 60_000]) }
        const answer = await operate("reserve", body)
        if (answer["status"] === "granted") mine.push(String(answer["reservationId"]))
      } else {
        const reservationId = random.pick(mine)
        if (random.chance(0.7)) mine.splice(mine.indexOf(reservationId), 1)
        await operate(
          verb,
          verb === "confirm" ? { reservationId, orderId: `order-${reservationId}` } : { reservationId }
        )
      }
    }
  }

  const ledgerOf = async (sku: string): Promise<ReadonlyArray<LedgerRow>> =>
    (await harness.sql`select version, kind, reservation_id, held, on_hand - committed - held as moved from ledger
      where sku = ${sku} order by version`) as unknown as ReadonlyArray<LedgerRow>

  it("grants one unit to one of many who ask at the same moment, every time", async () => {
    const skus = Array.from({ length: 40 }, (_, i) => `SINGLE-${i}`)
    await Promise.all(skus.map((sku) => receive(sku, 1)))
    const rounds = await Promise.all(
      skus.map((sku) =>
        Promise.all(Array.from({ length: 25 }, (_, i) => hear("reserve", { key: `${sku}-${i}`, sku, quantity: 1 })))
      )
    )
    for (const answers of rounds) {
      const statuses = answers.map(({ status, reason }) => reason ?? status)
      expect(statuses.filter((status) => status === "granted")).toHaveLength(1)
      expect(statuses.filter((status) => status === "insufficient_stock")).toHaveLength(24)
    }
  }, 60_000)

  it("is linearizable for two hundred clients of one SKU, with holds that are confirmed, released and expire", async () => {
    const sku = "HOT"
    await receive(sku, 60)
    const random = new Random(seed)
    const clients = Array.from({ length: 200 }, () => client(new Random(random.whole(1, 2 ** 31)), sku, 25))
    const supply = (async () => {
      for (let i = 0; i < 20; i++) await receive(sku, 10)
    })()
    await Promise.all([...clients, supply])
    const rows = await ledgerOf(sku)
    judgeAnswers(rows)
    judgeRealTime()
    const grants = operations.filter(({ answer }) => answer["status"] === "granted")
    const kinds = new Set(rows.map(({ kind }) => kind))
    expect(new Set(grants.map(({ answer }) => answer["reservationId"])).size).toBe(grants.length)
    expect(rows.filter(({ kind }) => kind === "reservation.granted")).toHaveLength(grants.length)
    for (const end of ["confirmed", "released", "expired"]) expect(kinds).toContain(`reservation.${end}`)
    expect((await harness.verify()).findings).toEqual([])
  }, 120_000)

  /** Each answer must be what the ledger says of the version that it names. */
  const judgeAnswers = (rows: ReadonlyArray<LedgerRow>): void => {
    const availableAt = [0]
    const endedAt = new Map<string, LedgerRow>()
    for (const row of rows) {
      availableAt[row.version] = availableAt[row.version - 1]! + row.moved
      if (row.reservation_id !== null && row.kind !== "reservation.granted") endedAt.set(row.reservation_id, row)
    }
    for (const { verb, quantity, reservationId, answer } of operations) {
      const version = Number(answer["version"])
      const row = rows[version - 1]
      const what = `seed ${seed}: ${verb} ${JSON.stringify(answer)}`
      if (answer["status"] === "granted") {
        expect(row, what).toMatchObject({
          kind: "reservation.granted",
          reservation_id: answer["reservationId"],
          held: quantity
        })
        expect(availableAt[version - 1], what).toBeGreaterThanOrEqual(quantity)
      } else if (answer["status"] === "confirmed" || answer["status"] === "released") {
        expect(row, what).toMatchObject({ kind: `reservation.${answer["status"]}`, reservation_id: reservationId })
      } else if (answer["reason"] === "insufficient_stock") {
        expect(answer["available"], what).toBe(availableAt[version])
        expect(availableAt[version], what).toBeLessThan(quantity)
      } else {
        const end = endedAt.get(reservationId!)
        expect(answer["reason"], what).toBe(
          end?.kind === "reservation.expired" ? "reservation_expired" : "reservation_ended"
        )
        expect(end!.version, what).toBeLessThanOrEqual(version)
      }
    }
  }

  /** Who asked after somebody else had been answered must have been decided at that version or later. */
  const judgeRealTime = (): void => {
    const byAsked = operations.toSorted((a, b) => a.asked - b.asked)
    const byAnswered = operations.toSorted((a, b) => a.answered - b.answered)
    let heard = 0
    let newest = 0
    for (const { asked, answer, verb } of byAsked) {
      for (; heard < byAnswered.length && byAnswered[heard]!.answered < asked; heard++)
        newest = Math.max(newest, Number(byAnswered[heard]!.answer["version"]))
      const changes = answer["status"] !== "denied"
      const version = Number(answer["version"])
      expect(
        changes ? version - 1 : version,
        `seed ${seed}: ${verb} ${JSON.stringify(answer)} after version ${newest}`
      ).toBeGreaterThanOrEqual(newest)
    }
  }
})
