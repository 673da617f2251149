/**
 * Between the announcements and the channels: a bundle is announced whenever one of its components is.
 *
 * Guarantee: a component's own announcement is offered first and is not delayed. A SKU that is or was a bundle is announced only by
 * what it is made of, never by stock of its own. A bundle is announced once the newest announcement of each of its components is
 * known, or that there is none: what is not known would count as nothing. Only components of bundles are remembered.
 * Synchronous; it decides no quantity.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { BundleBook } from "@holdfast/domain/Bundle"
import { bundleAvailability, madeOf } from "@holdfast/domain/BundleAvailability"
import type { Sku } from "@holdfast/domain/Identity"

export class BundleStage {
  private readonly book: BundleBook
  private readonly offer: (stock: Availability) => void
  /** of components; undefined: there is none */
  private readonly newest = new Map<Sku, Availability | undefined>()

  /** @param offer takes what the channels are told */
  constructor(book: BundleBook, offer: (stock: Availability) => void) {
    this.book = book
    this.offer = offer
  }

  /** An announcement came. */
  take(stock: Availability): void {
    const { book } = this
    const { sku } = stock
    const wasBundle = book.wasBundle(sku)
    if (!wasBundle) this.offer(stock)
    if (book.size === 0) return
    const bundles = book.bundlesOf(sku)
    if (bundles.length > 0 || wasBundle) this.remember(sku, stock)
    // it may have been a component, and may be one again: it must not be remembered as it was then
    else this.newest.delete(sku)
    if (wasBundle && !book.isBundle(sku)) this.announce(sku, stock, stock.committedAt)
    for (const bundle of bundles) this.announce(bundle, stock, stock.committedAt)
  }

  private remember(sku: Sku, stock: Availability): void {
    const known = this.newest.get(sku)
    if (known === undefined || known.version < stock.version) this.newest.set(sku, stock)
  }

  /** Components of which nothing is known. */
  unknown(): ReadonlySet<Sku> {
    const { book } = this
    const parts = [...book.skus].flatMap((bundle) => madeOf(book, bundle).map(({ sku }) => sku))
    return new Set(parts.filter((sku) => !this.newest.has(sku)))
  }

  /** What was looked up of a component; undefined: it was never announced. */
  learn(sku: Sku, stock: Availability | undefined): void {
    if (stock !== undefined) this.remember(sku, stock)
    else if (!this.newest.has(sku)) this.newest.set(sku, undefined)
  }

  /** Announces bundles for what they are made of. @param now milliseconds since the epoch */
  announceAll(bundles: Iterable<Sku>, now: number): void {
    for (const bundle of bundles) this.announce(bundle, undefined, now)
  }

  private announce(bundle: Sku, cause: Availability | undefined, now: number): void {
    const { book, newest } = this
    if (madeOf(book, bundle).every(({ sku }) => newest.has(sku)))
      this.offer(bundleAvailability(book, bundle, (sku) => newest.get(sku), cause, now))
  }
}
