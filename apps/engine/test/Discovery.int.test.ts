/**
 * Goal: whoever looks for services on NATS finds the requests, what they take and how they do. Method: the questions that
 * `nats micro ls`, `info` and `stats` ask, as plain requests.
 */
import { requestSchemas } from "@holdfast/domain/Reservation"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { EngineHarness } from "./EngineHarness.ts"

interface Endpoint extends Record<string, unknown> {
  readonly name: string
  readonly metadata: Record<string, string>
}

describe("the engine as a NATS service", () => {
  let harness: EngineHarness
  beforeAll(async () => {
    harness = await EngineHarness.start()
    await harness.startEngine()
  }, 60_000)
  afterAll(() => harness.stop())

  const ask = (subject: string) =>
    harness.askSubject<Record<string, unknown> & { readonly id: string; readonly endpoints: ReadonlyArray<Endpoint> }>(
      subject,
      ""
    )

  it.each(["$SRV.PING", "$SRV.PING.holdfast"])("answers %s with its name and itself", async (subject) => {
    const answer = await ask(subject)
    expect(answer).toMatchObject({ type: "io.nats.micro.v1.ping_response", name: "holdfast", version: "0.1.0" })
    expect((await ask(`$SRV.PING.holdfast.${answer.id}`)).id).toBe(answer.id)
  })

  it("names every request with its subject and the schema of what it takes", async () => {
    const { description, endpoints, type } = await ask("$SRV.INFO.holdfast")
    expect(type).toBe("io.nats.micro.v1.info_response")
    expect(description).toContain("Reservations")
    expect(endpoints.map(({ name }) => name)).toEqual(Object.keys(requestSchemas))
    const release = endpoints.find(({ name }) => name === "release")!
    expect(release).toMatchObject({ subject: "stock.release", queue_group: "engine" })
    expect(JSON.parse(release.metadata["request-schema"]!)).toMatchObject({
      type: "object",
      required: expect.arrayContaining(["key", "reservationId"])
    })
    const reserve = JSON.parse(endpoints.find(({ name }) => name === "reserve")!.metadata["request-schema"]!)
    expect(reserve.properties.quantity).toEqual({ type: "integer" })
  })

  it("counts what was asked, how long it took and what was refused as too large", async () => {
    await harness.request("availability", { sku: "MUG" })
    await harness.request("availability", { sku: "x".repeat(40_000) })
    const { endpoints } = await ask("$SRV.STATS.holdfast")
    const [availability] = endpoints.filter(({ name }) => name === "availability")
    expect(availability).toMatchObject({ num_requests: 2, num_errors: 1, last_error: expect.stringContaining("bytes") })
    expect(availability!["processing_time"]).toBeGreaterThan(0)
    expect(endpoints.find(({ name }) => name === "reserve")).toMatchObject({ num_requests: 0, processing_time: 0 })
  })
})
