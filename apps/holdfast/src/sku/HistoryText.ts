/**
 * Rows of the ledger as a journal, newest last: two lines each, what changed from what to what, and who said so.
 *
 * Guarantee: no line is wider than asked as long as names allow it. Times are those of the commit, in UTC, under their day; when
 * it happened is said where that was another minute. Pure.
 */
import type { HistoryRow, HistoryUnits } from "@holdfast/domain/StockHistory"
import type { SkuHistory } from "@holdfast/ledger/SkuHistory"
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, cut, oneLine, signedText, timeText, wholeText } from "../terminal/TerminalText.ts"
import { indented, wrapped } from "../terminal/TextTable.ts"

/** Characters of a location's name. */
const locationWidth = 16

/** Milliseconds between what happened and its commit that are not worth saying. */
const soonMillis = 60_000

const followed: ReadonlyArray<readonly [name: keyof HistoryUnits, title: string]> = [
  ["onHand", "on hand"],
  ["committed", "committed"],
  ["held", "held"],
  ["available", "available"]
]

const others = [
  ["receiving", "receiving"],
  ["inspection", "inspection"],
  ["damaged", "damaged"],
  ["quality", "quality"],
  ["safetyStock", "safety stock"],
  ["incoming", "incoming"],
  ["inTransit", "in transit"],
  ["oversold", "oversold"]
] as const

const movesOf = ({ deltas, before, after }: HistoryRow): ReadonlyArray<string> => {
  const moves = followed.flatMap(([name, title]) =>
    before[name] === after[name]
      ? []
      : [`${title} ${wholeText(before[name])} -> ${wholeText(after[name])} (${signedText(after[name] - before[name])})`]
  )
  const rest = others.flatMap(([name, title]) => {
    const delta = deltas[name] ?? 0
    return delta === 0 ? [] : [`${title} ${signedText(delta)}`]
  })
  return moves.length + rest.length === 0 ? ["nothing changes"] : [...moves, ...rest]
}

const documentNoun = (kind: string): string => {
  if (kind.startsWith("transfer.")) return "transfer"
  if (kind === "purchase.ordered" || kind === "goods.received") return "purchase"
  return kind === "count.cycle" ? "count" : "order"
}

const sourceText = ({ source, id }: HistoryRow): string => {
  if (source === "clock") return "its time was over"
  return source === "request" ? `request ${id}` : `event ${id} of ${source}`
}

const causesOf = (row: HistoryRow): ReadonlyArray<string> => {
  const { kind, documentId, channel, reservationId, expiresAt, countedAt, seenByCount, occurredAt, committedAt } = row
  const isLate = Math.abs(committedAt - occurredAt) >= soonMillis
  const said: ReadonlyArray<readonly [string, string | null]> = [
    ["", sourceText(row)],
    [`${documentNoun(kind)} `, documentId],
    ["channel ", channel],
    ["hold ", reservationId],
    ["until ", expiresAt === null ? null : timeText(expiresAt)],
    ["reason: ", row.reason],
    ["by ", row.by],
    ["reference ", row.reference],
    ["counted ", countedAt === null ? null : timeText(countedAt)],
    ["", seenByCount === null ? null : `a later count had seen ${countText(seenByCount, "unit")} of it`],
    ["happened ", isLate ? timeText(occurredAt) : null]
  ]
  return said.flatMap(([word, text]) => (text === null ? [] : [`${word}${oneLine(text)}`]))
}

interface Widths {
  readonly version: number
  readonly kind: number
  readonly location: number
}

const locationOf = ({ locationId }: HistoryRow): string => cut(oneLine(locationId), locationWidth)

const widthsOf = (rows: ReadonlyArray<HistoryRow>): Widths => ({
  version: Math.max(...rows.map(({ version }) => String(version).length)),
  kind: Math.max(...rows.map(({ kind }) => kind.length)),
  location: Math.max(...rows.map((row) => locationOf(row).length))
})

const rowLines = (row: HistoryRow, widths: Widths, style: TerminalStyle): ReadonlyArray<string> => {
  const place = `#${String(row.version).padEnd(widths.version)}  ${timeText(row.committedAt).slice(11, 19)}  `
  const head = `${place}${row.kind.padEnd(widths.kind)}  ${locationOf(row).padEnd(widths.location)}  `
  const [first, ...more] = wrapped(movesOf(row), style.columns - head.length)
  const causes = wrapped(
    causesOf(row).map((cause, i, all) => (i === all.length - 1 ? cause : `${cause},`)),
    style.columns - place.length,
    " "
  )
  return [
    `${head}${first!}`,
    ...indented(more, " ".repeat(head.length)),
    ...indented(
      causes.map((line) => painted(line, "dim", style)),
      " ".repeat(place.length)
    )
  ]
}

const dayOf = ({ committedAt }: HistoryRow): string => timeText(committedAt).slice(0, 10)

/** The journal with its title; the day stands above its first row. */
export const historyLines = ({ matching, rows }: SkuHistory, style: TerminalStyle): ReadonlyArray<string> => {
  if (rows.length === 0) return ["", "no change of it is like that; leave out --since or --order to see more"]
  const more = rows.length < matching ? `, the newest ${wholeText(rows.length)} of them; more with --limit` : ""
  const title = `history, newest last, times in UTC: ${countText(matching, "change")}${more}`
  const widths = widthsOf(rows)
  const narrower = { ...style, columns: style.columns - 2 }
  const journal = rows.flatMap((row, i) => [
    ...(i > 0 && dayOf(rows[i - 1]!) === dayOf(row) ? [] : [dayOf(row)]),
    ...rowLines(row, widths, narrower)
  ])
  return ["", painted(title, "bold", style), ...indented(journal)]
}
