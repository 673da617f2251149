import { decodeFact } from "@holdfast/bus/FactMessage"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { Intake, type IntakeBatch, type StoredEvent } from "../src/Intake.ts"
import { batchFactsMax, parkBytesMax, parkRowsMax, waitingFactsMax } from "../src/IngestLimit.ts"

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

const order = (sequence: number, skus: ReadonlyArray<string>, headers?: StoredEvent["headers"]): StoredEvent => ({
  sequence,
  storedAt: 1_700_000_000_000 + sequence,
  subject: "stock.events.order.placed",
  headers,
  payload: Buffer.from(
    JSON.stringify({
      source: "shop",
      id: `e-${sequence}`,
      data: { orderId: `o-${sequence}`, lines: skus.map((sku) => ({ sku, quantity: 1 })) }
    })
  )
})

const broken = (sequence: number, payload: Uint8Array = Buffer.from("{")): StoredEvent => ({
  ...order(sequence, []),
  payload
})

const skus = (count: number) => Array.from({ length: count }, (_, i) => `S-${i}`)

const intakeFrom = (sequence = 0, part = 0) => new Intake("2026-01-01T00:00:00Z", { sequence, part }, () => false)

const contextOf = ({ messages }: IntakeBatch, at: number) =>
  Result.getOrThrow(decodeFact(messages.at(at)!.payload as string)).context

const skuOf = (payload: string | Uint8Array) => Result.getOrThrow(decodeFact(payload as string)).fact.sku

describe("the intake", () => {
  it("cuts an event into one fact per SKU, each with the event's position, time and trace", () => {
    const intake = intakeFrom()
    intake.add(order(7, ["A", "B", "A"], [["traceparent", traceparent]]))
    const batch = intake.take()
    expect(batch.messages.map(({ subject }) => subject)).toEqual(["stock.facts.A", "stock.facts.B"])
    const [first, last] = batch.messages.map(({ payload }) => Result.getOrThrow(decodeFact(payload as string)))
    const { fact } = first!
    expect(fact).toMatchObject({
      sku: "A",
      parts: 2,
      data: {
        lines: [
          { sku: "A", quantity: 1 },
          { sku: "A", quantity: 1 }
        ]
      }
    })
    for (const [i, { context }] of [first!, last!].entries()) {
      expect(context).toEqual({
        part: i + 1,
        eventSequence: 7,
        storedAt: 1_700_000_000_007,
        traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/),
        parentSpanId: "b7ad6b7169203331"
      })
    }
    expect(batch.outcomes).toMatchObject([{ outcome: "split", sequence: 7, facts: 2, event: { id: "e-7" } }])
    expect(intake.isEmpty).toBe(true)
  })

  it("encodes a SKU that would be a wildcard or several tokens", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["A.*>", "ä b%"]))
    const { messages } = intake.take()
    expect(messages.map(({ subject }) => subject)).toEqual(["stock.facts.A%2E%2A%3E", "stock.facts.%C3%A4%20b%25"])
    expect(messages.map(({ payload }) => skuOf(payload))).toEqual(["A.*>", "ä b%"])
  })

  it("ends a batch inside an event, says how far it got, and goes on there", () => {
    const whole = skus(1_200)
    const intake = intakeFrom()
    intake.add(order(1, ["X"]))
    intake.add(order(2, whole))
    const first = intake.take()
    expect(first.messages).toHaveLength(batchFactsMax)
    expect(contextOf(first, -1).part).toBe(batchFactsMax - 1)
    expect(contextOf(first, 0)).toMatchObject({ eventSequence: 1, part: 1 })
    expect(first.outcomes).toHaveLength(1)

    const resumed = intakeFrom(2, batchFactsMax - 1)
    resumed.add(order(2, whole))
    resumed.add(order(3, whole.slice(0, 2)))
    const rest: Array<IntakeBatch> = []
    while (!resumed.isEmpty) rest.push(resumed.take())
    const facts = [...first.messages.slice(1), ...rest.flatMap(({ messages }) => messages)].map(({ payload }) =>
      skuOf(payload)
    )
    expect(facts).toEqual([...whole, "S-0", "S-1"])
    expect(contextOf(rest.at(-1)!, -1)).toMatchObject({ eventSequence: 3, part: 2 })
    expect(rest.flatMap(({ outcomes }) => outcomes)).toMatchObject([
      { sequence: 2, facts: 1_200 },
      { sequence: 3, facts: 2 }
    ])
  })

  it("parks what it does not understand, with bytes, headers, reason and trace, in what PostgreSQL can store", () => {
    const intake = intakeFrom()
    const payload = Buffer.from(JSON.stringify({ id: "a\u0000b", source: "\ud800", data: null }))
    intake.add({
      ...order(
        3,
        [],
        [
          ["Nats-Msg-Id", ["m\u0000"]],
          ["x", "1"]
        ]
      ),
      payload
    })
    const { parked, messages, outcomes } = intake.take()
    expect(messages).toEqual([])
    expect(parked).toMatchObject([
      {
        stream: "EVENTS",
        sequence: 3,
        reason: "invalid",
        id: "a\uFFFDb",
        source: "\uFFFD",
        headers: { "Nats-Msg-Id": "m\uFFFD", x: "1" }
      }
    ])
    expect(parked[0]!.payload).toEqual(payload)
    expect(parked[0]!.detail).toContain("id: must not contain control characters")
    expect(outcomes).toMatchObject([{ outcome: "parked", reason: "invalid", traceparent: parked[0]!.traceparent }])
  })

  it("parks an event whose headers cannot be read", () => {
    const intake = intakeFrom()
    intake.add({ ...order(1, ["A"]), headerDefect: "bad name" })
    expect(intake.take().parked).toMatchObject([{ reason: "invalid", detail: "headers: bad name" }])
  })

  it("is full when a batch, an insert, or its bytes are", () => {
    const facts = intakeFrom()
    facts.add(order(1, skus(waitingFactsMax - 1)))
    expect(facts.isFull).toBe(false)
    facts.add(order(2, ["A"]))
    expect(facts.isFull).toBe(true)

    const rows = intakeFrom()
    for (let i = 1; i < parkRowsMax; i++) rows.add(broken(i))
    expect(rows.isFull).toBe(false)
    rows.add(broken(parkRowsMax))
    expect(rows.isFull).toBe(true)

    const bytes = intakeFrom()
    for (let i = 0; i < parkBytesMax / 2 ** 20; i++) bytes.add(broken(i + 1, new Uint8Array(2 ** 20)))
    expect(bytes.isFull).toBe(true)
  })
})
