/**
 * Tables for a terminal: as wide as what is in them, numbers right, names left.
 *
 * Guarantee: a table that is wider than the terminal goes on below with the rest of its columns, the first repeated, so that
 * no line is broken in the middle of a row. Pure.
 */
import { ansi, type TerminalStyle } from "./TerminalStyle.ts"

export interface TextColumn<Row> {
  readonly title: string
  readonly text: (row: Row) => string
  /** names are aligned left; numbers, without this, right */
  readonly left?: boolean
  readonly mark?: (row: Row) => keyof typeof ansi | undefined
}

const gap = "  "

/** Indents every line that has something in it. */
export const indented = (lines: ReadonlyArray<string>, by = gap): ReadonlyArray<string> =>
  lines.map((line) => (line === "" ? line : `${by}${line}`))

const widthOf = <Row>({ title, text }: TextColumn<Row>, rows: ReadonlyArray<Row>): number =>
  Math.max(title.length, ...rows.map((row) => text(row).length))

/** Columns that fit beside each other, again and again until all have their place. */
const blocksOf = <Row>(
  columns: ReadonlyArray<TextColumn<Row>>,
  rows: ReadonlyArray<Row>,
  room: number
): ReadonlyArray<ReadonlyArray<TextColumn<Row>>> => {
  const [first, ...rest] = columns
  if (first === undefined) return []
  const blocks: Array<Array<TextColumn<Row>>> = [[first]]
  let width = widthOf(first, rows)
  for (const column of rest) {
    const more = gap.length + widthOf(column, rows)
    if (width + more > room && blocks.at(-1)!.length > 1) {
      blocks.push([first])
      width = widthOf(first, rows)
    }
    blocks.at(-1)!.push(column)
    width += more
  }
  return blocks
}

const blockLines = <Row>(
  columns: ReadonlyArray<TextColumn<Row>>,
  rows: ReadonlyArray<Row>,
  color: boolean
): ReadonlyArray<string> => {
  const widths = columns.map((column) => widthOf(column, rows))
  const cell = (text: string, i: number) =>
    columns[i]!.left === true ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)
  const line = (texts: ReadonlyArray<string>) => texts.join(gap).trimEnd()
  const marked = (row: Row, column: TextColumn<Row>, i: number) => {
    const text = cell(column.text(row), i)
    const mark = color ? column.mark?.(row) : undefined
    return mark === undefined ? text : `${ansi[mark]}${text}${ansi.off}`
  }
  return [
    line(columns.map(({ title }, i) => cell(title, i))),
    ...rows.map((row) => line(columns.map((column, i) => marked(row, column, i))))
  ]
}

/** Lines of the table: a title line, then a line for each row. */
export const tableLines = <Row>(
  columns: ReadonlyArray<TextColumn<Row>>,
  rows: ReadonlyArray<Row>,
  { columns: room, color }: TerminalStyle
): ReadonlyArray<string> =>
  blocksOf(columns, rows, room).flatMap((block, i) => [...(i === 0 ? [] : [""]), ...blockLines(block, rows, color)])

/** Lays pieces beside each other, on as many lines as it takes. A piece is never broken. */
export const wrapped = (pieces: ReadonlyArray<string>, room: number, between = gap): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const piece of pieces) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + between.length + piece.length <= room)
      lines[lines.length - 1] = `${last}${between}${piece}`
    else lines.push(piece)
  }
  return lines
}
