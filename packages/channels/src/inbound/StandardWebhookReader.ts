/**
 * Calls of a channel that speaks Standard Webhooks: `{"type": "order.placed", "timestamp": "...", "data": {...}}`, where type and data
 * are those of our own events. `webhook-id` is signed with the body, so it names the event over retries.
 *
 * Orders that name no channel are this channel's.
 */
import { Schema } from "effect"
import { Webhook } from "standardwebhooks"
import { forged, type InboundReader } from "./InboundCall.ts"

const Told = Schema.fromJsonString(
  Schema.Struct({
    type: Schema.String,
    timestamp: Schema.optionalKey(Schema.String),
    data: Schema.Record(Schema.String, Schema.Unknown)
  })
)
const decode = Schema.decodeUnknownExit(Told)

const verified = (secret: string, text: string, headers: Record<string, string>): string | undefined => {
  try {
    new Webhook(secret).verify(text, headers, { jsonParse: false })
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

export const readStandardWebhook: InboundReader = ({ headers, body }, channel, secret) => {
  const text = Buffer.from(body).toString("utf8")
  const id = headers["webhook-id"] ?? ""
  const refusal = verified(secret, text, {
    "webhook-id": id,
    "webhook-timestamp": headers["webhook-timestamp"] ?? "",
    "webhook-signature": headers["webhook-signature"] ?? ""
  })
  if (refusal !== undefined) return forged(refusal)
  const told = decode(text)
  if (told._tag === "Failure")
    return { _tag: "unreadable", field: "body", detail: 'must be {"type": ..., "timestamp": ..., "data": {...}}' }
  const { type, timestamp, data } = told.value
  const own = type.startsWith("order.") && data["channel"] === undefined ? { ...data, channel } : data
  return {
    _tag: "told",
    events: [{ id, type, ...(timestamp === undefined ? {} : { time: timestamp }), data: own }]
  }
}
