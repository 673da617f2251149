/**
 * Goal: whatever is sent, good events arrive once, and a bad one is refused or parked with its bytes and the field named.
 * Method: every input of `MalformedInput` over NATS and over HTTP, good events in between.
 */
import * as Parked from "@holdfast/ledger/Parked"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { IngestHarness } from "./IngestHarness.ts"
import { malformedInputs, type MalformedInput } from "./MalformedInput.ts"

const placed = "stock.events.order.placed"

const good = (id: string, sku: string) =>
  JSON.stringify({ id, source: "shop", type: "order.placed", data: { orderId: id, lines: [{ sku, quantity: 1 }] } })

const names = ({ field }: MalformedInput, found: string): boolean =>
  typeof field === "string" ? field === found : field.test(found)

describe("malformed input", () => {
  let harness: IngestHarness
  let door: Awaited<ReturnType<IngestHarness["startHttp"]>>
  let stopIngest: () => Promise<void>
  beforeAll(async () => {
    harness = await IngestHarness.start()
    door = await harness.startHttp()
    stopIngest = await harness.startIngest()
  })
  afterAll(async () => {
    await stopIngest()
    await door.stop()
    await harness.stop()
  })

  const post = (body: Uint8Array<ArrayBuffer> | string, type = "application/json") =>
    fetch(`${door.url}/v1/events`, { method: "POST", body, headers: { "content-type": type } })

  it("has at least 200 kinds, all different", () => {
    expect(new Set(malformedInputs.map(({ payload }) => Buffer.from(payload).toString("latin1"))).size).toBe(
      malformedInputs.length
    )
    expect(malformedInputs.length).toBeGreaterThanOrEqual(200)
  })

  it("over NATS is parked with its bytes, the field named, and holds up nothing", async () => {
    const expected: Array<string> = []
    for (const [i, { payload }] of malformedInputs.entries()) {
      await harness.publish(placed, payload, { "Test-Input": String(i) })
      await harness.publish(placed, good(`good-${i}`, `N-${i}`))
      expected.push(`N-${i}`)
    }
    await harness.waitForFacts(expected.length)
    await vi.waitFor(
      async () => expect(await Parked.list(harness.sql, { limit: 1_000 })).toHaveLength(malformedInputs.length),
      { timeout: 20_000 }
    )
    expect((await harness.facts()).map(({ sku }) => sku).toSorted()).toEqual(expected.toSorted())
    for (const row of await Parked.list(harness.sql, { limit: 1_000 })) {
      const parked = (await Parked.get(harness.sql, row.id))!
      const input = malformedInputs[Number(parked.headers["Test-Input"])]!
      expect(Buffer.compare(parked.payload, input.payload), input.what).toBe(0)
      const fields = parked.detail.split("; ").map((one) => one.slice(0, one.indexOf(": ")))
      expect(
        fields.some((field) => names(input, field)),
        `${input.what} -> ${parked.detail}`
      ).toBe(true)
    }
  })

  it("over HTTP is refused, the field named, and never reaches the broker", async () => {
    const before = (await harness.facts()).length
    const parkedBefore = (await Parked.list(harness.sql, { limit: 1_000 })).length
    for (const [i, input] of malformedInputs.entries()) {
      if (input.onlyNats === true) continue
      const response = await post(Uint8Array.from(input.payload))
      const { errors } = (await response.json()) as { errors: Array<{ field: string }> }
      expect([413, 422], input.what).toContain(response.status)
      expect(
        errors.some(({ field }) => names(input, field)),
        `${input.what} -> ${JSON.stringify(errors[0])}`
      ).toBe(true)
      if (i % 10 === 0) expect((await post(good(`http-${i}`, `H-${i}`))).status).toBe(202)
    }
    await harness.waitForFacts(before + Math.ceil(malformedInputs.length / 10))
    expect(await Parked.list(harness.sql, { limit: 1_000 })).toHaveLength(parkedBefore)
  })

  it("among many lines is refused line by line", async () => {
    const before = (await harness.facts()).length
    const isOneLine = ({ payload, onlyNats }: MalformedInput) =>
      onlyNats !== true && !payload.includes(10) && Buffer.from(payload).toString().trim() !== ""
    const oneLine = malformedInputs.filter(isOneLine)
    const body = Buffer.concat(
      oneLine.flatMap(({ payload }, i) => [payload, Buffer.from(`\n${good(`line-${i}`, `L-${i}`)}\n`)])
    )
    const text = await (await post(Uint8Array.from(body), "application/x-ndjson")).text()
    const statuses = text
      .trimEnd()
      .split("\n")
      .map((answer) => (JSON.parse(answer) as { status: string }).status)
    expect(statuses).toEqual(oneLine.flatMap(() => ["rejected", "accepted"]))
    await harness.waitForFacts(before + oneLine.length)
  })

  it("that the broker itself refuses is an error to whoever publishes it", async () => {
    const twoMegabytes = new Uint8Array(2_000_000)
    await expect(harness.publish(placed, twoMegabytes)).rejects.toThrow(/max_payload/)
  })

  it("with SKUs that look like wildcards is not malformed", async () => {
    const before = (await harness.facts()).length
    const skus = [
      "A.*>",
      "*",
      ">",
      ".",
      "..",
      " ",
      "a b",
      "%",
      "%2E",
      "$JS.API",
      "é",
      "😀",
      "x".repeat(128),
      "'; drop table parked; --",
      "{{x}}"
    ]
    for (const [i, sku] of skus.entries()) await harness.publish(placed, good(`wild-${i}`, sku))
    await harness.waitForFacts(before + skus.length)
    const facts = (await harness.facts()).toSorted((a, b) => a.event - b.event).slice(before)
    expect(facts.map(({ sku }) => sku)).toEqual(skus)
    expect(facts.map(({ json }) => (json as { data: { lines: Array<{ sku: string }> } }).data.lines[0]!.sku)).toEqual(
      skus
    )
  })
})
