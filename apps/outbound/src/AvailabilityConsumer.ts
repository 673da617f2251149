/**
 * Reads the AVAILABILITY stream: first the newest announcement of every SKU, then each as it comes.
 *
 * Guarantee: every SKU's newest announcement is offered at least once after any outage, of ours or of the server; in the
 * order of the stream. Whatever happens to the consumer, it is made anew from the newest of each SKU, since an
 * announcement that was offered before is ignored by its version. It never waits for a channel.
 */
import { decodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { BusError } from "@holdfast/bus/BusError"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { availabilityStream } from "@holdfast/bus/StreamTopology"
import type { Availability } from "@holdfast/domain/Availability"
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream"
import type { QueuedIterator, Status } from "@nats-io/nats-core"
import { Effect, type Latch } from "effect"
import { pullMax, restartMillis, restartMillisMax } from "./OutboundLimit.ts"

/** Counters run from the start of the process; times are milliseconds since the epoch. */
export interface ConsumerState {
  received: number
  /** not an announcement: skipped, the next one of that SKU speaks for it */
  undecodable: number
  restarts: number
  /** announcements that the server still holds for us */
  backlog: number
  lastReceivedAt: number | undefined
  /** the newest announcement of every SKU was offered, and none is waiting */
  caughtUp: boolean
}

export const initialConsumerState = (): ConsumerState => ({
  received: 0,
  undecodable: 0,
  restarts: 0,
  backlog: 0,
  lastReceivedAt: undefined,
  caughtUp: false
})

type Nats = NatsConnection["Service"]

/** What is told of what is read. None of it may throw. */
export interface AvailabilityReader {
  readonly offer: (stock: Availability) => void
  /** the newest announcement of every SKU was offered */
  readonly caughtUp: () => void
}

/** Consumes for ever. @param again from now on, the newest of every SKU is offered once more, whenever it is opened */
export const consumeAvailability = (
  state: ConsumerState,
  reader: AvailabilityReader,
  again: Latch.Latch
): Effect.Effect<never, never, NatsConnection> =>
  Effect.gen(function* () {
    const nats = yield* NatsConnection
    let wait = restartMillis
    while (true) {
      const before = state.received
      const ended = yield* Effect.result(Effect.scoped(consumeOnce(nats, state, reader, again)))
      state.restarts += 1
      state.caughtUp = false
      if (ended._tag === "Success" && ended.success === true) continue
      const why = ended._tag === "Failure" ? ended.failure.message : "the consumer was lost"
      wait = state.received > before ? restartMillis : Math.min(2 * wait, restartMillisMax)
      yield* Effect.logWarning(`outbound reads announcements anew in ${wait} ms: ${why}`)
      yield* Effect.sleep(wait)
    }
  })

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, BusError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new BusError({ reason: "consume_failed", detail: availabilityStream, cause })
  })

const consumeOnce = Effect.fnUntraced(function* (
  nats: Nats,
  state: ConsumerState,
  reader: AvailabilityReader,
  again: Latch.Latch
) {
  yield* again.close
  const messages = yield* Effect.acquireRelease(
    attempt(() => open(nats, state, reader)),
    // not `close`: it waits for a reader, and there is none when it is released before it is read
    (messages) => Effect.sync(() => messages.stop())
  )
  const reconnects = yield* Effect.acquireRelease(
    // stopped by hand: leaving the loop does not end an iterator that waits
    Effect.sync(() => nats.connection.status() as QueuedIterator<Status>),
    (statuses) => Effect.sync(() => statuses.stop())
  )
  return yield* Effect.raceAllFirst([
    Effect.as(
      attempt(() => pump(messages, state, reader)),
      false
    ),
    Effect.as(
      attempt(() => lost(messages)),
      false
    ),
    Effect.as(
      attempt(() => reconnected(reconnects)),
      false
    ),
    Effect.as(again.await, true)
  ])
})

const open = async (nats: Nats, state: ConsumerState, reader: AvailabilityReader): Promise<ConsumerMessages> => {
  const consumer = await nats.jetstream.consumers.get(availabilityStream, {
    deliver_policy: DeliverPolicy.LastPerSubject
  })
  const { num_pending: pending } = await consumer.info(true)
  state.backlog = pending
  state.caughtUp = pending === 0
  if (state.caughtUp) reader.caughtUp()
  // missed heartbeats end a stalled consumer: without them a restart of the server is noticed after 45 s
  return consumer.consume({ max_messages: pullMax, expires: 10_000, idle_heartbeat: 1_000 })
}

const pump = async (
  messages: ConsumerMessages,
  state: ConsumerState,
  { offer, caughtUp }: AvailabilityReader
): Promise<void> => {
  for await (const message of messages) {
    state.received += 1
    state.lastReceivedAt = Date.now()
    const stock = decode(message)
    if (stock === undefined) state.undecodable += 1
    else offer(stock)
    state.backlog = message.info.pending
    if (state.backlog > 0 || state.caughtUp) continue
    state.caughtUp = true
    caughtUp()
  }
}

/** Ends when the server lost the consumer: it would go on from a sequence that a new stream may not have reached. */
const lost = async (messages: ConsumerMessages): Promise<void> => {
  for await (const status of messages.status()) {
    if (status.type === "ordered_consumer_recreated" || status.type === "stream_not_found") return
  }
}

/** Ends when another server, or the same one after a restart, is on the line: it need not know the consumer. */
const reconnected = async (statuses: AsyncIterable<Status>): Promise<void> => {
  for await (const status of statuses) if (status.type === "reconnect") return
}

const decode = (message: JsMsg): Availability | undefined => {
  try {
    const stock = decodeAvailability(message.string())
    return typeof stock.sku === "string" && Number.isSafeInteger(stock.version) && Array.isArray(stock.levels)
      ? stock
      : undefined
  } catch {
    return undefined
  }
}
