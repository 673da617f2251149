/**
 * Moves events from EVENTS to STOCK: one batch is under way while the next one collects, and while records of orders are read.
 *
 * Guarantee: exactly once, whatever ends it. A batch names the sequence that STOCK must end with, and carries the position it
 * leads to; what cannot be cut is parked before the position moves past it, what bundles are made of is stored, and what waits for its order is known before the
 * order is written. After the first failure it does nothing more: whoever runs it reads the position again and makes a new
 * one.
 */
import { Pace } from "@holdfast/bus/Pace"
import { publishChain } from "@holdfast/bus/PublishChain"
import { stockStream } from "@holdfast/bus/StreamTopology"
import type { Sql } from "@holdfast/ledger/Database"
import { saveDefinitions } from "@holdfast/ledger/BundleDefinitions"
import { toLedgerError } from "@holdfast/ledger/LedgerError"
import { park } from "@holdfast/ledger/Parked"
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream"
import type { NatsConnection } from "@nats-io/nats-core"
import { batchPaceMillis } from "./IngestLimit.ts"
import type { Intake, IntakeBatch } from "./Intake.ts"
import type { OrderReader } from "./OrderReader.ts"
import type { IntakeOutcome, StoredEvent } from "./StoredEvent.ts"
import { placeOf } from "./UncommittedFacts.ts"
import type { WaitingEvents } from "./WaitingEvents.ts"

/** What became of an event, and when that was certain: milliseconds since the epoch. */
export type IngestedEvent = IntakeOutcome & { readonly ingestedAt: number }

export interface FactWriterParts {
  readonly connection: NatsConnection
  readonly sql: Sql
  /** of EVENTS, from the position on */
  readonly messages: ConsumerMessages
  readonly intake: Intake
  /** with the window that the intake tells of orders */
  readonly orders: OrderReader
  readonly waiting: WaitingEvents
  /** that STOCK ends with */
  readonly lastStockSequence: number
  readonly onEvent: ((event: IngestedEvent) => void) | undefined
}

export class FactWriter {
  /** whether anything got through */
  progressed = false
  private readonly parts: FactWriterParts
  private lastSequence: number
  private writing: Promise<void> | undefined
  private completing: Promise<void> | undefined
  private failure: { readonly cause: unknown } | undefined
  private readonly pace = new Pace(batchPaceMillis)
  private wake: (() => void) | undefined
  private readonly abandoned = Promise.withResolvers<void>()

  constructor(parts: FactWriterParts) {
    this.parts = parts
    this.lastSequence = parts.lastStockSequence
  }

  /** Ends when `messages` end. Rejects with `BusError` or `LedgerError` once something was not written. */
  async run(): Promise<void> {
    const { intake, messages } = this.parts
    for await (const message of messages) {
      if (this.failure !== undefined) break
      intake.add(storedEventOf(message))
      if (intake.isHolding) this.completing ??= this.complete()
      this.writing ??= this.write()
      while (intake.isFull && this.failure === undefined) await this.room()
    }
    await Promise.race([this.writing, this.abandoned.promise])
    if (this.failure !== undefined) throw this.failure.cause
  }

  /** Ends `run` with this cause at once. What is under way is not waited for: it may be stored or not. */
  abandon(cause: unknown): void {
    this.fail(cause)
    this.abandoned.resolve()
  }

  /** Begins no further batch; resolves when the one under way is settled, unless it was abandoned. */
  async finish(): Promise<void> {
    this.fail(new Error("ingest ends"))
    await Promise.race([this.writing, this.abandoned.promise])
  }

  private fail(cause: unknown): void {
    this.failure ??= { cause }
    this.parts.messages.stop()
    this.signal()
  }

  private async write(): Promise<void> {
    const { intake } = this.parts
    try {
      // whatever else arrived in the same read of the socket goes into the same batch
      await new Promise((resolve) => setImmediate(resolve))
      while (!intake.isEmpty && this.failure === undefined) {
        await this.pace.turn()
        const batch = intake.take()
        this.signal()
        await this.writeBatch(batch)
      }
    } catch (cause) {
      this.fail(cause)
    } finally {
      this.writing = undefined
      this.signal()
    }
  }

  /** One reading serves all events without lines that have come until it begins. */
  private async complete(): Promise<void> {
    const { intake, orders } = this.parts
    try {
      await new Promise((resolve) => setImmediate(resolve))
      while (intake.isHolding && this.failure === undefined) {
        const records = await orders.recordsOf(intake.asked)
        intake.complete(records)
        this.writing ??= this.write()
        this.signal()
      }
    } catch (cause) {
      this.fail(cause)
    } finally {
      this.completing = undefined
      this.signal()
    }
  }

  private async writeBatch(batch: IntakeBatch): Promise<void> {
    const { messages, parked, definitions, waiting, outcomes, entries } = batch
    const { onEvent } = this.parts
    if (definitions.length > 0) await this.define(definitions)
    if (parked.length > 0) await this.park(parked, waiting)
    if (messages.length > 0) await this.publish(messages, entries)
    this.progressed = true
    if (onEvent === undefined) return
    const ingestedAt = Date.now()
    for (const outcome of outcomes) onEvent({ ...outcome, ingestedAt })
  }

  private async define(definitions: IntakeBatch["definitions"]): Promise<void> {
    try {
      await saveDefinitions(this.parts.sql, definitions)
    } catch (cause) {
      throw toLedgerError(cause)
    }
  }

  private async park(parked: IntakeBatch["parked"], waiting: IntakeBatch["waiting"]): Promise<void> {
    try {
      await park(this.parts.sql, parked)
      if (waiting.length > 0) await this.parts.waiting.parked(waiting)
    } catch (cause) {
      throw toLedgerError(cause)
    }
  }

  private async publish(messages: IntakeBatch["messages"], entries: IntakeBatch["entries"]): Promise<void> {
    const { connection, orders, waiting } = this.parts
    this.lastSequence = await publishChain(connection, stockStream, messages, this.lastSequence)
    const first = this.lastSequence - messages.length + 1
    orders.written({ places: messages.map(({ subject }, i) => placeOf(subject, first + i)!), entries })
    for (const { orderId, isOrder } of entries) if (isOrder) waiting.orderCame(orderId)
  }

  private room(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }

  private signal(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}

const storedEventOf = (message: JsMsg): StoredEvent => ({
  sequence: message.seq,
  storedAt: Math.floor(message.info.timestampNanos / 1_000_000),
  subject: message.subject,
  payload: message.data,
  ...headersOf(message)
})

/** The client refuses to read header names that are not printable ASCII; a publisher can send them. */
const headersOf = (message: JsMsg): Pick<StoredEvent, "headers" | "headerDefect"> => {
  try {
    return { headers: message.headers }
  } catch (cause) {
    return { headers: undefined, headerDefect: cause instanceof Error ? cause.message : String(cause) }
  }
}
