/** What Holdfast says by itself over NATS: how it is written, and examples from the very encoders. */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { encodeOversold } from "@holdfast/bus/OversoldMessage"
import { LocationId, Sku } from "@holdfast/domain/Identity"
import { JsonSchema } from "effect"
import { Announcement, Oversold } from "./AnswerSchema.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

const sku = Sku.make("MUG")
const locationId = LocationId.make("main")
const committedAt = Date.parse("2026-11-27T08:30:00.412Z")
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

export const announcementExample = JSON.parse(
  encodeAvailability({
    sku,
    version: 7,
    levels: [{ locationId, onHand: 144, committed: 3, held: 2, unavailable: 4, safetyStock: 5 }],
    committedAt,
    events: [
      {
        source: "shop",
        id: "shop-4711",
        type: "order.placed",
        occurredAt: committedAt - 287,
        storedAt: committedAt - 61,
        receivedAt: committedAt - 40,
        decidedAt: committedAt - 12,
        committedAt,
        parts: 2,
        traceparent
      }
    ],
    more: 0
  })
) as Json

const cause = { source: "shop", id: "shop-4712" }
const notice = {
  sku,
  version: 8,
  locationId,
  units: 2,
  kind: "order",
  orderId: "4712",
  cause,
  committedAt,
  traceparent
}

export const oversoldExample = JSON.parse(encodeOversold(notice).payload as string) as Json

const text = { type: "string" }

/** A CloudEvent, structured. */
const oversold: Json = {
  type: "object",
  required: ["specversion", "type", "source", "id", "subject", "time", "data"],
  properties: {
    specversion: { const: "1.0" },
    type: { const: "stock.oversold" },
    source: { const: "holdfast" },
    id: { ...text, description: "the same whenever it is said again" },
    subject: { ...text, description: "the SKU" },
    time: { ...text, format: "date-time", description: "when it was durable" },
    traceparent: { ...text, description: "W3C trace context" },
    data: payloadSchema(Oversold)
  }
}

/** AsyncAPI schemas are those of draft 7, which write tuples in another way. */
const draft07 = (schema: Json): Json =>
  JsonSchema.toDocumentDraft07({ dialect: "draft-2020-12", schema, definitions: {} }).schema

export const announcedSchemas = (): Json => ({
  Announcement: draft07(payloadSchema(Announcement)),
  StockOversold: oversold
})
