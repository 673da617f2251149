/**
 * How fast each listing of a channel is expected to sell, from what was sold so far.
 *
 * A single listing sells too seldom to tell its own pace at this hour. So the pace is the channel's, over an hour but at least that
 * of a week; each listing's share of it, and the size of its orders, come from its own last sales and, as if it were one sale
 * more, from the average listing. Sales are counted on a clock that ticks with each of them, so that nights change no share.
 * Guarantee: looks at the past only; constant memory and time per sale. Not pure: it counts. It knows no prices and no seasons.
 */
import type { DemandMoments } from "./LagBuffer.ts"

/** Seconds over which the pace is averaged: an hour sees the day's rise, a week what is usual when an hour says nothing yet. */
const hourSeconds = 3_600
const weekSeconds = 604_800

/** Sales per listing that are remembered, on average: enough to tell sellers apart, few enough that fashions pass. */
const memoryPerListing = 30

/** Listings that a channel counts as at least, so that a handful of sales is not forgotten at once. */
const listingsLeast = 10

/** What was sold of one listing, forgotten with the channel's further sales. */
export interface ListingSales {
  readonly orders: number
  readonly units: number
  /** sum of the squares of the orders' units */
  readonly squares: number
  /** the channel's sales when it was counted */
  readonly tick: number
}

const none: ListingSales = { orders: 0, units: 0, squares: 0, tick: 0 }

const faded = ({ orders, units, squares }: ListingSales, by: number, tick: number): ListingSales => ({
  orders: orders * by,
  units: units * by,
  squares: squares * by,
  tick
})

const plus = (sales: ListingSales, units: number): ListingSales => ({
  ...sales,
  orders: sales.orders + 1,
  units: sales.units + units,
  squares: sales.squares + units * units
})

export class SalesForecast {
  private all = none
  /** sum over the sales of (units / mean units of their listing until then)²: how sizes scatter whatever sells in dozens or singly */
  private scatter = 0
  private listings = 0
  private hourly = 0
  private weekly = 0
  /** milliseconds since the epoch */
  private at = 0

  private get memory(): number {
    return memoryPerListing * Math.max(listingsLeast, this.listings)
  }

  private pass(now: number): void {
    const seconds = Math.max(0, now - this.at) / 1000
    this.hourly *= Math.exp(-seconds / hourSeconds)
    this.weekly *= Math.exp(-seconds / weekSeconds)
    this.at = Math.max(this.at, now)
  }

  private current(sales: ListingSales | undefined): ListingSales {
    const { tick } = this.all
    return sales === undefined ? none : faded(sales, Math.exp((sales.tick - tick) / this.memory), tick)
  }

  /**
   * Counts a sale.
   * @param sales of the listing before; undefined: its first
   * @param units 1 or more
   * @param now milliseconds since the epoch
   * @returns those of the listing from now on
   */
  sold(sales: ListingSales | undefined, units: number, now: number): ListingSales {
    this.pass(now)
    if (sales === undefined) this.listings += 1
    this.hourly += 1 / hourSeconds
    this.weekly += 1 / weekSeconds
    const before = this.all.orders === 0 ? units : this.meanSize(this.current(sales))
    const by = Math.exp(-1 / this.memory)
    this.scatter = this.scatter * by + (units / before) ** 2
    this.all = plus(faded(this.all, by, this.all.tick + 1), units)
    return plus({ ...this.current(sales), tick: this.all.tick }, units)
  }

  private meanSize(own: ListingSales): number {
    return (own.units + this.all.units / this.all.orders) / (own.orders + 1)
  }

  /**
   * What a listing is expected to sell from now on.
   * @param sales of the listing; undefined: none yet, it is expected to sell as one that sold a sale's worth less than average
   */
  demand(sales: ListingSales | undefined, now: number): DemandMoments {
    const { all, listings } = this
    if (all.orders === 0) return { mean: 0, variance: 0 }
    this.pass(now)
    const own = this.current(sales)
    const orders = (Math.max(this.hourly, this.weekly) * (own.orders + 1)) / (all.orders + listings)
    const mean = this.meanSize(own)
    const square = (own.squares + (this.scatter / all.orders) * mean * mean) / (own.orders + 1)
    return { mean: orders * mean, variance: orders * square }
  }
}
