/**
 * How wide a text may be, and whether it may be coloured.
 *
 * Guarantee: no colour into a pipe or a file, and none where `NO_COLOR` is set.
 */

export interface TerminalStyle {
  /** characters in a line */
  readonly columns: number
  readonly color: boolean
}

export const ansi = {
  red: "\u001b[31m",
  yellow: "\u001b[33m",
  dim: "\u001b[2m",
  bold: "\u001b[1m",
  off: "\u001b[0m"
} as const

/** Columns of a text that goes into a pipe or a file, and most that are used of a terminal. */
const columnsMax = 100

/** @param noColor the value of `NO_COLOR`: any but the empty one switches colour off */
export const styleOf = (
  target: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  noColor: string | undefined
): TerminalStyle => ({
  columns: Math.min(columnsMax, target.columns ?? columnsMax),
  color: target.isTTY === true && (noColor === undefined || noColor === "")
})

/** Of what this process prints on: a terminal, or whatever stands in its place. */
export const stdoutStyle = (): TerminalStyle => styleOf(process.stdout, process.env["NO_COLOR"])

export const painted = (text: string, mark: Exclude<keyof typeof ansi, "off">, { color }: TerminalStyle): string =>
  color ? `${ansi[mark]}${text}${ansi.off}` : text
