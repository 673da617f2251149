/**
 * Parked events that wait for their order, and their way back through the front door when it comes.
 *
 * The table of parked messages is the record; in memory is only which orders are waited for.
 * Guarantee: once what an order consists of is in STOCK, every event that waits for it is published again and marked as
 * replayed, also over restarts: at once when the order passes here, else when all that wait are looked through. An event that
 * was published and not marked is published again, under the same message id; what was applied is recognised by the event's
 * id. One that would only be parked again is left. Every function rejects with what the client threw.
 */
import { decodeEventMessage } from "@holdfast/bus/EventMessage"
import { replayHeaders } from "@holdfast/bus/EventReplay"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { isAboutWholeOrder } from "@holdfast/domain/EventManifest"
import type { OrderId } from "@holdfast/domain/Identity"
import type { Sql } from "@holdfast/ledger/Database"
import { markReplayed } from "@holdfast/ledger/Parked"
import { waitingIds, waitingOf, waitingPage, type WaitingMessage } from "@holdfast/ledger/ParkedWaiting"
import type { JetStreamClient } from "@nats-io/jetstream"
import { headers } from "@nats-io/nats-core"
import { Result } from "effect"
import { completionOf, type OrderEvent } from "./Completion.ts"
import { waitingKnownMax, waitingPageRows } from "./IngestLimit.ts"
import type { WaitingEvent } from "./Intake.ts"
import type { OrderReader } from "./OrderReader.ts"
import { unknownOrder } from "./ParkedEvent.ts"

export class WaitingEvents {
  private readonly jetstream: JetStreamClient
  private readonly sql: Sql
  private readonly orders: OrderReader
  private readonly eventsCreated: string
  /** ids of parked messages */
  private readonly byOrder = new Map<OrderId, Set<number>>()
  private known = 0
  private readonly due = new Set<number>()
  private wake = Promise.withResolvers<void>()

  /** @param eventsCreated when EVENTS was created */
  constructor(jetstream: JetStreamClient, sql: Sql, orders: OrderReader, eventsCreated: string) {
    this.jetstream = jetstream
    this.sql = sql
    this.orders = orders
    this.eventsCreated = eventsCreated
  }

  /** To be called when they are parked, before anything behind them is written. */
  async parked(events: ReadonlyArray<WaitingEvent>): Promise<void> {
    const stream = { name: eventsStream, created: this.eventsCreated }
    const sequences = events.map(({ sequence }) => sequence)
    const ids = await waitingIds(this.sql, unknownOrder, stream, sequences)
    for (const { orderId, sequence } of events) {
      const id = ids.get(sequence)
      if (id !== undefined) this.remember(orderId, id)
    }
  }

  /** What an order consists of is in STOCK. */
  orderCame(orderId: OrderId): void {
    const ids = this.byOrder.get(orderId)
    if (ids === undefined) return
    this.byOrder.delete(orderId)
    this.known -= ids.size
    this.replay(ids)
  }

  /** Looks through all that wait: remembers them, and replays those whose order is known. */
  async look(): Promise<void> {
    let after = 0
    while (true) {
      const page = await waitingPage(this.sql, unknownOrder, after, waitingPageRows)
      if (page.length === 0) return
      await this.lookAt(page)
      after = page.at(-1)!.id
    }
  }

  private async lookAt(page: ReadonlyArray<WaitingMessage>): Promise<void> {
    const events = page.flatMap((message) => {
      const event = eventOf(message)
      return event === undefined ? [] : [{ id: message.id, event }]
    })
    // first: an order that comes while it is looked for must find them
    for (const { id, event } of events) this.remember(event.data.orderId, id)
    const known = await this.orders.known(new Set(events.map(({ event }) => event.data.orderId)))
    const found = events.filter(({ event }) => completionOf(event, known.get(event.data.orderId)!) !== undefined)
    this.replay(found.map(({ id }) => id))
  }

  private remember(orderId: OrderId, id: number): void {
    const ids = this.byOrder.get(orderId)
    if (ids?.has(id) === true || this.known >= waitingKnownMax) return
    this.known += 1
    if (ids === undefined) this.byOrder.set(orderId, new Set([id]))
    else ids.add(id)
  }

  private replay(ids: Iterable<number>): void {
    for (const id of ids) this.due.add(id)
    if (this.due.size > 0) this.wake.resolve()
  }

  /** Resolves when there is something to replay. */
  async untilDue(): Promise<void> {
    await this.wake.promise
  }

  /** Replays what is due, in the order in which it was parked. What is not replayed stays due. */
  async replayDue(): Promise<void> {
    while (this.due.size > 0) {
      const ids = [...this.due].sort((a, b) => a - b).slice(0, waitingPageRows)
      // somebody may have replayed or discarded some
      const waiting = await waitingOf(this.sql, unknownOrder, ids)
      for (const message of waiting) await this.publish(message)
      await markReplayed(
        this.sql,
        waiting.map(({ id }) => id)
      )
      for (const id of ids) this.due.delete(id)
    }
    this.wake = Promise.withResolvers()
  }

  private async publish(message: WaitingMessage): Promise<void> {
    const all = headers()
    for (const [name, value] of replayHeaders(message)) all.set(name, value)
    await this.jetstream.publish(message.subject, message.payload, { headers: all })
  }
}

const eventOf = (message: WaitingMessage): OrderEvent | undefined => {
  const { headers, payload, subject, storedAt } = message
  const decoded = decodeEventMessage({ headers: Object.entries(headers), payload, subject }, storedAt)
  if (Result.isFailure(decoded)) return undefined
  const { event } = decoded.success
  return isAboutWholeOrder(event) ? (event as OrderEvent) : undefined
}
