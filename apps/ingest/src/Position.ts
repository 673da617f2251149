/**
 * How far ingest got, read from the end of STOCK: the facts themselves are the record, nothing else is kept.
 *
 * Guarantee: position and last sequence belong together, so that a batch which expects that last sequence is stored only
 * if nobody else wrote meanwhile. When EVENTS is not the stream that the position was written about (created anew, or
 * cut short by a power failure and then written on), it goes back to what was stored since; what that repeats is recognised
 * by the engine. Messages that ingest did not write are passed over.
 */
import { completedIn, type CompletedEvents } from "@holdfast/bus/CompletedEvents"
import { decodeFact } from "@holdfast/bus/FactMessage"
import { decodeFactBatch, positionOf, startOfEvents, type EventPosition, type FactBatch } from "@holdfast/bus/FactBatch"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import { partitionOf } from "@holdfast/domain/Partition"
import type { JetStreamManager } from "@nats-io/jetstream"
import { Result, type Context } from "effect"
import { foreignMessagesMax } from "./IngestLimit.ts"
import type { UnfinishedBatch } from "./UnfinishedBatch.ts"

export interface Position extends EventPosition {
  /** what must be completed, from the position on, before anything else is written */
  readonly unfinished?: UnfinishedBatch
}

export interface StartPosition extends Position {
  /** last sequence of STOCK */
  readonly lastStockSequence: number
  /** when the streams were created: names the stream that a sequence belongs to */
  readonly eventsCreated: string
  readonly stockCreated: string
  /** first sequence that EVENTS still has: what was before it is not read again */
  readonly firstEventSequence: number
}

/** Rejects with what the client threw. */
export const readPosition = async (nats: Context.Service.Shape<typeof NatsConnection>): Promise<StartPosition> => {
  const { manager } = nats
  const [stock, events] = await Promise.all([manager.streams.info(stockStream), manager.streams.info(eventsStream)])
  const { first_seq: firstStock, last_seq: lastStockSequence } = stock.state
  const firstEventSequence = events.state.first_seq
  const start = { lastStockSequence, eventsCreated: events.created, stockCreated: stock.created, firstEventSequence }
  const last = await lastBatch(manager, firstStock, lastStockSequence)
  // STOCK keeps messages longer than EVENTS: when its last one is gone, all events before it are gone too
  if (last === undefined) return { ...start, ...startOfEvents }
  const completed = last.batch.rest === 0 ? nothing : await completedBy(manager, firstStock, last)
  const position = progressOf(last.batch, completed)
  if (await isSameEvent(manager, events.state.last_seq, position)) return { ...start, ...position }
  const { first_seq, last_seq } = events.state
  const sequence = (await firstSince(manager, first_seq, last_seq, position.storedAt)) - 1
  return { ...start, sequence, part: 0, storedAt: position.storedAt }
}

const nothing: CompletedEvents = new Map()

interface StoredBatch {
  readonly seq: number
  readonly batch: FactBatch
}

const batchAt = async (manager: JetStreamManager, seq: number): Promise<FactBatch | undefined> => {
  const message = await manager.streams.getMessage(stockStream, { seq })
  const batch = message === null ? undefined : decodeFactBatch(message.string())
  return batch !== undefined && Result.isSuccess(batch) ? batch.success : undefined
}

/** The newest message of STOCK that ingest wrote. */
const lastBatch = async (manager: JetStreamManager, first: number, last: number): Promise<StoredBatch | undefined> => {
  for (let seq = last; seq >= Math.max(first, last - foreignMessagesMax, 1); seq--) {
    const batch = await batchAt(manager, seq)
    if (batch !== undefined) return { seq, batch }
  }
  return undefined
}

/** What the batch's events without lines were completed with: the first message of each of its chains says all of it. */
const completedBy = async (manager: JetStreamManager, first: number, last: StoredBatch): Promise<CompletedEvents> => {
  for (let seq = last.seq; seq >= Math.max(first, 1); seq--) {
    const batch = seq === last.seq ? last.batch : await batchAt(manager, seq)
    if (batch === undefined) continue
    if (!isSamePosition(batch.after, last.batch.after) || !isSamePosition(batch.upTo, last.batch.upTo)) break
    const completed = completedIn(batch)
    if (completed.size > 0) return completed
  }
  return nothing
}

const isSamePosition = (a: EventPosition, b: EventPosition): boolean =>
  a.sequence === b.sequence && a.part === b.part && a.storedAt === b.storedAt

const progressOf = ({ after, upTo, rest, facts }: FactBatch, completed: CompletedEvents): Position => {
  if (rest === 0) return upTo
  const last = decodeFact(facts.at(-1))
  // not written by ingest after all: what is repeated then is recognised by the engine
  if (Result.isFailure(last)) return after
  const { fact } = last.success
  const through = positionOf(last.success)
  return { ...after, unfinished: { upTo, partition: partitionOf(fact.sku), through, completed } }
}

const isSameEvent = async (
  manager: JetStreamManager,
  lastSeq: number,
  { sequence, storedAt }: EventPosition
): Promise<boolean> => {
  if (sequence === 0) return true
  if (sequence > lastSeq) return false
  const event = await manager.streams.getMessage(eventsStream, { seq: sequence })
  return event === null || event.time.getTime() === storedAt
}

/** The first sequence that was stored at `storedAt` (milliseconds since the epoch) or later; one after the last if none was. */
const firstSince = async (
  manager: JetStreamManager,
  first: number,
  last: number,
  storedAt: number
): Promise<number> => {
  let low = first
  let high = last + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const event = await manager.streams.getMessage(eventsStream, { seq: middle })
    if (event !== null && event.time.getTime() >= storedAt) high = middle
    else low = middle + 1
  }
  return low
}
