/** The last answers of a channel as a table: what it was told of a SKU, when, and what it said. Pure. */
import type { ListingEntry } from "@holdfast/ledger/ListingHistory"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, exactTimeText, lapseText, oneLine, wholeText } from "../terminal/TerminalText.ts"
import { indented, tableLines, type TextColumn } from "../terminal/TextTable.ts"

const callsText = (attempts: number): string => (attempts > 1 ? `, ${countText(attempts, "call")}` : "")

const answerText = ({ outcome, requestedAt, answeredAt, attempts, detail, quantity }: ListingEntry): string => {
  if (outcome === "found") return `was found to show ${wholeText(quantity)}`
  if (outcome === "rejected") return `rejected${callsText(attempts)}: ${oneLine(detail ?? "")}`
  return `confirmed in ${lapseText(answeredAt - requestedAt)}${callsText(attempts)}`
}

const lostText = ({ lost }: ListingEntry): string =>
  lost > 0 ? `; ${countText(lost, "answer")} before it could not be stored` : ""

const columns: ReadonlyArray<TextColumn<ListingEntry>> = [
  { title: "answered", text: ({ answeredAt }) => exactTimeText(answeredAt), left: true },
  { title: "units", text: ({ quantity }) => wholeText(quantity) },
  { title: "version", text: ({ version }) => `#${version}` },
  { title: "answer", text: (entry) => `${answerText(entry)}${lostText(entry)}`, left: true }
]

/** @param told newest last */
export const toldLines = (told: ReadonlyArray<ListingEntry>, style: TerminalStyle): ReadonlyArray<string> => {
  if (told.length === 0) return []
  const title = painted("what it was told, newest last", "bold", style)
  return ["", title, ...indented(tableLines(columns, told, { ...style, columns: style.columns - 2 }))]
}
