/**
 * Replays a record of sales on virtual time to a channel that hears late, and looks at instants whether it shows more than there is.
 *
 * At each instant and for each listing that is in stock: what the channel's stream keeps back, reckoned by its own `LagBuffers`
 * from what had happened and been heard by then; and what is sold meanwhile, until the channel hears of this instant. Its lag is drawn.
 * Guarantee: no network, no clock; the same events, seed and plan give the same outcomes. It does not let the channel's
 * own sales compete: what the record sold was sold elsewhere.
 */
import { bufferReviewListings, bufferReviewMillis } from "@holdfast/channels/ChannelLimit"
import { type KeptForLag, LagBuffers } from "@holdfast/channels/LagBuffers"
import { emptyListing, type Listing } from "@holdfast/channels/Listing"
import type { Sku } from "@holdfast/domain/Identity"
import type { LagBufferRule } from "@holdfast/domain/LagBuffer"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Random } from "@holdfast/domain/testing/Random"
import { isStockCode, movementsOf } from "../../src/retail/OnlineRetail.ts"

export interface LagPlan {
  readonly rule: LagBufferRule
  readonly seed: number
  /** the lag's median in milliseconds, and the standard deviation of its logarithm */
  readonly medianMillis: number
  readonly sigma: number
  /** between two instants that are looked at, milliseconds */
  readonly everyMillis: number
  /** share of the record's time before the first of them, 0 to 1: the stream has seen something sell by then */
  readonly warmUpShare: number
}

/** One listing at one instant. */
export interface LagOutcome {
  /** what the stream kept back, and why */
  readonly kept: KeptForLag
  readonly available: number
  /** units sold before the channel heard, no more than were available: it shows too many when this exceeds what was kept */
  readonly unheard: number
}

interface Drop {
  /** milliseconds since the epoch */
  readonly at: number
  readonly units: number
}

interface Shelf {
  readonly listing: Listing
  available: number
  /** all sales of the record, and how many of them have happened */
  readonly drops: Array<Drop>
  passed: number
}

const hourMillis = 3_600_000

/** Units by which an event changes each stock SKU: what is announced after it. */
const changesOf = (event: StockEvent): ReadonlyMap<Sku, number> => {
  const changes = new Map<Sku, number>()
  for (const { sku, units } of movementsOf(event))
    if (isStockCode(sku)) changes.set(sku, (changes.get(sku) ?? 0) + units)
  return changes
}

const shelvesOf = (events: ReadonlyArray<StockEvent>): ReadonlyMap<Sku, Shelf> => {
  const shelves = new Map<Sku, Shelf>()
  for (const event of events)
    for (const [sku, units] of changesOf(event)) {
      let shelf = shelves.get(sku)
      if (shelf === undefined) {
        shelf = { listing: emptyListing(sku), available: 0, drops: [], passed: 0 }
        shelves.set(sku, shelf)
      }
      if (units < 0) shelf.drops.push({ at: event.time, units: -units })
    }
  return shelves
}

/** A logarithmic normal distribution: most lags are near the median, a few are several times as long. */
const lagsOf =
  ({ medianMillis, sigma }: LagPlan, random: Random) =>
  (): number => {
    const normal = Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit())
    return medianMillis * Math.exp(sigma * normal)
  }

/** Units that are sold after an instant and until another. */
const soldUntil = ({ drops, passed }: Shelf, until: number): number => {
  let units = 0
  for (let i = passed; i < drops.length && drops[i]!.at <= until; i++) units += drops[i]!.units
  return units
}

/** Virtual time of a channel's stream: what it has seen, and what it keeps. */
class LateChannel {
  private readonly shelves: ReadonlyMap<Sku, Shelf>
  private readonly listings: ReadonlyMap<Sku, Listing>
  private readonly buffers: LagBuffers
  private readonly lag: () => number
  /** announcements that the channel has not acknowledged yet: when it will, and its lag */
  private acknowledgements: Array<{ readonly at: number; readonly millis: number }> = []

  constructor(events: ReadonlyArray<StockEvent>, plan: LagPlan) {
    this.shelves = shelvesOf(events)
    this.listings = new Map([...this.shelves].map(([sku, { listing }]) => [sku, listing]))
    this.buffers = new LagBuffers(plan.rule, plan.medianMillis)
    this.lag = lagsOf(plan, new Random(plan.seed))
  }

  happen(event: StockEvent): void {
    for (const [sku, units] of changesOf(event)) {
      const shelf = this.shelves.get(sku)!
      shelf.available += units
      if (units < 0) {
        shelf.passed += 1
        this.buffers.sold(shelf.listing, -units, event.time)
        const millis = this.lag()
        this.acknowledgements.push({ at: event.time + millis, millis })
      }
      shelf.listing.kept = this.buffers.keep(shelf.listing, event.time)
    }
  }

  /** All that the stream does by itself in the time between two instants: it has had all listings in turn. */
  passTo(now: number): void {
    const late = []
    for (const each of this.acknowledgements)
      if (each.at > now) late.push(each)
      else this.buffers.heard.record(now, each.millis, 1)
    this.acknowledgements = late
    for (
      let looked = 0, at = now;
      looked < this.listings.size;
      looked += bufferReviewListings, at += bufferReviewMillis
    )
      for (const { listing, kept } of this.buffers.review(this.listings, at)) listing.kept = kept
  }

  *look(now: number): Generator<LagOutcome> {
    for (const shelf of this.shelves.values()) {
      const { available, listing } = shelf
      const until = now + this.lag()
      if (available <= 0 || listing.kept === undefined) continue
      yield { kept: listing.kept, available, unheard: Math.min(available, soldUntil(shelf, until)) }
    }
  }
}

/**
 * Outcomes at instants in hours in which something sold.
 * @param events in order of time, opening receipts first
 */
export const replayLag = function* (events: ReadonlyArray<StockEvent>, plan: LagPlan): Generator<LagOutcome> {
  const sales = events.filter(({ type }) => type === "order.placed")
  const [first, last] = [sales[0]!.time, sales.at(-1)!.time]
  const open = new Set(sales.map(({ time }) => Math.floor(time / hourMillis)))
  const channel = new LateChannel(events, plan)
  const begin = first + (last - first) * plan.warmUpShare
  let next = 0
  // what is sold after the record's end is not known: longer lags than this are as good as never drawn
  const end = last - plan.medianMillis * Math.exp(4 * plan.sigma)
  for (let now = first; now <= end; now += plan.everyMillis) {
    while (next < events.length && events[next]!.time <= now) channel.happen(events[next++]!)
    if (!open.has(Math.floor(now / hourMillis))) continue
    channel.passTo(now)
    if (now >= begin) yield* channel.look(now)
  }
}
