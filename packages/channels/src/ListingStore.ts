/**
 * Where it is remembered what each channel last confirmed, all that it was told, how often a listing was written in its days, and
 * when the last scheduled run was begun: read once when an output stream starts, written afterwards.
 *
 * Guarantee: a stored version never goes back. The memory layer forgets with the process, and keeps no history; PostgreSQL is
 * in the ledger.
 */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import type { StoredDays } from "./budget/ListingDays.ts"
import type { ScheduledRun } from "./OutputPorts.ts"

/** Times are milliseconds since the epoch. */
export interface StoredListing {
  readonly sku: Sku
  /** units that the channel confirmed to show */
  readonly quantity: number
  /** newest version of the SKU that the confirmed quantity speaks for */
  readonly version: number
  readonly confirmedAt: number
}

/**
 * How a push ended, or what a channel turned out to show. `applied`: it confirmed the quantity. `rejected`: it will never take
 * it. `found`: it shows another quantity than it confirmed.
 */
export type ListingOutcome = "applied" | "rejected" | "found"

/** One entry of the history of a listing. Times are milliseconds since the epoch. */
export interface ListingChange {
  readonly sku: Sku
  /** units that were told, or found */
  readonly quantity: number
  /** version of the SKU from which the quantity was computed; of what was found, the newest that the channel confirmed */
  readonly version: number
  readonly outcome: ListingOutcome
  /** when the last call left */
  readonly requestedAt: number
  /** when the channel answered */
  readonly answeredAt: number
  /** calls that it took */
  readonly attempts: number
  /** why it was rejected */
  readonly detail?: string
  /** entries of this listing directly before this one that could not be stored */
  readonly lost?: number
}

export class ListingStoreError extends Schema.TaggedError<ListingStoreError>()("ListingStoreError", {
  reason: Schema.Literals(["load_failed", "save_failed"]),
  channel: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    const cause = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `listings of channel ${this.channel}: ${this.reason}: ${cause}`
  }
}

export class ListingStore extends Context.Service<
  ListingStore,
  {
    readonly load: (channel: ChannelId) => Effect.Effect<ReadonlyArray<StoredListing>, ListingStoreError>
    /** When the last scheduled run of the channel was begun, milliseconds since the epoch; undefined: never. */
    readonly lastRun: (channel: ChannelId) => Effect.Effect<number | undefined, ListingStoreError>
    /** How often each listing was written within its days, where that still counts. */
    readonly loadDays: (channel: ChannelId) => Effect.Effect<ReadonlyArray<StoredDays>, ListingStoreError>
    /** Each SKU at most once; replaces what was stored of it. All or nothing is stored. */
    readonly saveDays: (channel: ChannelId, rows: ReadonlyArray<StoredDays>) => Effect.Effect<void, ListingStoreError>
    /** A run that is older than the stored one changes nothing. */
    readonly saveRun: (channel: ChannelId, run: ScheduledRun) => Effect.Effect<void, ListingStoreError>
    /**
     * Rows: each SKU at most once; one whose stored version is newer stays as it is. Changes go into the history, oldest first.
     * All or nothing is stored.
     */
    readonly save: (
      channel: ChannelId,
      rows: ReadonlyArray<StoredListing>,
      changes: ReadonlyArray<ListingChange>
    ) => Effect.Effect<void, ListingStoreError>
  }
>()("@holdfast/channels/ListingStore") {
  static readonly memory: Layer.Layer<ListingStore> = Layer.sync(ListingStore, () => {
    const channels = new Map<ChannelId, Map<Sku, StoredListing>>()
    const runs = new Map<ChannelId, number>()
    const days = new Map<ChannelId, Map<Sku, StoredDays>>()
    return {
      loadDays: (channel) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          [...(days.get(channel)?.values() ?? [])].filter(({ until }) => until > now)
        ),
      saveDays: (channel, rows) =>
        Effect.sync(() => {
          const stored = days.get(channel) ?? new Map<Sku, StoredDays>()
          days.set(channel, stored)
          for (const row of rows) stored.set(row.sku, row)
        }),
      lastRun: (channel) => Effect.sync(() => runs.get(channel)),
      saveRun: (channel, { ranAt }) =>
        Effect.sync(() => void runs.set(channel, Math.max(ranAt, runs.get(channel) ?? 0))),
      load: (channel) => Effect.sync(() => [...(channels.get(channel)?.values() ?? [])]),
      save: (channel, rows) =>
        Effect.sync(() => {
          const listings = channels.get(channel) ?? new Map<Sku, StoredListing>()
          channels.set(channel, listings)
          for (const row of rows) {
            if ((listings.get(row.sku)?.version ?? -1) <= row.version) listings.set(row.sku, row)
          }
        })
    }
  })
}
