/**
 * Ingest: reads the front door (EVENTS), writes one fact per SKU (STOCK).
 *
 * Guarantee: every event that was accepted is in STOCK exactly once, or parked visibly; also when ingest is killed, when two
 * of them run, when NATS or PostgreSQL go away. While what must be parked cannot be, nothing moves past it. An event that
 * names an order and no lines is completed from what was said of the order before; when that is nothing, it is parked until
 * the order comes. It keeps nothing of its own between restarts.
 */
import { BusError } from "@holdfast/bus/BusError"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import { Database, query } from "@holdfast/ledger/Database"
import { LedgerError } from "@holdfast/ledger/LedgerError"
import { DeliverPolicy, type ConsumerMessages } from "@nats-io/jetstream"
import { Effect, Layer, Result, type Scope } from "effect"
import { FactWriter, type IngestedEvent } from "./FactWriter.ts"
import {
  pullMax,
  replayRetryMillis,
  restartMillis,
  restartMillisMax,
  waitingLookMillis,
  waitingLookMillisMax
} from "./IngestLimit.ts"
import { heardBundles } from "./HeardBundles.ts"
import { Intake } from "./Intake.ts"
import { OrderReader } from "./OrderReader.ts"
import { OrderWindow } from "./OrderWindow.ts"
import { readPosition, type StartPosition } from "./Position.ts"
import { WaitingEvents } from "./WaitingEvents.ts"

export type { IngestedEvent }

export interface IngestOptions {
  /** Whether a trace that begins here is kept. A publisher's own decision is never changed. Default: none is. */
  readonly sample?: (traceId: string) => boolean
  /** Called once an event is in STOCK or parked. Must not throw. May be called again for an event after a restart. */
  readonly onEvent?: (event: IngestedEvent) => void
}

type Nats = NatsConnection["Service"]

/** Runs ingest as long as the layer lives. */
export const layer = (options: IngestOptions = {}): Layer.Layer<never, never, NatsConnection | Database> =>
  Layer.effectDiscard(Effect.forkScoped(forever(options)))

const forever = Effect.fnUntraced(function* (options: IngestOptions) {
  const { connection } = yield* NatsConnection
  const current: Current = { writer: undefined, reconnect: undefined }
  yield* Effect.forkScoped(Effect.promise(() => watch(connection, current)))
  let wait = restartMillis
  while (true) {
    const { progressed, error } = yield* Effect.scoped(runOnce(options, current))
    if (progressed) wait = restartMillis
    yield* Effect.logWarning(`ingest starts again in ${wait} ms: ${error.message}`)
    yield* Effect.sleep(wait)
    wait = Math.min(2 * wait, restartMillisMax)
    const { reconnect } = current
    if (reconnect !== undefined) yield* Effect.promise(() => reconnect.promise)
  }
})

/** What runs now. */
interface Current {
  writer: FactWriter | undefined
  /** while there is no connection: resolves when there is one again */
  reconnect: PromiseWithResolvers<void> | undefined
}

/**
 * What is asked while there is no connection is lost with it, and so are answers on their way: nothing is asked then, and no
 * time-out is waited for.
 */
const watch = async (connection: Nats["connection"], current: Current): Promise<void> => {
  for await (const { type } of connection.status()) {
    if (type === "disconnect") {
      current.reconnect ??= Promise.withResolvers()
      current.writer?.abandon(
        new BusError({ reason: "unreachable", detail: "ingest", cause: new Error("disconnected") })
      )
    }
    if (type === "reconnect") {
      current.reconnect?.resolve()
      current.reconnect = undefined
    }
  }
}

/** From reading the position to the first failure. */
const runOnce = Effect.fnUntraced(function* (options: IngestOptions, current: Current) {
  const opened = yield* Effect.result(open(options))
  if (Result.isFailure(opened)) return { progressed: false, error: opened.failure }
  const writer = opened.success
  current.writer = writer
  const run = Effect.tryPromise({ try: () => writer.run(), catch: failureOf })
  const error = yield* Effect.flip(run)
  return { progressed: writer.progressed, error }
})

const open = Effect.fnUntraced(function* (options: IngestOptions) {
  const nats = yield* NatsConnection
  const { sql } = yield* Database
  const position = yield* attempt(stockStream, () => readPosition(nats))
  const messages = yield* consume(nats, position)
  const { lastStockSequence, eventsCreated } = position
  const bundles = yield* query(() => heardBundles(sql, position))
  const window = new OrderWindow()
  const intake = new Intake(eventsCreated, position, window, bundles, options.sample ?? (() => false))
  const orders = new OrderReader(nats, sql, window, position)
  const waiting = new WaitingEvents(nats.jetstream, sql, orders, eventsCreated)
  yield* Effect.forkScoped(lookForWaiting(waiting))
  yield* Effect.forkScoped(replayWaiting(waiting))
  const { connection } = nats
  const { onEvent } = options
  const parts = { connection, sql, messages, intake, orders, waiting, lastStockSequence, onEvent }
  return yield* Effect.acquireRelease(
    Effect.sync(() => new FactWriter(parts)),
    (writer) => Effect.promise(() => writer.finish())
  )
})

const lookForWaiting = Effect.fnUntraced(function* (waiting: WaitingEvents) {
  for (let wait = waitingLookMillis; ; wait = Math.min(2 * wait, waitingLookMillisMax)) {
    yield* orWarning("events that wait for their order are not looked for", () => waiting.look())
    yield* Effect.sleep(wait)
  }
})

const replayWaiting = Effect.fnUntraced(function* (waiting: WaitingEvents) {
  while (true) {
    yield* Effect.promise(() => waiting.untilDue())
    const isDone = yield* orWarning("events that waited for their order are not replayed", () => waiting.replayDue())
    if (!isDone) yield* Effect.sleep(replayRetryMillis)
  }
})

/** Whether it went well. */
const orWarning = (what: string, run: () => Promise<void>): Effect.Effect<boolean> =>
  Effect.tryPromise(run).pipe(
    Effect.as(true),
    Effect.catch(({ cause }) => Effect.as(Effect.logWarning(`${what}: ${messageOf(cause)}`), false))
  )

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const failureOf = (cause: unknown): BusError | LedgerError =>
  cause instanceof BusError || cause instanceof LedgerError
    ? cause
    : new BusError({ reason: "consume_failed", detail: eventsStream, cause })

const attempt = <A>(detail: string, run: () => Promise<A>): Effect.Effect<A, BusError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new BusError({ reason: "consume_failed", detail, cause }) })

const consume = (nats: Nats, position: StartPosition): Effect.Effect<ConsumerMessages, BusError, Scope.Scope> =>
  Effect.acquireRelease(
    attempt(eventsStream, async () => {
      const consumer = await nats.jetstream.consumers.get(eventsStream, {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: position.part > 0 ? position.sequence : position.sequence + 1
      })
      // missed heartbeats end a stalled consumer: without them a restart of the server is noticed after 45 s
      return consumer.consume({
        max_messages: pullMax,
        expires: 10_000,
        idle_heartbeat: 1_000,
        // a stream that was deleted and made anew has other sequences: only reading the position again finds them
        abort_on_missing_resource: true
      })
    }),
    // not `close`: it waits for a reader, and there is none when it is released before it is read
    (messages) => Effect.sync(() => messages.stop())
  )
