/**
 * What is known of orders: by facts that the engine has not committed (`OrderWindow`), and by the ledger.
 *
 * Guarantee: what is read of an order holds every fact about it of events that were cut before it was asked for. First what
 * the window says is kept, then it is read how far each partition is committed, then the ledger: a fact that is not in what
 * was kept had left the window, or was forgotten, and is committed by the second step. When something forgotten is not, it
 * waits for the engine. What a commit in between brings is read twice, which changes nothing.
 * Rejects with `LedgerError` or `BusError`. It decides nothing.
 */
import { BusError } from "@holdfast/bus/BusError"
import { decodeFact } from "@holdfast/bus/FactMessage"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import type { OrderId } from "@holdfast/domain/Identity"
import { partitions } from "@holdfast/domain/Limit"
import type { Sql } from "@holdfast/ledger/Database"
import { eventKey } from "@holdfast/ledger/DedupKey"
import { toLedgerError } from "@holdfast/ledger/LedgerError"
import { appliedKeys, appliedPositions, parkedFactsNaming, recordedLines } from "@holdfast/ledger/OrderRecord"
import { Result, type Context } from "effect"
import { entriesOfLine, entryOf, type OrderEntry } from "./Completion.ts"
import { engineLookMillis, engineWaitMillis, evictMillis, evictMillisMin, evictSkus } from "./IngestLimit.ts"
import type { AskedEvent } from "./Intake.ts"
import type { AppliedSequences, OrderWindow, WrittenFacts } from "./OrderWindow.ts"
import type { StartPosition } from "./Position.ts"
import { readUncommitted } from "./UncommittedFacts.ts"

type Known = Map<OrderId, Array<OrderEntry>>

export class OrderReader {
  readonly window: OrderWindow
  private readonly nats: Context.Service.Shape<typeof NatsConnection>
  private readonly sql: Sql
  private readonly start: StartPosition
  /** of STOCK, as far as it is known */
  private lastSequence: number
  private restoring: Promise<void> | undefined
  /** at the engine's progress, last: when, and what was remembered then */
  private lookedAt = 0
  private sizeThen = 0
  private isLooking = false

  constructor(nats: Context.Service.Shape<typeof NatsConnection>, sql: Sql, window: OrderWindow, start: StartPosition) {
    this.nats = nats
    this.sql = sql
    this.window = window
    this.start = start
    this.lastSequence = start.lastStockSequence
  }

  /** Facts were written to STOCK. */
  written(facts: WrittenFacts): void {
    this.window.add(facts)
    this.lastSequence = Math.max(this.lastSequence, facts.places.at(-1)?.sequence ?? 0)
    if (this.window.size === 0 || this.isLooking) return
    const wait = this.window.size - this.sizeThen < evictSkus ? evictMillis : evictMillisMin
    if (performance.now() - this.lookedAt >= wait) void this.evict()
  }

  private async evict(): Promise<void> {
    this.isLooking = true
    try {
      this.window.evict(await this.applied())
    } catch {
      // the database is away: the window grows to its limit, and forgets
    }
    this.isLooking = false
    this.lookedAt = performance.now()
    this.sizeThen = this.window.size
  }

  /** What was said of these orders until now, but for facts that are parked and those that were forgotten. */
  async known(orderIds: Iterable<OrderId>): Promise<ReadonlyMap<OrderId, ReadonlyArray<OrderEntry>>> {
    await this.restored()
    const known = this.keep(orderIds)
    await this.addLines(known)
    return known
  }

  /** By sequence of the event: what was said of its order, and which SKUs the event itself was cut into before. */
  async recordsOf(asked: ReadonlyArray<AskedEvent>): Promise<ReadonlyMap<number, ReadonlyArray<OrderEntry>>> {
    await this.restored()
    const known = await this.keepWhole(asked)
    await Promise.all([this.addLines(known), this.addParked(known)])
    const repeated = await this.repeatedOf(asked, known)
    return new Map(
      asked.map(({ sequence, event }) => {
        const before = repeated.get(sequence)
        return [sequence, [...known.get(event.data.orderId)!, ...(before === undefined ? [] : [before])]]
      })
    )
  }

  private keep(orderIds: Iterable<OrderId>): Known {
    const known: Known = new Map()
    for (const orderId of orderIds) known.set(orderId, [...this.window.of(orderId)])
    return known
  }

  /** What the window says, once all that it does not say any more is in the ledger. */
  private async keepWhole(asked: ReadonlyArray<AskedEvent>): Promise<Known> {
    const deadline = performance.now() + engineWaitMillis
    while (true) {
      const known = this.keep(asked.map(({ event }) => event.data.orderId))
      const applied = await this.applied()
      const isWhole = this.window.isWhole(applied)
      this.window.evict(applied)
      if (isWhole) return known
      if (performance.now() > deadline) throw behind(asked[0]!)
      await new Promise((resolve) => setTimeout(resolve, engineLookMillis))
    }
  }

  private async addLines(known: Known): Promise<void> {
    for (const line of await this.ask(() => recordedLines(this.sql, [...known.keys()]))) add(known, entriesOfLine(line))
  }

  /** A fact of an unknown SKU, say, is applied once that is known: the order has that SKU, too. */
  private async addParked(known: Known): Promise<void> {
    const payloads = await this.ask(() => parkedFactsNaming(this.sql, stockStream, [...known.keys()]))
    for (const payload of payloads) {
      const decoded = decodeFact(jsonOf(payload))
      const entry = Result.isSuccess(decoded) ? entryOf(decoded.success.fact, [decoded.success.fact]) : undefined
      if (entry !== undefined && known.has(entry.orderId)) add(known, [entry])
    }
  }

  private async repeatedOf(asked: ReadonlyArray<AskedEvent>, known: Known): Promise<ReadonlyMap<number, OrderEntry>> {
    const keys = asked.map(({ event: { source, id, data } }) => {
      const skus = new Set(known.get(data.orderId)!.flatMap((entry) => entry.skus))
      return [...skus].map((sku) => ({ sku, key: eventKey(source, id, sku) }))
    })
    const applied = await this.ask(() =>
      appliedKeys(
        this.sql,
        keys.flat().map(({ key }) => key)
      )
    )
    const repeated = new Map<number, OrderEntry>()
    for (const [i, { sequence, event }] of asked.entries()) {
      const skus = keys[i]!.filter(({ key }) => applied.has(key)).map(({ sku }) => sku)
      const { source, id, data } = event
      const said = { orderId: data.orderId, skus, isOrder: false, shipmentId: undefined, source, id }
      if (skus.length > 0) repeated.set(sequence, said)
    }
    return repeated
  }

  /** Sequences of another STOCK stream, or beyond the end of one that was cut short, say nothing: the engine starts anew. */
  private async applied(): Promise<AppliedSequences> {
    const rows = await this.ask(() => appliedPositions(this.sql))
    const own = rows.filter(({ streamCreated }) => streamCreated === this.start.stockCreated)
    if (own.some(({ appliedSeq }) => appliedSeq > this.lastSequence)) {
      const { state } = await this.nats.manager.streams.info(stockStream)
      this.lastSequence = state.last_seq
    }
    const applied = new Array<number>(partitions).fill(0)
    for (const { partition, appliedSeq } of own) if (appliedSeq <= this.lastSequence) applied[partition] = appliedSeq
    return applied
  }

  /** Only once somebody asks: most restarts have nothing to complete. */
  private restored(): Promise<void> {
    return (this.restoring ??= this.restore().catch((cause) => {
      this.restoring = undefined
      throw cause
    }))
  }

  private async restore(): Promise<void> {
    const { lastStockSequence } = this.start
    if (lastStockSequence === 0) return
    const { facts, forgotten } = await readUncommitted(this.nats, await this.applied(), lastStockSequence)
    this.window.restore(facts, forgotten)
  }

  private async ask<A>(run: () => Promise<A>): Promise<A> {
    try {
      return await run()
    } catch (cause) {
      throw toLedgerError(cause)
    }
  }
}

const add = (known: Known, entries: ReadonlyArray<OrderEntry>): void => {
  for (const entry of entries) known.get(entry.orderId)!.push(entry)
}

const jsonOf = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(payload))
  } catch {
    return undefined
  }
}

const behind = ({ sequence, event }: AskedEvent): BusError =>
  new BusError({
    reason: "consume_failed",
    detail: eventsStream,
    cause: new Error(
      `event ${sequence} names no lines, and what order ${event.data.orderId} consists of is known when the engine has caught up; does it run?`
    )
  })
