/** The OpenAPI paths of the front door: events, what was parked, health. */
import { decodeEvent } from "@holdfast/domain/EventManifest"
import { payloadBytesMax } from "@holdfast/domain/Limit"
import { healthPath } from "@holdfast/ingest/HttpGuard"
import { parkedPageMax, requestLinesMax } from "@holdfast/ingest/IngestLimit"
import { Result } from "effect"
import { FieldError, FieldErrors, offers, Parked } from "./AnswerSchema.ts"
import { schemaRef } from "./Document.ts"
import { envelopeSchema, eventCatalog } from "./EventCatalog.ts"
import { example, fieldErrors, guarded, query, response, retryAfter, traceparent } from "./HttpParts.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

const envelopes = eventCatalog.map(({ name }) => schemaRef(`${name}Event`))
const mapping = Object.fromEntries(eventCatalog.map(({ type, name }) => [type, `#/components/schemas/${name}Event`]))
const eventExamples = Object.fromEntries(
  eventCatalog.map(({ type, description, example: value }) => [type, { summary: description, value }])
)

/** What is said of an event that is wrong in two places, by the decoder itself. */
const refusalExample = (): Json => {
  const data = { orderId: "", lines: [{ sku: "MUG", quantity: 0 }] }
  const decoded = decodeEvent({ id: "1", source: "shop", type: "order.placed", time: undefined, data }, 0)
  return { errors: Result.isFailure(decoded) ? decoded.failure : [] }
}

const postEvents = (): Json => ({
  operationId: "postEvents",
  summary: "Says what happened.",
  description: `One event as bare JSON or as a CloudEvent, structured or binary (\`ce-*\` headers; the body is then the data alone); or up to ${requestLinesMax} as newline-delimited JSON, each answered by a line while they arrive. Send an event again whenever you are not sure: its id decides.`,
  parameters: [traceparent],
  requestBody: {
    required: true,
    content: {
      "application/json": { schema: schemaRef("Event"), examples: eventExamples },
      "application/cloudevents+json": { schema: schemaRef("Event") },
      "application/x-ndjson": { schema: { type: "string", description: "one event per line" } }
    }
  },
  responses: {
    200: {
      description: "Newline-delimited JSON: one answer per line, in any order.",
      content: { "application/x-ndjson": { schema: schemaRef("LineAnswer") } }
    },
    202: response(
      "The broker has stored it; `duplicate`: it had.",
      { oneOf: [schemaRef("Accepted"), schemaRef("Duplicate")] },
      {
        accepted: example({ status: "accepted", id: "shop-4711", sequence: 119 })
      }
    ),
    400: response("The body could not be read to its end.", fieldErrors),
    413: response(`The event has more than ${payloadBytesMax} bytes.`, fieldErrors),
    415: response("Another content type, or a compressed body.", fieldErrors),
    422: response("The event is wrong: all its field errors, at most 20.", fieldErrors, {
      refused: example(refusalExample())
    }),
    503: response("The broker did not confirm it: send it again.", fieldErrors, undefined, retryAfter),
    ...guarded
  }
})

const postInbound = (): Json => ({
  operationId: "postInbound",
  summary: "A channel tells of its orders, signed as its definition's `inbound` says. Needs no token.",
  security: [],
  parameters: [{ name: "channel", in: "path", required: true, schema: { type: "string" } }],
  requestBody: {
    required: true,
    content: { "application/json": { schema: { description: "as the channel writes it: signatures are over bytes" } } }
  },
  responses: {
    200: response("The broker has stored every event of it; 0: it is not about stock.", {
      type: "object",
      required: ["stored"],
      properties: { stored: { type: "integer", minimum: 0 }, detail: { type: "string" } }
    }),
    400: response("The body could not be read to its end.", fieldErrors),
    401: response("Not signed by a channel that may call.", fieldErrors),
    413: response(`The body has more than ${payloadBytesMax} bytes.`, fieldErrors),
    421: guarded[421],
    422: response("Signed, and not what the format documents: nothing of it is stored.", fieldErrors),
    503: response("The broker or the database did not answer: call again.", fieldErrors, undefined, retryAfter)
  }
})

const getParked = (): Json => ({
  operationId: "getParked",
  summary: "What could not be understood or applied, and waits to be corrected.",
  parameters: [
    query("reason", "only those parked for this reason", { type: "string" }),
    query("all", "also what was replayed or discarded", { type: "boolean", default: false }),
    query("limit", "most entries", { type: "integer", minimum: 1, maximum: parkedPageMax, default: 100 }),
    query("after", "only ids greater than this: the last id of the page before", { type: "integer", minimum: 0 })
  ],
  responses: {
    200: response("In the order of their ids.", {
      type: "object",
      required: ["parked"],
      properties: { parked: { type: "array", items: schemaRef("Parked") } }
    }),
    422: response("A parameter is wrong.", fieldErrors),
    503: response("The database does not answer.", fieldErrors, undefined, retryAfter),
    ...guarded
  }
})

const healthSchema: Json = {
  type: "object",
  required: ["status", "nats", "database"],
  properties: { status: { enum: ["ok", "unavailable"] }, nats: { type: "boolean" }, database: { type: "boolean" } }
}

const getHealth = (): Json => ({
  operationId: "getHealth",
  summary: "Whether events can be accepted. Needs no token.",
  security: [],
  responses: {
    200: response("NATS answers. PostgreSQL may be away: events then wait.", healthSchema),
    421: guarded[421],
    503: response("NATS does not answer.", healthSchema)
  }
})

export const eventPaths = (): Json => ({
  "/v1/events": { post: postEvents() },
  "/v1/inbound/{channel}": { post: postInbound() },
  "/v1/parked": { get: getParked() },
  [healthPath]: { get: getHealth() }
})

export const eventSchemas = (): Json => ({
  Event: { oneOf: envelopes, discriminator: { propertyName: "type", mapping } },
  ...Object.fromEntries(eventCatalog.map(({ name, data }) => [name, data])),
  ...Object.fromEntries(
    eventCatalog.map((event) => [`${event.name}Event`, envelopeSchema(event, ["id", "source", "type", "data"])])
  ),
  ...Object.fromEntries(Object.entries(offers).map(([name, schema]) => [name, payloadSchema(schema)])),
  LineAnswer: {
    type: "object",
    required: ["line"],
    properties: { line: { type: "integer", minimum: 1, description: "number of the line that is answered" } },
    oneOf: Object.keys(offers).map(schemaRef)
  },
  FieldError: payloadSchema(FieldError),
  FieldErrors: payloadSchema(FieldErrors),
  Parked: payloadSchema(Parked)
})
