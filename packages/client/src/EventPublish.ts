/**
 * Publishes one event.
 *
 * Guarantee: an event is checked here by the same rules as at the other end before anything is sent, and `Stored` means
 * that the broker has it on disk. Attempts of one call share one message id, so that a lost confirmation stores nothing twice.
 */
import { decodeEventMessage } from "@holdfast/bus/EventMessage"
import { eventSubject, header } from "@holdfast/bus/Subject"
import { jetstream as jetstreamOf } from "@nats-io/jetstream"
import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core"
import { Result } from "effect"
import { hash, randomUUID } from "node:crypto"
import { InvalidInput, NotConfirmed } from "./ClientError.ts"
import { deadlineMillisDefault } from "./ClientLimit.ts"
import type { EventData, StockEventType } from "./EventData.ts"
import { Patience } from "./Patience.ts"

export interface PublishOptions {
  /**
   * names the event within its source, 1 to 128 bytes: the same id is the same event, however often it is published. Give one
   * that you will know again after a crash; without one it is random, and only attempts of this call are recognised.
   */
  readonly id?: string
  /** when it happened; when the broker stored it unless given */
  readonly time?: Date | string
  /** W3C trace context: the event's way to the channels becomes a part of your trace */
  readonly traceparent?: string
  /** milliseconds after which the call gives up with `NotConfirmed`; 10,000 unless given */
  readonly deadlineMillis?: number
}

/** The broker has the event. */
export interface Stored {
  readonly id: string
  /** its number in the stream EVENTS */
  readonly sequence: number
  /** it was there already, from an earlier attempt or call within the last two minutes */
  readonly duplicate: boolean
}

/** The broker's own deduplication: it must not take two events for one, so it names the source as well. */
const messageIdOf = (source: string, id: string): string => hash("sha256", `${source}\u0000${id}`, "base64url")

/** A CloudEvent, structured. JSON writes a `Date` as RFC 3339 text, at any depth. */
const encode = <T extends StockEventType>(
  source: string,
  type: T,
  data: EventData<T>,
  id: string,
  time?: Date | string
) => new TextEncoder().encode(JSON.stringify({ specversion: "1.0", source, id, type, time, data }))

const headersOf = (source: string, id: string, traceparent: string | undefined): MsgHdrs => {
  const all = headers()
  all.set(header.messageId, messageIdOf(source, id))
  if (traceparent !== undefined) all.set(header.traceparent, traceparent)
  return all
}

/** Throws `InvalidInput` when the event would not be understood. */
const checked = (subject: string, payload: Uint8Array): Uint8Array => {
  const decoded = decodeEventMessage({ payload, subject }, 0)
  if (Result.isFailure(decoded)) throw new InvalidInput(decoded.failure.errors)
  return payload
}

/** Rejects with `InvalidInput` or `NotConfirmed`. */
export const publishEvent = async <T extends StockEventType>(
  connection: NatsConnection,
  source: string,
  type: T,
  data: EventData<T>,
  options: PublishOptions = {}
): Promise<Stored> => {
  const { id = randomUUID(), time, traceparent, deadlineMillis = deadlineMillisDefault } = options
  const subject = eventSubject(type)
  const payload = checked(subject, encode(source, type, data, id, time))
  const sent = headersOf(source, id, traceparent)
  const jetstream = jetstreamOf(connection)
  const patience = new Patience(deadlineMillis)
  while (true) {
    try {
      const options = { headers: sent, timeout: patience.attempt }
      const { seq: sequence, duplicate } = await jetstream.publish(subject, payload, options)
      return { id, sequence, duplicate }
    } catch (cause) {
      if (connection.isClosed() || !(await patience.pause())) throw new NotConfirmed(id, cause)
    }
  }
}
