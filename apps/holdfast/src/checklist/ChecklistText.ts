/** The checklist as text for a terminal. Pure. */
import { painted, type TerminalStyle } from "../terminal/TerminalStyle.ts"
import { countText, oneLine } from "../terminal/TerminalText.ts"
import { indented, wrapped } from "../terminal/TextTable.ts"
import { isComplete, type ChecklistPoint, type Finding, type Verdict } from "./Finding.ts"

const marks: Readonly<Record<Verdict, "red" | "yellow" | undefined>> = { ok: undefined, missing: "red", note: "yellow" }

const verdictWidth = "missing".length

/** Characters before a text; what is to be copied is never broken. */
const textIndent = verdictWidth + 5

const findingLines = ({ verdict, text, mend = [] }: Finding, style: TerminalStyle): ReadonlyArray<string> => {
  const mark = marks[verdict]
  const word = verdict.padEnd(verdictWidth)
  const [first = "", ...rest] = wrapped(oneLine(text).split(" "), style.columns - textIndent, " ")
  const steps = mend.map((step, i) => `${i === 0 ? "mend: " : "      "}${oneLine(step)}`)
  return [
    `${mark === undefined ? word : painted(word, mark, style)}  ${first}`,
    ...indented([...rest, ...steps], " ".repeat(verdictWidth + 2))
  ]
}

const pointLines = (point: ChecklistPoint, number: number, style: TerminalStyle): ReadonlyArray<string> => [
  painted(`${number}. ${point.name}`, "bold", style),
  ...indented(
    point.findings.flatMap((finding) => findingLines(finding, style)),
    "   "
  ),
  ""
]

/** How many points are complete, and what is missing. */
export const summaryText = (points: ReadonlyArray<ChecklistPoint>): string => {
  const complete = points.filter(isComplete).length
  const things = points.flatMap(({ findings }) => findings).filter(({ verdict }) => verdict === "missing").length
  return things === 0
    ? `all ${points.length} points are complete`
    : `${complete} of ${points.length} points are complete, ${countText(things, "thing")} ${things === 1 ? "is" : "are"} missing`
}

export const checklistText = (points: ReadonlyArray<ChecklistPoint>, style: TerminalStyle): string =>
  points
    .flatMap((point, i) => pointLines(point, i + 1, style))
    .join("\n")
    .trimEnd()
