/**
 * What a catalogue says: which SKUs are kept, where, with which safety stock; and what that changes.
 *
 * Guarantee: applying a plan and planning the same items again leaves nothing to change. An item that names no safety stock
 * keeps the one that is set. Pure: no I/O, no clock; names are kept for people and mean nothing to the stock.
 */
import { Schema } from "effect"
import { defaultLocation, LocationId, Note, Sku } from "./Identity.ts"
import { timeMax } from "./Rfc3339.ts"
import { QuantityOrNone } from "./StockEvent.ts"

/** One line of a catalogue: a SKU at one location. */
export const CatalogueItem = Schema.Struct({
  sku: Sku,
  /** `main` when absent */
  locationId: Schema.optionalKey(LocationId),
  /** units that are never promised; absent: what is set, 0 for a new place */
  safetyStock: Schema.optionalKey(QuantityOrNone),
  name: Schema.optionalKey(Note)
}).annotate({ messageUnexpectedKey: "is not known: fields are sku, locationId, safetyStock, name" })
export type CatalogueItem = typeof CatalogueItem.Type

/** An item and where it was written, from 1. */
export interface CatalogueLine {
  readonly line: number
  readonly item: CatalogueItem
}

/** What is wrong with one line. `value` is what was written there, cut to what one can read. */
export interface LineProblem {
  readonly line: number
  readonly field: string
  readonly message: string
  readonly value?: string
}

/** What is stored of a SKU at a location. */
export interface KnownPlace {
  readonly safetyStock: number
  /** milliseconds since the epoch as of which it was set, undefined when it never was */
  readonly safetyStockAt: number | undefined
}

/** What is stored, asked by SKU and location. */
export interface KnownCatalogue {
  readonly place: (sku: Sku, locationId: LocationId) => KnownPlace | undefined
  readonly name: (sku: Sku) => string | undefined
}

export interface CatalogueChange {
  readonly line: number
  readonly sku: Sku
  readonly locationId: LocationId
  readonly kind: "new" | "changed"
  /** absent when only the name changes */
  readonly stock?: { readonly safetyStock: number; readonly before: KnownPlace | undefined }
  /** absent when the name stays */
  readonly name?: { readonly text: string; readonly before: string | undefined }
}

export interface CataloguePlan {
  readonly changes: ReadonlyArray<CatalogueChange>
  /** lines that say what is so already */
  readonly unchanged: number
}

/** No id has a control character: the key of a place is no other place's. */
const placeKey = (sku: Sku, locationId: LocationId): string => `${sku}\u0000${locationId}`

export const locationOf = (item: CatalogueItem): LocationId => item.locationId ?? defaultLocation

/** Lines that contradict an earlier one: a place that is named twice, a SKU with two names. */
export const contradictionsIn = (lines: ReadonlyArray<CatalogueLine>): ReadonlyArray<LineProblem> => {
  const places = new Map<string, number>()
  const names = new Map<Sku, { readonly line: number; readonly name: string }>()
  const problems: Array<LineProblem> = []
  for (const { line, item } of lines) {
    const { sku, name } = item
    const key = placeKey(sku, locationOf(item))
    const earlier = places.get(key)
    if (earlier === undefined) places.set(key, line)
    else
      problems.push({
        line,
        field: "sku",
        message: `must be once per location, ${locationOf(item)} is on line ${earlier} already`,
        value: sku
      })
    if (name === undefined) continue
    const named = names.get(sku)
    if (named === undefined) names.set(sku, { line, name })
    else if (named.name !== name)
      problems.push({ line, field: "name", message: `must be the same as on line ${named.line}`, value: name })
  }
  return problems
}

const stockChange = (item: CatalogueItem, before: KnownPlace | undefined): CatalogueChange["stock"] => {
  const safetyStock = item.safetyStock ?? before?.safetyStock ?? 0
  return before !== undefined && before.safetyStock === safetyStock ? undefined : { safetyStock, before }
}

const changeOf = ({ line, item }: CatalogueLine, known: KnownCatalogue): CatalogueChange | undefined => {
  const { sku } = item
  const locationId = locationOf(item)
  const before = known.place(sku, locationId)
  const stock = stockChange(item, before)
  const nameBefore = known.name(sku)
  const isRenamed = item.name !== undefined && item.name !== nameBefore
  if (stock === undefined && !isRenamed) return undefined
  return {
    line,
    sku,
    locationId,
    kind: before === undefined ? "new" : "changed",
    ...(stock === undefined ? {} : { stock }),
    ...(isRenamed ? { name: { text: item.name, before: nameBefore } } : {})
  }
}

/** What these lines change of what is known. */
export const planOf = (lines: ReadonlyArray<CatalogueLine>, known: KnownCatalogue): CataloguePlan => {
  const changes = lines.map((line) => changeOf(line, known)).filter((change) => change !== undefined)
  return { changes, unchanged: lines.length - changes.length }
}

/**
 * As of when a change is to be said so that it counts: now, or just after what it replaces, whose source's clock may be
 * ahead.
 * @param now milliseconds since the epoch
 */
export const effectiveTime = (change: CatalogueChange, now: number): number =>
  Math.min(timeMax, Math.max(now, (change.stock?.before?.safetyStockAt ?? 0) + 1))
