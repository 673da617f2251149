/**
 * Full physical inventories: when one is closed, and the counts that it comes to.
 *
 * 1. It is closed when every part from 1 to the number that any of them names is there; a part that was told again counts once, as it
 *    was counted last, or as it found more if both were counted at one moment.
 * 2. A SKU of several parts was found in several places: its units are summed, as of the last of these parts.
 * 3. A SKU that is kept at the location and that nobody counted is not there, as of the first part.
 *
 * Guarantee: the same parts in any order come to the same counts, and applying them again changes nothing: a count is the last word as of
 * its time. Pure.
 */
import type { EventSource, LocationId, Sku } from "./Identity.ts"
import type { CycleCounted, PhysicalCounted } from "./StockEvent.ts"

/** A part as it came. */
export interface CountPart {
  readonly source: EventSource
  readonly data: PhysicalCounted
}

/** What belongs together: inventories of two systems or two locations may have one id. */
export const inventoryKey = ({ source, data }: CountPart): string =>
  JSON.stringify([source, data.countId, data.locationId])

/** Lines of one count: a message stays far below what the front door takes. */
const countLinesMax = 500

const unitsOf = ({ lines }: PhysicalCounted): number => lines.reduce((sum, { quantity }) => sum + quantity, 0)

/** Of two that were counted at the same moment the one that found more comes last; of as many, text decides. */
const byMoment = (a: PhysicalCounted, b: PhysicalCounted): number =>
  a.countedAt - b.countedAt || unitsOf(a) - unitsOf(b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

/** Each part as it was counted last, the first part first. */
const latestOf = (parts: ReadonlyArray<PhysicalCounted>): ReadonlyArray<PhysicalCounted> => {
  const latest = new Map(parts.toSorted(byMoment).map((part) => [part.part, part]))
  return [...latest.values()].sort((a, b) => a.part - b.part)
}

/** Numbers of the parts that are still to come; undefined while nobody has said how many there are. */
export const missingParts = (parts: ReadonlyArray<PhysicalCounted>): ReadonlyArray<number> | undefined => {
  const said = parts.flatMap(({ parts: count }) => count ?? [])
  if (said.length === 0) return undefined
  const have = new Set(parts.map(({ part }) => part))
  return Array.from({ length: Math.max(...said) }, (_, i) => i + 1).filter((part) => !have.has(part))
}

interface Found {
  readonly units: number
  readonly countedAt: number
}

/**
 * The counts that a closed inventory comes to, each of one time.
 * @param parts all of one inventory
 * @param kept SKUs that the location has, as far as is known
 */
export const countsOf = (parts: ReadonlyArray<PhysicalCounted>, kept: Iterable<Sku>): ReadonlyArray<CycleCounted> => {
  const found = new Map<Sku, Found>()
  const times: Array<number> = []
  const latest = latestOf(parts)
  for (const { lines, countedAt } of latest) {
    times.push(countedAt)
    for (const { sku, quantity } of lines) {
      const before = found.get(sku) ?? { units: 0, countedAt }
      found.set(sku, { units: before.units + quantity, countedAt: Math.max(before.countedAt, countedAt) })
    }
  }
  for (const sku of kept) if (!found.has(sku)) found.set(sku, { units: 0, countedAt: Math.min(...times) })
  return chunked(latest[0]!, found)
}

const chunked = ({ countId, locationId, by }: PhysicalCounted, found: ReadonlyMap<Sku, Found>) => {
  const counts: Array<CycleCounted> = []
  for (const [countedAt, at] of Map.groupBy(found, ([, one]) => one.countedAt)) {
    for (let from = 0; from < at.length; from += countLinesMax) {
      const lines = at
        .slice(from, from + countLinesMax)
        .map(([sku, { units: quantity }]) => ({ sku, locationId: locationId as LocationId, quantity }))
      counts.push({ countId, countedAt, lines, ...(by === undefined ? {} : { by }) })
    }
  }
  return counts
}
