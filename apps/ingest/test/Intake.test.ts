import { decodeFactBatch, positionOf, startOfEvents, type FactBatch } from "@holdfast/bus/FactBatch"
import { decodeFact } from "@holdfast/bus/FactMessage"
import { linesMax } from "@holdfast/domain/Limit"
import { partitionOf } from "@holdfast/domain/Partition"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import type { Position } from "../src/Position.ts"
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

const intakeFrom = (position: Position = startOfEvents) => new Intake("2026-01-01T00:00:00Z", position, () => false)

const batchesOf = ({ messages }: IntakeBatch): ReadonlyArray<FactBatch> =>
  messages.map(({ payload }) => Result.getOrThrow(decodeFactBatch(payload as string)))

const factsOf = (batch: IntakeBatch) =>
  batchesOf(batch).flatMap(({ facts }) => facts.map((json) => Result.getOrThrow(decodeFact(json))))

const skusOf = (batch: IntakeBatch) => factsOf(batch).map(({ fact }) => fact.sku)

const grouped = (skus: ReadonlyArray<string>) => skus.toSorted((a, b) => partitionOf(a) - partitionOf(b))

describe("the intake", () => {
  it("cuts an event into one fact per SKU, each with the event's position, time and trace", () => {
    const intake = intakeFrom()
    intake.add(order(7, ["A", "B", "A"], [["traceparent", traceparent]]))
    const batch = intake.take()
    expect(batch.messages.map(({ subject }) => subject)).toEqual(
      grouped(["A", "B"]).map((sku) => `stock.facts.${partitionOf(sku)}`)
    )
    const [first, last] = factsOf(batch).toSorted((a, b) => a.context.part - b.context.part)
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

  it("keeps a SKU that would be a wildcard or several tokens", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["A.*>", "ä b%"]))
    expect(skusOf(intake.take())).toEqual(grouped(["A.*>", "ä b%"]))
  })

  const whole = skus(linesMax)
  const upTo = { sequence: 2, part: batchFactsMax - 1, storedAt: 1_700_000_000_002 }

  it("ends a batch inside an event, says how far it got, and goes on there", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["X"]))
    intake.add(order(2, whole))
    const first = intake.take()
    expect(skusOf(first)).toEqual(grouped(["X", ...whole.slice(0, batchFactsMax - 1)]))
    const batches = batchesOf(first)
    expect(batches.map(({ rest }) => rest)).toEqual(batches.map((_, i) => batches.length - 1 - i))
    for (const batch of batches) expect(batch).toMatchObject({ after: startOfEvents, upTo })
    expect(first.outcomes).toHaveLength(1)

    const resumed = intakeFrom(upTo)
    resumed.add(order(2, whole))
    resumed.add(order(3, whole.slice(0, 2)))
    const rest = resumed.take()
    expect(resumed.isEmpty).toBe(true)
    expect(skusOf(rest)).toEqual(grouped([...whole.slice(batchFactsMax - 1), "S-0", "S-1"]))
    expect(batchesOf(rest)[0]).toMatchObject({ after: upTo, upTo: { sequence: 3, part: 0 } })
    expect(rest.outcomes).toMatchObject([
      { sequence: 2, facts: whole.length },
      { sequence: 3, facts: 2 }
    ])
  })

  it("completes a batch that was cut off, wherever, before it takes anything else", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["X"]))
    intake.add(order(2, whole))
    const { messages } = intake.take()
    for (let stored = 1; stored < messages.length; stored++) {
      const { facts } = batchesOf({ messages, parked: [], outcomes: [] })[stored - 1]!
      const last = Result.getOrThrow(decodeFact(facts.at(-1)))
      const through = positionOf(last)
      const resumed = intakeFrom({
        ...startOfEvents,
        unfinished: { upTo, partition: partitionOf(last.fact.sku), through }
      })
      resumed.add(order(1, ["X"]))
      expect(resumed.isEmpty).toBe(true)
      resumed.add(order(2, whole))
      resumed.add(order(3, ["Y"]))
      expect(resumed.take().messages).toEqual(messages.slice(stored))
      expect(skusOf(resumed.take())).toEqual(grouped([...whole.slice(batchFactsMax - 1), "Y"]))
    }
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
    for (let i = 1; i < waitingFactsMax / 1_000; i++) facts.add(order(i, skus(1_000)))
    facts.add(order(waitingFactsMax, skus(999)))
    expect(facts.isFull).toBe(false)
    facts.add(order(waitingFactsMax + 1, ["A"]))
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
