/**
 * What `npm start` plays: the sample's day, cut to its best-selling SKUs, with ids of its own for every run. Pure.
 *
 * - The assortment is the `assortmentSize` SKUs with the most lines that day: why so many says `DemoChannels`. Orders keep
 *   their lines of these SKUs, and those that are no stock, so that parking can be seen; orders without either are left out.
 * - Every run receives its opening stock anew: quantities grow from run to run, and what ran short once may not again.
 * - 8 % of the SKUs start with half of what they will need, so that overselling can be seen within half a minute.
 */
import { OrderId, type Sku } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { isStockCode, openingEvents, type RecordedChannel, retailSource, salesEvents } from "../retail/OnlineRetail.ts"
import type { RetailRow } from "../retail/RetailCsv.ts"
import { assortmentSize } from "./DemoChannels.ts"
import { type OrderChannels, orderChannels } from "./Scenario.ts"

export const sampleSource = "sample"

const shortShare = 0.08

export interface SamplePlan {
  readonly opening: ReadonlyArray<StockEvent>
  readonly sales: ReadonlyArray<{
    readonly event: StockEvent
    /** when in the day, from 0 (first event) to 1 (last) */
    readonly at: number
  }>
  readonly assortment: ReadonlyArray<Sku>
  /** milliseconds that the day takes in the record */
  readonly dayMillis: number
}

/** The SKUs with the most lines; the same number of lines: in order of name. */
const bestSellers = (events: ReadonlyArray<StockEvent>, size: number): ReadonlyArray<Sku> => {
  const lines = new Map<Sku, number>()
  for (const { data } of events) {
    for (const { sku } of data.lines) if (isStockCode(sku)) lines.set(sku, (lines.get(sku) ?? 0) + 1)
  }
  return [...lines]
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, size)
    .map(([sku]) => sku)
}

const keepLines = (event: StockEvent, keep: (sku: Sku) => boolean): StockEvent | undefined => {
  const lines = (event.data.lines as ReadonlyArray<{ readonly sku: Sku }>).filter((line) => keep(line.sku))
  return lines.length === 0 ? undefined : ({ ...event, data: { ...event.data, lines } } as StockEvent)
}

/** The same event as another run's: its own source, id and order. */
const ofRun = (event: StockEvent, run: string, through: OrderChannels): StockEvent => {
  const id = event.id.slice(retailSource.length + 1)
  const renamed = { ...event, source: sampleSource, id: `${sampleSource}:${run}:${id}` } as StockEvent
  if (renamed.type !== "order.placed" && renamed.type !== "order.cancelled") return renamed
  const { orderId, channel } = renamed.data
  return {
    ...renamed,
    data: { ...renamed.data, orderId: OrderId.make(`${run}-${orderId}`), channel: through[channel as RecordedChannel] }
  } as StockEvent
}

/** SKUs that are received together. */
const shelfSize = 8

/** A shop opens shelf by shelf: nobody receives everything in one instant. */
const byShelf = (event: StockEvent): ReadonlyArray<StockEvent> => {
  const { lines } = event.data
  const shelves = Array.from({ length: Math.ceil(lines.length / shelfSize) }, (_, i) =>
    lines.slice(i * shelfSize, (i + 1) * shelfSize)
  )
  return shelves.map(
    (own, i) => ({ ...event, id: `${event.id}:${i + 1}`, data: { ...event.data, lines: own } }) as unknown as StockEvent
  )
}

/**
 * @param run a short name that no other run has
 * @param through which channels the orders come
 */
export const samplePlan = (
  rows: ReadonlyArray<RetailRow>,
  run: string,
  through: OrderChannels = orderChannels.demo
): SamplePlan => {
  const all = salesEvents(rows)
  const assortment = bestSellers(all, assortmentSize)
  const chosen = new Set(assortment)
  const sales = all.flatMap((event) => keepLines(event, (sku) => chosen.has(sku) || !isStockCode(sku)) ?? [])
  const first = sales[0]?.time ?? 0
  const length = Math.max(1, (sales.at(-1)?.time ?? 0) - first)
  return {
    opening: openingEvents(sales, shortShare).flatMap((event) => byShelf(ofRun(event, run, through))),
    sales: sales.map((event) => ({ event: ofRun(event, run, through), at: (event.time - first) / length })),
    assortment,
    dayMillis: length
  }
}
