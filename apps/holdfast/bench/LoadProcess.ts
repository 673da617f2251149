/**
 * The load generator, a process of its own: fills the front door as fast as it goes, or sends at intended instants.
 *
 * It publishes as a producer would: structured CloudEvents with `Nats-Msg-Id` through the JetStream client. It measures the
 * broker's acknowledgements and how late it was itself; what becomes of the events is measured by whoever commits them.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventSubject } from "@holdfast/bus/Subject"
import { makeSimulatedConnector } from "@holdfast/channels/simulated/SimulatedConnector"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Sku } from "@holdfast/domain/Identity"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import type { JetStreamClient } from "@nats-io/jetstream"
import { Effect, ManagedRuntime, Redacted } from "effect"
import { encodeEvent } from "../src/retail/EventPublisher.ts"
import { eventAt, skuOf } from "./Backlog.ts"
import { publishWindow } from "./BenchLimit.ts"
import { channelEventAt } from "./ChannelEvents.ts"
import { type Tail, tailOf } from "./Distribution.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { type Lateness, openModel } from "./OpenModel.ts"
import { answerParent } from "./ProcessDesk.ts"

/** Milliseconds between the answer to "when do you begin?" and the beginning. */
const leadMillis = 200

/** Milliseconds to wait for one acknowledgement: a publish that is given up on fails the run. */
const ackTimeoutMillis = 30_000

export interface FillInput {
  readonly natsUrl: string
  readonly run: string
  /** events `from` to `from + count - 1` of the backlog */
  readonly from: number
  readonly count: number
  readonly skus: number
}

export interface OpenInput extends FillInput {
  /** per second */
  readonly rate: number
  /** those of `Backlog` when absent */
  readonly events?: "channels"
}

export interface OpenResult {
  /** the schedule's beginning, monotonic milliseconds */
  readonly startAt: number
  readonly late: Lateness
  /** intended instant to the broker's acknowledgement, milliseconds */
  readonly ack: Tail
}

const connected = async <A>(natsUrl: string, use: (jetstream: JetStreamClient) => Promise<A>): Promise<A> => {
  const runtime = ManagedRuntime.make(NatsConnection.layer(natsUrl, "bench load"))
  try {
    return await runtime.runPromise(NatsConnection.use(({ jetstream }) => Effect.promise(() => use(jetstream))))
  } finally {
    await runtime.dispose()
  }
}

const publish = (jetstream: JetStreamClient, event: StockEvent): Promise<unknown> =>
  jetstream.publish(eventSubject(event.type), encodeEvent(event), { msgID: event.id, timeout: ackTimeoutMillis })

/** Publishes all events with a window of `publishWindow`. Gives the seconds that it took. */
const publishAll = async (
  jetstream: JetStreamClient,
  count: number,
  event: (index: number) => StockEvent
): Promise<number> => {
  let next = 0
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await publish(jetstream, event(i))
  }
  const began = monotonicMillis()
  await Promise.all(Array.from({ length: publishWindow }, worker))
  return (monotonicMillis() - began) / 1_000
}

const receiptOf = (run: string, index: number, lines: number): StockEvent =>
  ({
    source: "bench",
    id: `${run}-receipt-${index}`,
    type: "goods.received",
    time: Date.now(),
    data: {
      putaway: "done",
      lines: Array.from({ length: lines }, (_, line) => ({ sku: skuOf(index * lines + line), quantity: 1_000 }))
    }
  }) as unknown as StockEvent

const handlers = {
  /** Fills the front door; gives the seconds. */
  fill: ({ natsUrl, run, from, count, skus }: FillInput): Promise<number> =>
    connected(natsUrl, (jetstream) => publishAll(jetstream, count, (i) => eventAt(run, from + i, skus, Date.now()))),

  /** Receipts of many SKUs, `lines` in one event. */
  receive: (natsUrl: string, run: string, skus: number, lines: number): Promise<number> =>
    connected(natsUrl, (jetstream) => publishAll(jetstream, Math.ceil(skus / lines), (i) => receiptOf(run, i, lines))),

  /** Publishes at intended instants. */
  open: ({ natsUrl, run, from, count, skus, rate, events }: OpenInput): Promise<OpenResult> =>
    connected(natsUrl, async (jetstream) => {
      const startAt = monotonicMillis() + leadMillis
      const epoch = Date.now() + leadMillis
      const latencies = new Float64Array(count)
      const acks: Array<Promise<void>> = []
      const late = await openModel({ startAt, rate, count }, (i, intended) => {
        const make = events === "channels" ? channelEventAt : eventAt
        const event = make(run, from + i, skus, Math.round(epoch + intended - startAt))
        acks.push(publish(jetstream, event).then(() => void (latencies[i] = monotonicMillis() - intended)))
      })
      await Promise.all(acks)
      return { startAt, late, ack: tailOf(latencies) }
    }),

  /** Calls a channel at intended instants with the client that outbound uses, without anything between. */
  direct: async (definition: ChannelDefinition, secret: string, rate: number, count: number): Promise<OpenResult> => {
    const connector = makeSimulatedConnector(definition, Redacted.make(secret))
    return Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { push } = yield* connector
          return yield* Effect.promise(() => callAtInstants(push, rate, count))
        })
      )
    )
  }
}

type Push = Effect.Success<ReturnType<typeof makeSimulatedConnector>>["push"]

const callAtInstants = async (push: Push, rate: number, count: number): Promise<OpenResult> => {
  const startAt = monotonicMillis() + leadMillis
  const latencies = new Float64Array(count)
  const calls: Array<Promise<void>> = []
  const late = await openModel({ startAt, rate, count }, (i, intended) => {
    const item = {
      sku: Sku.make(skuOf(i)),
      quantity: 1_000 + i,
      version: i + 1,
      key: `direct-${startAt}-${i}`,
      expected: undefined
    }
    const call = Effect.runPromise(push([item])).then(([outcome]) => {
      if (outcome?._tag !== "applied") throw new Error(`the channel answered ${JSON.stringify(outcome)}`)
      latencies[i] = monotonicMillis() - intended
    })
    calls.push(call)
  })
  await Promise.all(calls)
  return { startAt, late, ack: tailOf(latencies) }
}

export type LoadHandlers = typeof handlers

answerParent(handlers)
