/**
 * PostgreSQL array literals, gathered as rows are added.
 *
 * A column of a batch is one text: a driver that escapes every element of an array costs more than the rest of a commit.
 * Guarantee: `literal` parses to exactly the values that were added, in order.
 */

const special = /["\\]/

const escaped = (value: string): string =>
  special.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"') : value

/** A column of numbers, or of anything that needs no quotes. */
export class NumberColumn {
  private readonly values: Array<number | "NULL"> = []

  /** Must be finite; null and undefined are NULL. */
  add(value: number | undefined | null): void {
    this.values.push(value ?? "NULL")
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

  get length(): number {
    return this.values.length
  }

  get literal(): string {
    return this.values.length === 0 ? "{}" : `{"${this.values.join('","')}"}`
  }
}

/** The same, where null and undefined are NULL. */
export class NullableTextColumn {
  private readonly values: Array<string> = []

  add(value: string | undefined | null): void {
    this.values.push(value === undefined || value === null ? "NULL" : `"${escaped(value)}"`)
  }

  get literal(): string {
    return `{${this.values.join(",")}}`
  }
}

/** Literal of a whole column of texts. */
export const textArray = (values: Iterable<string>): string => {
  const column = new TextColumn()
  for (const value of values) column.add(value)
  return column.literal
}

/** Literal of a whole column of texts and nulls. */
export const nullableTextArray = (values: Iterable<string | undefined | null>): string => {
  const column = new NullableTextColumn()
  for (const value of values) column.add(value)
  return column.literal
}
