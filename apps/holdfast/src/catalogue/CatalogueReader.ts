/**
 * Reads catalogues: CSV (`sku`, `location`, `safety_stock`, `name`) or JSON lines
 * (`{"sku":"MUG","locationId":"main","safetyStock":5,"name":"Mug"}`).
 *
 * Guarantee: what is returned is inside the limits of the domain and does not contradict itself; otherwise there are problems,
 * each with line, field, limit and value. It does not know what is stored.
 */
import { jsonDefect } from "@holdfast/bus/StrictJson"
import { CatalogueItem, contradictionsIn, type CatalogueLine } from "@holdfast/domain/Catalogue"
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import { Result, Schema } from "effect"
import { setImmediate } from "node:timers/promises"
import { linesMax } from "./CatalogueLimit.ts"
import { readCsvRecords, replacement, type CsvRecord } from "./CsvRecords.ts"
import { LineProblems } from "./LineProblems.ts"

export interface ReadCatalogue {
  readonly lines: ReadonlyArray<CatalogueLine>
  readonly problems: LineProblems
}

const decode = Schema.decodeUnknownResult(CatalogueItem, { errors: "all", onExcessProperty: "error" })

/** Column -> field of the item. */
const columns = { sku: "sku", location: "locationId", safety_stock: "safetyStock", name: "name" } as const

const columnOf = (field: string): string => Object.entries(columns).find(([, name]) => name === field)?.[0] ?? field

const number = /^[+-]?\d+(\.\d+)?$/

/** JSON lines that are read before the process does something else. */
const turnLines = 1_000

class CatalogueReader {
  readonly problems = new LineProblems()
  private readonly lines: Array<CatalogueLine> = []

  csvRecord = ({ line, cells }: CsvRecord): void => {
    const stock = cells.get("safety_stock")
    const before = this.problems.count
    if (stock !== undefined && !number.test(stock))
      this.problems.add(line, "column safety_stock", `must be a whole number from 0 to ${lineQuantityMax}`, stock)
    const item = Object.fromEntries([...cells].map(([column, cell]) => [columns[column as keyof typeof columns], cell]))
    const safetyStock = stock !== undefined && number.test(stock) ? { safetyStock: Number(stock) } : {}
    const { safetyStock: _, ...rest } = item
    this.item(line, { ...rest, ...safetyStock }, (field) => `column ${columnOf(field)}`, before)
  }

  jsonLine(line: number, text: string): void {
    if (text.includes(replacement)) return this.problems.add(line, "line", "must be UTF-8")
    const defect = jsonDefect(text)
    if (defect !== undefined) return this.problems.add(line, defect.field, defect.message)
    try {
      this.item(line, JSON.parse(text), (field) => field, this.problems.count)
    } catch (cause) {
      this.problems.add(line, "line", `must be JSON: ${cause instanceof Error ? cause.message : cause}`)
    }
  }

  /** @param before problems before this line: a line with any is not kept */
  private item(line: number, value: unknown, nameOf: (field: string) => string, before: number): void {
    const decoded = decode(value)
    if (Result.isFailure(decoded)) {
      for (const { field, message } of fieldErrorsOf("", decoded.failure)) {
        const name = field.slice(1)
        const written = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : value
        this.problems.add(line, name === "" ? "line" : nameOf(name), message, written)
      }
    } else if (this.problems.count === before) this.lines.push({ line, item: decoded.success })
  }

  finish(): ReadCatalogue {
    const { lines, problems } = this
    if (problems.count === 0) problems.addAll(contradictionsIn(lines))
    if (problems.count === 0 && lines.length === 0) problems.add(1, "line", "must be at least one")
    return { lines, problems }
  }
}

/** Rejects with what the source threw. */
export const readCatalogueCsv = async (
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
): Promise<ReadCatalogue> => {
  const reader = new CatalogueReader()
  const shape = { required: ["sku"], optional: ["location", "safety_stock", "name"] }
  await readCsvRecords(chunks, shape, reader.problems, reader.csvRecord)
  return reader.finish()
}

/** Empty lines are counted and left out. */
export const readCatalogueJson = async (text: string): Promise<ReadCatalogue> => {
  const reader = new CatalogueReader()
  let number = 0
  for (const line of text.split("\n")) {
    number += 1
    if (number % turnLines === 0) await setImmediate()
    if (number > linesMax) {
      reader.problems.add(number, "line", `must be at most ${linesMax} lines`)
      break
    }
    if (line.trim() !== "") reader.jsonLine(number, line)
  }
  return reader.finish()
}
