/**
 * Turns the rows of the data set "Online Retail" into the events that the shop would have published. Pure: the same rows
 * give the same events with the same ids, so that importing twice changes nothing.
 *
 * - Opening receipts first: of every stock SKU, see `OpeningStock`. Codes that are no stock (POST, D, M, BANK CHARGES ...)
 *   get none; they stay in their orders, and the engine parks them as unknown SKUs.
 * - An invoice is one `order.placed` with all its lines. Free lines of a customer's invoice are lines like any other.
 * - An invoice without customer and price is no sale: positive ("found", "check") and negative ("damaged", "lost") ones are
 *   `stock.adjusted`, the stock keeper's note is the reason.
 * - A cancellation (invoice C...) gives units back to the customer's earlier invoices with that SKU, newest first,
 *   one `order.cancelled` per invoice; what none explains is `stock.adjusted`, returned from before the record.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { CancellationMatcher } from "./CancellationMatcher.ts"
import { openingStock, type Movement } from "./OpeningStock.ts"
import type { RetailRow } from "./RetailCsv.ts"

export const retailSource = "online-retail"

/** Share of the SKUs that run short: between the 1 % and 2 % at which retailers start to lose sleep. */
export const shortShareDefault = 0.015

/** Units up to which a British customer's invoice counts as a shopper's, not a shop's: two thirds of them. */
const shopperUnitsMax = 250

/** Lines of one opening receipt: a tenth of the payload limit. */
const openingLines = 500

const beforeRecord = "returned: order before the record"
const noNote = "stock correction without a note"

/** Stock codes are five digits with an optional letter, or DCGS and a name; everything else is postage, fees and money. */
export const isStockCode = (code: string): boolean => /^(\d{5}|DCGS)/.test(code)

export type RecordedChannel = "webshop" | "marketplace" | "wholesale"

/** Which channel an invoice came through; the record does not say, so customer and country decide. */
export const channelOf = (rows: ReadonlyArray<RetailRow>): RecordedChannel => {
  const { customer, country } = rows[0]!
  if (customer === "") return "marketplace"
  const units = rows.reduce((sum, row) => sum + row.quantity, 0)
  return country === "United Kingdom" && units <= shopperUnitsMax ? "webshop" : "wholesale"
}

const isCancellation = (rows: ReadonlyArray<RetailRow>) => rows[0]!.invoice.startsWith("C")

const isCorrection = (rows: ReadonlyArray<RetailRow>) =>
  rows.every((row) => row.quantity < 0 || (row.unitPrice === 0 && row.customer === ""))

const event = (id: string, time: number, rest: Pick<StockEvent, "type"> & { readonly data: unknown }): StockEvent =>
  ({ source: retailSource, id: `${retailSource}:${id}`, time, ...rest }) as StockEvent

/** Invoices in the order of their first row's time. Rows of one invoice may stand apart in the file. */
const invoicesOf = (rows: ReadonlyArray<RetailRow>): ReadonlyArray<ReadonlyArray<RetailRow>> =>
  [...Map.groupBy(rows, (row) => row.invoice).values()].toSorted((a, b) => a[0]!.time - b[0]!.time)

const orderEvent = (rows: ReadonlyArray<RetailRow>): StockEvent => {
  const { invoice, time } = rows[0]!
  const lines = rows.map((row) => ({ sku: row.stockCode, quantity: row.quantity }))
  return event(invoice, time, { type: "order.placed", data: { orderId: invoice, channel: channelOf(rows), lines } })
}

const correctionEvents = (rows: ReadonlyArray<RetailRow>): ReadonlyArray<StockEvent> => {
  const { invoice, time } = rows[0]!
  return [...Map.groupBy(rows, (row) => row.description || noNote)].map(([reason, same], index) => {
    const lines = same.map((row) => ({ sku: row.stockCode, delta: row.quantity }))
    const id = index === 0 ? invoice : `${invoice}:${index}`
    return event(id, time, { type: "stock.adjusted", data: { reason, reference: invoice, lines } })
  })
}

const cancellationEvents = (rows: ReadonlyArray<RetailRow>, orders: CancellationMatcher): ReadonlyArray<StockEvent> => {
  const { invoice, time, customer } = rows[0]!
  const matched = rows.flatMap((row) => orders.match(customer, row.stockCode, -row.quantity))
  return [...Map.groupBy(matched, (part) => part.order)].map(([order, parts]) => {
    if (order === undefined) {
      const lines = parts.map(({ sku, units }) => ({ sku, delta: units }))
      return event(`${invoice}:returned`, time, {
        type: "stock.adjusted",
        data: { reason: beforeRecord, reference: invoice, lines }
      })
    }
    const lines = parts.map(({ sku, units }) => ({ sku, quantity: units }))
    const data = { orderId: order.invoice, channel: order.channel, reason: `cancelled by ${invoice}`, lines }
    return event(`${invoice}:${order.invoice}`, time, { type: "order.cancelled", data })
  })
}

/** Signed units by which each line of an event of such a record changes what is available. */
export const movementsOf = function* (happened: StockEvent): Generator<Movement> {
  if (happened.type === "order.placed")
    for (const { sku, quantity } of happened.data.lines) yield { sku, units: -quantity }
  else if (happened.type === "stock.adjusted")
    for (const { sku, delta } of happened.data.lines) yield { sku, units: delta }
  else if (happened.type === "goods.received" || happened.type === "order.cancelled")
    for (const { sku, quantity = 0 } of happened.data.lines) yield { sku, units: quantity }
}

const stockMovements = function* (events: ReadonlyArray<StockEvent>): Generator<Movement> {
  for (const happened of events)
    for (const movement of movementsOf(happened)) if (isStockCode(movement.sku)) yield movement
}

/**
 * Receipts that open the shelves for these events, at the midnight before them.
 * @param shortShare share of SKUs that run short, 0 to 1
 */
export const openingEvents = (
  events: ReadonlyArray<StockEvent>,
  shortShare = shortShareDefault
): ReadonlyArray<StockEvent> => {
  const stock: ReadonlyArray<readonly [Sku, number]> = [...openingStock(stockMovements(events), shortShare)]
  if (stock.length === 0) return []
  const day = 24 * 60 * 60 * 1000
  const midnight = Math.floor(events[0]!.time / day) * day
  const date = new Date(midnight).toISOString().slice(0, 10)
  return Array.from({ length: Math.ceil(stock.length / openingLines) }, (_, index) => {
    const lines = stock
      .slice(index * openingLines, (index + 1) * openingLines)
      .map(([sku, quantity]) => ({ sku, quantity }))
    return event(`opening:${date}:${index + 1}`, midnight, {
      type: "goods.received",
      data: { putaway: "done", reference: `opening stock ${date}`, lines }
    })
  })
}

/** Orders, cancellations and corrections, in order of time; no opening receipts. */
export const salesEvents = (rows: ReadonlyArray<RetailRow>): ReadonlyArray<StockEvent> => {
  const orders = new CancellationMatcher()
  return invoicesOf(rows).flatMap((invoice) => {
    if (isCancellation(invoice)) return cancellationEvents(invoice, orders)
    if (isCorrection(invoice)) return correctionEvents(invoice)
    orders.remember(invoice, channelOf(invoice))
    return [orderEvent(invoice)]
  })
}

/** Everything that the rows say, in the order in which it is published: opening receipts, then what happened. */
export const retailEvents = (
  rows: ReadonlyArray<RetailRow>,
  shortShare = shortShareDefault
): ReadonlyArray<StockEvent> => {
  const sales = salesEvents(rows)
  return [...openingEvents(sales, shortShare), ...sales]
}
