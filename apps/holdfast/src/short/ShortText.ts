/**
 * Short orders as text: a table of them, oldest first, and sums per channel; then those that wait inside an allowance.
 *
 * Guarantee: no line is wider than asked as long as names allow it. Pure.
 */
import type { BackorderedOrder, ShortOrder, ShortReport, UncoveredUnits } from "@holdfast/ledger/ShortOrders"
import type { TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"

/** What is short of one channel's orders. */
export interface ChannelShortage {
  /** null: of orders that name no channel */
  readonly channel: string | null
  readonly orders: number
  readonly units: number
}

/** The channel with the most short units first. An order that is short of several SKUs counts once. */
export const shortageByChannel = (orders: ReadonlyArray<ShortOrder>): ReadonlyArray<ChannelShortage> =>
  [...Map.groupBy(orders, ({ channel }) => channel)]
    .map(([channel, all]) => ({
      channel,
      orders: new Set(all.map(({ orderId }) => orderId)).size,
      units: all.reduce((sum, { short }) => sum + short, 0)
    }))
    .sort((a, b) => b.units - a.units || (a.channel ?? "").localeCompare(b.channel ?? ""))

const orderColumns: ReadonlyArray<TextColumn<ShortOrder>> = [
  { title: "placed", text: ({ placedAt }) => timeText(placedAt), left: true },
  { title: "order", text: ({ orderId }) => oneLine(orderId), left: true },
  { title: "channel", text: ({ channel }) => oneLine(channel ?? "-"), left: true },
  { title: "sku", text: ({ sku }) => oneLine(sku), left: true },
  { title: "location", text: ({ locationId }) => oneLine(locationId), left: true },
  { title: "open", text: ({ units }) => wholeText(units) }
]

const columns: ReadonlyArray<TextColumn<ShortOrder>> = [
  ...orderColumns,
  { title: "short", text: ({ short }) => wholeText(short), mark: () => "red" }
]

const backorderedColumns: ReadonlyArray<TextColumn<BackorderedOrder>> = [
  ...orderColumns,
  { title: "to come", text: ({ backordered }) => wholeText(backordered) },
  { title: "allowed as", text: ({ kind }) => kind, left: true },
  { title: "expected", text: ({ expectedAt }) => (expectedAt === null ? "-" : timeText(expectedAt)), left: true }
]

const channelColumns: ReadonlyArray<TextColumn<ChannelShortage>> = [
  { title: "channel", text: ({ channel }) => oneLine(channel ?? "-"), left: true },
  { title: "short orders", text: ({ orders }) => wholeText(orders) },
  { title: "short units", text: ({ units }) => wholeText(units) }
]

const uncoveredText = ({ sku, locationId, units, held }: UncoveredUnits): string =>
  `${oneLine(sku)} at ${oneLine(locationId)}: ${countText(units, "unit")}, ` +
  (held > 0 ? `where reservations hold ${wholeText(held)}` : "since less than nothing is there: count it")

const uncoveredLines = (uncovered: ReadonlyArray<UncoveredUnits>): ReadonlyArray<string> =>
  uncovered.length === 0 ? [] : ["", "oversold beyond what orders ask for:", ...indented(uncovered.map(uncoveredText))]

const backorderedLines = (
  backordered: ReadonlyArray<BackorderedOrder>,
  style: TerminalStyle
): ReadonlyArray<string> => {
  if (backordered.length === 0) return []
  const title = "backordered, inside what may be promised beyond what is there:"
  return ["", title, ...indented(tableLines(backorderedColumns, backordered, { ...style, columns: style.columns - 2 }))]
}

const shortLines = (orders: ReadonlyArray<ShortOrder>, style: TerminalStyle): ReadonlyArray<string> => {
  if (orders.length === 0) return ["no order is short"]
  const channels = shortageByChannel(orders)
  const units = channels.reduce((sum, channel) => sum + channel.units, 0)
  const count = new Set(orders.map(({ orderId }) => orderId)).size
  return [
    ...tableLines(columns, orders, style),
    "",
    `${countText(count, "order")} ${count === 1 ? "is" : "are"} short of ${countText(units, "unit")}`,
    "",
    ...tableLines(channelColumns, channels, style)
  ]
}

export const shortText = ({ orders, backordered, uncovered }: ShortReport, style: TerminalStyle): string =>
  orders.length + backordered.length + uncovered.length === 0
    ? "no order is short: nothing is promised beyond what is there"
    : [...shortLines(orders, style), ...backorderedLines(backordered, style), ...uncoveredLines(uncovered)].join("\n")
