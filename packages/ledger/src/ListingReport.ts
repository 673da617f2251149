/**
 * What a channel confirmed to show of one SKU, beside what the ledger says of it now, for people.
 *
 * Guarantee: all of it is of one moment. Rejects with what postgres.js threw.
 */
import { announcedTerms, type AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { Sku } from "@holdfast/domain/Identity"
import type { Sql } from "./Database.ts"
import { entriesUpTo, type ListingEntry } from "./ListingHistory.ts"
import type { ListingRow } from "./Listing.ts"
import { skuHistory, type SkuHistory } from "./SkuHistory.ts"
import { storedLevels, versionOf, type VersionedLevel } from "./SkuReport.ts"
import { storedTerms } from "./StoredTerms.ts"
import { atOneMoment, type Reader } from "./Snapshot.ts"

export type ConfirmedListing = Omit<ListingRow, "sku">

export interface ListingReport {
  readonly sku: Sku
  readonly version: number
  readonly levels: ReadonlyArray<VersionedLevel>
  /** on what terms it is sold; undefined: on none */
  readonly terms: AnnouncedTerms | undefined
  /** null: the channel never confirmed anything of it */
  readonly confirmed: ConfirmedListing | null
  /** the last answers of the channel, newest last */
  readonly told: ReadonlyArray<ListingEntry>
  readonly history: SkuHistory
}

/** Answers of the channel that are shown. */
export const toldMax = 10

export const confirmedBy = (sql: Reader, channel: string, sku: Sku) => sql<Array<ConfirmedListing>>`
  select quantity, version, round(extract(epoch from confirmed_at) * 1000)::float8 as "confirmedAt"
  from listing where channel = ${channel} and sku = ${sku}`

/** Undefined when the SKU is not known. @param limit changes of the history, the newest */
export const listingReport = (sql: Sql, channel: string, sku: Sku, limit: number): Promise<ListingReport | undefined> =>
  atOneMoment(sql, async (snapshot) => {
    const levels = await storedLevels(snapshot, sku)
    if (levels.length === 0) return undefined
    const [terms, confirmed, told, history] = await Promise.all([
      storedTerms(snapshot, [sku]),
      confirmedBy(snapshot, channel, sku),
      entriesUpTo(snapshot, channel, sku, Number.POSITIVE_INFINITY, toldMax),
      skuHistory(snapshot, sku, { limit })
    ])
    return {
      sku,
      version: versionOf(levels),
      levels,
      terms: announcedTerms(terms.get(sku)),
      confirmed: confirmed[0] ?? null,
      told,
      history
    }
  })
