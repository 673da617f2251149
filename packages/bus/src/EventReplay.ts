/**
 * How an event that was parked at the front door is published there again, as it is.
 *
 * Guarantee: the same bytes on the same subject with the same attributes and trace. An event that names no time keeps the one
 * at which it was stored first. The broker's message id is derived from the parked one: it differs from the one that the
 * event was published under, and a replay that was interrupted before it was marked does not publish twice. It does no I/O.
 */
import { factsPrefix, header } from "./Subject.ts"

/** What is needed of a parked event. Times are milliseconds since the epoch. */
export interface ParkedEvent {
  readonly id: number
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array
  /** root of the event's trace */
  readonly traceparent: string | null
  readonly storedAt: number
  readonly replayedAt: number | null
}

type HeaderEntry = readonly [name: string, value: string]

/** The headers to publish it with. */
export const replayHeaders = (parked: ParkedEvent): ReadonlyArray<HeaderEntry> => [
  ...attributesOf(parked),
  ...traceOf(parked),
  ...(parked.subject.startsWith(factsPrefix) ? [[header.replayedFact, String(parked.id)] as const] : []),
  [header.messageId, `parked-${parked.id}-${parked.replayedAt ?? 0}`]
]

const lower = (name: string): string => name.toLowerCase()
const ceId = `${header.cloudEventPrefix}id`
const ceTime = `${header.cloudEventPrefix}time`

const attributesOf = ({ headers, storedAt }: ParkedEvent): ReadonlyArray<HeaderEntry> => {
  const entries = Object.entries(headers)
  const kept = entries.filter(
    ([name]) => lower(name).startsWith(header.cloudEventPrefix) || lower(name) === header.contentType
  )
  const has = (wanted: string): boolean => kept.some(([name]) => lower(name) === wanted)
  const messageId = entries.find(([name]) => lower(name) === lower(header.messageId))?.[1]
  const added: Array<HeaderEntry> = []
  // the message id may have been the only id that the event had
  if (messageId !== undefined && !has(ceId)) added.push([ceId, messageId.replaceAll("%", "%25")])
  // a time in the body comes before this one
  if (!has(ceTime)) added.push([ceTime, new Date(storedAt).toISOString()])
  return [...kept, ...added]
}

const traceOf = ({ headers, traceparent }: ParkedEvent): ReadonlyArray<HeaderEntry> => {
  const sent = Object.entries(headers).find(([name]) => lower(name) === header.traceparent)?.[1] ?? traceparent
  return sent === null ? [] : [[header.traceparent, sent]]
}
