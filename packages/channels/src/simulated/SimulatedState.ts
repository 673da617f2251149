/** What a simulated channel tells of itself over HTTP, for its page, for read-back and for audits. */
import type { Behaviour } from "./SimulatedBehaviour.ts"
import type { AppliedWrite, ShownListing, SimulatedListings } from "./SimulatedListings.ts"
import type { SimulatedTraffic, TrafficCounts } from "./SimulatedTraffic.ts"

/** Applied writes that the page lists. */
const recentMax = 40

export interface ListingQuery {
  /** exactly these, when any are named */
  readonly skus: ReadonlyArray<string>
  /** only those whose SKU contains it, case ignored */
  readonly search: string
  readonly limit: number
}

export interface ListingsAnswer {
  /** all that match, also beyond the limit */
  readonly total: number
  readonly listings: ReadonlyArray<ShownListing>
}

export interface StateAnswer extends TrafficCounts {
  readonly id: string
  readonly name: string
  readonly behaviour: Behaviour
  readonly listings: number
  readonly soldOut: number
  readonly units: number
  readonly applied: number
  readonly repeated: number
  readonly olderOverNewer: number
  /** requests per second over the last minute, oldest first */
  readonly receivedPerSecond: ReadonlyArray<number>
  readonly throttledPerSecond: ReadonlyArray<number>
  /** newest first */
  readonly recent: ReadonlyArray<AppliedWrite>
}

const plain = ({ sku, quantity, version, appliedAt, writes }: ShownListing): ShownListing => ({
  sku,
  quantity,
  version,
  appliedAt,
  writes
})

export const viewListings = (shown: SimulatedListings, query: ListingQuery): ListingsAnswer => {
  if (query.skus.length > 0) {
    const found = query.skus.flatMap((sku) => shown.get(sku) ?? [])
    return { total: found.length, listings: found.map(plain) }
  }
  const search = query.search.toLowerCase()
  const matches = [...shown.all()].filter((listing) => listing.sku.toLowerCase().includes(search))
  matches.sort((a, b) => (a.sku < b.sku ? -1 : a.sku > b.sku ? 1 : 0))
  return { total: matches.length, listings: matches.slice(0, query.limit).map(plain) }
}

export const stateOf = (
  channel: { readonly id: string; readonly name: string },
  behaviour: Behaviour,
  shown: SimulatedListings,
  traffic: SimulatedTraffic,
  now: number
): StateAnswer => {
  let soldOut = 0
  let units = 0
  for (const { quantity } of shown.all()) {
    units += quantity
    if (quantity === 0) soldOut += 1
  }
  return {
    id: channel.id,
    name: channel.name,
    behaviour,
    listings: shown.size,
    soldOut,
    units,
    applied: shown.applied,
    repeated: shown.repeated,
    olderOverNewer: shown.olderOverNewer,
    ...traffic.counts,
    receivedPerSecond: traffic.perSecond("received", now),
    throttledPerSecond: traffic.perSecond("throttled", now),
    recent: shown.log.slice(-recentMax).reverse()
  }
}
