/**
 * Reads a CSV file with a header as records, for files that people write.
 *
 * Guarantee: every record has the columns of the header and no others; a column that is not known, missing or named twice, and
 * a line with another number of cells, is a problem with its line. Cells are trimmed unless they are quoted, and an empty cell is
 * no cell. It does not know what a cell means.
 */
import { CsvError, parse } from "csv-parse"
import { pipeline } from "node:stream/promises"
import { linesMax } from "./CatalogueLimit.ts"
import type { LineProblems } from "./LineProblems.ts"

export interface CsvRecord {
  /** line of the file at which the record ends, from 1 */
  readonly line: number
  /** column -> cell, without empty ones */
  readonly cells: ReadonlyMap<string, string>
}

export interface CsvShape {
  readonly required: ReadonlyArray<string>
  readonly optional: ReadonlyArray<string>
}

type Parsed = { readonly record: ReadonlyArray<string>; readonly info: { readonly lines: number } }

/** What a decoder leaves of bytes that are no UTF-8: spreadsheets write other encodings, too. */
export const replacement = "\ufffd"

/** Whether records can be read under this header. */
const checkHeader = (header: ReadonlyArray<string>, { required, optional }: CsvShape, problems: LineProblems) => {
  const known = [...required, ...optional]
  const before = problems.count
  header.forEach((name, i) => {
    if (!known.includes(name))
      problems.add(1, "header", `must be one of ${known.join(", ")}, with commas between`, name)
    else if (header.indexOf(name) !== i) problems.add(1, "header", "must name a column once", name)
  })
  for (const name of required) if (!header.includes(name)) problems.add(1, "header", `column ${name} is missing`)
  return problems.count === before
}

const recordOf = (
  { record, info }: Parsed,
  header: ReadonlyArray<string>,
  { required }: CsvShape,
  problems: LineProblems
): CsvRecord | undefined => {
  if (record.length !== header.length) {
    problems.add(info.lines, "line", `must have ${header.length} cells as the header has, got ${record.length}`)
    return undefined
  }
  const foreign = record.findIndex((cell) => cell.includes(replacement))
  if (foreign >= 0) {
    problems.add(
      info.lines,
      `column ${header[foreign]}`,
      "must be UTF-8: save the file in that encoding",
      record[foreign]
    )
    return undefined
  }
  const cells = new Map(header.map((name, i) => [name, record[i]!] as const).filter(([, cell]) => cell !== ""))
  const empty = required.find((column) => !cells.has(column))
  if (empty === undefined) return { line: info.lines, cells }
  problems.add(info.lines, `column ${empty}`, "must not be empty")
  return undefined
}

/** Calls `onRecord` for every record, in their order. Rejects with what the source threw. */
export const readCsvRecords = async (
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  shape: CsvShape,
  problems: LineProblems,
  onRecord: (record: CsvRecord) => void
): Promise<void> => {
  let header: ReadonlyArray<string> | undefined
  let records = 0
  // the source is read to its end all the same: a stream that is left early ends with an error of its own
  let isRefused = false
  const collect = async (parsed: AsyncIterable<Parsed>) => {
    for await (const row of parsed) {
      if (isRefused) continue
      if (header === undefined) {
        header = row.record
        isRefused = !checkHeader(header, shape, problems)
        continue
      }
      records += 1
      if (records > linesMax) {
        isRefused = true
        problems.add(row.info.lines, "line", `must be at most ${linesMax} lines; cut it into several files`)
        continue
      }
      const record = recordOf(row, header, shape, problems)
      if (record !== undefined) onRecord(record)
    }
  }
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
    relax_column_count: true
  })
  try {
    await pipeline(chunks, parser, collect)
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const line = typeof cause["lines"] === "number" ? cause["lines"] : 1
    problems.add(line, "line", `is no CSV, and nothing after it was read: ${cause.message}`)
    return
  }
  if (header === undefined && problems.count === 0) problems.add(1, "header", "is missing: the file is empty")
}
