/**
 * The client against a real nats-server. Who decides is played by the test, so that it can be slow, busy, silent or gone; the
 * real one is asked in `apps/holdfast/test/Client.int.test.ts`.
 */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { decodeEventMessage } from "@holdfast/bus/EventMessage"
import { ensureStreams, eventsStream } from "@holdfast/bus/StreamTopology"
import { availabilitySubject, requestSubject } from "@holdfast/bus/Subject"
import { defaultLocation, Sku } from "@holdfast/domain/Identity"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect as connectNats, type Msg, type NatsConnection } from "@nats-io/transport-node"
import { Effect, Result } from "effect"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { connect, type Client } from "../src/Client.ts"
import type { Stock } from "../src/Stock.ts"

let servers: RunningTestServers
let nats: NatsConnection
let client: Client
beforeAll(async () => {
  servers = await startTestServers()
  nats = await connectNats({ servers: servers.natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 })
  await Effect.runPromise(ensureStreams(await jetstreamManager(nats)))
  client = await connect({ natsUrl: servers.natsUrl, source: "shop" })
})
/** Starts the server again and waits until the test itself is connected: what it subscribes before may be subscribed twice. */
const restartNats = async () => {
  await servers.restartNats()
  await vi.waitFor(() => nats.rtt(), { timeout: 10_000 })
}
afterAll(async () => {
  await client?.close()
  await nats?.close()
  await servers?.stop()
})

describe("publish", () => {
  const data = { orderId: "1", lines: [{ sku: "MUG", quantity: 2 }] }
  const stored = async (sequence: number) => {
    const manager = await jetstreamManager(nats)
    return (await manager.streams.getMessage(eventsStream, { seq: sequence }))!
  }

  it("stores an event that the other end understands", async () => {
    const countedAt = new Date("2026-11-27T09:30:00Z")
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const lines = [{ sku: "MUG", quantity: 7 }]
    const { sequence } = await client.publish(
      "count.cycle",
      { countedAt, lines },
      { id: "c-1", time: "2026-11-27T10:00:00Z", traceparent }
    )
    const message = await stored(sequence)
    const { subject, data: payload, header: headers } = message
    const decoded = Result.getOrThrow(decodeEventMessage({ subject, payload, headers }, 0))
    expect(decoded).toEqual({
      traceparent,
      event: {
        id: "c-1",
        source: "shop",
        type: "count.cycle",
        time: Date.parse("2026-11-27T10:00:00Z"),
        data: { countedAt: countedAt.getTime(), lines }
      }
    })
  })

  it("stores an event once, however often it is published", async () => {
    const first = await client.publish("order.placed", data, { id: "o-1" })
    expect(first).toEqual({ id: "o-1", sequence: first.sequence, duplicate: false })
    expect(await client.publish("order.placed", data, { id: "o-1" })).toEqual({ ...first, duplicate: true })
  })

  it("gives every event without an id one of its own", async () => {
    const [one, other] = await Promise.all([client.publish("order.placed", data), client.publish("order.placed", data)])
    expect(one.id).not.toBe(other.id)
    expect([one.duplicate, other.duplicate]).toEqual([false, false])
  })

  it("sends nothing that would not be understood, and names the fields", async () => {
    const { state } = await (await jetstreamManager(nats)).streams.info(eventsStream)
    const wrong = client.publish("order.placed", { orderId: "", lines: [{ sku: "MUG", quantity: 0 }] })
    await expect(wrong).rejects.toMatchObject({
      name: "InvalidInput",
      errors: [{ field: "data.orderId" }, { field: "data.lines[0].quantity" }]
    })
    expect((await (await jetstreamManager(nats)).streams.info(eventsStream)).state.last_seq).toBe(state.last_seq)
  })

  it("waits for a server that restarts", async () => {
    await servers.killNats()
    const publishing = client.publish("order.placed", data, { id: "o-2", deadlineMillis: 30_000 })
    await restartNats()
    expect(await publishing).toMatchObject({ id: "o-2" })
    expect((await client.publish("order.placed", data, { id: "o-2" })).duplicate).toBe(true)
  })

  it("says when the broker did not confirm in time, and under which id to go on", async () => {
    await servers.killNats()
    const publishing = client.publish("order.placed", data, { id: "o-3", deadlineMillis: 300 })
    await expect(publishing).rejects.toMatchObject({ name: "NotConfirmed", eventId: "o-3" })
    await restartNats()
  })
})

describe("reserve", () => {
  const request = { key: "cart-1", sku: "MUG", quantity: 3 }
  const granted = {
    status: "granted",
    reservationId: "r00-1",
    sku: "MUG",
    quantity: 3,
    version: 1,
    expiresAt: 1
  } as const

  /** Answers each attempt with the next of these; with nothing where it is undefined. Gives the payloads that it heard. */
  const answering = async <A>(
    answers: ReadonlyArray<object | undefined>,
    use: (heard: ReadonlyArray<unknown>) => Promise<A>
  ): Promise<A> => {
    const heard: Array<unknown> = []
    const callback = (_: Error | null, message: Msg) => {
      const answer = answers[Math.min(heard.length, answers.length - 1)]
      heard.push(message.json())
      if (answer !== undefined) message.respond(JSON.stringify(answer))
    }
    const subscription = nats.subscribe(requestSubject("reserve"), { callback })
    await nats.flush()
    try {
      return await use(heard)
    } finally {
      await subscription.drain()
    }
  }

  it("gives the answer", () =>
    answering([granted], async (heard) => {
      expect(await client.reserve(request)).toEqual(granted)
      expect(heard).toEqual([request])
    }))

  it("asks again with the same key while it hears busy, unknown or nothing", () =>
    answering(
      [{ status: "busy", retryAfterMillis: 20 }, { status: "unknown", message: "?" }, undefined, granted],
      async (heard) => {
        expect(await client.reserve(request)).toEqual(granted)
        expect(heard).toEqual([request, request, request, request])
      }
    ))

  it("takes a denial for an answer", () => {
    const denied = { status: "denied", reason: "insufficient_stock", sku: "MUG", available: 1, version: 4 }
    return answering([denied], async (heard) => {
      expect(await client.reserve(request)).toEqual(denied)
      expect(heard).toHaveLength(1)
    })
  })

  it("knows nothing when it heard nothing until the deadline, also when it was turned away afterwards", () =>
    answering(
      [
        { status: "unknown", message: "?" },
        { status: "busy", retryAfterMillis: 20 }
      ],
      async () => {
        expect(await client.reserve(request, { deadlineMillis: 200 })).toMatchObject({ status: "unknown" })
      }
    ))

  it("is busy when it was always turned away, or nobody was there", async () => {
    expect(await client.reserve(request, { deadlineMillis: 600 })).toEqual({ status: "busy" })
    await answering([{ status: "busy", retryAfterMillis: 20 }], async () => {
      expect(await client.reserve(request, { deadlineMillis: 600 })).toEqual({ status: "busy" })
    })
  })

  it("does not ask what is wrong, and throws when the key belongs to another request", () =>
    answering([{ status: "key_reused", message: "it asked for 2" }], async (heard) => {
      const wrong = client.reserve({ ...request, quantity: 0.5 })
      await expect(wrong).rejects.toMatchObject({ errors: [{ field: "request.quantity" }] })
      expect(heard).toEqual([])
      await expect(client.reserve(request)).rejects.toMatchObject({
        errors: [{ field: "request.key", message: "it asked for 2" }]
      })
    }))
})

describe("watch", () => {
  const announce = (sku: string, version: number, onHand = version) => {
    const levels = [{ locationId: defaultLocation, onHand, committed: 0, held: 0 }]
    const stock = { sku: Sku.make(sku), version, levels, committedAt: 1_800_000_000_000, events: [], more: 0 }
    nats.publish(availabilitySubject(sku), encodeAvailability(stock))
    return nats.flush()
  }
  const into = (seen: Array<string>) => async (watch: AsyncIterable<Stock>) => {
    for await (const { sku, version, available } of watch) seen.push(`${sku} ${version}: ${available}`)
  }

  it("gives the newest of a SKU, then its changes, and nothing of others", async () => {
    await announce("BOWL 12/ü", 1)
    await announce("BOWL 12/ü", 2)
    await announce("PLATE", 9)
    const watch = client.watch("BOWL 12/ü")
    const seen: Array<string> = []
    const reading = into(seen)(watch)
    await watch.caughtUp
    await vi.waitFor(() => expect(seen).toEqual(["BOWL 12/ü 2: 2"]))
    await announce("PLATE", 10)
    await announce("BOWL 12/ü", 3)
    await vi.waitFor(() => expect(seen).toEqual(["BOWL 12/ü 2: 2", "BOWL 12/ü 3: 3"]))
    watch.close()
    await reading
  })

  it("gives all SKUs, and survives a restart of the server without a gap or a step back", async () => {
    await announce("CUP", 1)
    const watch = client.watchAll()
    const seen: Array<string> = []
    const reading = into(seen)(watch)
    await watch.caughtUp
    await vi.waitFor(() => expect(seen).toContain("CUP 1: 1"))
    await announce("CUP", 2)
    await vi.waitFor(() => expect(seen).toContain("CUP 2: 2"))
    await servers.killNats()
    await restartNats()
    await announce("CUP", 3)
    await vi.waitFor(() => expect(seen).toContain("CUP 3: 3"), { timeout: 15_000 })
    expect(seen.filter((line) => line.startsWith("CUP"))).toEqual(["CUP 1: 1", "CUP 2: 2", "CUP 3: 3"])
    watch.close()
    await reading
  })

  it("ends with its loop, and with its client", async () => {
    await announce("TRAY", 1)
    for await (const { sku } of client.watch("TRAY")) {
      expect(sku).toBe("TRAY")
      break
    }
    const other = await connect({ natsUrl: servers.natsUrl, source: "other" })
    const reading = into([])(other.watch("NEVER HEARD OF"))
    await other.close()
    await reading
    await expect(other.publish("sku.registered", { lines: [{ sku: "A", safetyStock: 0 }] })).rejects.toMatchObject({
      name: "ClientClosed"
    })
  })

  it("refuses what is no SKU", () => {
    expect(() => client.watch("")).toThrow("sku: must not be empty")
  })
})
