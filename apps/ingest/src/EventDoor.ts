/**
 * The front door for events that do not come over NATS: checks an event at once and publishes it to EVENTS.
 *
 * Guarantee: `accepted` and `duplicate` mean that the broker has stored the event; `unknown` that it did not say so in time:
 * sending the same event again is safe, its id decides. An event that ingest would not understand is `rejected` with the
 * fields that are wrong, and not published.
 */
import { decodeEventMessage, type EventDefect } from "@holdfast/bus/EventMessage"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventSubject, header } from "@holdfast/bus/Subject"
import type { FieldError } from "@holdfast/domain/EventManifest"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { headers, type MsgHdrs } from "@nats-io/nats-core"
import { Result } from "effect"
import { hash } from "node:crypto"
import { acknowledgeMillis, answeredErrorsMax } from "./IngestLimit.ts"

/** An event as a client sent it. */
export interface OfferedEvent {
  readonly payload: Uint8Array
  /** attributes that travel beside the payload: `ce-*` and `content-type` */
  readonly attributes: ReadonlyArray<readonly [name: string, value: string]>
  /** W3C trace context of the client */
  readonly traceparent: string | undefined
}

export type OfferAnswer =
  | { readonly status: "accepted" | "duplicate"; readonly id: string; readonly sequence: number }
  | {
      readonly status: "rejected"
      readonly reason: EventDefect["reason"]
      readonly id?: string
      readonly errors: ReadonlyArray<FieldError>
    }
  | { readonly status: "unknown"; readonly id: string; readonly errors: ReadonlyArray<FieldError> }

/** Offers one event. Never rejects. @param now milliseconds since the epoch */
export const offerEvent = async (
  nats: NatsConnection["Service"],
  offered: OfferedEvent,
  now: number
): Promise<OfferAnswer> => {
  const { payload } = offered
  const decoded = decodeEventMessage({ headers: entriesOf(offered), payload }, now)
  if (Result.isFailure(decoded)) return rejection(decoded.failure)
  const { event } = decoded.success
  try {
    const options = { headers: headersOf(offered, event), timeout: acknowledgeMillis }
    const { seq, duplicate } = await nats.jetstream.publish(eventSubject(event.type), payload, options)
    return { status: duplicate ? "duplicate" : "accepted", id: event.id, sequence: seq }
  } catch (cause) {
    const message = `the broker did not confirm it, send it again: ${cause instanceof Error ? cause.message : cause}`
    return { status: "unknown", id: event.id, errors: [{ field: "event", message }] }
  }
}

/**
 * Stores an event of somebody who cannot mend it: what ingest will not understand is parked there, with its bytes.
 * @returns whether the broker confirmed it; storing the same again is safe
 */
export const storeUnchecked = async (
  nats: NatsConnection["Service"],
  { id, source, type }: Pick<StockEvent, "id" | "source" | "type">,
  payload: Uint8Array
): Promise<boolean> => {
  const all = headers()
  all.set(header.messageId, messageIdOf({ id, source }))
  try {
    await nats.jetstream.publish(eventSubject(type), payload, { headers: all, timeout: acknowledgeMillis })
    return true
  } catch {
    return false
  }
}

/** The answer to an event that is refused. At most `answeredErrorsMax` errors are named. */
export const rejection = ({ reason, errors, id }: EventDefect): OfferAnswer => ({
  status: "rejected",
  reason,
  ...(id === undefined ? {} : { id: id.slice(0, idShownMax) }),
  errors: errors.slice(0, answeredErrorsMax)
})

/** Characters of an id that may be anything. */
const idShownMax = 128

const entriesOf = ({ attributes, traceparent }: OfferedEvent): OfferedEvent["attributes"] =>
  traceparent === undefined ? attributes : [...attributes, [header.traceparent, traceparent]]

/** The broker's own deduplication: it must not take two events for one, so it names the source as well, and cannot collide. */
const messageIdOf = ({ source, id }: Pick<StockEvent, "source" | "id">): string =>
  hash("sha256", `${source}\u0000${id}`, "base64url")

const headersOf = (offered: OfferedEvent, event: StockEvent): MsgHdrs => {
  const all = headers()
  for (const [name, value] of entriesOf(offered)) all.set(name, value)
  all.set(header.messageId, messageIdOf(event))
  return all
}
