/**
 * How a parked message goes through the front door again.
 *
 * Guarantee: the same bytes with the same attributes and trace, or the corrected ones; what ingest would park again is not
 * published. The broker's message id is derived from the parked one (`EventReplay`), so that a replay that was interrupted
 * before it was marked does not publish twice. It does no I/O.
 */
import { decodeEventMessage, describeErrors } from "@holdfast/bus/EventMessage"
import { replayHeaders, type ParkedEvent } from "@holdfast/bus/EventReplay"
import { eventsPrefix, eventSubject, header } from "@holdfast/bus/Subject"
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
export const replayOf = (parked: ParkedEvent, corrected?: Uint8Array): Result.Result<ReplayMessage, string> => {
  const payload = corrected ?? parked.payload
  const body = objectOf(payload)
  const isWholeEvent = corrected !== undefined && body !== undefined && Object.hasOwn(body, "data")
  const subject = subjectOf(parked, body, isWholeEvent)
  if (subject === undefined)
    return Result.fail("it names no type, so there is no subject for it; correct it with --file")
  const headers = isWholeEvent ? traceOnly(parked.headers) : parked.headers
  const message = { subject, payload, headers: replayHeaders({ ...parked, headers }) }
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

/** A whole event brings its attributes with it. */
const traceOnly = (headers: ParkedEvent["headers"]): ParkedEvent["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() === header.traceparent))

/** A fact was parked under a subject of its own; it goes back as the event that it was cut from. */
const subjectOf = (parked: ParkedEvent, body: Readonly<Record<string, unknown>> | undefined, isWholeEvent: boolean) => {
  const isEvent = parked.subject.startsWith(eventsPrefix)
  if (isEvent && !isWholeEvent) return parked.subject
  const type = body?.["type"]
  if (typeof type === "string" && /^[a-z]+(\.[a-z]+)*$/.test(type)) return eventSubject(type)
  return isEvent ? parked.subject : undefined
}
