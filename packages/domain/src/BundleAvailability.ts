/**
 * What there is of a bundle: as many as its components make, at each location.
 *
 * 1. At a location it is the minimum over the components of `floor(available / units in one bundle)`, signed: a location where one of
 *    them is oversold makes up for it as that SKU's own location would. What can be built at different locations is added up.
 * 2. Its version is the serial of its definition, and below it the sum of its components' versions. Versions of a SKU only grow, so
 *    the sum does for as long as the definition stays; what is defined later has a greater serial. So a later state never has a
 *    smaller version, whoever reckons it and whenever: nothing of it is remembered over a restart.
 * 3. Where a component is sold on terms, the components go with the announcement: what of the bundle a channel may show is reckoned
 *    from them (`BundleSaleable`).
 * 4. A SKU that is a bundle no more is made of itself: its announcements go on above those of the bundle.
 *
 * Guarantee: the same announcements give the same answer. Pure.
 */
import { availableOver, type AnnouncedLevel, type Availability, type BundlePart } from "./Availability.ts"
import type { BundleBook, Component } from "./Bundle.ts"
import type { LocationId, Sku } from "./Identity.ts"

/** Versions of components together stay below it: a change a second would take a century. */
const versionsMax = 2 ** 32

const availableAt = ({ levels }: BundlePart, locationId: LocationId): number => availableOver(levels, [locationId])

/** Bundles that can be made, as levels on hand of which nothing is promised. @param components at least one */
export const buildable = (components: ReadonlyArray<BundlePart>): ReadonlyArray<AnnouncedLevel> => {
  const places = new Set(components.flatMap(({ levels }) => levels.map(({ locationId }) => locationId)))
  return [...places].map((locationId) => {
    const bundles = components.map((one) => Math.floor(availableAt(one, locationId) / one.each))
    return { locationId, onHand: Math.min(...bundles), committed: 0, held: 0 }
  })
}

/** What channels reckon with of a bundle. @param parts at least one */
export const bundleStock = (parts: ReadonlyArray<BundlePart>): Pick<Availability, "levels" | "parts"> => {
  const levels = buildable(parts)
  return parts.some(({ terms }) => terms !== undefined) ? { levels, parts } : { levels }
}

/** What of an announcement is the component's. */
const partOf = ({ sku, each }: Component, stock: Availability | undefined): BundlePart => {
  const part = { sku, each, levels: stock?.levels ?? [] }
  return stock?.terms === undefined ? part : { ...part, terms: stock.terms }
}

/** What a SKU that is or was a bundle is made of now. */
export const madeOf = (book: BundleBook, sku: Sku): ReadonlyArray<Component> =>
  book.isBundle(sku) ? book.componentsOf(sku) : [{ sku, each: 1 }]

/** @param versions of the components */
export const bundleVersion = (serial: number, versions: ReadonlyArray<number>): number =>
  serial * versionsMax + versions.reduce((sum, version) => sum + version, 0)

/**
 * What is announced of a bundle.
 * @param newest of each component, as far as any was announced
 * @param cause the announcement that changed it: its events and its time count for the bundle too; undefined where the
 * definition did
 * @param now milliseconds since the epoch, where there is no cause
 */
export const bundleAvailability = (
  book: BundleBook,
  bundle: Sku,
  newest: (sku: Sku) => Availability | undefined,
  cause: Availability | undefined,
  now: number
): Availability => {
  const parts = madeOf(book, bundle)
  const known = parts.map((part) => partOf(part, newest(part.sku)))
  const versions = parts.map(({ sku }) => newest(sku)?.version ?? 0)
  const { levels, terms } = known[0]!
  const own = terms === undefined ? { levels } : { levels, terms }
  return {
    sku: bundle,
    version: bundleVersion(book.serialOf(bundle), versions),
    ...(book.isBundle(bundle) ? bundleStock(known) : own),
    committedAt: cause?.committedAt ?? now,
    events: cause?.events ?? [],
    more: cause?.more ?? 0
  }
}
