/**
 * An event that a channel told, through the front door.
 *
 * Guarantee: `stored` means that the broker has it; storing the same event again is safe, its id decides. What the front door does
 * not understand is stored all the same where nobody can mend it: ingest parks it, with its bytes.
 */
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { ToldEvent } from "@holdfast/channels/inbound/InboundCall"
import type { FieldError } from "@holdfast/domain/EventManifest"
import type { EventId, EventSource } from "@holdfast/domain/Identity"
import type { StockEventType } from "@holdfast/domain/StockEvent"
import { offerEvent, storeUnchecked } from "./EventDoor.ts"

export type StoredTold =
  | { readonly _tag: "stored" }
  /** whether the broker has it is not known */
  | { readonly _tag: "unconfirmed"; readonly detail: string }
  /** not stored */
  | { readonly _tag: "rejected"; readonly errors: ReadonlyArray<FieldError> }

/**
 * Never rejects.
 * @param channel its id is the source of the event
 * @param parks what is not understood is stored to be parked, instead of `rejected`
 */
export const storeTold = async (
  nats: NatsConnection["Service"],
  channel: string,
  told: ToldEvent,
  parks: boolean
): Promise<StoredTold> => {
  const payload = new TextEncoder().encode(JSON.stringify({ ...told, source: channel }))
  const answer = await offerEvent(nats, { payload, attributes: [], traceparent: undefined }, Date.now())
  if (answer.status === "unknown") return { _tag: "unconfirmed", detail: answer.errors[0]!.message }
  if (answer.status !== "rejected") return { _tag: "stored" }
  if (!parks) return { _tag: "rejected", errors: answer.errors }
  const named = { id: told.id as EventId, source: channel as EventSource, type: told.type as StockEventType }
  const isStored = await storeUnchecked(nats, named, payload)
  return isStored ? { _tag: "stored" } : { _tag: "unconfirmed", detail: "the broker did not confirm it, send it again" }
}
