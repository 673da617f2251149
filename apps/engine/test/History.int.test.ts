/**
 * Goal: who asks over NATS what happened to a SKU hears its newest rows, with who caused them, and what there is.
 * Method: an engine on real servers is told events whose numbers are worked by hand.
 */
import { historyRowsMax } from "@holdfast/domain/Limit"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { historiesMax } from "../src/EngineLimit.ts"
import { EngineHarness, type RunningEngine } from "./EngineHarness.ts"

describe("a history", () => {
  let harness: EngineHarness
  let engine: RunningEngine
  const ask = (body: object) => harness.request("history", body)
  beforeAll(async () => {
    harness = await EngineHarness.start()
    engine = await harness.startEngine()
    const lines = (quantity: number) => [{ sku: "MUG", quantity }]
    await harness.publish({ id: "r-1", type: "goods.received", data: { putaway: "done", lines: lines(10) } })
    await harness.publish({
      id: "p-1",
      type: "order.placed",
      data: { orderId: "o-1", channel: "shop", lines: lines(4) }
    })
    await harness.publish({ id: "p-2", type: "order.placed", data: { orderId: "o-2", lines: lines(3) } })
    await vi.waitFor(async () => expect(await ask({ sku: "MUG" })).toMatchObject({ matching: 3 }), {
      timeout: 10_000,
      interval: 50
    })
  })
  afterAll(() => harness.stop())

  it("has what there is, and every row with its cause, before and after", async () => {
    const answer = await ask({ sku: "MUG" })
    expect(answer).toMatchObject({
      status: "history",
      sku: "MUG",
      version: 3,
      available: 3,
      locations: [{ locationId: "main", onHand: 10, committed: 7, available: 3 }],
      rows: [
        { version: 1, kind: "goods.received", source: "test", id: "r-1", deltas: { onHand: 10 } },
        {
          version: 2,
          kind: "order.placed",
          channel: "shop",
          documentId: "o-1",
          before: { committed: 0, available: 10 },
          after: { committed: 4, available: 6 }
        },
        { version: 3, documentId: "o-2", before: { available: 6 }, after: { available: 3 } }
      ]
    })
  })

  it("has no more rows than were asked for, the newest, and says how many there are", async () => {
    expect(await ask({ sku: "MUG", newest: 2 })).toMatchObject({ matching: 3, rows: [{ version: 2 }, { version: 3 }] })
    expect(await ask({ sku: "MUG", orderId: "o-1" })).toMatchObject({ matching: 1, rows: [{ version: 2 }] })
    expect(await ask({ sku: "MUG", committedSince: "2099-01-01T00:00:00Z" })).toMatchObject({ matching: 0, rows: [] })
  })

  it("is of a SKU that is known, and asked for within the limit", async () => {
    expect(await ask({ sku: "NEVER" })).toMatchObject({ status: "denied", reason: "unknown_sku", sku: "NEVER" })
    expect(await ask({ sku: "MUG", newest: historyRowsMax + 1 })).toMatchObject({
      status: "invalid",
      errors: [{ field: "body.newest", message: `must be a whole number from 1 to ${historyRowsMax}, got 201` }]
    })
  })

  it("turns away who asks while too many are read, and hears the next one", async () => {
    const many = Array.from({ length: historiesMax + 1 }, () => engine.ask("history", { sku: "MUG" }))
    const heard = (await Promise.all(many)).map(({ status }) => status)
    expect(heard).toEqual([...Array.from({ length: historiesMax }, () => "history"), "busy"])
    expect(await ask({ sku: "MUG" })).toMatchObject({ status: "history" })
  })
})
