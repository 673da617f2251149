/**
 * The closed list of span names. A name says which stage, never which event: Jaeger searches and compares by it.
 *
 * Guarantee: a name is `<verb> <object>` or one verb, lower case, and has few values: an object is an event type of
 * the manifest, a channel, or fixed. What differs from event to event is an attribute.
 */
import { isEventType } from "@holdfast/domain/EventManifest"

/** Stages of one event's way, in order. A template's `{}` is filled by the functions below. */
export const spanName = {
  /** the whole way, from the event to the last channel */
  sync: "sync {event.type}",
  ingest: "ingest {event.type}",
  process: "process stock.facts",
  commit: "commit ledger",
  /** its duration is the sync latency of one channel */
  deliver: "deliver {channel}",
  queue: "queue",
  push: "push"
} as const

export type Stage = keyof typeof spanName

/** Names by requests keep types that nobody registered out of the list of operations. */
const named = (verb: "sync" | "ingest") => {
  const unknown = `${verb} unknown`
  const names = new Map<string, string>()
  return (type: string): string => {
    const known = names.get(type)
    if (known !== undefined) return known
    if (!isEventType(type) && !requestTypes.has(type)) return unknown
    const name = `${verb} ${type}`
    names.set(type, name)
    return name
  }
}

/** What the engine announces requests and ended holds as. */
const requestTypes: ReadonlySet<string> = new Set([
  "reservation.reserve",
  "reservation.confirm",
  "reservation.release",
  "reservation.extend",
  "reservation.pin",
  "reservation.unpin",
  "reservation.expired"
])

/** `sync order.placed`; `sync unknown` for a type that is not in the manifest. */
export const syncName = named("sync")

/** `ingest order.placed`; `ingest unknown` for a type that is not in the manifest. */
export const ingestName = named("ingest")

/** `deliver amazon` */
export const deliverName = (channel: string): string => `deliver ${channel}`
