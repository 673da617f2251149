/**
 * Goal: a recorded month of a real shop goes through the whole stack and not one unit is made or lost.
 * Method: the file is imported by the command into a running `holdfast up`, added up here straight from its rows, and compared
 * per SKU. Runs on the sample day; `HOLDFAST_RETAIL_CSV` names another file, such as the whole month.
 */
import { parse } from "csv-parse/sync"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { gunzipSync } from "node:zlib"
import { isStockCode } from "../src/retail/OnlineRetail.ts"
import { expectVerified } from "./crash/Evidence.ts"
import { connectTo, storedFacts, storedUnits, untilDrained, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

const file = process.env["HOLDFAST_RETAIL_CSV"] ?? join(import.meta.dirname, "../sample/online-retail-sample.csv.gz")

/** Milliseconds: a month has twenty times the lines of the sample day. */
const patience = 180_000

type Row = Readonly<Record<"InvoiceNo" | "StockCode" | "Quantity" | "UnitPrice" | "CustomerID", string>>

/** Signed units by which the file changes what is available of each SKU. */
const movementsOf = (rows: ReadonlyArray<Row>): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const invoice of Map.groupBy(rows, ({ InvoiceNo }) => InvoiceNo).values()) {
    const isCancellation = invoice[0]!.InvoiceNo.startsWith("C")
    // the stock keeper's notes: nobody bought, or units only went away
    const isCorrection = invoice.every(
      (row) => Number(row.Quantity) < 0 || (Number(row.UnitPrice) === 0 && row.CustomerID === "")
    )
    for (const { StockCode, Quantity } of invoice) {
      const sku = StockCode.trim().toUpperCase()
      const units = !isCancellation && isCorrection ? Number(Quantity) : -Number(Quantity)
      sums.set(sku, (sums.get(sku) ?? 0) + units)
    }
  }
  return sums
}

interface Parked {
  readonly reason: string
  readonly sku: string
}

let stack: StackProcess
let client: StackClient
beforeAll(async () => {
  stack = StackProcess.make()
  client = await connectTo(await stack.start())
})
afterAll(async () => {
  await client?.close()
  await stack?.remove()
})

const sorted = (map: ReadonlyMap<string, unknown>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))

it("conserves every unit of every SKU, and lists what it could not apply", { timeout: 2 * patience }, async () => {
  const raw = readFileSync(file)
  const rows: Array<Row> = parse(file.endsWith(".gz") ? gunzipSync(raw) : raw, { columns: true, bom: true })

  const began = performance.now()
  const imported = await stack.command(["import", "online-retail", file, "--json"])
  expect(imported).toMatchObject({ code: 0 })
  await untilDrained(client, patience)
  const seconds = (performance.now() - began) / 1_000

  const received =
    await client.sql`select sku, sum(on_hand)::int as units from ledger where kind = 'goods.received' group by sku`
  const opening = new Map(received.map((row) => [String(row["sku"]), Number(row["units"])]))
  const movements = movementsOf(rows)
  const expected = new Map([...opening].map(([sku, units]) => [sku, units + (movements.get(sku) ?? 0)]))
  const units = await storedUnits(client.sql)
  const available = new Map([...units].map(([sku, { onHand, committed, held }]) => [sku, onHand - committed - held]))
  expect(sorted(available)).toEqual(sorted(expected))
  expect([...movements.keys()].filter((sku) => isStockCode(sku)).toSorted()).toEqual([...available.keys()].toSorted())

  const listed = await stack.command(["parked", "list", "--json", "--limit", "10000"])
  const parked = JSON.parse(listed.stdout) as ReadonlyArray<Parked>
  expect(parked.filter(({ reason, sku }) => reason !== "unknown_sku" || isStockCode(sku))).toEqual([])
  expect(new Set(parked.map(({ sku }) => sku))).toEqual(
    new Set([...movements.keys()].filter((sku) => !isStockCode(sku)))
  )
  expect((await stack.command(["parked", "list"])).stdout).toContain("unknown_sku")

  const [applied] =
    await client.sql`select count(*)::int as facts from (select distinct cause_id, sku from ledger) as fact`
  const facts = await storedFacts(client)
  expect(Number(applied!["facts"]) + parked.length).toBe(facts)
  await expectVerified(stack)
  const { events, lines } = JSON.parse(imported.stdout) as Record<string, number>
  process.stderr.write(
    `${JSON.stringify({ rows: rows.length, events, lines, facts, skus: units.size, parked: parked.length, seconds })}\n`
  )
})
