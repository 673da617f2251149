/**
 * Files of quantities as CSV (RFC 4180, UTF-8, a header row): the ones that we write, and the one of the stock that the other side
 * shows.
 *
 * Guarantee: what is written is read back as it was, whatever is in a SKU. A stock file with one line that cannot be read says
 * nothing: a quantity that is missing would be taken for one that is not listed.
 */
import { Sku } from "@holdfast/domain/Identity"
import type { QuantityColumns } from "@holdfast/domain/SftpSettings"
import { Schema } from "effect"
import type { PushItem } from "../ChannelConnector.ts"
import { readCsv } from "./CsvText.ts"
import { timeOf } from "./FileNumbers.ts"

const cell = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

const row = (cells: ReadonlyArray<string | number>): string =>
  `${cells.map((each) => cell(String(each))).join(",")}\r\n`

/** @param number whose time is that of the file: see `FileNumbers` */
export const quantityCsv = (
  { sku = "sku", quantity = "quantity", version = "version", time = "time" }: QuantityColumns,
  items: ReadonlyArray<PushItem>,
  number: number
): string => {
  const at = new Date(timeOf(number)).toISOString()
  return [
    row([sku, quantity, version, time]),
    ...items.map((item) => row([item.sku, item.quantity, item.version, at]))
  ].join("")
}

export type StockReading =
  | { readonly _tag: "read"; readonly quantities: ReadonlyMap<Sku, number> }
  | { readonly _tag: "unreadable"; readonly detail: string }

const unreadable = (detail: string): StockReading => ({ _tag: "unreadable", detail })

const isSku = Schema.is(Sku)

/** Columns beside those of the SKU and the quantity may be there. */
export const readStockCsv = (
  { sku = "sku", quantity = "quantity" }: QuantityColumns,
  bytes: Uint8Array
): StockReading => {
  const { header, records } = readCsv(bytes)
  const at = [header.indexOf(sku), header.indexOf(quantity)] as const
  if (at.includes(-1)) return unreadable(`line 1 must name the columns ${sku} and ${quantity}`)
  const quantities = new Map<Sku, number>()
  for (const { line, cells } of records) {
    if (typeof cells === "string") return unreadable(`line ${line} ${cells}`)
    const [name, units] = [cells[at[0]], cells[at[1]]]
    if (!isSku(name)) return unreadable(`line ${line}: ${sku} names no SKU`)
    if (units === undefined || !/^-?\d{1,10}$/.test(units))
      return unreadable(`line ${line}: ${quantity} must be a whole number`)
    if (quantities.has(name)) return unreadable(`line ${line}: ${name} is there twice`)
    quantities.set(name, Number(units))
  }
  return { _tag: "read", quantities }
}
