/**
 * PostgreSQL array literals, built as rows are added.
 *
 * A column of a batch is one text: a driver that escapes every element of an array costs more than the rest of a commit.
 * Guarantee: `text` parses to exactly the values that were added, in order.
 */

const special = /["\\]/

/** One column of a batch. */
export class ArrayLiteral {
  length = 0
  private body = ""

  /** A number; must be finite. */
  number(value: number): void {
    this.body += this.length++ === 0 ? value : `,${value}`
  }

  /** A number, or null. */
  numberOrNull(value: number | undefined | null): void {
    const text = value === undefined || value === null ? "NULL" : value
    this.body += this.length++ === 0 ? text : `,${text}`
  }

  /** Text that may hold any character but NUL. */
  text(value: string): void {
    const quoted = special.test(value) ? `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : `"${value}"`
    this.body += this.length++ === 0 ? quoted : `,${quoted}`
  }

  textOrNull(value: string | undefined | null): void {
    if (value === undefined || value === null) this.body += this.length++ === 0 ? "NULL" : ",NULL"
    else this.text(value)
  }

  get literal(): string {
    return `{${this.body}}`
  }
}

/** Literal of a whole column of texts. */
export const textArray = (values: Iterable<string>): string => {
  const column = new ArrayLiteral()
  for (const value of values) column.text(value)
  return column.literal
}
