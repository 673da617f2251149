/** Sources as text for a terminal. Pure. */
import type { EmitterReport } from "@holdfast/domain/SourceRegistry"
import type { TerminalStyle } from "../terminal/TerminalStyle.ts"
import { cut, oneLine, spanText, timeText } from "../terminal/TerminalText.ts"
import { tableLines, type TextColumn } from "../terminal/TextTable.ts"
import type { SourceChange, SourcePlan } from "./SourcePlan.ts"

/** Characters of a source and a note in a table. */
const sourceWidth = 32
const noteWidth = 40

const nobody = "-"

const silenceText = (silenceMinutes: number | undefined, otherwise: string): string =>
  silenceMinutes === undefined ? otherwise : spanText(silenceMinutes * 60_000)

/** To the minute, in UTC. */
const minuteText = (millis: number): string => timeText(millis).slice(0, 16).replace("T", " ")

const statusText = ({ status, lastSeenAt }: EmitterReport): string =>
  status === "silent" && lastSeenAt !== undefined ? `silent since ${minuteText(lastSeenAt)}` : status

/** In its largest unit: nobody needs the seconds of an hour. */
const roughSpan = (millis: number): string => spanText(Math.max(0, millis)).split(" ", 2).join(" ")

const isWell = ({ status }: EmitterReport): boolean => status === "ok" || status === "not used"

const columnsAt = (now: number): ReadonlyArray<TextColumn<EmitterReport>> => [
  { title: "EVENT", text: ({ type }) => type, left: true },
  { title: "SOURCE", text: ({ source }) => cut(oneLine(source ?? nobody), sourceWidth), left: true },
  {
    title: "DECLARED",
    text: ({ source, declared }) => (source === undefined ? nobody : declared ? "yes" : "no"),
    left: true
  },
  {
    title: "LAST SEEN",
    text: ({ source, lastSeenAt }) =>
      source === undefined ? nobody : lastSeenAt === undefined ? "never" : `${roughSpan(now - lastSeenAt)} ago`
  },
  {
    title: "SILENCE OK",
    text: ({ declared, silenceMinutes }) => (declared ? silenceText(silenceMinutes, "any") : nobody)
  },
  {
    title: "STATUS",
    text: statusText,
    left: true,
    mark: (row) => (isWell(row) ? undefined : row.status === "silent" ? "red" : "yellow")
  }
]

const summaryOf = (rows: ReadonlyArray<EmitterReport>): string => {
  const counts = Map.groupBy(rows, ({ status }) => status)
  return [...counts].map(([status, same]) => `${same.length} ${status}`).join(", ")
}

/** Every type of event and who emits it. @param now milliseconds since the epoch */
export const sourcesText = (rows: ReadonlyArray<EmitterReport>, now: number, style: TerminalStyle): string => {
  const declaresNothing = rows.every(({ declared, status }) => !declared && status !== "not used")
  return [
    ...tableLines(columnsAt(now), rows, style),
    "",
    summaryOf(rows),
    ...(declaresNothing
      ? ["say who emits what: holdfast sources apply sources.json; its --help shows such a file"]
      : [])
  ].join("\n")
}

const changeColumns: ReadonlyArray<TextColumn<SourceChange>> = [
  { title: "CHANGE", text: ({ kind }) => kind, left: true },
  { title: "EVENT", text: ({ type }) => type, left: true },
  { title: "SOURCE", text: ({ source }) => cut(oneLine(source ?? "not used"), sourceWidth), left: true },
  {
    title: "SILENCE OK",
    text: ({ source, silenceMinutes }) => (source === undefined ? nobody : silenceText(silenceMinutes, "any"))
  },
  { title: "NOTE", text: ({ note }) => cut(oneLine(note ?? ""), noteWidth), left: true }
]

export const sourcePlanText = ({ changes, unchanged }: SourcePlan, style: TerminalStyle): string => {
  const of = (kind: SourceChange["kind"]) => changes.filter((change) => change.kind === kind).length
  const summary = `new ${of("new")}, changed ${of("changed")}, removed ${of("removed")}, unchanged ${unchanged}`
  return changes.length === 0 ? summary : [...tableLines(changeColumns, changes, style), "", summary].join("\n")
}
