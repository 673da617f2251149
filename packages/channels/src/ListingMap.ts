/**
 * What a channel calls our SKUs: its own ids, for connectors whose channel does not know SKUs by name.
 *
 * Guarantee: a SKU that is absent from what is found is not mapped. What is found is data from outside: the connector checks it by
 * a schema of its own.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { type Effect, Schema } from "effect"
import type { PushOutcome } from "./ChannelConnector.ts"

/** The map cannot be read now. */
export class ListingMapError extends Schema.TaggedError<ListingMapError>()("ListingMapError", {
  channel: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `the listings of channel ${this.channel} cannot be looked up: ${this.detail}`
  }
}

/** Of one channel. */
export interface ListingMap {
  /** the channel's ids of those that are mapped */
  readonly find: (skus: ReadonlyArray<Sku>) => Effect.Effect<ReadonlyMap<Sku, unknown>, ListingMapError>
}

/** The way back, of one channel: which of our SKUs a channel means. */
export interface ListingKeys {
  /** SKUs by the channel's own keys, of those that are mapped */
  readonly find: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Sku>, ListingMapError>
}

/** The outcome for a SKU without ids. */
export const unmapped = (channel: string, sku: Sku): PushOutcome => ({
  _tag: "rejected",
  because: "mapping",
  detail: `${sku} is not mapped on channel ${channel}: name its ids there in a file and run "holdfast mapping apply ${channel} <file>"`
})
