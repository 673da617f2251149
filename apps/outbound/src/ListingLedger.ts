/** The listing store of the output streams, over PostgreSQL, with its history. */
import { ListingStore, ListingStoreError } from "@holdfast/channels/ListingStore"
import { lastRun, saveRun } from "@holdfast/ledger/ChannelRuns"
import { Database } from "@holdfast/ledger/Database"
import { loadListings, saveListings } from "@holdfast/ledger/Listing"
import { loadListingDays, saveListingDays } from "@holdfast/ledger/ListingDays"
import { Effect, Layer } from "effect"

export const layer: Layer.Layer<ListingStore, never, Database> = Layer.effect(
  ListingStore,
  Effect.map(Database, ({ sql }) => ({
    load: (channel) =>
      Effect.tryPromise({
        try: () => loadListings(sql, channel),
        catch: (cause) => new ListingStoreError({ reason: "load_failed", channel, cause })
      }),
    save: (channel, rows, changes) =>
      Effect.tryPromise({
        try: () => saveListings(sql, channel, rows, changes),
        catch: (cause) => new ListingStoreError({ reason: "save_failed", channel, cause })
      }),
    loadDays: (channel) =>
      Effect.tryPromise({
        try: () => loadListingDays(sql, channel),
        catch: (cause) => new ListingStoreError({ reason: "load_failed", channel, cause })
      }),
    saveDays: (channel, rows) =>
      Effect.tryPromise({
        try: () => saveListingDays(sql, channel, rows),
        catch: (cause) => new ListingStoreError({ reason: "save_failed", channel, cause })
      }),
    lastRun: (channel) =>
      Effect.tryPromise({
        try: () => lastRun(sql, channel),
        catch: (cause) => new ListingStoreError({ reason: "load_failed", channel, cause })
      }),
    saveRun: (channel, { ranAt, listings }) =>
      Effect.tryPromise({
        try: () => saveRun(sql, channel, ranAt, listings),
        catch: (cause) => new ListingStoreError({ reason: "save_failed", channel, cause })
      })
  }))
)
