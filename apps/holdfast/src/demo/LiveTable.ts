/**
 * The table of `npm start`: a header line and one line per channel. `tableLines` is pure text; `makeLiveTable` redraws it in
 * place on a terminal, and elsewhere (a pipe, a log) writes one plain line every few seconds.
 *
 * Numbers are aligned right; colour marks nothing but a broken objective (red), a late p99 and a rung of the ladder
 * (yellow), whose column is there only while some channel stands on one. A narrow terminal loses the least telling columns first. `NO_COLOR` is respected.
 */
import { rungs } from "@holdfast/channels/Ladder"
import type { DemoChannelRow, DemoSnapshot } from "./DemoSnapshot.ts"

export interface TableStyle {
  /** width of the terminal in characters */
  readonly columns: number
  readonly color: boolean
}

interface TableColumn {
  readonly title: string
  readonly text: (row: DemoChannelRow) => string
  readonly left?: boolean
  /** characters kept free for what may come, so that columns do not jump while numbers change */
  readonly least?: number
  readonly mark?: (row: DemoChannelRow) => "red" | "yellow" | undefined
  /** of a column that is there only for such a row */
  readonly isNeeded?: (row: DemoChannelRow) => boolean
  /** the highest goes first when the terminal is narrow; columns without it stay */
  readonly spare?: number
}

const gap = "  "
const ansi = { red: "\u001b[31m", yellow: "\u001b[33m", off: "\u001b[39m" }

/** Three digits at most, with their unit: 7 ms, 480 ms, 1.2 s, 15 s. */
export const durationText = (millis: number | undefined): string => {
  if (millis === undefined) return "-"
  if (millis < 999.5) return `${Math.round(millis)} ms`
  const seconds = millis / 1_000
  return `${seconds < 9.95 && seconds % 1 !== 0 ? seconds.toFixed(1) : Math.round(seconds)} s`
}

/** Rounded down: 100 % is only said when every event was in time. */
export const shareText = (share: number): string => `${(Math.floor(share * 10_000 + 1e-6) / 100).toFixed(2)}%`

const wholeText = (n: number): string => n.toLocaleString("en")

const broken = (row: DemoChannelRow) => row.withinBudget < row.objective
const late = (row: DemoChannelRow) => row.p99 !== undefined && row.p99 > row.budgetMillis

const tableColumns: ReadonlyArray<TableColumn> = [
  { title: "channel", text: (row) => row.id, left: true },
  { title: "timing", text: (row) => row.timing, left: true, spare: 4 },
  { title: "budget", text: (row) => durationText(row.budgetMillis) },
  { title: "events", text: (row) => wholeText(row.events) },
  { title: "pushes", text: (row) => wholeText(row.pushes), spare: 0.5 },
  { title: "coalesced", text: (row) => wholeText(row.coalesced), spare: 2 },
  { title: "pending", text: (row) => wholeText(row.pending) },
  { title: "p50", text: (row) => durationText(row.p50), least: 6 },
  { title: "p99", text: (row) => durationText(row.p99), least: 6, mark: (row) => (late(row) ? "yellow" : undefined) },
  { title: "in time", text: (row) => shareText(row.withinBudget), mark: (row) => (broken(row) ? "red" : undefined) },
  { title: "retries", text: (row) => wholeText(row.retries), spare: 3 },
  {
    title: "rung",
    text: ({ rung }) => (rung === 0 ? "-" : `${rung}/${rungs.length - 1}`),
    mark: ({ rung }) => (rung === 0 ? undefined : "yellow"),
    isNeeded: ({ rung }) => rung > 0
  },
  { title: "circuit", text: (row) => row.circuit, left: true, least: 9, spare: 1 },
  { title: "oversold", text: (row) => wholeText(row.oversoldUnits) }
]

const widthOf = (column: TableColumn, rows: ReadonlyArray<DemoChannelRow>): number =>
  Math.max(column.title.length, column.least ?? 0, ...rows.map((row) => column.text(row).length))

/** Drops columns until the rest fits. */
const fitting = (rows: ReadonlyArray<DemoChannelRow>, columns: number): ReadonlyArray<TableColumn> => {
  let kept = tableColumns.filter(({ isNeeded }) => isNeeded === undefined || rows.some(isNeeded))
  const width = () => kept.reduce((sum, column) => sum + widthOf(column, rows) + gap.length, -gap.length)
  while (width() > columns) {
    const most = Math.max(...kept.map((column) => column.spare ?? 0))
    if (most === 0) break
    kept = kept.filter((column) => column.spare !== most)
  }
  return kept
}

const cell = (text: string, width: number, column: TableColumn): string =>
  column.left === true ? text.padEnd(width) : text.padStart(width)

const rowLine = (
  row: DemoChannelRow,
  columns: ReadonlyArray<TableColumn>,
  widths: ReadonlyArray<number>,
  color: boolean
): string =>
  columns
    .map((column, index) => {
      const text = cell(column.text(row), widths[index]!, column)
      const mark = color ? column.mark?.(row) : undefined
      return mark === undefined ? text : `${ansi[mark]}${text}${ansi.off}`
    })
    .join(gap)
    .trimEnd()

const barWidth = 20

const progressBar = (progress: number): string => {
  const full = Math.floor(Math.min(1, Math.max(0, progress)) * barWidth)
  return `[${"#".repeat(full)}${".".repeat(barWidth - full)}] ${String(Math.floor(progress * 100)).padStart(3)}%`
}

const clockText = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`

const headerLine = (snapshot: DemoSnapshot): string =>
  [
    progressBar(snapshot.progress),
    clockText(snapshot.elapsedSeconds),
    `${wholeText(Math.round(snapshot.eventsPerSecond))} events/s`,
    `${wholeText(snapshot.committed)} committed`,
    `${wholeText(snapshot.parked)} parked`
  ].join(gap)

/** The table as lines of text, none wider than the terminal from 80 characters on. */
export const tableLines = (snapshot: DemoSnapshot, { columns, color }: TableStyle): ReadonlyArray<string> => {
  const kept = fitting(snapshot.channels, columns)
  const widths = kept.map((column) => widthOf(column, snapshot.channels))
  const titles = kept
    .map((column, index) => cell(column.title, widths[index]!, column))
    .join(gap)
    .trimEnd()
  return [headerLine(snapshot), "", titles, ...snapshot.channels.map((row) => rowLine(row, kept, widths, color))]
}

const rungText = ({ rung }: DemoChannelRow): string => (rung === 0 ? "" : ` rung ${rung}/${rungs.length - 1}`)

/** All of it in one line, for a log. */
export const plainLine = (snapshot: DemoSnapshot): string => {
  const channels = snapshot.channels.map(
    (row) =>
      `${row.id} ${shareText(row.withinBudget)} p99 ${durationText(row.p99)} pending ${wholeText(row.pending)}${rungText(row)}`
  )
  const { elapsedSeconds, progress, eventsPerSecond, committed, parked } = snapshot
  const head = `${clockText(elapsedSeconds)} ${Math.floor(progress * 100)}% ${wholeText(Math.round(eventsPerSecond))} events/s`
  return [`${head} ${wholeText(committed)} committed ${wholeText(parked)} parked`, ...channels].join(" | ")
}

/** What the table is written to: `process.stderr`, say. */
export interface TableTarget {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

export interface LiveTable {
  /** @param now milliseconds, of any clock that does not go back */
  readonly show: (snapshot: DemoSnapshot, now: number) => void
  /** Shows the last state, wherever it is written to, and leaves the cursor below. */
  readonly finish: (snapshot: DemoSnapshot) => void
}

/** Milliseconds between two lines in a log. */
const plainEveryMillis = 5_000

const columnsMax = 120

/** @param noColor the value of `NO_COLOR`: any but the empty one switches colour off */
export const makeLiveTable = (target: TableTarget, noColor: string | undefined): LiveTable => {
  const inPlace = target.isTTY === true
  const color = inPlace && (noColor === undefined || noColor === "")
  const lines = (snapshot: DemoSnapshot, colored: boolean) =>
    tableLines(snapshot, { columns: Math.min(columnsMax, target.columns ?? columnsMax), color: colored })
  let drawn = 0
  let nextAt = Number.NEGATIVE_INFINITY
  const draw = (snapshot: DemoSnapshot): void => {
    // cleared before, not after: behind the last column of a full line a terminal would clear that column
    const text = lines(snapshot, color)
      .map((line) => `\u001b[2K${line}\n`)
      .join("")
    target.write(`${drawn > 0 ? `\u001b[${drawn}A` : ""}\r${text}\u001b[J`)
    drawn = snapshot.channels.length + 3
  }
  return {
    show: (snapshot, now) => {
      if (inPlace) return draw(snapshot)
      if (now < nextAt) return
      nextAt = now + plainEveryMillis
      target.write(`${plainLine(snapshot)}\n`)
    },
    finish: (snapshot) => (inPlace ? draw(snapshot) : void target.write(`${lines(snapshot, false).join("\n")}\n`))
  }
}
