/**
 * Keeps the channels' listings of bundles true: while they are read for the first time, and when what they are made of changes.
 *
 * Guarantee: every bundle is announced once the announcements of its components are known, and again after each new definition;
 * what cannot be looked up now is looked up again. It never waits for a channel.
 */
import { decodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { availabilityStream } from "@holdfast/bus/StreamTopology"
import { availabilitySubject } from "@holdfast/bus/Subject"
import type { Availability } from "@holdfast/domain/Availability"
import type { Sku } from "@holdfast/domain/Identity"
import { Bundles } from "@holdfast/ledger/Bundles"
import { Clock, Effect, Queue, Schedule } from "effect"
import type { AvailabilityReader } from "./AvailabilityConsumer.ts"
import { BundleStage } from "./BundleStage.ts"
import { lookUpRetryMillis } from "./OutboundLimit.ts"

type Nats = NatsConnection["Service"]

const newestOf = async (nats: Nats, sku: Sku): Promise<Availability | undefined> => {
  const message = await nats.manager.streams.getMessage(availabilityStream, { last_by_subj: availabilitySubject(sku) })
  return message === null ? undefined : decodeAvailability(message.string())
}

/** Bundles to announce, and what is to be done then. */
interface Due {
  readonly bundles: Iterable<Sku>
  readonly after?: () => void
}

/** Stands between the announcements and the channels. @param channels what the channels are told */
export const makeBundleListings = Effect.fnUntraced(function* (channels: AvailabilityReader) {
  const nats = yield* NatsConnection
  const { book, onChange } = yield* Bundles
  const stage = new BundleStage(book, channels.offer)
  const due = yield* Queue.unbounded<Due>()

  const lookUp = (sku: Sku) =>
    Effect.tryPromise(() => newestOf(nats, sku)).pipe(
      Effect.tapError((error) => Effect.logWarning(`component ${sku} is not looked up: ${String(error.cause)}`)),
      Effect.retry({ schedule: Schedule.spaced(lookUpRetryMillis) }),
      Effect.map((stock) => stage.learn(sku, stock))
    )

  const turn = Effect.gen(function* () {
    const { bundles, after } = yield* Queue.take(due)
    yield* Effect.forEach(stage.unknown(), lookUp, { discard: true })
    stage.announceAll(bundles, yield* Clock.currentTimeMillis)
    after?.()
  })
  yield* Effect.forkScoped(Effect.forever(turn))
  onChange((changed) => void Queue.offerUnsafe(due, { bundles: changed }))
  return {
    offer: (stock) => stage.take(stock),
    // bundles belong to what there is: channels have caught up once they were offered too
    caughtUp: () => void Queue.offerUnsafe(due, { bundles: [...book.skus], after: channels.caughtUp })
  } satisfies AvailabilityReader
})
