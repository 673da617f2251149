/** What an import consists of, counted from its events: for people as text, for programs as JSON. Pure. */
import type { StockEvent, StockEventType } from "@holdfast/domain/StockEvent"
import { isStockCode } from "./OnlineRetail.ts"
import type { PublishTotals } from "./EventPublisher.ts"

export interface RetailSummary {
  readonly events: number
  readonly byType: Partial<Record<StockEventType, number>>
  readonly lines: number
  /** lines of postage, fees and the like: they will be parked as unknown SKUs */
  readonly nonStockLines: number
  readonly skus: number
  /** ISO times of the first and last event, opening receipts aside; absent when there are none */
  readonly from?: string
  readonly to?: string
}

export const summaryOf = (events: ReadonlyArray<StockEvent>): RetailSummary => {
  const byType: Partial<Record<StockEventType, number>> = {}
  const skus = new Set<string>()
  let lines = 0
  let nonStockLines = 0
  for (const { type, data } of events) {
    byType[type] = (byType[type] ?? 0) + 1
    for (const { sku } of data.lines) {
      lines += 1
      if (isStockCode(sku)) skus.add(sku)
      else nonStockLines += 1
    }
  }
  const times = events.filter(({ type }) => type !== "goods.received").map(({ time }) => new Date(time).toISOString())
  const span = times.length === 0 ? {} : { from: times[0]!, to: times.at(-1)! }
  return { events: events.length, byType, lines, nonStockLines, skus: skus.size, ...span }
}

const number = (n: number) => n.toLocaleString("en")

/** @param published absent for a dry run */
export const summaryText = (summary: RetailSummary, published?: PublishTotals): string => {
  const { byType, events, lines, nonStockLines, skus, from, to } = summary
  const rows: Array<readonly [string, string]> = Object.entries(byType).map(([type, count]) => [type, number(count)])
  rows.push(
    ["events", number(events)],
    ["lines", number(lines)],
    ["of these not stock", number(nonStockLines)],
    ["SKUs", number(skus)]
  )
  if (from !== undefined && to !== undefined) rows.push(["from", from], ["to", to])
  if (published === undefined) rows.push(["published", "nothing (dry run)"])
  else {
    const rate = published.seconds > 0 ? `, ${number(Math.round(published.events / published.seconds))} events/s` : ""
    rows.push(
      ["published", `${number(published.events)} in ${published.seconds.toFixed(1)} s${rate}`],
      ["already there", number(published.repeated)]
    )
  }
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n")
}
