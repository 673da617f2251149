/**
 * What is known of bundles, for people: what one is made of, and what there is of its components.
 *
 * Guarantee: quantities are of one moment. Rejects with what postgres.js threw.
 */
import type { BundleBook } from "@holdfast/domain/Bundle"
import type { Sku } from "@holdfast/domain/Identity"
import { announcedTerms, type AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { Sql } from "./Database.ts"
import { storedLevels, type VersionedLevel } from "./SkuReport.ts"
import { atOneMoment } from "./Snapshot.ts"
import { storedTerms } from "./StoredTerms.ts"

export interface ComponentReport {
  readonly sku: Sku
  /** units in one bundle */
  readonly each: number
  /** none when nobody ever heard of it */
  readonly levels: ReadonlyArray<VersionedLevel>
  /** on what terms it is sold; undefined: on none */
  readonly terms: AnnouncedTerms | undefined
}

export interface BundleReport {
  readonly bundle: Sku
  /** milliseconds since the epoch as of which it is made of these */
  readonly since: number
  /** of the version that channels are told */
  readonly serial: number
  readonly components: ReadonlyArray<ComponentReport>
}

/** Undefined when it is no bundle. */
export const bundleReport = async (sql: Sql, book: BundleBook, bundle: Sku): Promise<BundleReport | undefined> => {
  if (!book.isBundle(bundle)) return undefined
  const made = book.componentsOf(bundle)
  const components = await atOneMoment(sql, async (snapshot) => {
    const terms = await storedTerms(
      snapshot,
      made.map(({ sku }) => sku)
    )
    return Promise.all(
      made.map(async ({ sku, each }) => {
        const levels = await storedLevels(snapshot, sku)
        return { sku, each, levels, terms: announcedTerms(terms.get(sku)) }
      })
    )
  })
  return { bundle, since: book.definitionOf(bundle)!.at, serial: book.serialOf(bundle), components }
}
