/** Files of bundles: what is read, what is wrong with them, what they change, and how that is said. */
import { BundleBook } from "@holdfast/domain/Bundle"
import { bundlePlanOf } from "@holdfast/domain/BundlePlan"
import { EventSource, LocationId, Sku } from "@holdfast/domain/Identity"
import { emptyLevel } from "@holdfast/domain/StockState"
import type { BundleReport } from "@holdfast/ledger/BundleReport"
import { describe, expect, it } from "vitest"
import { bundleEvents } from "../src/bundles/BundleApply.ts"
import { readBundleCsv } from "../src/bundles/BundleFile.ts"
import { bundlePlanText, bundleText, partOfText } from "../src/bundles/BundleText.ts"

const sku = (id: string) => Sku.make(id)
const read = (...lines: ReadonlyArray<string>) => readBundleCsv([Buffer.from(lines.join("\n"))])
const problemsOf = async (...lines: ReadonlyArray<string>) =>
  (await read(...lines)).problems.first.map(({ line, field, message }) => `${line} ${field} ${message}`)

const bookOf = (bundles: Readonly<Record<string, Readonly<Record<string, number>>>>, at = 1_000) => {
  const book = new BundleBook()
  for (const [i, [bundle, parts]] of Object.entries(bundles).entries())
    book.hear({
      bundle: sku(bundle),
      at,
      serial: i + 1,
      components: Object.entries(parts).map(([id, quantity]) => ({ sku: sku(id), quantity }))
    })
  return book
}

const planOf = async (book: BundleBook, ...lines: ReadonlyArray<string>) =>
  bundlePlanOf((await read("bundle,component,quantity", ...lines)).bundles, book, 500)

describe("a file of bundles", () => {
  it("says what each is made of, in whatever order its lines are", async () => {
    const { bundles, problems } = await read("component,bundle,quantity", "LAMP,SET,", "CUP,TEA,4", "BULB,SET,2")
    expect(problems.count).toBe(0)
    expect(bundles).toEqual([
      {
        bundle: "SET",
        components: [
          { line: 2, sku: "LAMP", quantity: 1 },
          { line: 4, sku: "BULB", quantity: 2 }
        ]
      },
      { bundle: "TEA", components: [{ line: 3, sku: "CUP", quantity: 4 }] }
    ])
  })

  it("is refused with every line that is wrong", async () => {
    expect(await problemsOf("bundle,component,quantity", "SET,LAMP,0", "SET,BULB,2", "SET,BULB,3", ",CUP,1")).toEqual([
      "2 column quantity must be a whole number from 1 to 1000000",
      "4 column component must be once in a bundle, it is on line 3 already",
      "5 column bundle must not be empty"
    ])
    expect(await problemsOf("bundle,quantity", "SET,1")).toEqual(["1 header column component is missing"])
  })

  it("changes only what differs, as of a time that counts, and nothing when it is applied again", async () => {
    const book = bookOf({ SET: { LAMP: 1, BULB: 2 }, TEA: { CUP: 4 } })
    const plan = await planOf(book, "SET,BULB,2", "SET,LAMP,1", "TEA,CUP,6")
    expect(plan).toMatchObject({ unchanged: 1, problems: [], changes: [{ bundle: "TEA", at: 1_001 }] })
    expect(bundlePlanText(plan, 1)).toBe("TEA: 4 CUP -> 6 CUP\nchanged 1, unchanged 1; they count within a second")
    const [event] = bundleEvents(plan.changes, EventSource.make("catalogue"))
    expect(event).toMatchObject({ type: "bundle.defined", time: 1_001, data: { lines: [{ sku: "TEA" }] } })
    expect(bundleEvents(plan.changes, EventSource.make("catalogue"))[0]!.id).toBe(event!.id)
    book.hear({ bundle: sku("TEA"), components: plan.changes[0]!.components, at: 1_001, serial: 9 })
    expect((await planOf(book, "TEA,CUP,6")).changes).toEqual([])
  })

  it("is wrong in view of what is known by the line of the component", async () => {
    const { problems } = await planOf(bookOf({ INNER: { A: 1 }, MIDDLE: { INNER: 1 } }), "OUTER,B,1", "OUTER,MIDDLE,1")
    expect(problems).toEqual([
      {
        line: 3,
        field: "component",
        message: "must not be a bundle of bundles: MIDDLE has INNER in it",
        value: "MIDDLE"
      }
    ])
  })

  it("is cut into events that the front door takes", async () => {
    const lines = Array.from({ length: 600 }, (_, i) => `B${Math.floor(i / 6)},P${i},1`)
    const events = bundleEvents((await planOf(new BundleBook(), ...lines)).changes, EventSource.make("catalogue"))
    expect(events).toHaveLength(2)
    expect(new Set(events.map(({ id }) => id)).size).toBe(2)
    expect(events.reduce((sum, { data }) => sum + data.lines.length, 0)).toBe(100)
  })
})

describe("a bundle in text", () => {
  const level = (at: string, onHand: number) => ({ ...emptyLevel(LocationId.make(at)), onHand, version: 1 })
  const report: BundleReport = {
    bundle: sku("SET"),
    since: Date.parse("2026-11-25T08:00:00Z"),
    serial: 1,
    components: [
      { sku: sku("LAMP"), each: 1, levels: [level("main", 5), level("east", 3)], terms: undefined },
      { sku: sku("BULB"), each: 2, levels: [level("main", 9)], terms: undefined },
      { sku: sku("CORD"), each: 1, levels: [], terms: undefined }
    ]
  }
  const style = { columns: 100, color: false }

  it("says what it is made of, how many there are, and which component there is least of", () => {
    expect(bundleText({ ...report, components: report.components.slice(0, 2) }, style).split("\n")).toEqual([
      "SET  a bundle, made of these since 2026-11-25T08:00:00Z",
      "",
      "  component  in one  available  makes",
      "  LAMP            1          8      8",
      "  BULB            2          9      4",
      "",
      "  4 bundles can be made, each from one location: 4 at main, 0 at east"
    ])
    expect(bundleText(report, style)).toMatch(/CORD +1 +0 +0 +not known/)
  })

  it("is named with its components", () => {
    const book = bookOf({ SET: { LAMP: 1, BULB: 2 }, PAIR: { SET: 2 } })
    expect(partOfText(book, sku("BULB"))).toEqual(["", "part of bundles: 2 in each SET, 4 in each PAIR"])
    expect(partOfText(book, sku("SET"))).toEqual([])
  })
})
