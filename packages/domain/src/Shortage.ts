/**
 * Which order lines cannot be served when more is promised at a location than is there.
 *
 * 1. Who ordered first is served first: the lines that were placed last are short.
 * 2. Short units add up to what is oversold. What no order line covers is left over: promised to holds, or missing on the shelf.
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

/** Units of an order's allocations that are at a location. */
export const unitsAt = (
  allocations: ReadonlyArray<{ readonly locationId: LocationId; readonly units: number }>,
  locationId: LocationId
): number => allocations.reduce((sum, at) => (at.locationId === locationId ? sum + at.units : sum), 0)
