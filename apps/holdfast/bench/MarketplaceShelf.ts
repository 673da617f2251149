/**
 * What one SKU has, and what a marketplace shows of it: units oversold there, and what was shown above what was there.
 *
 * Guarantee: pure bookkeeping on the times that it is given. Oversold is what the marketplace sold beyond what was there.
 */

export interface ShelfTotals {
  /** units that the marketplace sold and that were not there */
  oversold: number
  /** units shown above those that were there, times the seconds that they were */
  unitSeconds: number
  /** the same of SKUs of which nothing was left at all: any order of them is oversold */
  soldOutUnitSeconds: number
  /** milliseconds of the longest time that a change waited until the marketplace was told */
  longestWait: number
  /** milliseconds from the last unit sold until the marketplace was told, each time */
  readonly zeroWaits: Array<number>
}

export const emptyTotals = (): ShelfTotals => ({
  oversold: 0,
  unitSeconds: 0,
  soldOutUnitSeconds: 0,
  longestWait: 0,
  zeroWaits: []
})

export class MarketplaceShelf {
  version = 1
  private units: number
  private shown: number
  /** what it last acknowledged: it sells by itself, so that it may show fewer */
  private acknowledged: number
  private accountedAt: number
  /** since when a change waits that the marketplace was not told */
  private waitsSince = Number.POSITIVE_INFINITY
  private emptySince: number | undefined
  private readonly totals: ShelfTotals

  /** Shows what is there. @param units may be negative: then none are shown */
  constructor(units: number, now: number, totals: ShelfTotals) {
    this.units = units
    this.shown = Math.max(0, units)
    this.acknowledged = this.shown
    this.accountedAt = now
    this.totals = totals
  }

  /** Signed units: below zero, so many are owed. */
  get available(): number {
    return this.units
  }

  /** Units that there are to show. */
  get wanted(): number {
    return Math.max(0, this.units)
  }

  /** Our own shop sells what is there, and no more. @returns units sold */
  sellOwn(units: number, now: number): number {
    const sold = Math.min(units, this.wanted)
    this.move(-sold, now)
    return sold
  }

  /** The marketplace sells what it shows, there or not, and shows so many fewer. @returns units sold */
  sellThere(units: number, now: number): number {
    this.account(now)
    const sold = Math.min(units, this.shown)
    this.totals.oversold += Math.max(0, sold - this.wanted)
    this.shown -= sold
    this.move(-sold, now)
    return sold
  }

  /** Units come back, are found or lost. */
  move(units: number, now: number): void {
    if (units === 0) return
    this.account(now)
    this.units += units
    this.version += 1
    this.waitsSince = this.acknowledged === this.wanted ? Number.POSITIVE_INFINITY : Math.min(this.waitsSince, now)
    this.emptySince = this.wanted === 0 && this.shown > 0 ? (this.emptySince ?? now) : undefined
  }

  /** The marketplace was told. @param version that the quantity was computed from @param requestAt when the call left */
  told(quantity: number, version: number, requestAt: number, now: number): void {
    this.account(now)
    this.shown = quantity
    this.acknowledged = quantity
    const { totals } = this
    if (this.waitsSince < now) totals.longestWait = Math.max(totals.longestWait, now - this.waitsSince)
    this.waitsSince = version === this.version ? Number.POSITIVE_INFINITY : requestAt
    if (quantity !== 0 || this.emptySince === undefined) return
    totals.zeroWaits.push(now - this.emptySince)
    this.emptySince = undefined
  }

  private account(now: number): void {
    const seconds = (now - this.accountedAt) / 1000
    this.totals.unitSeconds += Math.max(0, this.shown - this.wanted) * seconds
    if (this.wanted === 0) this.totals.soldOutUnitSeconds += this.shown * seconds
    this.accountedAt = now
  }
}
