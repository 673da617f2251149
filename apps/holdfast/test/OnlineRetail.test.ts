/** The data set as events: what each kind of row becomes, and that no unit is lost or invented on the way. */
import { decodeEvent } from "@holdfast/domain/EventManifest"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Effect, Result } from "effect"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { isStockCode, movementsOf, retailEvents } from "../src/retail/OnlineRetail.ts"
import { encodeEvent } from "../src/retail/EventPublisher.ts"
import { openingStock } from "../src/retail/OpeningStock.ts"
import { readRetailCsv, type RetailRow } from "../src/retail/RetailCsv.ts"
import { summaryOf, summaryText } from "../src/retail/RetailSummary.ts"
import { csvHeader, csvRows, csvText, withCsv } from "./RetailFixture.ts"

const rowsOf = (content: string, name = "retail.csv") =>
  withCsv(content, name, (path) => Effect.runPromise(readRetailCsv(path)))
const failureOf = (content: string | Buffer, name = "retail.csv") =>
  withCsv(content, name, (path) => Effect.runPromise(Effect.flip(readRetailCsv(path))))
const sample = fileURLToPath(new URL("../sample/online-retail-sample.csv.gz", import.meta.url))

const rows = await rowsOf(csvText)
const events = retailEvents(rows)
const withId = (id: string) => events.find((event) => event.id === `online-retail:${id}`)
const dataOf = (id: string) => withId(id)?.data

/** Net units per SKU that events moved, opening receipts aside. */
const netOf = (all: ReadonlyArray<StockEvent>) => {
  const net = new Map<string, number>()
  for (const event of all) {
    if (event.type === "goods.received") continue
    for (const { sku, units } of movementsOf(event)) net.set(sku, (net.get(sku) ?? 0) + units)
  }
  return net
}
/** The same from the rows: corrections are signed as they are, sales take, cancellations give back. */
const netOfRows = (all: ReadonlyArray<RetailRow>) => {
  const net = new Map<string, number>()
  for (const row of all) {
    const correction =
      !row.invoice.startsWith("C") && (row.quantity < 0 || (row.customer === "" && row.unitPrice === 0))
    net.set(row.stockCode, (net.get(row.stockCode) ?? 0) + (correction ? row.quantity : -row.quantity))
  }
  return net
}

describe("the file", () => {
  it("is read the same plain, gzipped, with a byte order mark and with its other spelling of times", async () => {
    expect(rows).toHaveLength(csvRows.length)
    expect(rows[1]).toMatchObject({
      line: 3,
      stockCode: "22197",
      description: 'BOX, "RED"',
      quantity: 2,
      customer: "17850"
    })
    expect(await rowsOf(csvText, "retail.csv.gz")).toEqual(rows)
    expect(await rowsOf(`\ufeff${csvText}`)).toEqual(rows)
    expect(await rowsOf(csvText.replace(/2011-11-(\d\d) (\d\d:\d\d):00/g, "11/$1/2011 $2"))).toEqual(rows)
  })

  it("with bad rows gives none, and names line, column and limit of each", async () => {
    const bad = [
      `1001,85123A,X,0,2011-11-01 08:26:00,2.55,1,UK`,
      `1001,,X,1,2011-11-01 08:26:00,2.55,1,UK`,
      `1001,85123A,X,1.5,2011-02-30 08:26:00,free,1,UK`,
      `C1001,85123A,X,1,2011-11-01 08:26:00,2.55,1,UK`,
      `1001,85123A,X,2000000,2011-11-01 08:26:00,2.55,1,UK`
    ]
    const { reason, problems } = await failureOf([csvHeader, ...bad].join("\n"))
    expect(reason).toBe("invalid")
    expect(problems).toEqual([
      'line 2, column Quantity: must be a whole number from -1000000 to 1000000, not 0, got "0"',
      'line 3, column StockCode: must be 1 to 128 bytes without control characters, got ""',
      expect.stringMatching(/^line 4, column Quantity: .*got "1.5"/),
      expect.stringMatching(/^line 4, column InvoiceDate: must be a time such as .*got "2011-02-30 08:26:00"/),
      'line 4, column UnitPrice: must be a number, got "free"',
      'line 5, column Quantity: must be negative on a cancellation, got "1"',
      expect.stringMatching(/^line 6, column Quantity: .*got "2000000"/)
    ])
  })

  it("that is another file is refused by name", async () => {
    expect((await failureOf("a,b\n1,2\n")).problems).toContain("line 1: column InvoiceNo is missing")
    expect((await failureOf(`${csvHeader}\n1,2,3\n`)).reason).toBe("not_csv")
    expect((await failureOf('{\n  "name": 1\n}')).reason).toBe("not_csv")
    expect((await failureOf(csvHeader)).problems).toEqual(["it has no rows"])
    expect((await Effect.runPromise(Effect.flip(readRetailCsv("/no/such/file.csv")))).reason).toBe("unreadable")
  })

  it("that is not really gzipped is refused", async () => {
    const plain = Buffer.from(csvText)
    const failure = await withCsv(plain, "x.csv", async (path) => {
      const { renameSync } = await import("node:fs")
      renameSync(path, `${path}.gz`)
      return Effect.runPromise(Effect.flip(readRetailCsv(`${path}.gz`)))
    })
    expect(failure.reason).toBe("unreadable")
  })
})

describe("an invoice", () => {
  it("is one order with all its lines, postage included", () => {
    expect(withId("1001")).toMatchObject({
      type: "order.placed",
      source: "online-retail",
      time: Date.UTC(2011, 10, 1, 8, 26)
    })
    expect(dataOf("1001")).toEqual({
      orderId: "1001",
      channel: "webshop",
      lines: [
        { sku: "85123A", quantity: 6 },
        { sku: "22197", quantity: 2 },
        { sku: "POST", quantity: 1 }
      ]
    })
  })

  it("comes through the channel that customer and country suggest", () => {
    expect(["1001", "1003", "1004"].map((id) => (dataOf(id) as { channel: string }).channel)).toEqual([
      "webshop",
      "wholesale",
      "marketplace"
    ])
  })

  it("of a customer keeps its free lines; without customer and price it is a correction", () => {
    expect(dataOf("1003")?.lines).toContainEqual({ sku: "21704", quantity: 1 })
    expect(dataOf("1005")).toEqual({ reason: "found", reference: "1005", lines: [{ sku: "21704", delta: 10 }] })
    expect(dataOf("1006")).toEqual({ reason: "damaged", reference: "1006", lines: [{ sku: "85123A", delta: -2 }] })
    expect(dataOf("1007")).toMatchObject({ reason: "stock correction without a note" })
  })
})

describe("a cancellation", () => {
  it("gives back to the newest order first and goes on to older ones", () => {
    expect(dataOf("C1008:1002")).toMatchObject({
      orderId: "1002",
      channel: "webshop",
      lines: [{ sku: "85123A", quantity: 4 }]
    })
    expect(dataOf("C1008:1001")).toMatchObject({
      orderId: "1001",
      lines: [
        { sku: "85123A", quantity: 3 },
        { sku: "22197", quantity: 2 }
      ]
    })
  })

  it("that no order explains is a return from before the record", () => {
    const reason = "returned: order before the record"
    expect(dataOf("C1008:returned")).toEqual({ reason, reference: "C1008", lines: [{ sku: "22197", delta: 3 }] })
    expect(dataOf("C1009:returned")).toEqual({ reason, reference: "C1009", lines: [{ sku: "21704", delta: 1 }] })
  })
})

describe("the opening stock", () => {
  const opening = events[0]!

  it("comes first, at midnight, for stock SKUs only", () => {
    expect(opening).toMatchObject({
      type: "goods.received",
      id: "online-retail:opening:2011-11-01:1",
      time: Date.UTC(2011, 10, 1)
    })
    expect(opening.data.lines.map(({ sku }) => sku).toSorted()).toEqual(["21704", "22197", "85123A", "99999"])
  })

  it("covers the most that a SKU ever lacks and a spare", () => {
    const movements = [-5, -7, 10, -1].map((units) => ({ sku: "X" as never, units }))
    expect(openingStock(movements, 0).get("X" as never)).toBe(12 + 12)
    expect(openingStock([{ sku: "X" as never, units: -1_000 }], 0).get("X" as never)).toBe(1_200)
  })

  it("is half of that for the SKUs that run short", () => {
    expect(openingStock([{ sku: "X" as never, units: -9 }], 1).get("X" as never)).toBe(5)
  })
})

describe("all events of a file", () => {
  it("are valid, have distinct ids, and are in order of time", () => {
    for (const event of events) {
      const again = decodeEvent(JSON.parse(encodeEvent(event)), 0)
      expect(Result.getOrThrow(again)).toEqual(event)
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted((a, b) => a - b))
  })

  it("are the same whenever they are made", async () => {
    expect(JSON.stringify(retailEvents(await rowsOf(csvText)))).toBe(JSON.stringify(events))
  })

  it("move every unit of the file, and no other", () => {
    expect(netOf(events)).toEqual(netOfRows(rows))
  })

  it("are counted", () => {
    const summary = summaryOf(events)
    expect(summary).toEqual({
      events: 13,
      byType: { "goods.received": 1, "order.placed": 5, "stock.adjusted": 5, "order.cancelled": 2 },
      lines: 20,
      nonStockLines: 1,
      skus: 4,
      from: "2011-11-01T08:26:00.000Z",
      to: "2011-11-02T08:00:00.000Z"
    })
    expect(summaryText(summary, { events: 13, repeated: 2, seconds: 0.5 })).toContain(
      "published           13 in 0.5 s, 26 events/s"
    )
  })
})

describe("a day of the real data set", () => {
  it("keeps all of the above", async () => {
    const real = await Effect.runPromise(readRetailCsv(sample))
    const told = retailEvents(real)
    expect(real.length).toBeGreaterThan(3_000)
    expect(netOf(told)).toEqual(netOfRows(real))
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
    for (const event of told)
      expect(Result.isSuccess(decodeEvent(JSON.parse(encodeEvent(event)), 0)), event.id).toBe(true)
  })

  it("runs one or two SKUs in a hundred short", async () => {
    const balance = new Map<string, number>()
    const short = new Set<string>()
    for (const event of retailEvents(await Effect.runPromise(readRetailCsv(sample)))) {
      for (const { sku, units } of movementsOf(event)) {
        if (!isStockCode(sku)) continue
        balance.set(sku, (balance.get(sku) ?? 0) + units)
        if (balance.get(sku)! < 0) short.add(sku)
      }
    }
    expect(short.size / balance.size).toBeGreaterThan(0.005)
    expect(short.size / balance.size).toBeLessThan(0.025)
  })
})
