/**
 * Events as a system writes them in the columns of a CSV file: see the README, "An ERP that takes files".
 *
 * Guarantee: pure. Consecutive lines about one document are one event; a line that cannot be one harms no other. An order is named as the
 * file names it, so that its shipment may be told by another system than the order.
 */
import { fileEventLinesMax } from "../ChannelLimit.ts"
import type { ToldEvent } from "../inbound/InboundCall.ts"
import { type CsvRecord, readCsv } from "./CsvText.ts"
import { contentDigest, type FileContent, objectionTo, unreadable } from "./FileEvents.ts"

const required = ["event", "time", "sku"] as const
const optional = ["quantity", "order", "document", "location", "reason", "id"] as const
type Column = (typeof required)[number] | (typeof optional)[number]

interface Row {
  readonly record: CsvRecord
  readonly cells: Partial<Record<Column, string>>
}

type Line = Readonly<Record<string, unknown>>

/** As the front door wants it: what is no number is left for it to name. */
const numberOf = (text: string | undefined): unknown =>
  text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : text

const units = ({ cells: { sku, quantity, location } }: Row): Line => ({
  sku,
  quantity: numberOf(quantity),
  locationId: location
})

const shipped = ({ cells: { sku, quantity } }: Row): Line => ({ sku, quantity: numberOf(quantity) })

const adjusted = ({ cells: { sku, quantity, location } }: Row): Line => ({
  sku,
  delta: numberOf(quantity),
  locationId: location
})

interface Form {
  readonly line: (row: Row) => Line
  readonly head: (cells: Row["cells"], channel: string) => Line
}

/** What `event` may be, and which columns say what. */
const forms: Readonly<Record<string, Form>> = {
  "order.placed": { line: units, head: ({ order }, channel) => ({ orderId: order, channel }) },
  "order.changed": { line: units, head: ({ order }, channel) => ({ orderId: order, channel }) },
  "order.cancelled": { line: units, head: ({ order, reason }, channel) => ({ orderId: order, channel, reason }) },
  "shipment.confirmed": {
    line: shipped,
    head: ({ order, document, location }) => ({ orderId: order, shipmentId: document ?? order, locationId: location })
  },
  // what an ERP books as received can be sold
  "goods.received": {
    line: units,
    head: ({ order, document }) => ({ purchaseId: order, reference: document, putaway: "done" })
  },
  "return.received": { line: units, head: ({ order, document }) => ({ orderId: order, returnId: document }) },
  "stock.adjusted": { line: adjusted, head: ({ document, reason }) => ({ reason, reference: document }) },
  "count.cycle": { line: units, head: ({ document, time }) => ({ countId: document, countedAt: time }) }
}

/** Without what is not said. */
const said = (record: Line): Line =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

interface Reading {
  readonly file: FileContent
  readonly digest: string
  readonly channel: string
}

const eventOf = ({ digest, channel }: Reading, rows: ReadonlyArray<Row>): ToldEvent => {
  const { cells, record } = rows[0]!
  const type = cells.event ?? ""
  const form = Object.hasOwn(forms, type) ? forms[type] : undefined
  return {
    id: cells.id ?? `${digest}:${record.line}`,
    type,
    time: cells.time ?? "",
    data:
      form === undefined ? {} : { ...said(form.head(cells, channel)), lines: rows.map((row) => said(form.line(row))) }
  }
}

/** Lines with the same of these are one event: those that belong to no document stand alone. */
const documentOf = ({ cells: { event, time, order, document, location, reason, id }, record }: Row): string =>
  (order ?? document ?? id) === undefined
    ? String(record.line)
    : JSON.stringify([event, time, order, document, event === "shipment.confirmed" ? location : "", reason, id])

const knownEvents = `event: must be one of ${Object.keys(forms).join(", ")}`

const lineUnreadable = ({ file }: Reading, { line, text }: CsvRecord, detail: string): ToldEvent =>
  unreadable(file, `line ${line}`, text, detail)

/** Of one document: when they are no event together, the ones that are none by themselves are named. */
const toldOf = (reading: Reading, rows: ReadonlyArray<Row>): ReadonlyArray<ToldEvent> => {
  const event = eventOf(reading, rows)
  const objection = objectionTo(event, reading.channel)
  if (objection === undefined && Object.hasOwn(forms, event.type)) return [event]
  const { record } = rows[0]!
  if (rows.length === 1) return [lineUnreadable(reading, record, objection ?? knownEvents)]
  const fit = rows.filter((row) => objectionTo(eventOf(reading, [row]), reading.channel) === undefined)
  const others = rows.filter((row) => !fit.includes(row)).flatMap((row) => toldOf(reading, [row]))
  if (fit.length === rows.length)
    return rows.map(({ record: each }) => lineUnreadable(reading, each, objection ?? knownEvents))
  return fit.length === 0 ? others : [...toldOf(reading, fit), ...others]
}

const grouped = (rows: ReadonlyArray<Row>): ReadonlyArray<ReadonlyArray<Row>> => {
  const groups: Array<Array<Row>> = []
  let document: string | undefined
  for (const row of rows) {
    const own = documentOf(row)
    const group = groups.at(-1)
    if (group !== undefined && own === document && group.length < fileEventLinesMax) group.push(row)
    else groups.push([row])
    document = own
  }
  return groups
}

const rowOf = (header: ReadonlyArray<string>, record: CsvRecord): Row | string => {
  const { cells } = record
  if (typeof cells === "string") return cells
  if (cells.length !== header.length) return `must have ${header.length} cells as the header has, got ${cells.length}`
  return {
    record,
    cells: Object.fromEntries(header.map((name, i) => [name, cells[i]!] as const).filter(([, cell]) => cell !== ""))
  }
}

const headerObjection = (header: ReadonlyArray<string>): string | undefined => {
  const missing = required.find((name) => !header.includes(name))
  if (missing !== undefined) return `column ${missing} is missing`
  const double = header.find((name, i) => header.indexOf(name) !== i)
  return double === undefined ? undefined : `column ${double} is there twice`
}

/** @param channel whose orders they are */
export const csvEvents = (file: FileContent, channel: string): ReadonlyArray<ToldEvent> => {
  const reading: Reading = { file, digest: contentDigest(file), channel }
  const { header, records } = readCsv(file.bytes)
  const objection = headerObjection(header)
  if (objection !== undefined) {
    const text = Buffer.from(file.bytes).toString("utf8")
    return [unreadable(file, "line 1", text, `${objection}: nothing of the file was read`)]
  }
  const rows = records.map((record) => rowOf(header, record))
  const bad = rows.flatMap((row, i) => (typeof row === "string" ? [lineUnreadable(reading, records[i]!, row)] : []))
  const good = rows.filter((row) => typeof row !== "string")
  const ids = new Set<string>()
  const told = grouped(good).flatMap((group) => {
    const { id } = group[0]!.cells
    if (id === undefined || !ids.has(id)) {
      if (id !== undefined) ids.add(id)
      return toldOf(reading, group)
    }
    return group.map(({ record }) => lineUnreadable(reading, record, `id: ${id} names another event of this file`))
  })
  return [...told, ...bad]
}
