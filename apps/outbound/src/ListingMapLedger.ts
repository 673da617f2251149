/** What a channel calls our SKUs, over PostgreSQL: read for every call, so that a change counts from the next one on. */
import { type ListingMap, ListingMapError } from "@holdfast/channels/ListingMap"
import { mappingsOf } from "@holdfast/ledger/ChannelMapping"
import { query, type Sql } from "@holdfast/ledger/Database"
import { Effect } from "effect"

export const listingMapOf = (sql: Sql, channel: string): ListingMap => ({
  find: (skus) =>
    query(() => mappingsOf(sql, channel, skus)).pipe(
      Effect.map((rows) => new Map(rows.map(({ sku, external }) => [sku, external]))),
      Effect.mapError(({ message: detail }) => new ListingMapError({ channel, detail }))
    )
})
