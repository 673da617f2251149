/**
 * The client package against the whole instance: what it publishes is applied, what it asks is decided, what it watches is told.
 * NATS is the test's own: it keeps its port when it is killed, whoever else looks for one.
 */
import { connect, type Client } from "@holdfast/client/Client"
import type { Stock } from "@holdfast/client/Stock"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { StackProcess } from "./StackProcess.ts"

describe("the client, with a whole instance at the other end", () => {
  let servers: RunningTestServers
  let stack: StackProcess
  let client: Client
  beforeAll(async () => {
    servers = await startTestServers()
    stack = StackProcess.make({ env: { NATS_URL: servers.natsUrl } })
    await stack.start()
    client = await connect({ natsUrl: servers.natsUrl, source: "shop" })
  })
  afterAll(async () => {
    await client?.close()
    await stack?.remove()
    await servers?.stop()
  })

  const receive = (sku: string, quantity: number) =>
    client.publish("goods.received", { putaway: "done", lines: [{ sku, quantity }] }, { id: `receipt of ${sku}` })

  /** Resolves with the first stock of which this holds. */
  const until = async (sku: string, holds: (stock: Stock) => boolean): Promise<Stock> => {
    for await (const stock of client.watch(sku)) if (holds(stock)) return stock
    throw new Error("the watch ended")
  }

  it("publishes what is then applied, once", async () => {
    const first = await receive("MUG", 10)
    expect(first).toMatchObject({ id: "receipt of MUG", duplicate: false })
    expect(await receive("MUG", 10)).toEqual({ ...first, duplicate: true })
    await client.publish("order.placed", { orderId: "1", lines: [{ sku: "MUG", quantity: 4 }] }, { time: new Date() })
    const stock = await until("MUG", ({ available }) => available === 6)
    expect(stock.locations).toEqual([
      {
        locationId: "main",
        onHand: 10,
        committed: 4,
        guarded: 0,
        held: 0,
        unavailable: 0,
        safetyStock: 0,
        incoming: 0,
        inTransit: 0,
        available: 6
      }
    ])
  })

  it("reserves, confirms and releases, and hears the same for the same key", async () => {
    await receive("BOWL", 5)
    await until("BOWL", ({ available }) => available === 5)
    const request = { key: "cart-1", sku: "BOWL", quantity: 2, ttlMillis: 60_000 }
    const answer = await client.reserve(request)
    if (answer.status !== "granted") throw new Error(`was ${answer.status}`)
    expect(await client.reserve(request)).toEqual(answer)
    const denied = { status: "denied", reason: "insufficient_stock", available: 3 }
    expect(await client.reserve({ key: "cart-2", sku: "BOWL", quantity: 4 })).toMatchObject(denied)
    const { reservationId } = answer
    const confirm = { key: "buy-1", reservationId, orderId: "2" }
    expect(await client.confirm(confirm)).toMatchObject({ status: "confirmed", reservationId, quantity: 2 })
    const late = await client.release({ key: "drop-1", reservationId })
    expect(late).toMatchObject({ status: "denied", reason: "reservation_ended" })
    await expect(client.reserve({ ...request, quantity: 1 })).rejects.toMatchObject({
      errors: [{ field: "request.key" }]
    })
    const stock = await until("BOWL", ({ locations: [main] }) => main?.committed === 2)
    expect(stock).toMatchObject({ available: 3 })
  })

  it("reserves several SKUs at once, and says what there is", async () => {
    await Promise.all([receive("TRAY", 5), receive("LAMP", 1)])
    await Promise.all(["TRAY", "LAMP"].map((sku) => until(sku, ({ available }) => available > 0)))
    const lines = [
      { sku: "TRAY", quantity: 2 },
      { sku: "LAMP", quantity: 2 }
    ]
    expect(await client.reserveLines({ key: "set-1", lines })).toMatchObject({
      status: "denied",
      lines: [{ sku: "LAMP", requested: 2, available: 1 }]
    })
    const answer = await client.reserveLines({ key: "set-2", lines, partial: true })
    if (answer.status !== "granted") throw new Error(`was ${answer.status}`)
    expect(new Map(answer.lines.map(({ sku, quantity }) => [sku, quantity]))).toEqual(
      new Map([
        ["TRAY", 2],
        ["LAMP", 1]
      ])
    )
    const { reservationId } = answer
    expect(await client.pin({ key: "pin-2", reservationId })).toMatchObject({ status: "pinned" })
    expect(await client.unpin({ key: "unpin-2", reservationId })).toMatchObject({ status: "unpinned" })
    expect(await client.extend({ key: "extend-2", reservationId, ttlMillis: 3_600_000 })).toMatchObject({
      status: "extended"
    })
    expect(await client.availability("TRAY")).toMatchObject({ status: "available", available: 3 })
    expect(await client.release({ key: "drop-2", reservationId })).toMatchObject({ status: "released" })
    // a reservation of several is released by its register; its lines hear of it after the answer
    await vi.waitFor(async () =>
      expect(await client.history({ sku: "TRAY", newest: 1 })).toMatchObject({
        status: "history",
        available: 5,
        rows: [{ after: { available: 5 } }]
      })
    )
    expect(await client.availability("NEVER HEARD OF")).toMatchObject({ status: "denied", reason: "unknown_sku" })
  })

  it("is told the newest of everything, whatever happens to the instance", { timeout: 120_000 }, async () => {
    await receive("CUP", 7)
    const watch = client.watchAll()
    const seen = new Map<string, Array<Stock>>()
    const reading = (async () => {
      for await (const stock of watch) seen.set(stock.sku, [...(seen.get(stock.sku) ?? []), stock])
    })()
    await watch.caughtUp
    await vi.waitFor(() => expect([...seen.keys()].toSorted()).toEqual(["BOWL", "CUP", "LAMP", "MUG", "TRAY"]), {
      timeout: 10_000
    })

    await Promise.all([stack.kill(["app"]), servers.killNats()])
    const publishing = client.publish(
      "stock.adjusted",
      { reason: "broken", lines: [{ sku: "CUP", delta: -1 }] },
      { deadlineMillis: 60_000 }
    )
    await servers.restartNats()
    await stack.start()
    await publishing
    await vi.waitFor(() => expect(seen.get("CUP")?.at(-1)?.available).toBe(6), { timeout: 30_000 })
    watch.close()
    await reading
    for (const stocks of seen.values()) {
      const versions = stocks.map(({ version }) => version)
      expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
    }
  })
})
