import { verify } from "@holdfast/ledger/Verify"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

/** Machines under test are busy. */
const patience = { timeout: 60_000, interval: 100 }

describe("facts of a SKU that nobody knows yet", { timeout: 180_000 }, () => {
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

  const publish = async (type: string, id: string, data: object) => {
    const event = JSON.stringify({ id, source: "test", data })
    await client.nats.jetstream.publish(`stock.events.${type}`, event, { timeout: 10_000 })
  }
  const order = (id: string, ...lines: ReadonlyArray<object>) => publish("order.placed", id, { orderId: id, lines })
  const received = (id: string, sku: string, quantity: number) =>
    publish("goods.received", id, { putaway: "done", lines: [{ sku, quantity }] })

  const waiting = async () => {
    const rows = await client.sql`
      select sku, event_id from parked where reason = 'unknown_sku' and replayed_at is null and discarded_at is null order by id`
    return rows.map((row) => `${row["sku"]} ${row["event_id"]}`)
  }
  const untilParked = (count: number) => vi.waitFor(async () => expect(await waiting()).toHaveLength(count), patience)

  /** What was applied to a SKU, in its order. */
  const applied = async (sku: string) => {
    const rows = await client.sql`select cause_id from ledger where sku = ${sku} order by version`
    return rows.map((row) => String(row["cause_id"]))
  }

  const expectVerified = async () => expect((await Effect.runPromise(verify(client.sql))).findings).toEqual([])

  it("are applied by themselves when its goods arrive; what never becomes known stays", async () => {
    await order("o-1", { sku: "MUG", quantity: 2 }, { sku: "POSTAGE", quantity: 1 })
    await order("o-2", { sku: "MUG", quantity: 3 })
    await untilParked(3)
    expect((await stack.command(["sku", "MUG"])).stderr).toContain("2 facts wait for it and will be applied")

    await received("r-1", "MUG", 10)
    await vi.waitFor(async () => expect(await applied("MUG")).toEqual(["r-1", "o-1", "o-2"]), patience)
    expect(await client.sql`select on_hand, committed from stock_level where sku = 'MUG'`).toEqual([
      { on_hand: 10, committed: 5 }
    ])
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1"]), patience)
    const { stdout } = await stack.command(["parked", "list", "--all"])
    expect(stdout.split("\n").filter((line) => line.includes("MUG") && line.includes("replayed 2"))).toHaveLength(2)
    await expectVerified()
  })

  it("are applied once, also when a replay was not noted", async () => {
    await client.sql`update parked set replayed_at = null where sku = 'MUG'`
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1"]), patience)
    // as if the broker had forgotten the message id meanwhile
    await client.sql`update parked set id = id + 1000, replayed_at = null where sku = 'MUG'`
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1"]), patience)
    await untilDrained(client)
    expect(await applied("MUG")).toEqual(["r-1", "o-1", "o-2"])
    await expectVerified()
  })

  it("are applied to its components when it becomes a bundle, beside what named these, and once", async () => {
    const committed = async () => {
      await untilDrained(client)
      const rows = await client.sql`select sku, committed from stock_level where sku in ('LAMP', 'BULB') order by sku`
      return rows.map((row) => `${row["committed"]} ${row["sku"]}`)
    }
    const lines = [
      { sku: "LAMP", quantity: 1 },
      { sku: "DESK-SET", quantity: 2 }
    ]
    await received("r-lamp", "LAMP", 20)
    await received("r-bulb", "BULB", 20)
    await order("o-set", ...lines)
    await publish("allotment.set", "a-set", { lines: [{ sku: "DESK-SET", channel: "shop", quota: 1 }] })
    await untilParked(3)
    expect(await committed()).toEqual(["0 BULB", "1 LAMP"])

    await publish("bundle.defined", "b-set", {
      lines: [
        {
          sku: "DESK-SET",
          components: [
            { sku: "LAMP", quantity: 1 },
            { sku: "BULB", quantity: 2 }
          ]
        }
      ]
    })
    // a bundle has no allotment
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1", "DESK-SET a-set"]), patience)
    expect(await committed()).toEqual(["4 BULB", "3 LAMP"])
    const again = JSON.stringify({ id: "o-set", source: "test", data: { orderId: "o-set", lines } })
    await client.nats.jetstream.publish("stock.events.order.placed", again, { msgID: "again" })
    expect(await committed()).toEqual(["4 BULB", "3 LAMP"])
    await client.sql`update parked set id = id + 5000, replayed_at = null where sku = 'DESK-SET' and event_id = 'o-set'`
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1", "DESK-SET a-set"]), patience)
    expect(await committed()).toEqual(["4 BULB", "3 LAMP"])
    await client.sql`update parked set discarded_at = now() where event_id = 'a-set'`
    await expectVerified()
  })

  it("keep their order when there are many, and let others pass", async () => {
    const ids = Array.from({ length: 450 }, (_, i) => `many-${i}`)
    for (const id of ids) await order(id, { sku: "PLATE", quantity: 1 })
    await untilParked(451)
    await received("r-2", "PLATE", 1_000)
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1"]), patience)
    await untilDrained(client)
    expect(await applied("PLATE")).toEqual(["r-2", ...ids])
    const perSecond = await client.sql`
      select count(*)::int as count from parked where sku = 'PLATE' group by date_trunc('second', replayed_at)`
    // a turn may end in the second in which the next one begins
    expect(Math.max(...perSecond.map((row) => Number(row["count"])))).toBeLessThanOrEqual(400)
    await expectVerified()
  })

  it("outlast NATS and PostgreSQL", async () => {
    await order("o-8", { sku: "BOWL", quantity: 1 })
    await order("o-9", { sku: "BOWL", quantity: 2 })
    await untilParked(3)
    await received("r-3", "BOWL", 10)
    await stack.kill(["nats", "postgres"])
    await vi.waitFor(async () => expect(await applied("BOWL")).toEqual(["r-3", "o-8", "o-9"]), patience)
    await vi.waitFor(async () => expect(await waiting()).toEqual(["POSTAGE o-1"]), patience)
    await expectVerified()
  })
})
