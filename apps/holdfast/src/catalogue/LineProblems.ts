/**
 * What is wrong with the lines of a file or a request: the first ones in full, the others counted.
 *
 * Guarantee: memory is bounded however many lines are wrong.
 */
import type { LineProblem } from "@holdfast/domain/Catalogue"
import { Schema } from "effect"
import { cut, oneLine } from "../terminal/TerminalText.ts"
import { problemsMax } from "./CatalogueLimit.ts"

/** Characters of a value that are shown: ids may have 128 bytes, what is no id any number. */
const valueShownMax = 60

export class LineProblems {
  readonly first: Array<LineProblem> = []
  count = 0

  /** @param value what was written there */
  add(line: number, field: string, message: string, value?: unknown): void {
    this.count += 1
    if (this.first.length >= problemsMax) return
    const text = value === undefined ? undefined : typeof value === "string" ? value : JSON.stringify(value)
    this.first.push({
      line,
      field,
      message,
      ...(text === undefined ? {} : { value: cut(text, valueShownMax).toWellFormed() })
    })
  }

  addAll(problems: ReadonlyArray<LineProblem>): void {
    for (const { line, field, message, value } of problems) this.add(line, field, message, value)
  }
}

const problemText = ({ line, field, message, value }: LineProblem): string =>
  `  line ${line}, ${field}: ${message}${value === undefined ? "" : `; it says ${JSON.stringify(value)}`}`

/** A file or request of which nothing was applied. */
export class LinesRefused extends Schema.TaggedError<LinesRefused>()("LinesRefused", {
  /** the file, or what else was read */
  what: Schema.String,
  problems: Schema.Array(
    Schema.Struct({
      line: Schema.Number,
      field: Schema.String,
      message: Schema.String,
      value: Schema.optionalKey(Schema.String)
    })
  ),
  /** of all problems, `problems` are the first */
  count: Schema.Number
}) {
  override get message(): string {
    const { what, problems, count } = this
    const more = count > problems.length ? [`  and ${count - problems.length} more`] : []
    const title = `${what}: ${count} ${count === 1 ? "problem" : "problems"}, nothing was applied`
    return [title, ...problems.map(problemText).map(oneLine), ...more].join("\n")
  }
}

export const refusedBy = (what: string, { first, count }: LineProblems): LinesRefused =>
  new LinesRefused({ what, problems: first, count })
