import { decodeFactBatch, positionOf, startOfEvents, type FactBatch } from "@holdfast/bus/FactBatch"
import { completedIn } from "@holdfast/bus/CompletedEvents"
import { decodeFact } from "@holdfast/bus/FactMessage"
import { BundleBook } from "@holdfast/domain/Bundle"
import { linesMax } from "@holdfast/domain/Limit"
import { partitionOf } from "@holdfast/domain/Partition"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import type { OrderEntry } from "../src/Completion.ts"
import type { Position } from "../src/Position.ts"
import { bookOf } from "../src/HeardBundles.ts"
import { Intake, type IntakeBatch } from "../src/Intake.ts"
import { askedEventsMax, batchFactsMax, parkBytesMax, parkRowsMax, waitingFactsMax } from "../src/IngestLimit.ts"
import { OrderWindow } from "../src/OrderWindow.ts"
import type { StoredEvent } from "../src/StoredEvent.ts"

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

const intakeFrom = (position: Position = startOfEvents, window = new OrderWindow(), bundles = new BundleBook()) =>
  new Intake("2026-01-01T00:00:00Z", position, window, bundles, () => false)

const batchesOf = ({ messages }: Pick<IntakeBatch, "messages">): ReadonlyArray<FactBatch> =>
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
      const { facts } = batchesOf({ messages })[stored - 1]!
      const last = Result.getOrThrow(decodeFact(facts.at(-1)))
      const through = positionOf(last)
      const resumed = intakeFrom({
        ...startOfEvents,
        unfinished: { upTo, partition: partitionOf(last.fact.sku), through, completed: new Map() }
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

const whole = (sequence: number, orderId: string, type = "order.cancelled", more: object = {}): StoredEvent => ({
  ...order(sequence, []),
  subject: `stock.events.${type}`,
  payload: Buffer.from(JSON.stringify({ source: "shop", id: `e-${sequence}`, data: { orderId, ...more } }))
})

/** What the ledger may know of an order. */
const placed = (orderId: string, skus: ReadonlyArray<string>): OrderEntry =>
  ({ orderId, skus, isOrder: true }) as unknown as OrderEntry

const answers = (...records: ReadonlyArray<readonly [sequence: number, ...entries: ReadonlyArray<OrderEntry>]>) =>
  new Map(records.map(([sequence, ...entries]) => [sequence, entries]))

const cutOf = (batch: IntakeBatch) =>
  factsOf(batch)
    .toSorted((a, b) => a.context.eventSequence - b.context.eventSequence || a.context.part - b.context.part)
    .map(({ fact, context }) => `${context.eventSequence} ${fact.sku} ${context.part}/${fact.parts}`)

describe("the intake of an event without lines", () => {
  it("completes it from events before it that are not written yet, from its record, and from nothing behind it", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["B", "A"]))
    intake.add(whole(2, "o-1"))
    intake.add({ ...order(3, ["X"]), payload: order(1, ["X"]).payload })
    expect(intake.isHolding).toBe(true)
    expect(intake.asked).toMatchObject([{ sequence: 2, event: { type: "order.cancelled", data: { orderId: "o-1" } } }])
    intake.complete(answers([2, placed("o-1", ["C", "A"])]))
    expect(intake.isHolding).toBe(false)
    const batch = intake.take()
    expect(cutOf(batch)).toEqual(["1 B 1/2", "1 A 2/2", "2 A 1/3", "2 B 2/3", "2 C 3/3", "3 X 1/1"])
    expect(batch.outcomes).toMatchObject([{ sequence: 1 }, { sequence: 2, facts: 3 }, { sequence: 3 }])
    expect(batch.entries).toMatchObject([
      { orderId: "o-1", skus: ["B", "A"], isOrder: true },
      { orderId: "o-1", skus: ["A", "B", "C"], isOrder: false },
      { orderId: "o-1", skus: ["X"], isOrder: true }
    ])
  })

  it("lets nothing overtake it, and goes on up to what it has no record for", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["A"]))
    intake.add(whole(2, "o-1"))
    intake.add(order(3, ["B"]))
    expect(cutOf(intake.take())).toEqual(["1 A 1/1"])
    expect(intake.isEmpty).toBe(true)
    intake.add(whole(4, "o-3"))
    intake.add(order(5, ["C"]))
    expect(intake.asked.map(({ sequence }) => sequence)).toEqual([2, 4])
    intake.complete(answers([2]))
    expect(cutOf(intake.take())).toEqual(["2 A 1/1", "3 B 1/1"])
    expect(intake.asked.map(({ sequence }) => sequence)).toEqual([4])
    intake.complete(answers([4]))
    expect(cutOf(intake.take())).toEqual(["4 B 1/1", "5 C 1/1"])
  })

  it("parks it when nobody has heard of its order, and goes on", () => {
    const intake = intakeFrom()
    intake.add(whole(1, "o-9", "shipment.created", { shipmentId: "s-1" }))
    intake.add(order(2, ["A"]))
    intake.complete(answers([1]))
    const batch = intake.take()
    expect(cutOf(batch)).toEqual(["2 A 1/1"])
    expect(batch.waiting).toEqual([{ orderId: "o-9", sequence: 1 }])
    expect(batch.parked).toMatchObject([
      {
        sequence: 1,
        reason: "unknown_order",
        detail: "data.orderId: order o-9 is not known yet; this is applied by itself when the order comes",
        source: "shop",
        id: "e-1"
      }
    ])
    expect(batch.outcomes).toMatchObject([{ outcome: "parked", reason: "unknown_order" }, { outcome: "split" }])
  })

  it("parks it when its order has more SKUs than an event may have lines", () => {
    const intake = intakeFrom()
    intake.add(whole(1, "o-1"))
    intake.complete(answers([1, placed("o-1", skus(linesMax + 1))]))
    const { parked, waiting } = intake.take()
    expect(parked).toMatchObject([
      { reason: "too_large", detail: "data.lines: must name SKUs, at most 2000 in one event: order o-1 has 2001" }
    ])
    expect(waiting).toEqual([])
  })

  it("never splits it over two batches; the first message says what it was completed with", () => {
    const intake = intakeFrom()
    intake.add(order(1, ["X"]))
    intake.add(whole(2, "o-2"))
    intake.complete(answers([2, placed("o-2", skus(linesMax))]))
    const first = intake.take()
    expect(cutOf(first)).toEqual(["1 X 1/1"])
    expect(completedIn(batchesOf(first)[0]!)).toEqual(new Map())
    const second = batchesOf(intake.take())
    expect(second.flatMap(({ facts }) => facts)).toHaveLength(linesMax)
    expect(second[0]).toMatchObject({ after: { sequence: 1, part: 0 }, upTo: { sequence: 2, part: 0 } })
    expect(second.map((batch) => completedIn(batch).size)).toEqual([1, ...second.slice(1).map(() => 0)])
    expect(completedIn(second[0]!)).toEqual(new Map([[2, skus(linesMax).toSorted()]]))
    expect(linesMax).toBeLessThanOrEqual(batchFactsMax)
  })

  it("completes a batch that was cut off to the same facts, whatever the orders have become, and parks again what was parked", () => {
    const stored = [order(1, ["A", "B"]), whole(2, "o-1"), whole(3, "o-9"), order(4, ["Z"])]
    const intake = intakeFrom()
    for (const event of stored) intake.add(event)
    intake.complete(answers([2, placed("o-1", ["C", "D"])], [3]))
    const { messages, parked } = intake.take()
    for (let cut = 1; cut < messages.length; cut++) {
      const batches = batchesOf({ messages })
      const last = Result.getOrThrow(decodeFact(batches[cut - 1]!.facts.at(-1)))
      const { after, upTo } = batches[0]!
      const unfinished = {
        upTo,
        partition: partitionOf(last.fact.sku),
        through: positionOf(last),
        completed: completedIn(batches[0]!)
      }
      const resumed = intakeFrom({ ...after, unfinished })
      for (const event of stored) resumed.add(event)
      resumed.add(whole(5, "o-4"))
      expect(resumed.asked.map(({ sequence }) => sequence)).toEqual([5])
      const rest = resumed.take()
      expect(batchesOf(rest).map((batch) => batch.facts)).toEqual(batches.slice(cut).map((batch) => batch.facts))
      expect(completedIn(batchesOf(rest)[0]!)).toEqual(completedIn(batches[0]!))
      expect(rest.parked).toEqual(parked)
      expect(rest.waiting).toEqual([{ orderId: "o-9", sequence: 3 }])
    }
    expect(messages.length).toBeGreaterThan(3)
  })

  const defined = (sequence: number, sku: string, components: Readonly<Record<string, number>>): StoredEvent => {
    const parts = Object.entries(components).map(([part, quantity]) => ({ sku: part, quantity }))
    const data = { lines: [{ sku, components: parts }] }
    return {
      ...order(sequence, []),
      subject: "stock.events.bundle.defined",
      payload: Buffer.from(JSON.stringify({ source: "pim", id: `d-${sequence}`, data }))
    }
  }

  /** Rows as they are stored. */
  const rowsOf = (batch: Pick<IntakeBatch, "definitions">) =>
    batch.definitions.map((row, i) => ({ ...row, serial: 100 + i }))

  it("cuts orders of bundles by what these are made of where the order stands, and says so with every batch", () => {
    const intake = intakeFrom()
    for (const event of [
      order(1, ["X"]),
      defined(2, "X", { A: 1, B: 2 }),
      order(3, ["X"]),
      defined(4, "X", { C: 1 }),
      order(5, ["X"]),
      defined(6, "X", { X: 1 })
    ])
      intake.add(event)
    const batch = intake.take()
    expect(cutOf(batch).toSorted()).toEqual(["1 X 1/1", "3 A 1/2", "3 B 2/2", "5 C 1/1"])
    expect(batch.definitions.map(({ sequence, bundle }) => `${sequence} ${bundle}`)).toEqual(["2 X", "4 X"])
    expect(batch.parked.map(({ sequence, reason }) => [sequence, reason])).toEqual([[6, "invalid"]])
    const [fact] = factsOf(batch).filter(({ fact: { sku } }) => sku === "B")
    expect(fact!.fact.data.lines).toEqual([{ sku: "B", quantity: 2, bundle: "X", each: 2 }])
  })

  it("cuts the same again after it was ended anywhere, whatever was defined behind that place already", () => {
    const stored = [
      defined(1, "X", { A: 1, B: 1 }),
      order(2, ["X", "Y"]),
      defined(3, "X", { B: 5, D: 1 }),
      order(4, ["X"]),
      defined(5, "Y", { E: 1 }),
      order(6, ["Y", "X"])
    ]
    const intake = intakeFrom()
    for (const event of stored) intake.add(event)
    const whole = intake.take()
    const cut = factsOf(whole).map(({ fact, context }) => `${context.eventSequence} ${JSON.stringify(fact.data)}`)
    for (const sequence of [2, 4]) {
      const position = { sequence, part: 0, storedAt: 1_700_000_000_000 + sequence }
      // what is stored of later events is not heard before they are read
      const heard = { sequence, eventsCreated: rowsOf(whole)[0]!.streamCreated, firstEventSequence: 1 }
      const resumed = intakeFrom(position, new OrderWindow(), bookOf(rowsOf(whole), heard))
      for (const event of stored) if (event.sequence > sequence) resumed.add(event)
      const rest = resumed.take()
      const again = factsOf(rest).map(({ fact, context }) => `${context.eventSequence} ${JSON.stringify(fact.data)}`)
      expect(again.toSorted()).toEqual(cut.filter((fact) => Number(fact.split(" ")[0]) > sequence).toSorted())
    }
  })

  it("asks about some at a time, and is full when much is held", () => {
    const asking = intakeFrom()
    for (let i = 1; i <= askedEventsMax + 1; i++) asking.add(whole(i, `o-${i}`))
    expect(asking.asked).toHaveLength(askedEventsMax)

    const holding = intakeFrom()
    holding.add(whole(1, "o-1"))
    for (let i = 2; i <= waitingFactsMax / 1_000; i++) holding.add(order(i, skus(1_000)))
    holding.add(order(waitingFactsMax, skus(998)))
    expect(holding.isFull).toBe(false)
    holding.add(order(waitingFactsMax + 1, ["A"]))
    expect(holding.isFull).toBe(true)
    holding.complete(answers([1]))
    expect(holding.isFull).toBe(false)
  })
})
