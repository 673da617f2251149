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
import { LagBuffers } from "./LagBuffers.ts"
import type { Listing } from "./Listing.ts"
import { widened, widerUnits } from "./WiderBuffer.ts"

export class ListingReckoning {
  private definition: ChannelDefinition
  private buffers: LagBuffers | undefined
  private readonly account: EventAccount
  private queueSeconds: number | undefined
  /** listings that show less for the sake of a queue */
  private readonly narrower = new Set<Listing>()

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
    const units = saleableUnits(definition, stock)
    const saleable = buffers === undefined ? shownOf(definition, units, 0) : units
    const sold = listing.version < 0 || listing.outdated ? 0 : Math.max(0, listing.saleable - saleable)
    if (sold > 0) listing.demand = demandWith(listing.demand, sold, now)
    listing.saleable = saleable
    if (sold > 0) buffers?.sold(listing, sold, now)
    this.show(listing, stock.version, now)
  }

  /** Listings whose demand or lag is another one by now, so that they are to show something else. */
  *review(listings: ReadonlyMap<Sku, Listing>, now: number): Iterable<Listing> {
    for (const { listing, kept } of this.buffers?.review(listings, now) ?? []) {
      listing.kept = kept
      this.want(listing, listing.version, shownOf(this.definition, listing.saleable, kept.units))
      yield listing
    }
  }

  /** @param seconds after which what is told now arrives; undefined: what is kept is what always is */
  widen(seconds: number | undefined): void {
    this.queueSeconds = seconds
  }

  /** Listings that show less for the sake of a queue. */
  get shownLess(): number {
    return this.narrower.size
  }

  /** Some do so although the queue is short by now. */
  get isWidened(): boolean {
    return this.narrower.size > 0 && this.queueSeconds === undefined
  }

  /** Up to so many listings that show less for the sake of a queue are to show what they always do. */
  *narrow(max: number, now: number): Iterable<Listing> {
    if (this.queueSeconds !== undefined) return
    for (const listing of [...this.narrower].slice(0, max)) {
      if (listing.outdated) continue
      this.show(listing, listing.version, now)
      yield listing
    }
  }

  private show(listing: Listing, version: number, now: number): void {
    const { buffers, definition, queueSeconds } = this
    listing.kept = buffers?.keep(listing, now)
    const usual = buffers === undefined ? listing.saleable : shownOf(definition, listing.saleable, listing.kept!.units)
    const units = queueSeconds === undefined ? usual : this.wide(listing, usual, now, queueSeconds)
    listing.widened = units < usual
    if (listing.widened) this.narrower.add(listing)
    else if (this.narrower.size > 0) this.narrower.delete(listing)
    this.want(listing, version, units)
  }

  private wide(listing: Listing, usual: number, now: number, seconds: number): number {
    const { buffers, definition } = this
    if (buffers === undefined) return widened(listing, usual, Math.max(0, usual - widerUnits(listing, now, seconds)))
    listing.kept = buffers.keep(listing, now, seconds)
    return widened(listing, usual, shownOf(definition, listing.saleable, listing.kept.units))
  }

  private want(listing: Listing, version: number, units: number): void {
    // the channel may take no notice of a key that it had before
    if (version === listing.version && units !== listing.wanted) listing.generation += 1
    listing.wanted = units
  }
}
