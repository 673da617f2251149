/** What is known of a SKU at one moment, as a watcher sees it. */
import { decodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { availableOver, type AnnouncedLevel } from "@holdfast/domain/Availability"
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"

/** Units of a SKU at one location, and what they leave to promise. */
export type StockAt = Required<AnnouncedLevel> & { readonly available: number }

export interface Stock {
  readonly sku: string
  /** rises with every change of the SKU */
  readonly version: number
  /** units that may still be promised, over all locations; negative when more is promised than is there */
  readonly available: number
  readonly locations: ReadonlyArray<StockAt>
  /** quotas, ring-fences and units that may be promised beyond what is there; absent: it is sold on no terms */
  readonly terms?: AnnouncedTerms
  readonly committedAt: Date
}

const leftOutWhenNone = { unavailable: 0, safetyStock: 0, incoming: 0, inTransit: 0, guarded: 0 }

/** Undefined for what is no announcement: the next one of that SKU speaks for it. */
export const stockOf = (payload: string): Stock | undefined => {
  try {
    const { sku, version, levels, terms, committedAt } = decodeAvailability(payload)
    if (typeof sku !== "string" || !Number.isSafeInteger(version)) return undefined
    const locations = levels.map((level) => ({ ...leftOutWhenNone, ...level, available: availableOver([level]) }))
    const stock = { sku, version, available: availableOver(levels), locations, committedAt: new Date(committedAt) }
    return terms === undefined ? stock : { ...stock, terms }
  } catch {
    return undefined
  }
}
