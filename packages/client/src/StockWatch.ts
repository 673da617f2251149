/**
 * Watches the stock of one SKU, or of all.
 *
 * Guarantee: first the newest of each SKU, then what changes; of each SKU the newest comes at last, and none that is older than
 * one that came. A slow reader skips what is in between. Whatever happens to the server or the connection, a new consumer
 * begins with the newest of each SKU: nothing is missed. It is not a log of changes.
 */
import { availabilityStream } from "@holdfast/bus/StreamTopology"
import { allAvailability, availabilitySubject } from "@holdfast/bus/Subject"
import { Sku } from "@holdfast/domain/Identity"
import { type ConsumerMessages, DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream"
import type { NatsConnection, QueuedIterator, Status } from "@nats-io/nats-core"
import { setTimeout as sleep } from "node:timers/promises"
import { heartbeatMillis, pullMax, rewatchMillis, rewatchMillisMax } from "./ClientLimit.ts"
import { checked } from "./Checked.ts"
import { NewestStock } from "./NewestStock.ts"
import { stockOf, type Stock } from "./Stock.ts"

/** Read it with `for await`; leaving the loop closes it. For one reader. */
export interface StockWatch extends AsyncIterable<Stock> {
  /** resolves once everything that was known at the beginning can be read */
  readonly caughtUp: Promise<void>
  /** ends the loop of the reader, and the watch */
  close(): void
}

/** What a watch is made of. */
export interface WatchSource {
  readonly connection: NatsConnection
  readonly jetstream: JetStreamClient
  /** called when a consumer was lost and a new one is made */
  readonly onTrouble: (what: string, cause: unknown) => void
  /** called once, when the watch has ended */
  readonly onEnd: (watch: StockWatch) => void
}

class Watching implements StockWatch {
  readonly caughtUp: Promise<void>
  private readonly source: WatchSource
  private readonly subject: string
  private readonly newest = new NewestStock()
  private readonly closing = new AbortController()
  private readonly onCaughtUp: () => void
  private messages: ConsumerMessages | undefined
  private heard = 0

  constructor(source: WatchSource, subject: string) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.caughtUp = promise
    this.onCaughtUp = resolve
    this.source = source
    this.subject = subject
    void this.live()
  }

  [Symbol.asyncIterator](): AsyncIterator<Stock, undefined> {
    return {
      next: () => this.newest.next(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      }
    }
  }

  close(): void {
    this.closing.abort()
    this.messages?.stop()
    this.newest.end()
  }

  private get isOver(): boolean {
    return this.closing.signal.aborted || this.source.connection.isClosed()
  }

  /** One consumer after another. Never rejects. */
  private async live(): Promise<void> {
    let wait = rewatchMillis
    while (!this.isOver) {
      const before = this.heard
      const cause = await this.consume().catch((thrown: unknown) => thrown)
      if (this.isOver) break
      wait = this.heard > before ? rewatchMillis : Math.min(2 * wait, rewatchMillisMax)
      this.source.onTrouble(`the watch of ${this.subject} begins anew in ${wait} ms`, cause)
      await sleep(wait, undefined, { signal: this.closing.signal }).catch(() => undefined)
    }
    this.newest.end()
    this.onCaughtUp()
    this.source.onEnd(this)
  }

  /** Reads until the consumer is lost. */
  private async consume(): Promise<void> {
    const messages = await this.open()
    this.messages = messages
    const statuses = this.source.connection.status() as QueuedIterator<Status>
    void stopOnReconnect(statuses, messages)
    void stopWhenLost(messages)
    try {
      await this.read(messages)
    } finally {
      messages.stop()
      statuses.stop()
    }
  }

  private async open(): Promise<ConsumerMessages> {
    const consumer = await this.source.jetstream.consumers.get(availabilityStream, {
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subjects: this.subject
    })
    const { num_pending: pending } = await consumer.info(true)
    if (pending === 0) this.onCaughtUp()
    return consumer.consume({ max_messages: pullMax, expires: 10 * heartbeatMillis, idle_heartbeat: heartbeatMillis })
  }

  private async read(messages: ConsumerMessages): Promise<void> {
    if (this.isOver) return
    for await (const message of messages) {
      this.heard += 1
      const stock = stockOf(message.string())
      if (stock !== undefined) this.newest.offer(stock)
      if (message.info.pending === 0) this.onCaughtUp()
    }
  }
}

/** The server that is back need not know the consumer any more. */
const stopOnReconnect = async (statuses: AsyncIterable<Status>, messages: ConsumerMessages): Promise<void> => {
  for await (const { type } of statuses) if (type === "reconnect" || type === "close") return messages.stop()
}

/** A consumer that the client library makes anew goes on from a sequence that a new stream may not have reached. */
const stopWhenLost = async (messages: ConsumerMessages): Promise<void> => {
  for await (const { type } of messages.status()) {
    if (type === "ordered_consumer_recreated" || type === "stream_not_found") return messages.stop()
  }
}

/** @param sku undefined: all of them. Throws `InvalidInput` for what is no SKU. */
export const watchStock = (source: WatchSource, sku?: string): StockWatch =>
  new Watching(source, sku === undefined ? allAvailability : availabilitySubject(checked("sku", Sku, sku)))
