import { EventSource } from "@holdfast/domain/Identity"
import { planOf, type KnownCatalogue } from "@holdfast/domain/Catalogue"
import { payloadBytesMax, linesMax } from "@holdfast/domain/Limit"
import { describe, expect, it } from "vitest"
import { catalogueEvents } from "../src/catalogue/CatalogueApply.ts"
import { eventLinesMax, problemsMax } from "../src/catalogue/CatalogueLimit.ts"
import { readCatalogueCsv, readCatalogueJson } from "../src/catalogue/CatalogueReader.ts"
import { refusedBy } from "../src/catalogue/LineProblems.ts"
import { encodeEvent } from "../src/retail/EventPublisher.ts"

const csv = (...rows: ReadonlyArray<string>) => readCatalogueCsv([Buffer.from(rows.join("\n"))])

const problemsOf = async (...rows: ReadonlyArray<string>) =>
  (await csv(...rows)).problems.first.map(({ line, field, message, value }) => [line, field, message, value])

describe("a catalogue as CSV", () => {
  it("needs no column but sku, in any order, with a mark at its beginning and Windows' line ends", async () => {
    const { lines, problems } = await csv("\ufeffname,sku\r", '"Mug, blue",MUG\r', ",CUP\r", "")
    expect(problems.count).toBe(0)
    expect(lines).toEqual([
      { line: 2, item: { sku: "MUG", name: "Mug, blue" } },
      { line: 3, item: { sku: "CUP" } }
    ])
  })

  it("leaves out empty cells and lines, and trims what is not quoted", async () => {
    const { lines } = await csv("sku,location,safety_stock,name", " MUG ,north, 5 ,", ",,,", "", '" CUP",,,')
    expect(lines).toEqual([
      { line: 2, item: { sku: "MUG", locationId: "north", safetyStock: 5 } },
      { line: 5, item: { sku: " CUP" } }
    ])
  })

  it("names line, column, limit and value of everything that is wrong", async () => {
    expect(
      await problemsOf(
        "sku,location,safety_stock,name",
        `${"A".repeat(129)},,1,`,
        ",main,1,x",
        "MUG,main,-3,",
        "MUG,main,2.5,",
        "MUG,main,five,",
        "MUG,main,1000001,",
        "MUG,main"
      )
    ).toEqual([
      [2, "column sku", "must be at most 128 bytes, got 129", `${"A".repeat(59)}…`],
      [3, "column sku", "must not be empty", undefined],
      [4, "column safety_stock", "must be a whole number from 0 to 1000000, got -3", "-3"],
      [5, "column safety_stock", "must be a whole number from 0 to 1000000, got 2.5", "2.5"],
      [6, "column safety_stock", "must be a whole number from 0 to 1000000", "five"],
      [7, "column safety_stock", "must be a whole number from 0 to 1000000, got 1000001", "1000001"],
      [8, "line", "must have 4 cells as the header has, got 2", undefined]
    ])
  })

  it("knows its columns, and says which they are", async () => {
    const known = "must be one of sku, location, safety_stock, name, with commas between"
    expect(await problemsOf("sku;location", "MUG;north")).toEqual([
      [1, "header", known, "sku;location"],
      [1, "header", "column sku is missing", undefined]
    ])
    expect(await problemsOf("sku,saftey_stock,sku", "MUG,1,MUG")).toEqual([
      [1, "header", known, "saftey_stock"],
      [1, "header", "must name a column once", "sku"]
    ])
  })

  it("is not empty, and is CSV to its end", async () => {
    expect(await problemsOf("")).toEqual([[1, "header", "is missing: the file is empty", undefined]])
    expect(await problemsOf("sku")).toEqual([[1, "line", "must be at least one", undefined]])
    const [broken] = await problemsOf("sku", "MUG", '"CUP')
    expect(broken).toEqual([3, "line", expect.stringContaining("is no CSV, and nothing after it was read"), undefined])
  })

  it("is UTF-8, as the spreadsheets of some are not", async () => {
    const { problems } = await readCatalogueCsv([Buffer.from("sku,name\nMUG,Gr\u00fcn\n", "latin1")])
    expect(problems.first).toMatchObject([{ line: 2, field: "column name", message: expect.stringContaining("UTF-8") }])
  })

  it("names a place that is there twice", async () => {
    expect(await problemsOf("sku,location", "MUG,", "CUP,", "MUG,main")).toEqual([
      [4, "sku", "must be once per location, main is on line 2 already", "MUG"]
    ])
  })

  it("counts what it does not list", async () => {
    const { problems } = await csv("sku,safety_stock", ...Array.from({ length: problemsMax + 7 }, (_, i) => `S${i},x`))
    expect(problems.first).toHaveLength(problemsMax)
    const { message } = refusedBy("items.csv", problems)
    expect(message).toContain(`items.csv: ${problemsMax + 7} problems, nothing was applied`)
    expect(message).toContain('  line 2, column safety_stock: must be a whole number from 0 to 1000000; it says "x"')
    expect(message).toContain("and 7 more")
  })
})

describe("a catalogue as JSON lines", () => {
  it("has the fields of the event, and a line number for what is wrong", async () => {
    const { lines } = await readCatalogueJson(
      '{"sku":"MUG","locationId":"north","safetyStock":5,"name":"Mug"}\n\n{"sku":"CUP"}\n'
    )
    expect(lines.map(({ line, item }) => [line, item.sku])).toEqual([
      [1, "MUG"],
      [3, "CUP"]
    ])
    const { problems } = await readCatalogueJson(
      ['{"sku":""}', "{", '{"sku":"A","stock":1}', '{"sku":"A","sku":"B"}', "7", '{"sku":"A","safetyStock":"5"}'].join(
        "\n"
      )
    )
    expect(problems.first.map(({ line, field, value }) => [line, field, value])).toEqual([
      [1, "sku", ""],
      [2, "line", undefined],
      [3, "stock", "1"],
      [4, "sku", undefined],
      [5, "line", "7"],
      [6, "safetyStock", "5"]
    ])
  })
})

describe("the events of a catalogue", () => {
  const source = EventSource.make("catalogue")
  const nothing: KnownCatalogue = { place: () => undefined, name: () => undefined }
  const changesOf = async (known: KnownCatalogue, ...rows: ReadonlyArray<string>) =>
    planOf((await csv("sku,safety_stock", ...rows)).lines, known).changes
  const knows = (safetyStock: number, safetyStockAt: number): KnownCatalogue => ({
    place: () => ({ safetyStock, safetyStockAt }),
    name: () => undefined
  })

  it("are the same for the same change, whenever it is applied", async () => {
    const first = catalogueEvents(await changesOf(nothing, "MUG,5"), source, 1_000)
    const again = catalogueEvents(await changesOf(nothing, "MUG,5"), source, 2_000)
    expect(first).toMatchObject([
      {
        type: "sku.registered",
        source,
        time: 1_000,
        data: { lines: [{ sku: "MUG", locationId: "main", safetyStock: 5 }] }
      }
    ])
    expect(again[0]!.id).toBe(first[0]!.id)
  })

  it("are others when an earlier value is set back: the ledger would take the same for a repetition", async () => {
    const first = catalogueEvents(await changesOf(knows(3, 10), "MUG,5"), source, 1_000)
    const back = catalogueEvents(await changesOf(knows(3, 30), "MUG,5"), source, 3_000)
    expect(back[0]!.id).not.toBe(first[0]!.id)
  })

  it("stay inside the limits of an event however long the ids are", async () => {
    const sku = (i: number) => `${"\\".repeat(120)}${i}`
    const rows = Array.from({ length: eventLinesMax + 1 }, (_, i) =>
      JSON.stringify({ sku: sku(i), locationId: '"'.repeat(128), safetyStock: 1e6 })
    )
    const { lines } = await readCatalogueJson(rows.join("\n"))
    const events = catalogueEvents(planOf(lines, nothing).changes, source, 1_000)
    expect(events.map(({ data }) => data.lines.length)).toEqual([eventLinesMax, 1])
    expect(eventLinesMax).toBeLessThanOrEqual(linesMax)
    expect(Buffer.byteLength(encodeEvent(events[0]!))).toBeLessThan(payloadBytesMax)
  })
})
