/** Order statistics of measured numbers. */

/** The value below which the share `q` (0 to 1) of the sorted values lies; NaN when there are none. */
export const quantile = (sorted: ReadonlyArray<number>, q: number): number =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!

export const sortedOf = (values: Iterable<number>): Array<number> => [...values].sort((a, b) => a - b)

export const median = (values: ReadonlyArray<number>): number => quantile(sortedOf(values), 0.5)

/** p50, p99 and p999 of one run. */
export interface Tail {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

export const tailOf = (values: Iterable<number>): Tail => {
  const sorted = sortedOf(values)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), p999: quantile(sorted, 0.999) }
}

export const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits
