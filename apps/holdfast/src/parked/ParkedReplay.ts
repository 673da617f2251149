/**
 * How a parked message goes through the front door again.
 *
 * Guarantee: the same bytes with the same attributes and trace, or the corrected ones; what ingest would park again is not
 * published. The broker's message id is derived from the parked one, so that a replay that was interrupted before it was
 * marked does not publish twice. It does no I/O.
 */
import { decodeEventMessage, describeErrors } from "@holdfast/bus/EventMessage"
import { eventsPrefix, eventSubject, header } from "@holdfast/bus/Subject"
import type { ParkedMessage } from "@holdfast/ledger/Parked"
import { Result } from "effect"

export interface ReplayMessage {
  readonly subject: string
  readonly payload: Uint8Array
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}

/**
 * @param corrected bytes to publish instead: a whole event, or the data alone where the attributes came in headers
 * @returns the message, or why it would only be parked again
 */
export const replayOf = (parked: ParkedMessage, corrected?: Uint8Array): Result.Result<ReplayMessage, string> => {
  const payload = corrected ?? parked.payload
  const body = objectOf(payload)
  const isWholeEvent = corrected !== undefined && body !== undefined && Object.hasOwn(body, "data")
  const attributes = isWholeEvent ? [] : attributesOf(parked)
  const subject = subjectOf(parked, body, isWholeEvent)
  if (subject === undefined)
    return Result.fail("it names no type, so there is no subject for it; correct it with --file")
  const messageId = [header.messageId, `parked-${parked.id}-${parked.replayedAt ?? 0}`] as const
  const message = { subject, payload, headers: [...attributes, ...traceOf(parked), messageId] }
  const decoded = decodeEventMessage(message, parked.storedAt)
  return Result.isSuccess(decoded)
    ? Result.succeed(message)
    : Result.fail(`it would be parked again: ${describeErrors(decoded.failure.errors)}; correct it with --file`)
}

const utf8 = new TextDecoder()

const objectOf = (payload: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(utf8.decode(payload))
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A fact was parked under a subject of its own; it goes back as the event that it was cut from. */
const subjectOf = (
  parked: ParkedMessage,
  body: Readonly<Record<string, unknown>> | undefined,
  isWholeEvent: boolean
) => {
  const isEvent = parked.subject.startsWith(eventsPrefix)
  if (isEvent && !isWholeEvent) return parked.subject
  const type = body?.["type"]
  if (typeof type === "string" && /^[a-z]+(\.[a-z]+)*$/.test(type)) return eventSubject(type)
  return isEvent ? parked.subject : undefined
}

const lower = (name: string): string => name.toLowerCase()

const attributesOf = ({ headers }: ParkedMessage): ReadonlyArray<readonly [string, string]> => {
  const entries = Object.entries(headers)
  const kept = entries.filter(
    ([name]) => lower(name).startsWith(header.cloudEventPrefix) || lower(name) === header.contentType
  )
  const ceId = `${header.cloudEventPrefix}id`
  const messageId = entries.find(([name]) => lower(name) === lower(header.messageId))?.[1]
  if (messageId === undefined || kept.some(([name]) => lower(name) === ceId)) return kept
  // the message id may have been the only id that the event had
  return [...kept, [ceId, messageId.replaceAll("%", "%25")]]
}

const traceOf = ({ headers, traceparent }: ParkedMessage): ReadonlyArray<readonly [string, string]> => {
  const sent = Object.entries(headers).find(([name]) => lower(name) === header.traceparent)?.[1] ?? traceparent
  return sent === null ? [] : [[header.traceparent, sent]]
}
