/** What channels call our SKUs, and what a file changes of it, as text for a terminal. Pure. */
import type { MappingRow } from "@holdfast/ledger/ChannelMapping"
import { changesShownMax } from "../catalogue/CatalogueLimit.ts"
import type { TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, wholeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"
import type { MappingChange, MappingPlan } from "./MappingPlan.ts"

const changeColumns: ReadonlyArray<TextColumn<MappingChange>> = [
  { title: "LINE", text: ({ line }) => String(line) },
  { title: "CHANGE", text: ({ kind }) => kind, left: true },
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "LISTING", text: ({ after }) => oneLine(after ?? "-"), left: true },
  { title: "BEFORE", text: ({ before }) => oneLine(before ?? "-"), left: true }
]

/** A few changes, and the counts of all. */
export const mappingPlanText = (
  { changes, unchanged }: Pick<MappingPlan, "changes" | "unchanged">,
  dryRun: boolean,
  style: TerminalStyle
): string => {
  const counts = (["new", "changed", "removed"] as const).map(
    (kind) => `${kind} ${wholeText(changes.filter((change) => change.kind === kind).length)}`
  )
  const applied = dryRun && changes.length > 0 ? "; nothing was applied (dry run)" : ""
  const summary = `${counts.join(", ")}, unchanged ${wholeText(unchanged)}${applied}`
  const shown = changes.slice(0, changesShownMax)
  if (shown.length === 0) return summary
  const more = changes.length - shown.length
  const left = more > 0 ? [`and ${countText(more, "more change")}`] : []
  return [...tableLines(changeColumns, shown, style), ...left, "", summary].join("\n")
}

const columns: ReadonlyArray<TextColumn<MappingRow>> = [
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "LISTING", text: ({ key }) => oneLine(key), left: true }
]

export const mappingsText = (channel: string, rows: ReadonlyArray<MappingRow>, style: TerminalStyle): string =>
  rows.length === 0
    ? `no SKU is mapped on channel ${oneLine(channel)}; map some with: holdfast mapping apply ${oneLine(channel)} listings.csv`
    : tableLines(columns, rows, style).join("\n")
