/**
 * Which order lines cannot be served when more is promised at a location than is there.
 *
 * 1. Who ordered first is served first: the lines that were placed last are short.
 * 2. Short units add up to what is oversold. What no order line covers is left over: promised to holds, or missing on the shelf.
 *
 * 3. An allowance is of all locations of the SKU together, as in what is oversold beyond it. It covers the orders that were placed first,
 *    and what no order asked for last: these units are backordered, not short.
 *
 * Pure. It does not know what a business prefers; it says what is true if nobody decides otherwise.
 */
import type { LocationId } from "./Identity.ts"

/** Units of one order that are committed at the location. */
export interface CommittedLine {
  /** when the order was first placed, milliseconds since the epoch */
  readonly placedAt: number
  /** of two placed at the same moment, which was heard of first */
  readonly heard: number
  readonly units: number
}

export interface Shortage<Line extends CommittedLine> {
  /** lines that cannot be served in full and the units that are missing, at least one; oldest first */
  readonly lines: ReadonlyArray<Line & { readonly short: number }>
  /** oversold units that are not promised to any order */
  readonly rest: number
}

/** What of a SKU is promised beyond what is there. */
export interface Allowed<Line extends CommittedLine> {
  /** lines that miss units, oldest first: those that the allowance covers, and those that it does not */
  readonly lines: ReadonlyArray<Line & { readonly backordered: number; readonly short: number }>
  /** by shortage, in their order: units that are promised to no order, and not covered */
  readonly rests: ReadonlyArray<number>
}

const byPlacement = (a: CommittedLine, b: CommittedLine): number => a.placedAt - b.placedAt || a.heard - b.heard

/**
 * @param oversold units promised at the location beyond what is there
 * @param lines all open ones of the SKU at the location, in any order
 */
export const shortageAt = <Line extends CommittedLine>(
  oversold: number,
  lines: ReadonlyArray<Line>
): Shortage<Line> => {
  const short: Array<Line & { readonly short: number }> = []
  let rest = oversold
  for (const line of [...lines].sort(byPlacement).reverse()) {
    const units = Math.min(line.units, rest)
    if (units <= 0) continue
    short.push({ ...line, short: units })
    rest -= units
  }
  return { lines: short.reverse(), rest }
}

/**
 * What of a SKU's shortages an allowance covers.
 *
 * @param limit units that may be promised beyond what is there
 * @param shortages of the SKU, one for each location
 */
export const allowedOf = <Line extends CommittedLine>(
  limit: number,
  shortages: ReadonlyArray<Shortage<Line>>
): Allowed<Line> => {
  let left = limit
  const spend = (units: number): number => {
    const covered = Math.min(units, left)
    left -= covered
    return covered
  }
  const missing = shortages.flatMap(({ lines }) => lines).sort(byPlacement)
  const lines = missing.map((line) => {
    const backordered = spend(line.short)
    return { ...line, backordered, short: line.short - backordered }
  })
  return { lines, rests: shortages.map(({ rest }) => rest - spend(rest)) }
}

/** Units of an order's allocations that are at a location. */
export const unitsAt = (
  allocations: ReadonlyArray<{ readonly locationId: LocationId; readonly units: number }>,
  locationId: LocationId
): number => allocations.reduce((sum, at) => (at.locationId === locationId ? sum + at.units : sum), 0)
