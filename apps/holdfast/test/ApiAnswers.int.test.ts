/**
 * Goal: a running instance answers and announces what the documents say. Method: one request for each kind of answer that can
 * be brought about from outside, checked against the schema that the document has for it.
 */
import { allAvailability, eventSubject, oversoldSubject, requestSubject } from "@holdfast/bus/Subject"
import { availabilityStream, noticesStream } from "@holdfast/bus/StreamTopology"
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { DeliverPolicy } from "@nats-io/jetstream"
import { headers } from "@nats-io/nats-core"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { documents } from "../api/generator/Documents.ts"
import { eventCatalog } from "../api/generator/EventCatalog.ts"
import type { Json } from "../api/generator/PayloadSchema.ts"
import { at, validatorOf } from "./ApiDocument.ts"
import { connectTo, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const [asyncApi, openApi] = documents().map(({ content }) => content) as [Json, Json]

const documented = (path: string, method: string, status: number): Json => {
  const pointer = ["paths", path, method.toLowerCase(), "responses", String(status), "content"].map((step) =>
    encodeURIComponent(step.replaceAll("/", "~1"))
  )
  const content = at(openApi, `#/${pointer.join("/")}`) as Record<string, Json> | undefined
  if (content === undefined) throw new Error(`${method} ${path} is not documented to answer ${status}`)
  return Object.values(content)[0]!["schema"] as Json
}

const isA = (name: string, payload: unknown): void =>
  expect(validatorOf(asyncApi, { $ref: `#/components/schemas/${name}` })(payload), name).toEqual([])

describe("a running instance", () => {
  let stack: StackProcess
  let client: StackClient
  beforeAll(async () => {
    stack = StackProcess.make()
    client = await connectTo(await stack.start())
    await post("/v1/events", receipt, 202)
    await untilDrained(client)
  })
  afterAll(async () => {
    await client?.close()
    await stack?.remove()
  })

  const receipt = {
    id: "receipt",
    source: "wms",
    type: "goods.received",
    data: { putaway: "done", lines: ["KETTLE", "TRAY"].map((sku) => ({ sku, quantity: 10 })) }
  }

  const arrives = Date.parse("2099-05-01T00:00:00Z")
  const purchase = {
    id: "purchase",
    source: "erp",
    type: "purchase.ordered",
    data: {
      purchaseId: "P-2099",
      lines: [
        { sku: "TRAY", quantity: 30, expectedAt: "2099-05-01T00:00:00Z" },
        { sku: "KETTLE", quantity: 5 }
      ]
    }
  }

  /** Asks, and holds the answer against the document. @param path as the document names it */
  const ask = async (
    method: string,
    path: string,
    url: string,
    status: number,
    init: RequestInit = {}
  ): Promise<Json> => {
    const response = await fetch(client.httpUrl + url, { method, ...init })
    const text = await response.text()
    expect(response.status, `${method} ${url}: ${text.slice(0, 200)}`).toBe(status)
    const answers = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Json)
    const validate = validatorOf(openApi, documented(path, method, status))
    for (const answer of answers) expect(validate(answer), `${method} ${url} ${text.slice(0, 200)}`).toEqual([])
    return answers[0]!
  }

  const post = (path: string, body: unknown, status: number, type = "application/json", url = path) =>
    ask("POST", path, url, status, {
      headers: { "content-type": type },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })

  let keys = 0
  const change = (id: unknown, verb: string, body: object, status: number) => {
    const url = `/v1/reservations/${id}/${verb}`
    const keyed = { key: `change-${(keys += 1)}`, ...body }
    return post(`/v1/reservations/{id}/${verb}`, keyed, status, "application/json", url)
  }

  it("answers to events over HTTP as documented", async () => {
    for (const { example } of eventCatalog) await post("/v1/events", example, 202)
    await post("/v1/events", receipt, 202)
    await post("/v1/events", { ...receipt, data: { lines: [] } }, 422)
    await post("/v1/events", "{", 422)
    await post("/v1/events", " ".repeat(payloadBytesMax + 1), 413)
    await post("/v1/events", receipt, 415, "text/plain")
    await post("/v1/events", `${JSON.stringify(receipt)}\n{}\n`, 200, "application/x-ndjson")
  })

  it("answers to reservations over HTTP as documented", async () => {
    const asked = { key: "http-1", sku: "KETTLE", quantity: 2 }
    const { reservationId } = await post("/v1/reservations", asked, 201)
    await post("/v1/reservations", { ...asked, key: "http-2", quantity: 900 }, 409)
    await post("/v1/reservations", { ...asked, key: "http-3", sku: "NEVER HEARD OF" }, 409)
    await post("/v1/reservations", { ...asked, quantity: 1 }, 422)
    await post("/v1/reservations", {}, 422)
    await post("/v1/reservations", asked, 415, "text/plain")
    await post("/v1/reservations", " ".repeat(64 * 1024), 413)
    await change(reservationId, "extend", { ttlMillis: 3_600_000 }, 200)
    await change(reservationId, "pin", {}, 200)
    await change(reservationId, "unpin", {}, 200)
    await change(reservationId, "confirm", { orderId: "1" }, 200)
    await change(reservationId, "release", {}, 409)
    const other = await post("/v1/reservations", { ...asked, key: "http-6" }, 201)
    await change(other["reservationId"], "release", {}, 200)
  })

  it("answers to reservations of several SKUs over HTTP as documented", async () => {
    const lines = [
      { sku: "KETTLE", quantity: 1 },
      { sku: "TRAY", quantity: 1 }
    ]
    const { reservationId } = await post("/v1/reservations", { key: "http-7", lines }, 201)
    const greedy = [...lines, { sku: "TRAY", quantity: 900 }]
    await post("/v1/reservations", { key: "http-8", lines: greedy }, 409)
    for (const verb of ["extend", "pin", "unpin", "confirm"])
      await change(reservationId, verb, verb === "extend" ? { ttlMillis: 3_600_000 } : { orderId: "3" }, 200)
    const partial = await post("/v1/reservations", { key: "http-9", lines: greedy, partial: true }, 201)
    await change(partial["reservationId"], "release", {}, 200)
  })

  it("says what there is as documented", async () => {
    await ask("GET", "/v1/stock/{sku}", "/v1/stock/KETTLE", 200)
    await post("/v1/events", purchase, 202)
    await untilDrained(client)
    const promised = await ask("GET", "/v1/stock/{sku}", "/v1/stock/TRAY?promise=true&by=2099-06-01T00:00:00Z", 200)
    expect(promised).toMatchObject({
      availableBy: Number(promised["available"]) + 30,
      promise: [{}, { from: arrives }]
    })
    await ask("GET", "/v1/stock/{sku}", "/v1/stock/TRAY?by=tomorrow", 422)
    await ask("GET", "/v1/stock/{sku}", "/v1/stock/NEVER%20HEARD%20OF", 404)
    const history = "/v1/stock/{sku}/history"
    const { rows } = await ask("GET", history, "/v1/stock/KETTLE/history?newest=1", 200)
    expect(rows).toHaveLength(1)
    await ask("GET", history, "/v1/stock/KETTLE/history?newest=many", 422)
    await ask("GET", history, "/v1/stock/NEVER%20HEARD%20OF/history", 404)
    await post("/v1/catalogue", { sku: "KETTLE", safetyStock: 0, name: "Kettle" }, 200)
    await post("/v1/catalogue", { sku: "", safetyStock: -1 }, 422)
    await ask("GET", "/v1/catalogue", "/v1/catalogue?limit=1", 200)
    await ask("GET", "/v1/sources", "/v1/sources", 200)
    await ask("GET", "/v1/channels", "/v1/channels", 200)
    const put = (components: unknown, status: number) =>
      ask("PUT", "/v1/bundles/{sku}", "/v1/bundles/TEA%20SET", status, { body: JSON.stringify({ components }) })
    await put([{ sku: "KETTLE", quantity: 1 }], 200)
    await put([{ sku: "TEA SET", quantity: 1 }], 422)
    await ask("GET", "/v1/bundles", "/v1/bundles", 200)
    await ask("GET", "/v1/channels/{id}", "/v1/channels/nobody", 404)
  })

  it("says how it is, and what it parked, as documented", async () => {
    await ask("GET", "/healthz", "/healthz", 200)
    await client.nats.jetstream.publish(eventSubject("order.placed"), "nonsense")
    await vi.waitFor(async () => {
      const { parked } = await ask("GET", "/v1/parked", "/v1/parked?reason=not_json", 200)
      expect(parked).toHaveLength(1)
    })
    await ask("GET", "/v1/parked", "/v1/parked?limit=0", 422)
    await ask("POST", "/v1/inbound/{channel}", "/v1/inbound/nobody", 401, { body: "{}" })
  })

  it("answers over NATS as documented", async () => {
    const { connection } = client.nats
    const heard = async (subject: string, body: object) =>
      (await connection.request(subject, JSON.stringify(body), { timeout: 10_000, headers: headers() })).json<Json>()
    for (const { type, example } of eventCatalog) isA("Acknowledgement", await heard(eventSubject(type), example))
    const asked = { key: "nats-1", sku: "KETTLE", quantity: 1 }
    const granted = await heard(requestSubject("reserve"), asked)
    isA("Granted", granted)
    isA("Denied", await heard(requestSubject("reserve"), { ...asked, key: "nats-2", quantity: 900 }))
    isA("KeyReused", await heard(requestSubject("reserve"), { ...asked, quantity: 2 }))
    isA("Invalid", await heard(requestSubject("reserve"), {}))
    const { reservationId } = granted
    isA("Extended", await heard(requestSubject("extend"), { key: "nats-3", reservationId, ttlMillis: 3_600_000 }))
    isA("Pinned", await heard(requestSubject("pin"), { key: "nats-4", reservationId }))
    isA("Unpinned", await heard(requestSubject("unpin"), { key: "nats-5", reservationId }))
    isA("Confirmed", await heard(requestSubject("confirm"), { key: "nats-6", reservationId, orderId: "2" }))
    const other = await heard(requestSubject("reserve"), { ...asked, key: "nats-7" })
    isA("Released", await heard(requestSubject("release"), { key: "nats-8", reservationId: other["reservationId"] }))
    const group = await heard(requestSubject("reserve"), { key: "nats-9", lines: [{ sku: "TRAY", quantity: 2 }] })
    isA("GroupGranted", group)
    isA(
      "GroupReleased",
      await heard(requestSubject("release"), { key: "nats-10", reservationId: group["reservationId"] })
    )
    isA("Available", await heard(requestSubject("availability"), { sku: "TRAY" }))
    isA("History", await heard(requestSubject("history"), { sku: "TRAY" }))
  })

  it("tells of what is oversold as documented", async () => {
    const order = { id: "much", source: "shop", data: { orderId: "much", lines: [{ sku: "TRAY", quantity: 50 }] } }
    await client.nats.connection.request(eventSubject("order.placed"), JSON.stringify(order), { timeout: 10_000 })
    const { manager } = client.nats
    const newest = () => manager.streams.getMessage(noticesStream, { last_by_subj: oversoldSubject("TRAY") })
    isA("StockOversold", (await vi.waitUntil(newest, { timeout: 10_000 }))!.json())
  })

  it("announces as documented", async () => {
    await untilDrained(client)
    const { manager, jetstream } = client.nats
    await vi.waitFor(async () =>
      expect((await manager.streams.info(availabilityStream)).state.messages).toBeGreaterThan(3)
    )
    const consumer = await jetstream.consumers.get(availabilityStream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subjects: allAvailability
    })
    const { num_pending: count } = await consumer.info()
    let read = 0
    for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
      isA("Announcement", message.json())
      read += 1
    }
    expect(read).toBeGreaterThan(0)
  })
})
