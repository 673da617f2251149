/**
 * Reads terms of sale from CSV: `sku`, `channel`, `quota`, `ring_fence` for a channel's allotment; `sku`, `backorder_limit`, `kind`,
 * `expected_at` for what may be promised beyond what is there. One file may have lines of both kinds.
 *
 * Guarantee: what is returned is inside the limits of the domain and says nothing twice; otherwise there are problems, each with
 * line, column, limit and value. An empty cell leaves what is set, `-` lifts it. It does not know what is stored.
 */
import { fieldErrorsOf } from "@holdfast/domain/EventManifest"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import { AllotmentLine, BackorderLine } from "@holdfast/domain/StockEvent"
import { repetitionsIn, type TermsItem, type TermsLine } from "@holdfast/domain/TermsPlan"
import { Result, Schema } from "effect"
import { readCsvRecords, type CsvRecord } from "./CsvRecords.ts"
import { LineProblems } from "./LineProblems.ts"

export interface ReadTerms {
  readonly lines: ReadonlyArray<TermsLine>
  readonly problems: LineProblems
}

/** What a cell says when it lifts something. */
const lifted = "-"

/** Column -> field. */
const columns: Readonly<Record<string, string>> = {
  sku: "sku",
  channel: "channel",
  quota: "quota",
  ring_fence: "ringFence",
  backorder_limit: "limit",
  kind: "kind",
  expected_at: "expectedAt"
}
const ofAllotments = ["channel", "quota", "ring_fence"]
const ofBackorders = ["backorder_limit", "kind", "expected_at"]

const columnOf = (field: string): string => Object.keys(columns).find((column) => columns[column] === field) ?? field

const number = /^[+-]?\d+(\.\d+)?$/

const decodeAllotment = Schema.decodeUnknownResult(AllotmentLine, { errors: "all" })
const decodeBackorder = Schema.decodeUnknownResult(BackorderLine, { errors: "all" })

class TermsReader {
  readonly problems = new LineProblems()
  readonly lines: Array<TermsLine> = []

  record = (record: CsvRecord): void => {
    const before = this.problems.count
    const item = this.isAllotment(record) ? this.allotment(record) : this.backorder(record)
    if (item && this.problems.count === before) this.lines.push({ line: record.line, item })
  }

  private isAllotment({ line, cells }: CsvRecord): boolean {
    const foreign = ofBackorders.find((column) => cells.has(column))
    const isAllotment = ofAllotments.some((column) => cells.has(column))
    if (isAllotment && foreign !== undefined)
      this.problems.add(line, `column ${foreign}`, "must be on a line without a channel", cells.get(foreign))
    return isAllotment
  }

  /** The cell's units; what it lifts is `none`. */
  private units({ line, cells }: CsvRecord, column: string, none: number | null): number | null | undefined {
    const cell = cells.get(column)
    if (cell === undefined) return undefined
    if (cell === lifted) return none
    if (number.test(cell)) return Number(cell)
    this.problems.add(line, `column ${column}`, `must be a whole number from 0 to ${lineQuantityMax}, or -`, cell)
    return undefined
  }

  private allotment(record: CsvRecord): TermsItem | undefined | void {
    const { line, cells } = record
    if (!cells.has("channel")) return this.problems.add(line, "column channel", "must not be empty")
    if (!cells.has("quota") && !cells.has("ring_fence"))
      return this.problems.add(line, "line", "must have a quota or a ring_fence")
    const quota = this.units(record, "quota", null)
    const ringFence = this.units(record, "ring_fence", null)
    if (quota === undefined && ringFence === undefined) return undefined
    const said = {
      sku: cells.get("sku"),
      channel: cells.get("channel"),
      ...(quota === undefined ? {} : { quota }),
      ...(ringFence === undefined ? {} : { ringFence })
    }
    const decoded = decodeAllotment(said)
    return Result.isFailure(decoded) ? this.refuse(record, decoded.failure) : { kind: "allotment", ...decoded.success }
  }

  private backorder(record: CsvRecord): TermsItem | undefined | void {
    const { line, cells } = record
    if (!cells.has("backorder_limit"))
      return this.problems.add(line, "line", "must have a channel, or a backorder_limit")
    const limit = this.units(record, "backorder_limit", 0)
    if (limit === undefined) return undefined
    const [as, expectedAt] = [cells.get("kind"), cells.get("expected_at")]
    const decoded = decodeBackorder({
      sku: cells.get("sku"),
      limit,
      ...(as === undefined ? {} : { kind: as }),
      ...(expectedAt === undefined || expectedAt === lifted ? {} : { expectedAt })
    })
    if (Result.isFailure(decoded)) return this.refuse(record, decoded.failure)
    const { kind, ...said } = decoded.success
    return {
      kind: "backorder",
      ...said,
      ...(kind === undefined ? {} : { as: kind }),
      ...(expectedAt === lifted ? { expectedAt: null } : {})
    }
  }

  private refuse({ line, cells }: CsvRecord, failure: Parameters<typeof fieldErrorsOf>[1]): undefined {
    for (const { field, message } of fieldErrorsOf("", failure)) {
      const column = columnOf(field.slice(1))
      this.problems.add(line, column === "" ? "line" : `column ${column}`, message, cells.get(column))
    }
    return undefined
  }
}

/** Rejects with what the source threw. */
export const readTermsCsv = async (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<ReadTerms> => {
  const { record, lines, problems } = new TermsReader()
  await readCsvRecords(chunks, { required: ["sku"], optional: [...ofAllotments, ...ofBackorders] }, problems, record)
  if (problems.count === 0) problems.addAll(repetitionsIn(lines))
  if (problems.count === 0 && lines.length === 0) problems.add(1, "line", "must be at least one")
  return { lines, problems }
}
