/** What a list of terms of sale changes, as text for a terminal. Pure. */
import type { TermsChange, TermsPlan } from "@holdfast/domain/TermsPlan"
import type { PublishTotals } from "../retail/EventPublisher.ts"
import type { TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine, timeText, wholeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"
import { changesShownMax } from "./CatalogueLimit.ts"

const allotmentText = (title: string, units: number | null | undefined): ReadonlyArray<string> =>
  units === undefined ? [] : [`${title} ${units === null ? "lifted" : wholeText(units)}`]

const saidText = (change: TermsChange): string => {
  if (change.kind === "allotment") {
    const { quota, ringFence } = change.say
    return [...allotmentText("quota", quota), ...allotmentText("ring-fence", ringFence)].join(", ")
  }
  const { limit, kind = "backorder", expectedAt } = change.say
  if (limit === 0) return "lifted"
  return `${kind} ${wholeText(limit)}${expectedAt === undefined ? "" : `, expected ${timeText(expectedAt)}`}`
}

const columns: ReadonlyArray<TextColumn<TermsChange>> = [
  { title: "LINE", text: ({ line }) => String(line) },
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  { title: "CHANNEL", text: (change) => (change.kind === "allotment" ? oneLine(change.say.channel) : "-"), left: true },
  { title: "CHANGE", text: saidText, left: true },
  { title: "BEFORE", text: ({ was }) => was, left: true }
]

/** A few lines of a plan, and the counts of all. */
export const termsPlanText = ({ changes, unchanged }: TermsPlan, style: TerminalStyle): string => {
  const summary = `changed ${wholeText(changes.length)}, unchanged ${wholeText(unchanged)}`
  const shown = changes.slice(0, changesShownMax)
  if (shown.length === 0) return summary
  const more = changes.length - shown.length
  const left = more > 0 ? [`and ${countText(more, "more change")}`] : []
  return [...tableLines(columns, shown, style), ...left, "", summary].join("\n")
}

/** What became of it. @param published absent for a dry run */
export const termsPublishedText = ({ changes }: TermsPlan, published: PublishTotals | undefined): string => {
  if (changes.length === 0) return "nothing to do"
  if (published === undefined) return "nothing was applied (dry run)"
  const again = published.repeated === 0 ? "" : `, of which ${wholeText(published.repeated)} had been published before`
  return `applied with ${countText(published.events, "event")}${again}`
}
