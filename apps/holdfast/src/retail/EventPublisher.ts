/**
 * Publishes events at the front door, many under way at once.
 *
 * Guarantee: what it counts as stored is stored in EVENTS. Events go out in their order; a lost acknowledgement is asked for
 * again under the same message id, so that nothing is stored twice (within the stream's window; later the ledger knows).
 */
import { BusError } from "@holdfast/bus/BusError"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventSubject } from "@holdfast/bus/Subject"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { Clock, Effect, Schedule } from "effect"

/** Events under way at once: enough to hide a round trip of some milliseconds, few enough to be lost in one second. */
const windowMax = 256

/** Milliseconds to wait for one acknowledgement: a leader election takes a second or two. */
const ackTimeoutMillis = 5_000

/** Attempts after the first: a restart of the server takes about a second. */
const retries = Schedule.max([Schedule.exponential("200 millis"), Schedule.recurs(5)])

export interface PublishTotals {
  readonly events: number
  /** of these, how many the stream already had */
  readonly repeated: number
  readonly seconds: number
}

export interface PublishOptions {
  /** most events per second; as fast as possible when absent */
  readonly rate?: number | undefined
  /** called after every stored event with their number so far */
  readonly onStored?: (stored: number) => void
}

/** The event as a structured CloudEvent, JSON text. */
export const encodeEvent = ({ source, id, type, time, data }: StockEvent): string =>
  JSON.stringify({ specversion: "1.0", source, id, type, time: new Date(time).toISOString(), data })

/** Publishes one event and says whether the stream already had it. */
export const publishEvent = Effect.fn("EventPublisher.publishEvent")(function* (event: StockEvent) {
  const { jetstream } = yield* NatsConnection
  const attempt = Effect.tryPromise({
    try: () =>
      jetstream.publish(eventSubject(event.type), encodeEvent(event), { msgID: event.id, timeout: ackTimeoutMillis }),
    catch: (cause) => new BusError({ reason: "publish_failed", detail: eventSubject(event.type), cause })
  })
  const ack = yield* Effect.retry(attempt, retries)
  return ack.duplicate
})

/** Publishes all events, in their order. Receipts that others build on belong in a call of their own, before. */
export const publishEvents = Effect.fn("EventPublisher.publishEvents")(function* (
  events: ReadonlyArray<StockEvent>,
  options: PublishOptions = {}
) {
  const started = yield* Clock.currentTimeMillis
  let stored = 0
  let repeated = 0
  const turn = (index: number) =>
    options.rate === undefined
      ? Effect.void
      : Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.sleep(Math.max(0, started + (index * 1_000) / options.rate! - now))
        )
  yield* Effect.forEach(
    events,
    (event, index) =>
      Effect.gen(function* () {
        yield* turn(index)
        if (yield* publishEvent(event)) repeated += 1
        stored += 1
        options.onStored?.(stored)
      }),
    { concurrency: windowMax, discard: true }
  )
  const ended = yield* Clock.currentTimeMillis
  return { events: stored, repeated, seconds: (ended - started) / 1_000 } satisfies PublishTotals
})
