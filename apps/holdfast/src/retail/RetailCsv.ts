/**
 * Reads the CSV of the UCI data set "Online Retail", plain or gzipped, as a stream.
 *
 * Guarantee: every row that is returned has a whole quantity, a time and a stock code inside the limits. A file with a bad
 * row gives none at all, but an error that names line, column and limit of the first few. It does not know what rows mean.
 */
import { lineQuantityMax, noteBytesMax } from "@holdfast/domain/Limit"
import { Sku, utf8Bytes } from "@holdfast/domain/Identity"
import { CsvError, parse } from "csv-parse"
import { Effect, Schema } from "effect"
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"

export interface RetailRow {
  /** line of the file at which the row ends, from 1 */
  readonly line: number
  readonly invoice: string
  readonly stockCode: Sku
  /** what was sold, or what the stock keeper noted; may be empty */
  readonly description: string
  /** signed units, not zero */
  readonly quantity: number
  /** milliseconds since the epoch; the file's local time taken as UTC */
  readonly time: number
  /** pounds; negative for written-off debt */
  readonly unitPrice: number
  /** empty when the sale has no customer */
  readonly customer: string
  readonly country: string
}

export class RetailCsvError extends Schema.TaggedError<RetailCsvError>()("RetailCsvError", {
  reason: Schema.Literals(["unreadable", "not_csv", "invalid"]),
  path: Schema.String,
  /** one line of text per problem, each with its place */
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `${this.path} is ${this.reason}: ${this.problems.join("; ")}`
  }
}

/** Problems named before reading stops: enough to see the pattern, few enough to read. */
const problemsMax = 10

/** Bytes of an invoice number: the ids made from it must stay inside 128. */
const invoiceBytesMax = 32

const columns = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "InvoiceDate",
  "UnitPrice",
  "CustomerID",
  "Country"
] as const
type Column = (typeof columns)[number]

const isoTime = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?$/
const usTime = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2})$/

/** Both spellings under which copies of the data set are found. NaN when it is neither. */
const timeOf = (text: string): number => {
  const us = usTime.exec(text)
  const [, year, month, day, hour, minute, second] = us
    ? [us[0], us[3], us[1], us[2], us[4], us[5], "0"]
    : (isoTime.exec(text) ?? [])
  const parts = [year, month, day, hour, minute, second ?? "0"].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number
  ]
  const time = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5])
  const same = new Date(time)
  return same.getUTCMonth() === parts[1] - 1 && same.getUTCDate() === parts[2] && parts[3] < 24 && parts[4] < 60
    ? time
    : Number.NaN
}

const decodeSku = Schema.decodeUnknownOption(Sku)

/** Checks rows one after another and keeps what is wrong with them. */
class RowReader {
  readonly rows: Array<RetailRow> = []
  readonly problems: Array<string> = []
  private place: Record<Column, number> | undefined
  private readonly skus = new Map<string, Sku>()

  read(fields: ReadonlyArray<string>, line: number): void {
    if (this.place === undefined) this.readHeader(fields)
    else this.readRow(fields, line, this.place)
  }

  private readHeader(fields: ReadonlyArray<string>): void {
    const place = Object.fromEntries(columns.map((column) => [column, fields.indexOf(column)])) as Record<
      Column,
      number
    >
    for (const column of columns) if (place[column] < 0) this.problems.push(`line 1: column ${column} is missing`)
    this.place = place
  }

  private readRow(fields: ReadonlyArray<string>, line: number, place: Record<Column, number>): void {
    const text = (column: Column) => (fields[place[column]] ?? "").trim()
    const bad = (column: Column, must: string) =>
      this.problems.push(
        `line ${line}, column ${column}: must be ${must}, got ${JSON.stringify(text(column).slice(0, 40))}`
      )
    const before = this.problems.length
    const [invoice, quantity, time, unitPrice] = [
      text("InvoiceNo"),
      Number(text("Quantity")),
      timeOf(text("InvoiceDate")),
      Number(text("UnitPrice"))
    ]
    const stockCode = this.sku(text("StockCode"))
    if (!/^[\w-]+$/.test(invoice) || invoice.length > invoiceBytesMax)
      bad("InvoiceNo", `1 to ${invoiceBytesMax} letters and digits`)
    if (stockCode === undefined) bad("StockCode", "1 to 128 bytes without control characters")
    if (
      !Number.isInteger(quantity) ||
      quantity === 0 ||
      Math.abs(quantity) > lineQuantityMax ||
      text("Quantity") === ""
    ) {
      bad("Quantity", `a whole number from -${lineQuantityMax} to ${lineQuantityMax}, not 0`)
    } else if (invoice.startsWith("C") && quantity > 0) bad("Quantity", "negative on a cancellation")
    if (Number.isNaN(time)) bad("InvoiceDate", "a time such as 2011-11-01 08:26:00 or 11/1/2011 8:26")
    if (!Number.isFinite(unitPrice) || text("UnitPrice") === "") bad("UnitPrice", "a number")
    if (utf8Bytes(text("Description")) > noteBytesMax) bad("Description", `at most ${noteBytesMax} bytes`)
    if (this.problems.length > before || stockCode === undefined) return
    const description = text("Description")
      .replace(/\p{Cc}+/gu, " ")
      .toWellFormed()
    const customer = text("CustomerID").replace(/\.0$/, "")
    this.rows.push({
      line,
      invoice,
      stockCode,
      description,
      quantity,
      time,
      unitPrice,
      customer,
      country: text("Country")
    })
  }

  /** Codes that differ only in case are one product, typed in two ways. */
  private sku(text: string): Sku | undefined {
    const code = text.toUpperCase()
    const known = this.skus.get(code)
    if (known !== undefined) return known
    const sku = decodeSku(code)
    if (sku._tag === "None") return undefined
    this.skus.set(code, sku.value)
    return sku.value
  }
}

const read = async (path: string): Promise<RowReader> => {
  const reader = new RowReader()
  const parser = parse({ bom: true, info: true, skip_empty_lines: true })
  const collect = async (
    records: AsyncIterable<{ readonly record: ReadonlyArray<string>; readonly info: { readonly lines: number } }>
  ) => {
    for await (const { record, info } of records) {
      reader.read(record, info.lines)
      if (reader.problems.length >= problemsMax) return
    }
  }
  const file = createReadStream(path)
  if (path.endsWith(".gz")) await pipeline(file, createGunzip(), parser, collect)
  else await pipeline(file, parser, collect)
  return reader
}

const failureOf = (path: string, cause: unknown): RetailCsvError => {
  const reason = cause instanceof CsvError ? "not_csv" : "unreadable"
  return new RetailCsvError({ reason, path, problems: [cause instanceof Error ? cause.message : String(cause)] })
}

/** All rows of a file, in its order. */
export const readRetailCsv = (path: string): Effect.Effect<ReadonlyArray<RetailRow>, RetailCsvError> =>
  Effect.tryPromise({ try: () => read(path), catch: (cause) => failureOf(path, cause) }).pipe(
    Effect.flatMap(({ rows, problems }) => {
      if (problems.length > 0) return Effect.fail(new RetailCsvError({ reason: "invalid", path, problems }))
      if (rows.length === 0)
        return Effect.fail(new RetailCsvError({ reason: "invalid", path, problems: ["it has no rows"] }))
      return Effect.succeed(rows)
    })
  )
