/**
 * Listings whose ids at the channel became others: what was rejected for the old ids is to be told again.
 *
 * Guarantee: a call that was under way meanwhile, and may have gone by the old ids, lifts nothing before it ended. No I/O.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Listing } from "./Listing.ts"

export class Remappings {
  private readonly meanwhile = new Set<Sku>()

  /** @returns whether it is to be told again now */
  remapped(listing: Listing): boolean {
    if (listing.place !== "inFlight") return lifted(listing)
    this.meanwhile.add(listing.sku)
    return false
  }

  /** A call about it ended. @returns whether it is to be told again */
  landed(listing: Listing): boolean {
    return this.meanwhile.delete(listing.sku) && lifted(listing)
  }
}

const lifted = (listing: Listing): boolean => {
  if (listing.quarantine?.because !== "mapping") return false
  listing.quarantine = undefined
  return true
}
