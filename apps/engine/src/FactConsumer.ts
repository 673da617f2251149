/**
 * Reads one partition of the STOCK stream, from the position that the ledger knows, into its owner's inbox.
 *
 * Guarantee: in stream order, without gaps, starting at `appliedSeq + 1`; what is no fact, or not of this partition, is handed
 * on as such. No acknowledgements, so that a stale owner shares
 * nothing with the new one. It pauses while the inbox is full. It ends when the partition is lost, and fails with
 * `BusError` when the stream cannot be read.
 */
import { BusError } from "@holdfast/bus/BusError"
import { decodeFactBatch } from "@holdfast/bus/FactBatch"
import { decodeFact } from "@holdfast/bus/FactMessage"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { factSubject } from "@holdfast/bus/Subject"
import { bundleOf, type FieldError } from "@holdfast/domain/EventManifest"
import { partitionOf } from "@holdfast/domain/Partition"
import { eventKey } from "@holdfast/ledger/DedupKey"
import { DeliverPolicy, type ConsumerMessages, type JsMsg } from "@nats-io/jetstream"
import type { QueuedIterator, Status } from "@nats-io/nats-core"
import { Effect, Result, type Context } from "effect"
import { pullMax } from "./EngineLimit.ts"
import type { RawMessage, StockMessage } from "./SkuActor.ts"
import type { StockPartition } from "./StockPartition.ts"

/** Faster than a TextDecoder for texts of a few hundred bytes. */
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")

/** Missed heartbeats end a stalled consumer: without them it notices a server's restart only after 45 s. */
const consumeOptions = { max_messages: pullMax, expires: 10_000, idle_heartbeat: 1_000 }

type Nats = Context.Service.Shape<typeof NatsConnection>

/** Consumes until the partition is lost. */
export const consumeFacts = (nats: Nats, partition: StockPartition): Effect.Effect<void, BusError> =>
  Effect.suspend(() => Effect.scoped(consumeOnce(nats, partition))).pipe(
    Effect.repeat({ while: (ended) => ended === "reconnected" && partition.loss === undefined }),
    Effect.asVoid
  )

/**
 * Consumes until there is another connection. The server that is there then need not know our consumer, and the client's own
 * repair of it stalls for ever when one of its requests is lost. What is read twice is skipped by its sequence.
 */
const consumeOnce = Effect.fnUntraced(function* (nats: Nats, partition: StockPartition) {
  const statuses = yield* Effect.acquireRelease(
    // before the consumer is opened, so that no change of connection is missed; stopped by hand, since it waits
    Effect.sync(() => nats.connection.status() as QueuedIterator<Status>),
    (open) => Effect.sync(() => open.stop())
  )
  const messages = yield* Effect.acquireRelease(
    attempt(() => open(nats, partition)),
    // not `close`: it waits for a reader, and there is none when it is released before it is read
    (open) => Effect.sync(() => open.stop())
  )
  // a pump cannot be interrupted: what it still has in hand must not get in the way of the one that follows
  const turn = yield* Effect.acquireRelease(
    Effect.sync(() => ({ over: false })),
    (turn) => Effect.sync(() => void (turn.over = true))
  )
  const ended = yield* Effect.raceFirst(
    attempt(() => pump(messages, partition, turn)),
    attempt(() => reconnected(statuses))
  )
  if (ended === "consumed" && partition.loss === undefined) {
    return yield* new BusError({
      reason: "consume_failed",
      detail: stockStream,
      cause: new Error("the consumer ended")
    })
  }
  return ended
})

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, BusError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new BusError({ reason: "consume_failed", detail: stockStream, cause })
  })

const open = async (nats: Nats, partition: StockPartition): Promise<ConsumerMessages> => {
  const consumer = await nats.jetstream.consumers.get(stockStream, {
    filter_subjects: factSubject(partition.number),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: partition.decidedSeq + 1
  })
  return consumer.consume(consumeOptions)
}

const pump = async (
  messages: ConsumerMessages,
  partition: StockPartition,
  turn: { readonly over: boolean }
): Promise<"consumed"> => {
  for await (const message of messages) {
    if (turn.over) break
    const room = partition.push(stockMessages(message, partition.number, Date.now()))
    if (room !== undefined) await room
    if (partition.loss !== undefined) break
  }
  return "consumed"
}

const reconnected = async (statuses: AsyncIterable<Status>): Promise<"reconnected" | "consumed"> => {
  for await (const { type } of statuses) if (type === "reconnect") return "reconnected"
  return "consumed"
}

const describe = (errors: ReadonlyArray<FieldError>): string =>
  errors.map((error) => `${error.field}: ${error.message}`).join("; ")

const stockMessages = (message: JsMsg, partition: number, receivedAt: number): ReadonlyArray<StockMessage> => {
  const { seq: sequence } = message
  const batch = decodeFactBatch(textOf(message.data))
  if (Result.isFailure(batch)) {
    const raw = new StreamMessage(message, undefined)
    return [{ kind: "poison", sequence, item: 0, last: true, detail: describe(batch.failure), raw }]
  }
  const { facts } = batch.success
  const end = facts.length - 1
  return facts.map((json, item) => factOf(message, json, { sequence, item, last: item === end }, partition, receivedAt))
}

const factOf = (
  message: JsMsg,
  json: unknown,
  { sequence, item, last }: { readonly sequence: number; readonly item: number; readonly last: boolean },
  partition: number,
  receivedAt: number
): StockMessage => {
  const decoded = decodeFact(json)
  const raw = new StreamMessage(message, json)
  if (Result.isFailure(decoded)) return { kind: "poison", sequence, item, last, detail: describe(decoded.failure), raw }
  const { fact, context } = decoded.success
  const { sku, source, id } = fact
  if (partitionOf(sku) !== partition) {
    const detail = `${sku} belongs to partition ${partitionOf(sku)}, not to ${partition}`
    return { kind: "poison", sequence, item, last, detail, raw }
  }
  const key = eventKey(source, id, sku, bundleOf(fact))
  return { kind: "fact", sku, sequence, item, last, key, fact, context, receivedAt, raw }
}

/** Cheap until it is asked: hardly any message is parked. */
class StreamMessage implements RawMessage {
  private readonly message: JsMsg
  private readonly json: unknown

  /** @param json the fact that is meant; undefined: all of it */
  constructor(message: JsMsg, json: unknown) {
    this.message = message
    this.json = json
  }

  get subject(): string {
    return this.message.subject
  }

  get payload(): Uint8Array {
    return this.json === undefined ? this.message.data : Buffer.from(JSON.stringify(this.json))
  }

  get storedAt(): number {
    return this.message.time.getTime()
  }

  headers(): Record<string, string> {
    const { headers } = this.message
    return headers === undefined ? {} : Object.fromEntries(headers.keys().map((key) => [key, headers.get(key)]))
  }
}
