/**
 * Goal: a hold of one SKU lives as long as it was told to, and what is left of it is what was not confirmed.
 * Method: an engine on real servers; the database is asked afterwards.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { EngineHarness, type Answer, type RunningEngine } from "./EngineHarness.ts"

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 })

describe("a hold", () => {
  let harness: EngineHarness
  let engine: RunningEngine
  let keys = 0
  beforeAll(async () => {
    harness = await EngineHarness.start()
    engine = await harness.startEngine()
    await harness.publish({
      id: "receipt",
      type: "goods.received",
      data: { putaway: "done", lines: ["A", "B"].map((sku) => ({ sku, quantity: 10 })) }
    })
    await until(async () => expect(await engine.ask("availability", { sku: "B" })).toMatchObject({ available: 10 }))
  })
  afterAll(() => harness.stop())

  type Verb = Parameters<RunningEngine["ask"]>[0]
  const ask = (verb: Verb, request: object): Promise<Answer> => {
    keys += 1
    return engine.ask(verb, { key: `k${keys}`, ...request })
  }
  const granted = async (quantity: number, more: object = {}): Promise<string> => {
    const answer = await ask("reserve", { sku: "A", quantity, ...more })
    expect(answer).toMatchObject({ status: "granted" })
    return String(answer["reservationId"])
  }
  const held = async (): Promise<unknown> => {
    const answer = await engine.ask("availability", { sku: "A" })
    return (answer["locations"] as ReadonlyArray<{ held: number }>)[0]!.held
  }

  it("tells what there is, as of the last answer", async () => {
    await granted(2)
    expect(await engine.ask("availability", { sku: "A" })).toMatchObject({
      status: "available",
      available: 8,
      locations: [{ locationId: "main", onHand: 10, held: 2, available: 8 }]
    })
    expect(await engine.ask("availability", { sku: "never" })).toMatchObject({
      status: "denied",
      reason: "unknown_sku"
    })
    expect(await engine.ask("availability", {})).toMatchObject({ status: "invalid", errors: [{ field: "body.sku" }] })
  })

  it("is confirmed in part, and the rest stays held until it ends", async () => {
    const reservationId = await granted(3, { orderId: "o1" })
    const part = { key: "part", reservationId, quantity: 1 }
    expect(await engine.ask("confirm", part)).toMatchObject({ status: "confirmed", quantity: 1, left: 2 })
    expect(await engine.ask("confirm", part)).toMatchObject({ status: "confirmed", quantity: 1, left: 2 })
    expect(await ask("confirm", { reservationId, quantity: 3 })).toMatchObject({
      status: "denied",
      reason: "exceeds_hold",
      available: 2
    })
    expect(await ask("release", { reservationId })).toMatchObject({ status: "released", quantity: 2 })
    expect(await ask("confirm", { reservationId })).toMatchObject({ status: "denied", reason: "reservation_ended" })
    expect((await harness.verify()).findings).toEqual([])
  })

  it("lives on when it is extended, and ends then", async () => {
    const before = await held()
    const reservationId = await granted(1, { ttlMillis: 400 })
    const answer = await ask("extend", { reservationId, ttlMillis: 2_000 })
    expect(answer).toMatchObject({ status: "extended", quantity: 1 })
    expect(await ask("extend", { reservationId, ttlMillis: 100 })).toMatchObject({ expiresAt: answer["expiresAt"] })
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await held()).toBe(Number(before) + 1)
    await until(async () => expect(await held()).toBe(before))
    expect(await ask("extend", { reservationId, ttlMillis: 100 })).toMatchObject({
      status: "denied",
      reason: "reservation_expired"
    })
    expect((await harness.verify()).findings).toEqual([])
  })

  it("does not end while it is pinned, not even over a restart", async () => {
    const before = await held()
    const reservationId = await granted(1, { ttlMillis: 300 })
    const pinned = await ask("pin", { reservationId })
    expect(pinned).toMatchObject({ status: "pinned" })
    expect(pinned["expiresAt"]).toBeUndefined()
    await new Promise((resolve) => setTimeout(resolve, 600))
    await engine.stop()
    engine = await harness.startEngine()
    expect(await held()).toBe(Number(before) + 1)
    expect((await harness.verify()).findings).toEqual([])
    expect(await ask("unpin", { reservationId, ttlMillis: 200 })).toMatchObject({ status: "unpinned" })
    await until(async () => expect(await held()).toBe(before))
    expect((await harness.verify()).findings).toEqual([])
  })
})
