/**
 * How far ingest got, read from the last message of STOCK: the facts themselves are the record, nothing else is kept.
 *
 * Guarantee: position and last sequence belong together, so that a batch which expects that last sequence is stored only
 * if nobody else wrote meanwhile. When EVENTS is not the stream that the position was written about (created anew, or
 * cut short by a power failure and then written on), it goes back to what was stored since; what that repeats is recognised
 * by the engine.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import type { JetStreamManager } from "@nats-io/jetstream"
import type { Context } from "effect"

export interface Position {
  /** of the last event in EVENTS of which STOCK has a fact; 0 when there is none */
  readonly sequence: number
  /** how many of that event's facts STOCK has, 0 for all of them */
  readonly part: number
}

export interface StartPosition extends Position {
  /** last sequence of STOCK */
  readonly lastStockSequence: number
  /** when EVENTS was created: names the stream that a sequence belongs to */
  readonly eventsCreated: string
}

/** What a fact says of its event, see `FactContext`. */
interface FactPosition {
  readonly eventsequence: number
  readonly storedat: number
  readonly part: number
  readonly parts: number
}

/** Rejects with what the client threw. */
export const readPosition = async (nats: Context.Service.Shape<typeof NatsConnection>): Promise<StartPosition> => {
  const { manager } = nats
  const [stock, events] = await Promise.all([manager.streams.info(stockStream), manager.streams.info(eventsStream)])
  const lastStockSequence = stock.state.last_seq
  const start = { lastStockSequence, eventsCreated: events.created }
  const last =
    lastStockSequence === 0 ? null : await manager.streams.getMessage(stockStream, { seq: lastStockSequence })
  // STOCK keeps messages longer than EVENTS: when its last one is gone, all events before it are gone too
  if (last === null) return { ...start, sequence: 0, part: 0 }
  const { eventsequence: sequence, storedat: storedAt, part, parts } = last.json<FactPosition>()
  const known = await isSameEvent(manager, events.state.last_seq, sequence, storedAt)
  if (known) return { ...start, sequence, part: part === parts ? 0 : part }
  const { first_seq, last_seq } = events.state
  return { ...start, sequence: (await firstSince(manager, first_seq, last_seq, storedAt)) - 1, part: 0 }
}

const isSameEvent = async (
  manager: JetStreamManager,
  lastSeq: number,
  sequence: number,
  storedAt: number
): Promise<boolean> => {
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
