/**
 * Why a channel is told the quantity that it is told, as text.
 *
 * Guarantee: no line is wider than asked as long as names allow it. Pure.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ListingReport } from "@holdfast/ledger/ListingReport"
import type { HistoryRow } from "@holdfast/domain/StockHistory"
import { historyLines } from "../sku/HistoryText.ts"
import { levelLines } from "../sku/SkuText.ts"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"
import { isReckoned, sellsFrom, type Reckoning, type ReckoningStep } from "./Reckoning.ts"
import { toldLines } from "./ToldText.ts"

const stepColumns: ReadonlyArray<TextColumn<ReckoningStep>> = [
  { title: "units", text: ({ units }) => wholeText(units) },
  { title: "", text: ({ what }) => what, left: true }
]

/** @param last what the number is */
export const stepLines = (
  { steps, publishable, least = publishable }: Reckoning,
  last: string,
  style: TerminalStyle
): ReadonlyArray<string> => {
  const what =
    least === publishable ? last : `${last}, or down to ${wholeText(publishable - least)} fewer, as it hears late`
  return tableLines(stepColumns, [...steps, { what, units: publishable }], style).slice(1)
}

const lagText = (behind: number, first: HistoryRow | undefined): string => {
  const changes = `it is behind by ${countText(behind, "change")}`
  return first === undefined ? changes : `${changes}, the first at ${timeText(first.committedAt)}`
}

/** Whether the channel has confirmed what it is to show, or by how much it is behind. */
export const standing = ({ confirmed, version, history }: ListingReport, reckoning: Reckoning): string => {
  if (confirmed === null) return "it has not confirmed anything of this SKU yet"
  const { quantity, confirmedAt } = confirmed
  const said = `it confirmed ${wholeText(quantity)} at ${timeText(confirmedAt)}, as of version ${wholeText(confirmed.version)}`
  if (!isReckoned(reckoning, quantity)) {
    const first = history.rows.find((row) => row.version === confirmed.version + 1)
    return `${said}: ${lagText(version - confirmed.version, first)}`
  }
  return confirmed.version >= version ? `${said}, the newest` : `${said}; what it is told has not changed since`
}

const elsewhere = (channel: ChannelDefinition, { levels }: ListingReport): ReadonlyArray<string> => {
  const others = levels.filter((level) => !sellsFrom(channel, level)).map(({ locationId }) => oneLine(locationId))
  return others.length === 0 ? [] : [`not sold from by this channel: ${others.join(", ")}`]
}

export const whyText = (
  channel: ChannelDefinition,
  report: ListingReport,
  reckoning: Reckoning,
  style: TerminalStyle
): string => {
  // what is still to come is not told to anybody
  const own = report.levels
    .filter((level) => sellsFrom(channel, level))
    .map((level) => ({ ...level, incoming: 0, inTransit: 0 }))
  const isBehind = report.confirmed !== null && !isReckoned(reckoning, report.confirmed.quantity)
  const said = standing(report, reckoning)
  return [
    `${painted(oneLine(report.sku), "bold", style)} on ${channel.id}, ${oneLine(channel.name)}, version ${wholeText(report.version)}`,
    "",
    ...(own.length === 0 ? ["this channel sells from none of its locations"] : levelLines(own, style)),
    ...elsewhere(channel, report),
    "",
    ...indented(stepLines(reckoning, "is what it is told", style)),
    "",
    isBehind ? painted(said, "yellow", style) : said,
    ...toldLines(report.told, style),
    ...historyLines(report.history, style)
  ].join("\n")
}
