/**
 * The records of a CSV file with a header row, one on each line: RFC 4180 without line breaks inside cells, which no name of ours has.
 *
 * Guarantee: every line that is not empty is there under its number, and a line that is no CSV harms no other. It knows no columns.
 */
import { CsvError, parse } from "csv-parse/sync"

export interface CsvRecord {
  /** of the file, from 1 */
  readonly line: number
  readonly text: string
  /** or what is wrong with the line */
  readonly cells: ReadonlyArray<string> | string
}

export interface CsvFile {
  readonly header: ReadonlyArray<string>
  readonly records: ReadonlyArray<CsvRecord>
}

/** What a decoder leaves of bytes that are no UTF-8. */
const replacement = "\ufffd"

const cellsOf = (text: string): ReadonlyArray<string> | string => {
  if (text.includes(replacement)) return "must be UTF-8"
  if (!text.includes('"')) return text.split(",")
  try {
    return parse(text)[0] ?? []
  } catch (cause) {
    if (cause instanceof CsvError) return `is no CSV: ${cause.message.replace(/ at line 1\b/, "")}`
    throw cause
  }
}

export const readCsv = (bytes: Uint8Array): CsvFile => {
  // the decoder drops a byte order mark
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/)
  const [first, ...records] = lines.flatMap((text, i) =>
    text.trim() === "" ? [] : [{ line: i + 1, text, cells: cellsOf(text) }]
  )
  const header = first === undefined || typeof first.cells === "string" ? [] : first.cells.map((name) => name.trim())
  return { header, records }
}
