/**
 * PostgreSQL array literals, gathered as rows are added.
 *
 * A column of a batch is one text: a driver that escapes every element of an array costs more than the rest of a commit.
 * Guarantee: `literal` parses to exactly the values that were added, in order.
 */

const special = /["\\]/

/** A text as it stands between the quotes of an array literal. */
export const escaped = (value: string): string =>
  special.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"') : value

/** Literal of a whole column of numbers. All must be finite. */
export const numberArray = (values: ReadonlyArray<number>): string => `{${values.join(",")}}`

/** A column of numbers. */
export class NumberColumn {
  private readonly values: Array<number> = []

  /** Must be finite. */
  add(value: number): void {
    this.values.push(value)
  }

  get literal(): string {
    return numberArray(this.values)
  }
}

/**
 * A column of which most values are absent. `unnest` fills up what is shorter than its other arrays with NULL, so that
 * nothing is written for what is absent at the end, and nothing at all for a column that nobody set.
 */
export class SparseColumn {
  private readonly values: Array<string | number> = []
  private absent = 0

  add(value: string | number | undefined | null): void {
    if (value === undefined || value === null) {
      this.absent += 1
      return
    }
    this.fill()
    this.values.push(typeof value === "number" ? value : `"${escaped(value)}"`)
  }

  /** @param text made by `escaped`, or undefined */
  addEscaped(text: string | undefined): void {
    if (text === undefined) this.absent += 1
    else {
      this.fill()
      this.values.push(`"${text}"`)
    }
  }

  private fill(): void {
    for (; this.absent > 0; this.absent--) this.values.push("NULL")
  }

  get literal(): string {
    return `{${this.values.join(",")}}`
  }
}

/** A column of texts that may hold any character but NUL. */
export class TextColumn {
  private readonly values: Array<string> = []

  add(value: string): void {
    this.values.push(escaped(value))
  }

  /** @param text made by `escaped` */
  addEscaped(text: string): void {
    this.values.push(text)
  }

  get length(): number {
    return this.values.length
  }

  get literal(): string {
    return this.values.length === 0 ? "{}" : `{"${this.values.join('","')}"}`
  }
}

/** Literal of a whole column of texts. */
export const textArray = (values: Iterable<string>): string => {
  const column = new TextColumn()
  for (const value of values) column.add(value)
  return column.literal
}

/** Literal of a whole column of texts or numbers, for `unnest` beside one that has no gaps. */
export const sparseArray = (values: Iterable<string | number | undefined | null>): string => {
  const column = new SparseColumn()
  for (const value of values) column.add(value)
  return column.literal
}
