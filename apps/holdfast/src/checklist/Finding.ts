/** What a point of the checklist finds. Pure. */

/** `note`: worth knowing, nothing is missing for it. */
export type Verdict = "ok" | "missing" | "note"

export interface Finding {
  readonly verdict: Verdict
  readonly text: string
  /** how to mend it: commands and lines to write, each on a line of its own */
  readonly mend?: ReadonlyArray<string>
}

export interface ChecklistPoint {
  readonly name: string
  readonly findings: ReadonlyArray<Finding>
}

export const ok = (text: string): Finding => ({ verdict: "ok", text })

export const missing = (text: string, ...mend: ReadonlyArray<string>): Finding => ({ verdict: "missing", text, mend })

export const note = (text: string, ...mend: ReadonlyArray<string>): Finding =>
  mend.length === 0 ? { verdict: "note", text } : { verdict: "note", text, mend }

/** Whether nothing is missing. */
export const isComplete = ({ findings }: ChecklistPoint): boolean =>
  findings.every(({ verdict }) => verdict !== "missing")

/** Texts in a row, of which some may be too many to read. */
export const listed = (texts: ReadonlyArray<string>, shown = 8): string =>
  texts.length <= shown ? texts.join(", ") : `${texts.slice(0, shown).join(", ")} and ${texts.length - shown} more`
