/**
 * What an order asks of one SKU: what it names itself, and what it asks for through bundles.
 *
 * 1. Each origin stands for itself: what changes or cancels a bundle leaves alone what is asked for by name, and what another
 *    bundle asks for; and the other way round.
 * 2. A cancellation of bundles takes as many units as the order was placed with for each of them, whatever the bundle is made
 *    of by now.
 * 3. A whole cancellation by name takes the order's whole line of the SKU, bundles included.
 *
 * Guarantee: the same after the same facts in any order of arrival. Pure.
 */
import type { BundleDemand, OrderLine, TimedUnits } from "./DocumentLine.ts"
import type { Sku } from "./Identity.ts"
import { orderEntriesMax } from "./Limit.ts"
import type { LineOrigin } from "./StockEvent.ts"

type Line = { readonly quantity?: number } & LineOrigin

const none: ReadonlyArray<never> = []

export const sumOf = (entries: ReadonlyArray<TimedUnits>): number => {
  let sum = 0
  for (const { units } of entries) sum += units
  return sum
}

const byTime = (a: TimedUnits, b: TimedUnits): number => a.at - b.at || a.units - b.units

/** Two of the oldest entries become one when there are too many: a change dated between them is then not exact. */
export const withEntry = (entries: ReadonlyArray<TimedUnits>, entry: TimedUnits): ReadonlyArray<TimedUnits> => {
  if (entries.length === 0) return [entry]
  const [first, second, ...rest] = [...entries, entry].sort(byTime)
  if (entries.length < orderEntriesMax) return [first!, second!, ...rest]
  return [{ at: second!.at, units: first!.units + second!.units }, ...rest]
}

/** A new entry, unless the order was changed since. */
const since = (set: TimedUnits | undefined, entries: ReadonlyArray<TimedUnits>, entry: TimedUnits) =>
  set !== undefined && entry.at <= set.at ? entries : withEntry(entries, entry)

const isSet = (set: TimedUnits | undefined, by: TimedUnits): boolean =>
  set === undefined || by.at > set.at || (by.at === set.at && by.units > set.units)

/** What was said last, without what it made meaningless. */
const changedTo = <T extends Pick<BundleDemand, "placed" | "cancelled" | "set">>(demand: T, set: TimedUnits): T => {
  if (!isSet(demand.set, set)) return demand
  const later = ({ at }: TimedUnits): boolean => at > set.at
  return { ...demand, set, placed: demand.placed.filter(later), cancelled: demand.cancelled.filter(later) }
}

const unitsOf = (lines: ReadonlyArray<Line>): number => {
  let units = 0
  for (const { quantity } of lines) units += quantity ?? 0
  return units
}

export const namesBundles = (lines: ReadonlyArray<LineOrigin>): boolean => {
  for (const { bundle } of lines) if (bundle !== undefined) return true
  return false
}

/** Changes the line by what names the SKU itself, if anything does, and its demand through each bundle that is named. */
const byOrigin = (
  line: OrderLine,
  lines: ReadonlyArray<Line>,
  direct: (line: OrderLine, own: ReadonlyArray<Line>) => OrderLine,
  through: (demand: BundleDemand, own: ReadonlyArray<Line>) => BundleDemand
): OrderLine => {
  if (!namesBundles(lines)) return direct(line, lines)
  let after = line
  for (const [bundle, own] of Map.groupBy(lines, (one) => one.bundle))
    after = bundle === undefined ? direct(after, own) : withDemand(after, bundle, (demand) => through(demand, own))
  return after
}

const emptyDemand = (bundle: Sku): BundleDemand => ({ bundle, each: none, placed: none, cancelled: none })

const withDemand = (line: OrderLine, bundle: Sku, change: (demand: BundleDemand) => BundleDemand): OrderLine => {
  const others = line.bundles?.filter((demand) => demand.bundle !== bundle) ?? none
  const changed = change(demandThrough(line, bundle) ?? emptyDemand(bundle))
  return { ...line, bundles: [...others, changed].sort((a, b) => (a.bundle < b.bundle ? -1 : 1)) }
}

export const demandThrough = (line: OrderLine, bundle: string): BundleDemand | undefined =>
  line.bundles?.find((demand) => demand.bundle === bundle)

/** Of two that were said of one time the greater is taken; what is older than so many others is forgotten. */
const withEach = (entries: BundleDemand["each"], entry: TimedUnits): BundleDemand["each"] => {
  const others = entries.filter(({ at, units }) => at !== entry.at || units > entry.units)
  const isKnown = others.some(({ at }) => at === entry.at)
  return (isKnown ? others : [...others, entry].sort(byTime)).slice(-orderEntriesMax)
}

/** Units of the SKU in one bundle as of a time; before the first that is known, as of that; 0 when nothing is known. */
export const eachAt = (demand: BundleDemand | undefined, time: number): number => {
  let each = demand?.each[0]?.units ?? 0
  for (const { at, units } of demand?.each ?? none) if (at <= time) each = units
  return each
}

export const withPlaced = (line: OrderLine, lines: ReadonlyArray<Line>, at: number): OrderLine =>
  byOrigin(
    line,
    lines,
    (before, own) => ({ ...before, placed: since(before.set, before.placed, { at, units: unitsOf(own) }) }),
    (demand, own) => ({
      ...demand,
      each: withEach(demand.each, { at, units: own[0]!.each! }),
      placed: since(demand.set, demand.placed, { at, units: unitsOf(own) })
    })
  )

export const withChange = (line: OrderLine, lines: ReadonlyArray<Line>, at: number): OrderLine =>
  byOrigin(
    line,
    lines,
    (before, own) => changedTo(before, { at, units: unitsOf(own) }),
    (demand, own) => ({
      ...changedTo(demand, { at, units: unitsOf(own) }),
      each: withEach(demand.each, { at, units: own[0]!.each! })
    })
  )

const isWhole = (lines: ReadonlyArray<Line>): boolean => lines.some(({ quantity }) => quantity === undefined)

const cancelledBy = <T extends Pick<BundleDemand, "cancelled" | "set" | "voidAt">>(
  demand: T,
  lines: ReadonlyArray<Line>,
  { at, units }: TimedUnits
): T => ({
  ...demand,
  ...(isWhole(lines) ? { voidAt: Math.max(at, demand.voidAt ?? 0) } : {}),
  ...(units > 0 ? { cancelled: since(demand.set, demand.cancelled, { at, units }) } : {})
})

export const withCancellation = (line: OrderLine, lines: ReadonlyArray<Line>, at: number): OrderLine =>
  byOrigin(
    line,
    lines,
    (before, own) => cancelledBy(before, own, { at, units: unitsOf(own) }),
    (demand, own) => cancelledBy(demand, own, { at, units: bundlesOf(own) })
  )

/** How many bundles lines name. */
export const bundlesOf = (lines: ReadonlyArray<Line>): number => {
  let bundles = 0
  for (const { quantity = 0, each = 0 } of lines) bundles += each === 0 ? 0 : quantity / each
  return bundles
}

const isVoid = ({ set, voidAt }: Pick<BundleDemand, "set" | "voidAt">): boolean =>
  voidAt !== undefined && (set === undefined || set.at <= voidAt)

/** Units that the order asks for through one bundle. */
export const unitsThrough = (demand: BundleDemand, line: OrderLine): number => {
  const { set, placed, cancelled } = demand
  if (isVoid(demand) || isVoid(line.voidAt === undefined ? demand : { ...demand, voidAt: line.voidAt })) return 0
  let units = (set?.units ?? 0) + sumOf(placed)
  for (const entry of cancelled) units -= entry.units * eachAt(demand, entry.at)
  return Math.max(0, units)
}

/**
 * Units of confirmed holds that may stand for what the order asks for by name: the holds of a bundle are its bundles'. None
 * once a bundle's part was changed: it is then not known any more which were its.
 */
const confirmedByName = ({ confirmed, bundles }: OrderLine): number => {
  if (bundles === undefined) return confirmed
  let units = confirmed
  for (const { set, placed } of bundles) units -= set === undefined ? sumOf(placed) : units
  return Math.max(0, units)
}

const unitsByName = (line: OrderLine): number => {
  if (isVoid(line)) return 0
  const { placed, cancelled, set } = line
  const asked = set === undefined ? Math.max(sumOf(placed), confirmedByName(line)) : set.units + sumOf(placed)
  return asked - sumOf(cancelled)
}

/** Units that the order asks for in total. Entries before a change of the order are gone already. */
export const orderedUnits = (line: OrderLine): number => {
  const byName = unitsByName(line)
  if (line.bundles === undefined) return byName
  let units = Math.max(0, byName)
  for (const demand of line.bundles) units += unitsThrough(demand, line)
  return units
}
