import { header } from "@holdfast/bus/Subject"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { hash } from "node:crypto"
import { request } from "node:http"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { requestLinesMax } from "../src/IngestLimit.ts"
import { IngestHarness } from "./IngestHarness.ts"

const event = (id: string, changes: object = {}) => ({
  id,
  source: "shop",
  type: "order.placed",
  time: "2026-11-27T09:30:00Z",
  data: { orderId: id, lines: [{ sku: "A", quantity: 1 }] },
  ...changes
})

const json = { "content-type": "application/json" }
const ndjson = { "content-type": "application/x-ndjson" }

describe("the front door over HTTP", () => {
  let harness: IngestHarness
  let door: Awaited<ReturnType<IngestHarness["startHttp"]>>
  beforeAll(async () => {
    harness = await IngestHarness.start()
    door = await harness.startHttp()
  })
  afterAll(async () => {
    await door.stop()
    await harness.stop()
  })

  const post = async (body: string, headers: Record<string, string> = json, url = door.url) => {
    const response = await fetch(`${url}/v1/events`, { method: "POST", body, headers })
    return {
      status: response.status,
      body: (await response.json()) as { errors?: Array<{ field: string }> } & Record<string, unknown>
    }
  }

  const stored = async (sequence: number) =>
    (await harness.nats.manager.streams.getMessage(eventsStream, { seq: sequence }))!

  const lines = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it("accepts an event once the broker has it, and calls a repetition a duplicate", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const body = JSON.stringify(event("one"))
    const first = await post(body, { ...json, traceparent })
    expect(first).toEqual({ status: 202, body: { id: "one", status: "accepted", sequence: expect.any(Number) } })
    const message = await stored(first.body["sequence"] as number)
    expect(message.subject).toBe("stock.events.order.placed")
    expect(message.string()).toBe(body)
    expect(message.header.get(header.traceparent)).toBe(traceparent)
    expect(await post(body)).toMatchObject({
      status: 202,
      body: { status: "duplicate", sequence: first.body["sequence"] }
    })
  })

  it("does not take events of two sources for one", async () => {
    const answers = [
      await post(JSON.stringify(event("b/c", { source: "a" }))),
      await post(JSON.stringify(event("c", { source: "a/b" })))
    ]
    expect(answers.map(({ body }) => body["status"])).toEqual(["accepted", "accepted"])
  })

  it("accepts a binary CloudEvent, which ingest understands as well", async () => {
    const stop = await harness.startIngest()
    const headers = {
      ...json,
      "ce-specversion": "1.0",
      "ce-id": "binary",
      "ce-source": "caf%C3%A9",
      "ce-type": "goods.received"
    }
    const { body } = await post(JSON.stringify({ lines: [{ sku: "BINARY", quantity: 1 }] }), headers)
    expect(body).toMatchObject({ status: "accepted", id: "binary" })
    await vi.waitFor(
      async () => {
        const fact = (await harness.facts()).find(({ sku }) => sku === "BINARY")
        expect(fact!.json).toMatchObject({ source: "café", id: "binary", type: "goods.received" })
      },
      { timeout: 10_000 }
    )
    await stop()
  })

  it("refuses an event that is wrong with every field that is", async () => {
    const wrong = event("", {
      source: 7,
      data: { orderId: "o", lines: [{ sku: "", quantity: Number.POSITIVE_INFINITY }] }
    })
    const { status, body } = await post(JSON.stringify(wrong).replace("null", "1e400"))
    expect(status).toBe(422)
    expect(body.errors!.map(({ field }) => field)).toEqual([
      "id",
      "source",
      "data.lines[0].sku",
      "data.lines[0].quantity"
    ])
  })

  it.each([
    ["a body that is too large", 413, "payload", "x".repeat(payloadBytesMax + 1), json],
    ["an id of 10 MB", 413, "payload", JSON.stringify(event("x".repeat(10_000_000))), json],
    ["an empty body", 422, "payload", "", json],
    ["plain text", 415, "content-type", "{}", { "content-type": "text/plain" }],
    ["a compressed body", 415, "content-encoding", "{}", { ...json, "content-encoding": "gzip" }]
  ] as const)("refuses %s with %i, naming %s", async (_, status, field, body, headers) => {
    const answer = await post(body, headers)
    expect({ status: answer.status, field: answer.body.errors![0]!.field }).toEqual({ status, field })
  })

  it("refuses a body of unknown length that grows too large", async () => {
    const chunk = new Uint8Array(64 * 1024).fill(32)
    let left = 40
    const body = new ReadableStream({ pull: (c) => (left-- > 0 ? c.enqueue(chunk) : c.close()) })
    const response = await fetch(`${door.url}/v1/events`, {
      method: "POST",
      body,
      headers: json,
      duplex: "half"
    } as RequestInit)
    expect(response.status).toBe(413)
  })

  it("answers every line of many events, in their order", async () => {
    const body = [
      JSON.stringify(event("l-1")),
      "",
      "not json",
      JSON.stringify(event("l-4", { time: "x" })),
      JSON.stringify(event("l-1")),
      " ".repeat(payloadBytesMax) + JSON.stringify(event("l-6")),
      JSON.stringify(event("l-7"))
    ].join("\n")
    const response = await fetch(`${door.url}/v1/events`, { method: "POST", body, headers: ndjson })
    expect(response.headers.get("content-type")).toBe("application/x-ndjson")
    const answers = lines(await response.text())
    expect(answers).toMatchObject([
      { line: 1, id: "l-1", status: "accepted" },
      { line: 3, status: "rejected", errors: [{ field: "payload" }] },
      { line: 4, id: "l-4", status: "rejected", errors: [{ field: "time" }] },
      { line: 5, id: "l-1", status: "duplicate" },
      { line: 6, status: "rejected", errors: [{ field: "payload" }] },
      { line: 7, id: "l-7", status: "accepted" }
    ])
  })

  it("answers lines while the client is still sending", async () => {
    const answers: Array<string> = []
    const client = request(`${door.url}/v1/events`, { method: "POST", headers: ndjson })
    client.on("response", (response) => response.setEncoding("utf8").on("data", (text: string) => answers.push(text)))
    for (const id of ["s-1", "s-2"]) {
      client.write(`${JSON.stringify(event(id))}\n`)
      await vi.waitFor(() => expect(answers.join("")).toContain(`"id":"${id}"`), { timeout: 5_000 })
    }
    client.end()
  })

  it("takes many lines from a client that reads nothing before it has sent all", async () => {
    const count = 5_000
    const body = Array.from({ length: count }, (_, i) => JSON.stringify(event(`many-${i}`))).join("\n")
    const response = await fetch(`${door.url}/v1/events`, { method: "POST", body, headers: ndjson })
    const answers = lines(await response.text())
    expect(answers.map(({ line }) => line)).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    expect(answers.filter(({ status }) => status === "accepted")).toHaveLength(count)
  })

  it("says which line was one too many", async () => {
    const response = await fetch(`${door.url}/v1/events`, {
      method: "POST",
      body: "x\n".repeat(requestLinesMax + 500),
      headers: ndjson
    })
    const answers = lines(await response.text())
    expect(answers.at(-1)).toMatchObject({ line: requestLinesMax + 1, status: "rejected", errors: [{ field: "line" }] })
    expect(answers).toHaveLength(requestLinesMax + 1)
  })

  it("lists what is parked, page by page", async () => {
    const stop = await harness.startIngest()
    for (const id of ["p-1", "p-2"])
      await harness.publish("stock.events.order.placed", JSON.stringify(event(id, { time: 1 })))
    const ask = async (query: string) => {
      const response = await fetch(`${door.url}/v1/parked${query}`)
      return { status: response.status, body: (await response.json()) as { parked: Array<Record<string, unknown>> } }
    }
    await vi.waitFor(async () => expect((await ask("?reason=invalid")).body.parked).toHaveLength(2), {
      timeout: 10_000
    })
    await stop()
    const first = await ask("?limit=1")
    expect(first.body.parked).toMatchObject([{ eventId: "p-1", source: "shop", reason: "invalid" }])
    expect((await ask(`?limit=1&after=${first.body.parked[0]!["id"]}`)).body.parked).toMatchObject([{ eventId: "p-2" }])
    expect((await ask("?reason=none")).body.parked).toEqual([])
    expect(await ask("?limit=0&after=x&all=maybe")).toMatchObject({
      status: 422,
      body: { errors: [{ field: "limit" }, { field: "after" }, { field: "all" }] }
    })
  })

  it("is guarded by host name and token", async () => {
    const guarded = await harness.startHttp({
      HOLDFAST_API_TOKEN_SHA256: hash("sha256", "secret", "hex"),
      HOLDFAST_HTTP_HOSTS: "stock.example"
    })
    const ask = (host: string, authorization: string, path = "/v1/parked") =>
      new Promise<number>((resolve, reject) =>
        request(guarded.url + path, { headers: { host, authorization } }, (response) =>
          resolve(response.resume().statusCode!)
        )
          .on("error", reject)
          .end()
      )
    expect(await ask("evil.example", "Bearer secret")).toBe(421)
    expect(await ask("localhost", "Bearer wrong")).toBe(401)
    expect(await ask("stock.example", "Bearer secret")).toBe(200)
    expect(await ask("localhost", "", "/healthz")).toBe(200)
    await guarded.stop()
  })

  it("tells a client to send again while the broker is away, and its health check says so", async () => {
    await harness.servers.killNats()
    const [health, answer] = await Promise.all([fetch(`${door.url}/healthz`), post(JSON.stringify(event("away")))])
    expect(health.status).toBe(503)
    expect(await health.json()).toEqual({ status: "unavailable", nats: false, database: true })
    expect(answer).toMatchObject({ status: 503, body: { errors: [{ field: "event" }] } })
    await harness.servers.restartNats()
    await vi.waitFor(async () => expect((await fetch(`${door.url}/healthz`)).status).toBe(200), { timeout: 10_000 })
    expect(await post(JSON.stringify(event("away")))).toMatchObject({ status: 202 })
  })
})
