/**
 * Clients that reserve over NATS, units of one SKU or orders of several, in a process of their own: a closed model, each waits
 * for its answer.
 *
 * A grant counts when its answer has come. A client that hears `busy` waits as long as it was told and asks again with the
 * same key; its latency runs on meanwhile.
 */
import { contextAt, orderOf } from "./Backlog.ts"
import { publishChain } from "@holdfast/bus/PublishChain"
import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { stockStream } from "@holdfast/bus/StreamTopology"
import { requestSubject } from "@holdfast/bus/Subject"
import type { NoAnswer, ReservationAnswer } from "@holdfast/domain/Reservation"
import type { SkuFact } from "@holdfast/domain/StockEvent"
import { Random } from "@holdfast/domain/testing/Random"
import type { NatsConnection as Connection } from "@nats-io/nats-core"
import { Effect, ManagedRuntime } from "effect"
import { setTimeout as wait } from "node:timers/promises"
import { type Tail, tailOf } from "./Distribution.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { answerParent } from "./ProcessDesk.ts"

/** Milliseconds after which an answer is no longer waited for; the run fails then. */
const answerMillis = 10_000

/** Milliseconds that a hold lives: longer than any run. */
const ttlMillis = 60 * 60 * 1_000

export interface ReserveInput {
  readonly natsUrl: string
  /** a SKU of which one unit is wanted, or orders of several */
  readonly wanted: string | OrderShape
  /** makes idempotency keys unique */
  readonly run: string
  readonly requesters: number
  /** not counted, then counted */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** Orders of so many lines, one unit each, over so many SKUs. */
export interface OrderShape {
  readonly lines: number
  readonly skus: number
}

export interface ReserveResult {
  readonly granted: number
  readonly busy: number
  readonly other: Readonly<Record<string, number>>
  readonly perSecond: number
  /** request to grant, milliseconds */
  readonly tail: Tail
}

const connected = async <A>(natsUrl: string, use: (connection: Connection) => Promise<A>): Promise<A> => {
  const runtime = ManagedRuntime.make(NatsConnection.layer(natsUrl, "bench requesters"))
  try {
    return await runtime.runPromise(NatsConnection.use(({ connection }) => Effect.promise(() => use(connection))))
  } finally {
    await runtime.dispose()
  }
}

/** What the next request is about. */
const wantedBy = ({ wanted }: ReserveInput): (() => object) => {
  if (typeof wanted === "string") return () => ({ sku: wanted, quantity: 1 })
  const random = new Random(1)
  return () => ({ lines: orderOf(random, wanted).map((sku) => ({ sku, quantity: 1 })) })
}

const reserve = async (connection: Connection, input: ReserveInput): Promise<ReserveResult> => {
  const { run, requesters, warmUpSeconds, seconds } = input
  const wanted = wantedBy(input)
  const subject = requestSubject("reserve")
  const countsFrom = monotonicMillis() + warmUpSeconds * 1_000
  const endsAt = countsFrom + seconds * 1_000
  const latencies: Array<number> = []
  const other: Record<string, number> = {}
  let busy = 0
  let next = 0

  /** Asks until something is decided. */
  const ask = async (body: string): Promise<string> => {
    for (;;) {
      const reply = await connection.request(subject, body, { timeout: answerMillis })
      const answer = reply.json<ReservationAnswer | NoAnswer>()
      if (answer.status !== "busy") return answer.status
      busy += 1
      await wait(answer.retryAfterMillis)
    }
  }
  const requester = async (): Promise<void> => {
    for (let asked = monotonicMillis(); asked < endsAt;) {
      const status = await ask(JSON.stringify({ key: `${run}-${next++}`, ...wanted(), ttlMillis }))
      const answered = monotonicMillis()
      if (status !== "granted") other[status] = (other[status] ?? 0) + 1
      else if (answered >= countsFrom && answered < endsAt) latencies.push(answered - asked)
      asked = answered
    }
  }
  await Promise.all(Array.from({ length: requesters }, requester))
  return { granted: latencies.length, busy, other, perSecond: latencies.length / seconds, tail: tailOf(latencies) }
}

const handlers = {
  /** Puts receipts of these SKUs where the engine reads. */
  receive: (natsUrl: string, skus: ReadonlyArray<string>, run: string, quantity: number): Promise<void> =>
    connected(natsUrl, async (connection) => {
      const facts = skus.map((sku) => {
        const data = { putaway: "done", lines: [{ sku, quantity }] }
        const fact = { source: "bench", id: run, type: "goods.received", time: Date.now(), data, sku, parts: 1 }
        return { fact: fact as unknown as SkuFact, context: contextAt(Date.now()) }
      })
      await publishChain(connection, stockStream, encodeFactBatch(facts, startOfEvents, startOfEvents))
    }),

  reserve: (input: ReserveInput): Promise<ReserveResult> =>
    connected(input.natsUrl, (connection) => reserve(connection, input))
}

export type RequesterHandlers = typeof handlers

answerParent(handlers)
