/**
 * Goal: an order of several SKUs is reserved whole or not at all, and never beyond what is there.
 * Method: an engine on real servers, many orders at once over few SKUs; the database is asked afterwards.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { EngineHarness, type Answer, type RunningEngine } from "./EngineHarness.ts"

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 })

describe("a reservation of several SKUs", () => {
  let harness: EngineHarness
  let engine: RunningEngine
  let keys = 0
  beforeAll(async () => {
    harness = await EngineHarness.start()
    engine = await harness.startEngine()
  })
  afterAll(() => harness.stop())

  type Verb = Parameters<RunningEngine["ask"]>[0]
  const ask = (verb: Verb, request: object): Promise<Answer> => {
    keys += 1
    return engine.ask(verb, { key: `k${keys}`, ...request })
  }
  const receive = async (units: Readonly<Record<string, number>>): Promise<void> => {
    const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }))
    await harness.publish({ id: `r-${lines[0]!.sku}`, type: "goods.received", data: { putaway: "done", lines } })
    for (const { sku, quantity } of lines) await untilAvailable(sku, quantity)
  }
  const untilAvailable = (sku: string, available: number) =>
    until(async () => expect(await engine.ask("availability", { sku })).toMatchObject({ available }))
  const level = async (sku: string): Promise<unknown> => {
    const [row] = await harness.sql`select committed, held from stock_level where sku = ${sku}`
    return row
  }
  const unsettled = async (): Promise<number> =>
    (await harness.sql`select 1 from reservation_group where not settled and status <> 'granted'`).length
  const sound = async (): Promise<void> => {
    await until(async () => expect(await unsettled()).toBe(0))
    expect((await harness.verify()).findings).toEqual([])
  }

  it("holds every line, sums lines of one SKU, and is confirmed as one", async () => {
    await receive({ A: 5, B: 5, C: 5 })
    const lines = [
      { sku: "B", quantity: 2 },
      { sku: "A", quantity: 1 },
      { sku: "B", quantity: 3 }
    ]
    const granted = await engine.ask("reserve", { key: "whole", lines })
    expect(granted).toMatchObject({
      status: "granted",
      reservationId: expect.stringMatching(/^g[0-9a-f]{32}$/),
      lines: [
        { sku: "A", locationId: "main", requested: 1, quantity: 1, reservationId: expect.stringMatching(/^r\d\d-g/) },
        { sku: "B", locationId: "main", requested: 5, quantity: 5, reservationId: expect.stringMatching(/^r\d\d-g/) }
      ]
    })
    expect(await engine.ask("reserve", { key: "whole", lines })).toEqual(granted)
    const { reservationId } = granted
    const confirm = { key: "whole-buy", reservationId, orderId: "o1" }
    const confirmed = await engine.ask("confirm", confirm)
    expect(confirmed).toMatchObject({ status: "confirmed", orderId: "o1", lines: [{ quantity: 1 }, { quantity: 5 }] })
    expect(await engine.ask("confirm", confirm)).toEqual(confirmed)
    expect(await ask("release", { reservationId })).toEqual({ status: "denied", reason: "reservation_ended" })
    await until(async () => expect(await level("B")).toEqual({ committed: 5, held: 0 }))
    expect(await level("A")).toEqual({ committed: 1, held: 0 })
    await sound()
  })

  it("is denied whole, naming what is missing, and holds nothing afterwards", async () => {
    await receive({ D: 5, E: 1 })
    const lines = ["D", "E", "nothing"].map((sku) => ({ sku, quantity: 2 }))
    const request = { key: "short", lines }
    const denied = await engine.ask("reserve", request)
    expect(denied).toMatchObject({
      status: "denied",
      reason: "insufficient_stock",
      lines: [
        { sku: "E", requested: 2, reason: "insufficient_stock", available: 1 },
        { sku: "nothing", requested: 2, reason: "unknown_sku" }
      ]
    })
    expect(await engine.ask("reserve", request)).toEqual(denied)
    await untilAvailable("D", 5)
    await sound()
  })

  it("takes what there is when that is welcome, and is denied when that is nothing", async () => {
    await receive({ F: 3 })
    const lines = ["F", "nothing"].map((sku) => ({ sku, quantity: 5 }))
    const granted = await ask("reserve", { lines, partial: true })
    expect(granted).toMatchObject({
      status: "granted",
      lines: [
        { sku: "F", requested: 5, quantity: 3 },
        { sku: "nothing", requested: 5, quantity: 0 }
      ]
    })
    expect(await ask("reserve", { lines, partial: true })).toMatchObject({
      status: "denied",
      reason: "insufficient_stock"
    })
    expect(await ask("release", { reservationId: granted["reservationId"] })).toMatchObject({ status: "released" })
    await untilAvailable("F", 3)
    await sound()
  })

  it("lets nobody end one line alone", async () => {
    await receive({ G: 3, H: 3 })
    const granted = await ask("reserve", { lines: ["G", "H"].map((sku) => ({ sku, quantity: 1 })) })
    const [line] = granted["lines"] as ReadonlyArray<{ reservationId: string }>
    for (const verb of ["release", "confirm", "pin"] as const)
      expect(
        await ask(verb, { reservationId: line!.reservationId, ...(verb === "confirm" ? { orderId: "x" } : {}) })
      ).toMatchObject({
        status: "denied",
        reason: "part_of_group"
      })
    await ask("release", { reservationId: granted["reservationId"] })
    await sound()
  })

  it("expires as one, unless it is extended or pinned", async () => {
    await receive({ I: 3, J: 3 })
    const lines = ["I", "J"].map((sku) => ({ sku, quantity: 1 }))
    const [short, long, pinned] = await Promise.all(
      [300, 300, 300].map((ttlMillis) => ask("reserve", { lines, ttlMillis }))
    )
    expect(await ask("extend", { reservationId: long!["reservationId"], ttlMillis: 2_500 })).toMatchObject({
      status: "extended"
    })
    expect(await ask("pin", { reservationId: pinned!["reservationId"] })).toMatchObject({ status: "pinned" })
    await untilAvailable("I", 1)
    expect(await ask("confirm", { reservationId: short!["reservationId"], orderId: "x" })).toEqual({
      status: "denied",
      reason: "reservation_expired"
    })
    await untilAvailable("J", 2)
    await new Promise((resolve) => setTimeout(resolve, 700))
    await untilAvailable("I", 2)
    const { reservationId } = pinned!
    expect(await ask("unpin", { reservationId, ttlMillis: 200 })).toMatchObject({ status: "unpinned" })
    await untilAvailable("I", 3)
    await untilAvailable("J", 3)
    await sound()
  })

  it("hears that its key was used, whoever used it, even at the same moment", async () => {
    await receive({ K: 9, L: 9 })
    const several = (key: string, sku: string) => engine.ask("reserve", { key, lines: [{ sku, quantity: 1 }] })
    const one = (key: string, sku: string) => engine.ask("reserve", { key, sku, quantity: 1 })
    const statuses = async (asked: ReadonlyArray<Promise<Answer>>) =>
      (await Promise.all(asked)).map((answer) => String(answer["status"])).toSorted((a, b) => (a < b ? -1 : 1))
    const both = ["granted", "key_reused"]
    expect(await statuses([several("s1", "K"), several("s1", "L")])).toEqual(both)
    expect(await statuses([one("s2", "K"), one("s2", "L")])).toEqual(both)
    expect(await statuses([one("s3", "K"), several("s3", "L")])).toEqual(both)
    expect(await several("s2", "K")).toMatchObject({ status: "key_reused" })
    expect(await one("s1", "K")).toMatchObject({ status: "key_reused" })
    expect(await statuses([one("s4", "K"), one("s4", "K")])).toEqual(["granted", "granted"])
    await sound()
  })

  it("never grants more than there is, however many ask at once", async () => {
    const skus = ["W", "X", "Y", "Z"]
    await receive({ W: 20, X: 30, Y: 40, Z: 50 })
    const orders = Array.from({ length: 200 }, (_, i) => {
      const lines = skus
        .filter((_, s) => (i >> s) % 2 === 0 || s === i % 4)
        .map((sku) => ({ sku, quantity: 1 + (i % 3) }))
      return { key: `many-${i}`, lines, partial: i % 10 === 0 }
    })
    const answers = await Promise.all(orders.map((order) => engine.ask("reserve", order)))
    expect(new Set(answers.map((answer) => answer["status"]))).toEqual(new Set(["granted", "denied"]))
    await sound()
    for (const sku of skus) {
      const answer = await engine.ask("availability", { sku })
      const units = answers.flatMap((granted) =>
        granted["status"] === "granted"
          ? (granted["lines"] as ReadonlyArray<{ sku: string; quantity: number }>).filter((line) => line.sku === sku)
          : []
      )
      const [{ held, available }] = answer["locations"] as [{ held: number; available: number }]
      expect(held).toBe(units.reduce((sum, line) => sum + line.quantity, 0))
      expect(available).toBeGreaterThanOrEqual(0)
    }
    const again = await Promise.all(orders.map((order) => engine.ask("reserve", order)))
    expect(again).toEqual(answers)
  })

  it("flags its units while they are held, when that is asked for, and after a restart too", async () => {
    await receive({ N: 9, O: 9 })
    const lines = ["N", "O"].map((sku) => ({ sku, quantity: 2 }))
    const guarded = await ask("reserve", { lines, guard: true })
    expect(guarded).toMatchObject({ status: "granted" })
    expect(await ask("reserve", { sku: "N", quantity: 3, guard: true })).toMatchObject({ status: "granted" })
    await ask("reserve", { sku: "N", quantity: 1 })
    const flagged = { available: 3, locations: [{ held: 6, guarded: 5, available: 3 }] }
    expect(await engine.ask("availability", { sku: "N" })).toMatchObject(flagged)
    await engine.stop()
    engine = await harness.startEngine()
    expect(await engine.ask("availability", { sku: "N" })).toMatchObject(flagged)
    await ask("release", { reservationId: guarded["reservationId"] })
    await until(async () =>
      expect(await engine.ask("availability", { sku: "N" })).toMatchObject({ locations: [{ held: 4, guarded: 3 }] })
    )
    await sound()
  })

  it("names every field that is wrong", async () => {
    expect(await ask("reserve", { lines: [] })).toMatchObject({ status: "invalid", errors: [{ field: "body.lines" }] })
    expect(await ask("reserve", { lines: [{ sku: "A", quantity: 0 }] })).toMatchObject({
      status: "invalid",
      errors: [{ field: "body.lines[0].quantity" }]
    })
    const many = Array.from({ length: 101 }, (_, i) => ({ sku: `M${i}`, quantity: 1 }))
    expect(await ask("reserve", { lines: many })).toMatchObject({
      status: "invalid",
      errors: [{ field: "body.lines" }]
    })
  })
})
