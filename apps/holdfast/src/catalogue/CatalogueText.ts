/** A catalogue and what changes of it, as text for a terminal. Pure. */
import type { CatalogueChange, CataloguePlan } from "@holdfast/domain/Catalogue"
import type { CatalogueRow } from "@holdfast/ledger/Catalogue"
import type { PublishTotals } from "../retail/EventPublisher.ts"
import type { TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, cut, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"
import { changesShownMax } from "./CatalogueLimit.ts"

/** Characters of a name in a table. */
const nameWidth = 40

const stockText = ({ stock }: CatalogueChange): string => {
  if (stock === undefined) return "as it is"
  const { safetyStock, before } = stock
  return before === undefined ? wholeText(safetyStock) : `${wholeText(before.safetyStock)} -> ${wholeText(safetyStock)}`
}

const nameText = ({ name }: CatalogueChange): string => {
  if (name === undefined) return ""
  const text = cut(oneLine(name.text), nameWidth)
  return name.before === undefined ? text : `${cut(oneLine(name.before), nameWidth)} -> ${text}`
}

const changeColumns: ReadonlyArray<TextColumn<CatalogueChange>> = [
  { title: "LINE", text: ({ line }) => String(line) },
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "LOCATION", text: ({ locationId }) => oneLine(locationId), left: true },
  { title: "CHANGE", text: ({ kind }) => kind, left: true },
  { title: "SAFETY STOCK", text: stockText },
  { title: "NAME", text: nameText, left: true }
]

/** How many lines are new, changed, unchanged. */
export const countsOf = ({ changes, unchanged }: CataloguePlan) => {
  const fresh = changes.filter(({ kind }) => kind === "new").length
  return { new: fresh, changed: changes.length - fresh, unchanged }
}

/** What a plan changes: a few lines of it, and the counts of all. */
export const planText = (plan: CataloguePlan, style: TerminalStyle): string => {
  const counts = countsOf(plan)
  const summary = `new ${wholeText(counts.new)}, changed ${wholeText(counts.changed)}, unchanged ${wholeText(counts.unchanged)}`
  const shown = plan.changes.slice(0, changesShownMax)
  if (shown.length === 0) return summary
  const more = plan.changes.length - shown.length
  return [
    ...tableLines(changeColumns, shown, style),
    ...(more > 0 ? [`and ${countText(more, "more change")}`] : []),
    "",
    summary
  ].join("\n")
}

/** What became of it. @param published absent for a dry run */
export const publishedText = (plan: CataloguePlan, published: PublishTotals | undefined): string => {
  if (plan.changes.length === 0) return "nothing to do"
  if (published === undefined) return "nothing was applied (dry run)"
  const { events, repeated } = published
  const again = repeated === 0 ? "" : `, of which ${wholeText(repeated)} had been published before`
  return events === 0 ? "names were written" : `applied with ${countText(events, "event")}${again}`
}

const rowColumns: ReadonlyArray<TextColumn<CatalogueRow>> = [
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "LOCATION", text: ({ locationId }) => oneLine(locationId), left: true },
  { title: "SAFETY STOCK", text: ({ safetyStock }) => wholeText(safetyStock) },
  {
    title: "SET",
    text: ({ safetyStockAt }) => (safetyStockAt === null ? "never" : timeText(safetyStockAt)),
    left: true
  },
  { title: "NAME", text: ({ name }) => cut(oneLine(name ?? ""), nameWidth), left: true }
]

export const catalogueText = (rows: ReadonlyArray<CatalogueRow>, style: TerminalStyle): string =>
  rows.length === 0
    ? "no SKU is known yet; make some known with: holdfast catalogue apply items.csv"
    : tableLines(rowColumns, rows, style).join("\n")
