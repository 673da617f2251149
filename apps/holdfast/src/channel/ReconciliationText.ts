/** What a reconciliation found, as text for a terminal. Pure. */
import type { ListingDiscrepancy, ReconciliationReport } from "@holdfast/channels/ReconciliationReport"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, exactTimeText, lapseText, oneLine, wholeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"

const verdictTexts: Readonly<Record<ListingDiscrepancy["verdict"], string>> = {
  lost: "a confirmed write is not there",
  externalEdit: "somebody else changed it",
  mapping: "not listed there"
}

const columns: ReadonlyArray<TextColumn<ListingDiscrepancy>> = [
  { title: "SKU", text: ({ sku }) => oneLine(sku), left: true },
  {
    title: "SHOWN",
    text: ({ shown }) => (shown === null ? "-" : wholeText(shown)),
    mark: ({ shown, should }) => ((shown ?? 0) > should ? "red" : undefined)
  },
  { title: "SHOULD", text: ({ should }) => wholeText(should) },
  { title: "SINCE", text: ({ since }) => exactTimeText(since), left: true },
  { title: "WHY", text: ({ verdict }) => verdictTexts[verdict], left: true }
]

/** A share with its denominator. */
const rateText = ({ discrepancies, compared, rate }: ReconciliationReport): string =>
  rate === undefined
    ? "nothing could be compared"
    : `${wholeText(discrepancies)} of ${countText(compared, "compared listing")} ${discrepancies === 1 ? "differs" : "differ"} (${(100 * rate).toFixed(2)} %)`

const countsText = ({ counts, unconfirmed }: ReconciliationReport): string =>
  [
    `agree ${wholeText(counts.agrees)}`,
    `lost ${wholeText(counts.lost)}`,
    `edited ${wholeText(counts.externalEdit)}`,
    `not listed ${wholeText(counts.mapping)}`,
    `not comparable ${wholeText(counts.inFlight)}`,
    `not read ${wholeText(counts.unknown)}`,
    `never confirmed ${wholeText(unconfirmed)}`
  ].join(", ")

const done = (report: ReconciliationReport, style: TerminalStyle): ReadonlyArray<string> => {
  const { channel, discrepancies, heal, healed, stopAbove, stopped } = report
  if (stopped)
    return [
      painted(`more than ${100 * stopAbove} % differ: nothing was repaired`, "red", style),
      `is it the right shop, and does nobody else write to it? then: holdfast channel reconcile ${channel} --heal`
    ]
  if (discrepancies === 0) return []
  if (heal === "none") return ["nothing was repaired (dry run)"]
  const others = discrepancies - healed
  const rest = others === 0 ? "" : `; ${wholeText(others)} were told something newer meanwhile, or rest`
  return [`${countText(healed, "listing")} ${healed === 1 ? "is" : "are"} told again${rest}`]
}

/** The report of a run that ended. */
export const reconciliationText = (report: ReconciliationReport, style: TerminalStyle): string => {
  const { begunAt, by, detail, discrepancies, endedAt = begunAt, worst } = report
  const more = discrepancies - worst.length
  return [
    painted(rateText(report), "bold", style),
    countsText(report),
    `begun ${exactTimeText(begunAt)} by ${oneLine(by)}, took ${lapseText(endedAt - begunAt)}`,
    ...(detail === undefined ? [] : [`could not be read at times: ${oneLine(detail)}`]),
    ...(worst.length === 0 ? [] : ["", ...tableLines(columns, worst, style)]),
    ...(more > 0 ? [`and ${wholeText(more)} more`] : []),
    ...(discrepancies === 0 ? [] : [""]),
    ...done(report, style)
  ].join("\n")
}

/** One line while it runs. */
export const progressText = ({ channel, compared, discrepancies, listings }: ReconciliationReport): string =>
  `${channel}: ${wholeText(compared)} of ${countText(listings, "listing")} compared, ${wholeText(discrepancies)} differ`
