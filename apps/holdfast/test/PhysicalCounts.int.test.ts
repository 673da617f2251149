import { verify } from "@holdfast/ledger/Verify"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { connectTo, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

/** Machines under test are busy. */
const patience = { timeout: 60_000, interval: 100 }

describe("a full physical inventory", { timeout: 180_000 }, () => {
  let stack: StackProcess
  let client: StackClient

  beforeAll(async () => {
    stack = StackProcess.make()
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client.close()
    await stack.remove()
  })

  const publish = async (type: string, id: string, time: string, data: object) => {
    const event = JSON.stringify({ id, source: "wms", time, data })
    await client.nats.jetstream.publish(`stock.events.${type}`, event, { timeout: 10_000 })
  }
  const received = (id: string, time: string, locationId: string, units: Readonly<Record<string, number>>) =>
    publish("goods.received", id, time, {
      putaway: "done",
      lines: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity, locationId }))
    })
  const part = (number: number, countedAt: string, units: Readonly<Record<string, number>>, parts?: number) =>
    publish("count.physical", `part-${number}`, countedAt, {
      countId: "year-end",
      locationId: "main",
      countedAt,
      part: number,
      ...(parts === undefined ? {} : { parts }),
      lines: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }))
    })

  const onHand = async () => {
    const rows = await client.sql`select sku, location_id, on_hand from stock_level order by sku, location_id`
    return rows.map(({ sku, location_id, on_hand }) => `${sku} ${location_id} ${on_hand}`)
  }
  const waiting = async () =>
    (await client.sql`select 1 from parked where reason = 'physical_count' and replayed_at is null`).length

  it("waits for its parts, visibly, and then is the truth of its location, but for what moved since", async () => {
    await received("r-1", "2026-06-01T08:00:00Z", "main", { BOWL: 7, MUG: 10, PLATE: 20 })
    await received("r-2", "2026-06-01T08:00:00Z", "east", { MUG: 3 })
    await part(2, "2026-06-01T20:00:00Z", { PLATE: 18 }, 2)
    await vi.waitFor(async () => expect(await waiting()).toBe(1), patience)
    await received("r-3", "2026-06-01T21:00:00Z", "main", { MUG: 5 })
    await vi.waitFor(async () => expect(await onHand()).toContain("MUG main 15"), patience)
    expect((await stack.command(["parked", "list"])).stdout).toContain("part 2 of inventory year-end of main")

    await part(1, "2026-06-01T19:00:00Z", { MUG: 9 })
    await vi.waitFor(
      async () => expect(await onHand()).toEqual(["BOWL main 0", "MUG east 3", "MUG main 14", "PLATE main 18"]),
      patience
    )
    expect(await waiting()).toBe(0)
    expect((await Effect.runPromise(verify(client.sql))).findings).toEqual([])
  })

  it("changes nothing when it is applied again, because it was not noted or was told again", async () => {
    const counts = async () =>
      (await client.sql`select 1 from ledger where kind = 'count.cycle' and on_hand <> 0`).length
    const before = await counts()
    await client.sql`update parked set replayed_at = null where reason = 'physical_count'`
    await vi.waitFor(async () => expect(await waiting()).toBe(0), patience)
    // under ids of their own, as if somebody sent the same inventory anew
    await client.sql`update parked set replayed_at = null, id = id + 1000 where reason = 'physical_count'`
    await vi.waitFor(async () => expect(await waiting()).toBe(0), patience)
    expect(await onHand()).toEqual(["BOWL main 0", "MUG east 3", "MUG main 14", "PLATE main 18"])
    expect(await counts()).toBe(before)
  })
})
