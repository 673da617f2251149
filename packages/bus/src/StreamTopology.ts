/**
 * The JetStream streams as data, each setting with its reason, and `ensureStreams`, which makes the server agree.
 *
 * Guarantee: EVENTS and STOCK are append-only: nothing deletes a message before it is old. AVAILABILITY keeps the newest
 * announcements of each SKU and can always be announced anew from the ledger. Deduplication beyond the window of a
 * stream is the ledger's.
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig
} from "@nats-io/jetstream"
import { Effect } from "effect"
import { BusError } from "./BusError.ts"
import { allAvailability, allEvents, allFacts, allNotices } from "./Subject.ts"

const nanos = (millis: number): number => millis * 1_000_000
const day = 24 * 60 * 60 * 1000

export const eventsStream = "EVENTS"
export const stockStream = "STOCK"
export const availabilityStream = "AVAILABILITY"
export const noticesStream = "NOTICES"

/** Longest outage of ingest that loses nothing. Dedup ids in the ledger must live longer. */
export const eventsMaxAgeMillis = 7 * day

const appendOnly: Partial<StreamConfig> = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  deny_delete: true,
  duplicate_window: nanos(120_000)
}

export const streams: ReadonlyArray<Partial<StreamConfig> & { readonly name: string }> = [
  {
    ...appendOnly,
    name: eventsStream,
    subjects: [allEvents],
    max_age: nanos(eventsMaxAgeMillis),
    max_msg_size: 1024 * 1024
  },
  {
    ...appendOnly,
    name: stockStream,
    subjects: [allFacts],
    // version 0.1.0 had one: a stream that exists keeps what is not named
    subject_transform: undefined as never,
    // repetitions are kept out by the chain of ids, and each id costs memory for as long as this
    duplicate_window: nanos(1_000),
    // a day more than EVENTS: ingest reads its position from the last message, which must outlive the event it came from
    max_age: nanos(eventsMaxAgeMillis + day)
  },
  {
    name: availabilityStream,
    subjects: [allAvailability],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    // newest wins; a few older ones stay so that the events they list are still counted when outbound lags briefly
    max_msgs_per_subject: 4,
    allow_direct: true,
    duplicate_window: nanos(1_000)
  },
  {
    name: noticesStream,
    subjects: [allNotices],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    // what went wrong is still asked for after a season; there is little of it
    max_age: nanos(90 * day),
    max_bytes: 256 * 1024 * 1024,
    duplicate_window: nanos(120_000)
  }
]

const ensure = async (manager: JetStreamManager, config: Partial<StreamConfig> & { readonly name: string }) => {
  try {
    await manager.streams.add(config)
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError) || cause.code !== 10058) throw cause // 10058: exists, with another config
    await manager.streams.update(config.name, config)
  }
}

/** Creates the streams or updates them to `streams`. Fails with `BusError` when the server refuses. */
export const ensureStreams = (manager: JetStreamManager): Effect.Effect<void, BusError> =>
  Effect.forEach(
    streams,
    (config) =>
      Effect.tryPromise({
        try: () => ensure(manager, config),
        catch: (cause) => new BusError({ reason: "stream_refused", detail: config.name, cause })
      }),
    { discard: true }
  )
