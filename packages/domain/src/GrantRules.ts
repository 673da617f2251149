/**
 * How many units a reservation may have: what is there at its location, and what the SKU's terms allow beyond it or keep for others.
 *
 * 1. Without terms: what is available at the location, signed.
 * 2. A backorder allowance adds what of it no location has used.
 * 3. What other channels' fences still keep stays free over all locations.
 * 4. A channel with a quota gets no more than is left of it.
 *
 * Pure. The tightest of these bounds is what is answered.
 */
import type { Draft } from "./Draft.ts"
import type { LocationId } from "./Identity.ts"
import { allotmentOf, backorderLimit, fencedFromOthers, used } from "./SkuTerms.ts"
import { available, type StockLevel } from "./StockState.ts"

export type GrantBound = "insufficient_stock" | "ring_fenced" | "quota_exhausted"

export interface Grantable {
  /** signed */
  readonly units: number
  /** what keeps more from being granted */
  readonly bound: GrantBound
}

/** Units promised beyond what is there, location by location. */
const backordered = (levels: ReadonlyArray<StockLevel>): number =>
  levels.reduce((sum, level) => sum + Math.max(0, -available(level)), 0)

/** @param channel that asks; absent: the shared pool */
export const grantable = (draft: Draft, locationId: LocationId, channel: string | undefined): Grantable => {
  const here = available(draft.level(locationId))
  const { terms } = draft
  if (terms === undefined) return { units: here, bound: "insufficient_stock" }
  const levels = draft.allLevels()
  const limit = backorderLimit(terms)
  const free = limit === 0 ? here : Math.max(0, here) + Math.max(0, limit - backordered(levels))
  const bounds: Array<Grantable> = [{ units: free, bound: "insufficient_stock" }]
  const fenced = fencedFromOthers(terms, channel)
  if (fenced > 0) {
    const overall = levels.reduce((sum, level) => sum + available(level), 0)
    bounds.push({ units: overall + limit - fenced, bound: "ring_fenced" })
  }
  const own = allotmentOf(terms, channel)
  const quota = own?.quota?.units ?? null
  if (own !== undefined && quota !== null) bounds.push({ units: quota - used(own), bound: "quota_exhausted" })
  return bounds.reduce((tightest, one) => (one.units < tightest.units ? one : tightest))
}

/** What of a grant is not there yet, and when it is to come. */
export interface Backordered {
  readonly backordered?: number
  /** milliseconds since the epoch */
  readonly expectedAt?: number
}

/** To be asked before the grant is noted in the draft. */
export const backorderedOf = (draft: Draft, locationId: LocationId, units: number): Backordered => {
  if (draft.terms?.backorder === undefined) return {}
  const missing = units - Math.max(0, available(draft.level(locationId)))
  const { expectedAt } = draft.terms.backorder
  if (missing <= 0) return {}
  return { backordered: missing, ...(expectedAt === undefined ? {} : { expectedAt }) }
}
