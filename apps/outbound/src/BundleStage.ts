/**
 * Between the announcements and the channels: a bundle is announced whenever one of its components is.
 *
 * Guarantee: a component's own announcement is offered first and is not delayed. A SKU that is or was a bundle is announced only by
 * what it is made of, never by stock of its own. Nothing is announced of bundles before the newest announcement of every SKU is known:
 * what is not known yet would count as nothing. Only components of bundles are remembered. Synchronous; it decides no quantity.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { BundleBook } from "@holdfast/domain/Bundle"
import { bundleAvailability, madeOf } from "@holdfast/domain/BundleAvailability"
import type { Sku } from "@holdfast/domain/Identity"

export class BundleStage {
  private readonly book: BundleBook
  private readonly offer: (stock: Availability) => void
  /** asks for the newest announcement of a SKU that was no component when it was announced */
  private readonly newest = new Map<Sku, Availability>()
  private isComplete = false

  /** @param offer takes what the channels are told */
  constructor(book: BundleBook, offer: (stock: Availability) => void) {
    this.book = book
    this.offer = offer
  }

  /** An announcement came. */
  take(stock: Availability): void {
    const { book } = this
    if (!book.wasBundle(stock.sku)) this.offer(stock)
    this.newestOf(stock)
    if (book.size === 0 || !this.isComplete) return
    if (book.wasBundle(stock.sku) && !book.isBundle(stock.sku)) this.announce(stock.sku, stock)
    for (const bundle of book.bundlesOf(stock.sku)) this.announce(bundle, stock)
  }

  private newestOf(stock: Availability): void {
    const known = this.newest.get(stock.sku)
    if (known === undefined || known.version < stock.version) this.newest.set(stock.sku, stock)
  }

  /** The newest announcement of every SKU came. @param now milliseconds since the epoch */
  complete(now: number): void {
    if (this.isComplete) return
    this.isComplete = true
    this.changed(this.book.skus, now)
  }

  /** These are made of something else now. */
  changed(bundles: Iterable<string>, now: number): void {
    if (!this.isComplete) return
    for (const bundle of bundles) this.announce(bundle as Sku, undefined, now)
  }

  private announce(bundle: Sku, cause: Availability | undefined, now = 0): void {
    this.offer(bundleAvailability(this.book, bundle, (sku) => this.newest.get(sku), cause, now))
  }
}
