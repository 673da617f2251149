/**
 * Goal: whoever speaks plain NATS gets through to the channels, and whoever speaks nonsense harms nobody.
 * Method: the whole stack as a process; a bare TCP socket as publisher; some 250 malformed inputs over NATS and HTTP while good
 * events are timed from their sending to their commit, by the ledger.
 */
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { shownBy, startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { expectConverged, expectVerified } from "./crash/Evidence.ts"
import { malformedEvents, notHttp } from "./MalformedEvents.ts"
import { publishPlainly } from "./PlainPublisher.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const goodEvents = 300

/** Milliseconds: the largest p99 that is never held against the flood, since two processors do everything here. */
const p99Pardoned = 1_000

describe("the front door of the whole stack", () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let pid: number
  beforeAll(async () => {
    channel = await startChannel()
    stack = StackProcess.make({ channels: [channel.definition], env: channel.env })
    const instance = await stack.start()
    pid = instance.pid
    client = await connectTo(instance)
  })
  afterAll(async () => {
    await client?.close()
    await stack?.remove()
    await channel?.close()
  })

  const received = (id: string, skus: ReadonlyArray<string>, quantity: number) => ({
    subject: "stock.events.goods.received",
    body: { id, source: "wms", data: { putaway: "done", lines: skus.map((sku) => ({ sku, quantity })) } }
  })

  it("takes events from a plain TCP socket, and the channel shows what they lead to", async () => {
    await publishPlainly(stack.instance()!.natsUrl, [
      received("receipt-1", ["MUG", "BOWL 12/ü"], 10),
      {
        subject: "stock.events.order.placed",
        headers: { "Nats-Msg-Id": "o-1" },
        body: { id: "o-1", source: "shop", data: { orderId: "1", lines: [{ sku: "MUG", quantity: 4 }] } }
      },
      // a publisher that repeats itself
      {
        subject: "stock.events.order.placed",
        body: { id: "o-1", source: "shop", data: { orderId: "1", lines: [{ sku: "MUG", quantity: 4 }] } }
      }
    ])
    await untilDrained(client)
    await vi.waitFor(
      () =>
        expect(shownBy(channel)).toEqual(
          new Map([
            ["MUG", 3],
            ["BOWL 12/ü", 7]
          ])
        ),
      { timeout: 10_000 }
    )
    expect(await client.sql`select on_hand, committed from stock_level where sku = 'MUG'`).toEqual([
      { on_hand: 10, committed: 4 }
    ])
  })

  /** Sends good events one after another, each once the one before is stored. Gives the p99 of milliseconds to the commit. */
  const p99Of = async (run: string): Promise<number> => {
    for (let i = 0; i < goodEvents; i++) {
      const body = {
        id: `${run}-${i}`,
        source: run,
        time: new Date(),
        data: { orderId: `${run}-${i}`, lines: [{ sku: `GOOD-${i % 20}`, quantity: 1 }] }
      }
      await client.nats.jetstream.publish("stock.events.order.placed", JSON.stringify(body), { timeout: 10_000 })
    }
    await untilDrained(client)
    const [row] = await client.sql`
      select count(*)::int as count, (percentile_disc(0.99) within group (order by extract(epoch from committed_at - occurred_at)) * 1000)::float8 as p99
      from ledger where cause_source = ${run}`
    expect(row!["count"]).toBe(goodEvents)
    return Number(row!["p99"])
  }

  const floodNats = async () => {
    for (const payload of malformedEvents)
      await client.nats.jetstream.publish("stock.events.order.placed", payload, { timeout: 10_000 })
  }

  const post = (path: string, body: Uint8Array) =>
    fetch(client.httpUrl + path, {
      method: "POST",
      body: Uint8Array.from(body),
      headers: { "content-type": "application/json" }
    })

  const floodHttp = async () => {
    for (const payload of malformedEvents) {
      const response = await post("/v1/events", payload)
      const { errors } = (await response.json()) as {
        readonly errors?: ReadonlyArray<{ readonly field: string; readonly message: string }>
      }
      expect([400, 413, 422], payload.toString("latin1", 0, 60)).toContain(response.status)
      expect(errors?.[0]).toMatchObject({ field: expect.stringMatching(/./), message: expect.stringMatching(/./) })
    }
  }

  /** Resolves when the server has answered or hung up; never is such a line taken for a request. */
  const say = (text: string): Promise<string> =>
    new Promise((resolve) => {
      let heard = ""
      const { hostname, port } = new URL(client.httpUrl)
      const socket = connect(Number(port), hostname, () => socket.end(text, "latin1"))
      socket.on("data", (chunk) => (heard += chunk.toString("latin1")))
      socket.on("error", () => undefined)
      socket.on("close", () => resolve(heard))
    })

  it(
    "parks or refuses each of some 250 malformed inputs, and good events between them stay quick",
    { timeout: 120_000 },
    async () => {
      await publishPlainly(stack.instance()!.natsUrl, [
        received(
          "receipt-2",
          Array.from({ length: 20 }, (_, i) => `GOOD-${i}`),
          100
        )
      ])
      await p99Of("warm-up")
      const alone = await p99Of("alone")
      const [flooded] = await Promise.all([p99Of("flooded"), floodNats(), floodHttp()])
      await untilDrained(client)
      process.stderr.write(
        `p99 from sending to commit: ${alone.toFixed(1)} ms alone, ${flooded.toFixed(1)} ms among ${2 * malformedEvents.length} malformed\n`
      )

      expect(malformedEvents.length).toBeGreaterThanOrEqual(200)
      expect(flooded).toBeLessThan(Math.max(3 * alone, p99Pardoned))
      const parked =
        await client.sql`select encode(payload, 'base64') as payload, reason, detail from parked where stream = ${eventsStream}`
      const bytes = (text: string) => Buffer.from(text, "base64").toString("latin1")
      expect(parked.map((row) => bytes(row["payload"])).toSorted()).toEqual(
        malformedEvents.map((one) => one.toString("latin1")).toSorted()
      )
      for (const { reason, detail } of parked) {
        expect(["too_large", "not_utf8", "not_json", "too_deep", "duplicate_key", "invalid"]).toContain(reason)
        expect(detail).toMatch(/^\S+: \S/)
      }
    }
  )

  it("answers malformed requests for reservations with what is wrong with them, over NATS and HTTP", async () => {
    const some = malformedEvents.filter((_, i) => i % 4 === 0 && i > 0)
    for (const payload of some) {
      const answer = await client.nats.connection.request("stock.reserve", payload, { timeout: 10_000 })
      expect(answer.json(), payload.toString("latin1", 0, 60)).toMatchObject({ status: "invalid" })
      expect([400, 413, 422]).toContain((await post("/v1/reservations", payload)).status)
    }
    expect(await client.sql`select * from hold`).toEqual([])
  })

  it("hangs up on what is no HTTP, and is still there", async () => {
    for (const text of notHttp) expect(await say(text), text.slice(0, 40)).not.toMatch(/^HTTP\/1.1 2/)
    const good = await post(
      "/v1/events",
      Buffer.from(
        JSON.stringify({
          id: "last",
          source: "shop",
          type: "order.placed",
          data: { orderId: "last", lines: [{ sku: "MUG", quantity: 1 }] }
        })
      )
    )
    expect(good.status).toBe(202)
    await untilDrained(client)
    await expectConverged(client, channel)
    await expectVerified(stack)
    expect(stack.instance()!.pid).toBe(pid)
    expect(stack.log()).not.toContain("ended by itself")
  })
})
