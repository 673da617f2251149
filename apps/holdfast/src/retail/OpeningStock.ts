/**
 * What must have been on the shelves before the first row of a record of sales: the record does not say.
 *
 * Rule: a SKU starts with the most units that it ever lacks over the record (the deepest point of its running balance),
 * plus a fifth, at least 12. A fixed share of the SKUs, picked by a hash of their name, starts with only half of that
 * deepest point instead: they run short, as some always do. The same movements give the same opening.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { lineQuantityMax } from "@holdfast/domain/Limit"
import { createHash } from "node:crypto"

/** One change of what is available, in the order in which it happened. */
export interface Movement {
  readonly sku: Sku
  /** signed units */
  readonly units: number
}

/** Units that a SKU has beyond what it will need: what the next days would sell. */
const spareUnitsMin = 12
const spareShare = 0.2

const startsShort = (sku: Sku, share: number): boolean =>
  createHash("sha256").update(sku).digest().readUInt32BE(0) / 2 ** 32 < share

const openingUnits = (sku: Sku, lacking: number, shortShare: number): number => {
  if (lacking > 1 && startsShort(sku, shortShare)) return Math.ceil(lacking / 2)
  return Math.min(lineQuantityMax, lacking + Math.max(spareUnitsMin, Math.ceil(lacking * spareShare)))
}

/**
 * Units to receive of each SKU, in order of first movement.
 * @param shortShare share of SKUs that run short, 0 to 1
 */
export const openingStock = (movements: Iterable<Movement>, shortShare: number): ReadonlyMap<Sku, number> => {
  const balance = new Map<Sku, number>()
  const lacking = new Map<Sku, number>()
  for (const { sku, units } of movements) {
    const now = (balance.get(sku) ?? 0) + units
    balance.set(sku, now)
    lacking.set(sku, Math.max(lacking.get(sku) ?? 0, -now))
  }
  return new Map([...lacking].map(([sku, units]) => [sku, openingUnits(sku, units, shortShare)]))
}
