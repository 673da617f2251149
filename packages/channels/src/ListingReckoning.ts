/**
 * What a listing is to show: from the newest stock, by the channel's definition, less what is kept for its lag.
 *
 * Guarantee: a version that comes to another quantity than before gets another key. It moves no listing and sends nothing. A fall of
 * what is saleable counts as sold; without a lag buffer nothing else is kept or reckoned.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { demandWith } from "@holdfast/domain/OversellRisk"
import { saleableUnits, shownOf } from "@holdfast/domain/Publishable"
import type { EventAccount } from "./EventAccount.ts"
import { type KeptForLag, LagBuffers } from "./LagBuffers.ts"
import type { Listing } from "./Listing.ts"

export class ListingReckoning {
  private definition: ChannelDefinition
  private buffers: LagBuffers | undefined
  private readonly account: EventAccount

  /** @param account whose acknowledgements tell the lag */
  constructor(definition: ChannelDefinition, account: EventAccount) {
    this.account = account
    this.definition = definition
    this.keepForLag(definition, [])
  }

  /** Goes by another definition from now on. */
  redefine(definition: ChannelDefinition, listings: Iterable<Listing>): void {
    this.definition = definition
    this.keepForLag(definition, listings)
  }

  private keepForLag({ lagBuffer, budgetMillis }: ChannelDefinition, listings: Iterable<Listing>): void {
    if (lagBuffer === undefined) {
      if (this.buffers !== undefined) for (const listing of listings) listing.kept = undefined
      this.buffers = undefined
    } else if (this.buffers === undefined) this.buffers = new LagBuffers(lagBuffer, budgetMillis)
    else this.buffers.redefine(lagBuffer, budgetMillis)
    this.account.heard = this.buffers?.heard
  }

  /** When `review` is due, milliseconds since the epoch. */
  get reviewAt(): number {
    return this.buffers?.reviewAt ?? Number.POSITIVE_INFINITY
  }

  /** The quantity to show of the newest stock, and what its fall tells of demand. */
  reckon(listing: Listing, stock: Availability, now: number): void {
    const { buffers, definition } = this
    const { version } = stock
    const saleable = saleableUnits(definition, stock)
    const units = buffers === undefined ? shownOf(definition, saleable, 0) : saleable
    const before = buffers === undefined ? listing.wanted : listing.saleable
    const sold = listing.version < 0 || listing.outdated ? 0 : Math.max(0, before - units)
    if (sold > 0) listing.demand = demandWith(listing.demand, sold, now)
    if (buffers === undefined) return this.want(listing, version, units)
    listing.saleable = units
    if (sold > 0) buffers.sold(listing, sold, now)
    this.keep(listing, version, buffers.keep(listing, now))
  }

  /** Listings whose demand or lag is another one by now, so that they are to show something else. */
  *review(listings: ReadonlyMap<Sku, Listing>, now: number): Iterable<Listing> {
    for (const { listing, kept } of this.buffers?.review(listings, now) ?? []) {
      this.keep(listing, listing.version, kept)
      yield listing
    }
  }

  private keep(listing: Listing, version: number, kept: KeptForLag): void {
    listing.kept = kept
    this.want(listing, version, shownOf(this.definition, listing.saleable, kept.units))
  }

  private want(listing: Listing, version: number, units: number): void {
    // the channel may take no notice of a key that it had before
    if (version === listing.version && units !== listing.wanted) listing.generation += 1
    listing.wanted = units
  }
}
