/**
 * Reads a file of what a channel calls our SKUs: CSV with `sku` and the columns of the channel's connector.
 *
 * Guarantee: what is returned is what the connector takes, and names no SKU and no listing of the channel twice; otherwise there are
 * problems, each with line, column and value. `-` in the first column of the connector removes the mapping. It does not know what is stored.
 */
import type { ListingFormat } from "@holdfast/channels/ListingFormat"
import { Sku } from "@holdfast/domain/Identity"
import { Effect, Result, Schema } from "effect"
import { readCsvRecords, type CsvRecord } from "../catalogue/CsvRecords.ts"
import { fileChunks, readingFile } from "../catalogue/FileChunks.ts"
import { LineProblems, refusedBy } from "../catalogue/LineProblems.ts"

/** What a line says; `listing` undefined: the SKU is mapped no more. */
export interface MappingLine {
  readonly line: number
  readonly sku: Sku
  readonly listing: { readonly external: unknown; readonly key: string } | undefined
}

/** What a cell says when it removes something. */
const removed = "-"

const decodeSku = Schema.decodeUnknownResult(Sku)

class MappingReader {
  readonly problems = new LineProblems()
  readonly lines: Array<MappingLine> = []
  private readonly skus = new Map<Sku, number>()
  private readonly keys = new Map<string, number>()
  private readonly format: ListingFormat

  constructor(format: ListingFormat) {
    this.format = format
  }

  readonly record = ({ line, cells }: CsvRecord): void => {
    const written = cells.get("sku")!
    const sku = decodeSku(written)
    if (Result.isFailure(sku)) return this.problems.add(line, "column sku", sku.failure.message, written)
    this.once(this.skus, sku.success, line, "sku", written)
    const first = this.format.columns[0]!
    if (cells.get(first) === removed) return void this.lines.push({ line, sku: sku.success, listing: undefined })
    const read = this.format.read((column) => cells.get(column)!)
    if (read._tag === "problem")
      return this.problems.add(line, `column ${read.column}`, read.message, cells.get(read.column))
    const { external, key } = read
    this.once(this.keys, key, line, first, cells.get(first)!)
    this.lines.push({ line, sku: sku.success, listing: { external, key } })
  }

  private once<K extends string>(seen: Map<K, number>, name: K, line: number, column: string, written: string): void {
    const earlier = seen.get(name)
    if (earlier === undefined) seen.set(name, line)
    else this.problems.add(line, `column ${column}`, `must be there once, it is on line ${earlier} already`, written)
  }
}

/** Rejects with what the source threw. */
export const readMappingCsv = async (
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  format: ListingFormat
): Promise<{ readonly lines: ReadonlyArray<MappingLine>; readonly problems: LineProblems }> => {
  const { record, lines, problems } = new MappingReader(format)
  await readCsvRecords(chunks, { required: ["sku", ...format.columns], optional: [] }, problems, record)
  if (problems.count === 0 && lines.length === 0) problems.add(1, "line", "must be at least one")
  return { lines, problems }
}

export const readMappingFile = Effect.fnUntraced(function* (path: string, format: ListingFormat) {
  const { lines, problems } = yield* readingFile(path, () => readMappingCsv(fileChunks(path), format))
  return problems.count > 0 ? yield* refusedBy(path, problems) : lines
})
