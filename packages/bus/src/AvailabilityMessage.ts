/**
 * An announcement as it travels in the AVAILABILITY stream: JSON, written by the engine, read by everybody.
 *
 * Guarantee: `decodeAvailability(encodeAvailability(a))` is `a`. Events are tuples with times relative to `committedAt`: they
 * are most of the bytes of a busy SKU's announcement.
 */
import type { AnnouncedEvent, Availability } from "@holdfast/domain/Availability"

type EventTuple = readonly [
  source: string,
  id: string,
  type: string,
  occurred: number,
  stored: number,
  received: number,
  decided: number,
  committed: number,
  parts: number,
  traceparent: string,
  parentSpanId?: string
]

const tupleOf = (event: AnnouncedEvent, at: number): EventTuple => {
  const { source, id, type, occurredAt, storedAt, decidedAt, committedAt, parts, traceparent, parentSpanId } = event
  const receivedAt = event.receivedAt ?? decidedAt
  const times = [occurredAt - at, storedAt - at, receivedAt - at, decidedAt - at, committedAt - at] as const
  const tuple = [source, id, type, ...times, parts, traceparent] as const
  return parentSpanId === undefined ? tuple : [...tuple, parentSpanId]
}

const eventOf = (tuple: EventTuple, at: number): AnnouncedEvent => {
  const [source, id, type, occurred, stored, received, decided, committed, parts, traceparent, parentSpanId] = tuple
  return {
    source,
    id,
    type,
    occurredAt: at + occurred,
    storedAt: at + stored,
    receivedAt: at + received,
    decidedAt: at + decided,
    committedAt: at + committed,
    parts,
    traceparent,
    ...(parentSpanId === undefined ? {} : { parentSpanId })
  }
}

export const encodeAvailability = (availability: Availability): string =>
  JSON.stringify({
    ...availability,
    events: availability.events.map((event) => tupleOf(event, availability.committedAt))
  })

/** Throws `SyntaxError` when the payload is not JSON; the stream is written by the engine alone. */
export const decodeAvailability = (payload: string): Availability => {
  const { events, ...rest } = JSON.parse(payload) as Omit<Availability, "events"> & {
    readonly events: ReadonlyArray<EventTuple>
  }
  return { ...rest, events: events.map((tuple) => eventOf(tuple, rest.committedAt)) }
}
