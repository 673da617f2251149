/** The OpenAPI paths of the catalogue and of who emits what, and their schemas, pinned as those of `AnswerSchema`. */
import { CatalogueItem } from "@holdfast/domain/Catalogue"
import { eventTypes } from "@holdfast/domain/EventManifest"
import { LocationId, Sku } from "@holdfast/domain/Identity"
import { Schema } from "effect"
import {
  changesAnsweredMax,
  pageSkusDefault,
  pageSkusMax,
  requestBytesMax
} from "../../src/catalogue/CatalogueLimit.ts"
import { schemaRef } from "./Document.ts"
import { example, fieldErrors, guarded, query, response, retryAfter } from "./HttpParts.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

const { Struct, optionalKey } = Schema
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const millis = { description: "milliseconds since 1970" }

const Known = Struct({ safetyStock: Schema.Int, safetyStockAt: Schema.optional(Schema.Finite.annotate(millis)) })

export const Change = Struct({
  line: Count,
  sku: Sku,
  locationId: LocationId,
  kind: Schema.Literals(["new", "changed"]),
  stock: optionalKey(Struct({ safetyStock: Schema.Int, before: Schema.optional(Known) })),
  name: optionalKey(Struct({ text: Schema.String, before: Schema.optional(Schema.String) }))
})

export const Row = Struct({
  sku: Sku,
  locationId: LocationId,
  safetyStock: Schema.Int,
  safetyStockAt: Schema.NullOr(Schema.Finite).annotate({ description: "as of when it was set; null: never" }),
  name: Schema.NullOr(Schema.String)
})

export const Problem = Struct({
  line: Count,
  field: Schema.String,
  message: Schema.String,
  value: optionalKey(Schema.String)
})

export const Emitter = Struct({
  type: Schema.Literals(eventTypes),
  source: optionalKey(Schema.String),
  declared: Schema.Boolean,
  status: Schema.Literals(["ok", "silent", "never", "undeclared", "no emitter", "not used"]).annotate({
    description: "`silent`: longer than it declared to be normal; `undeclared`: heard, and nobody said that it would be"
  }),
  silenceMinutes: optionalKey(Schema.Finite.annotate({ description: "minutes of silence that are normal" })),
  note: optionalKey(Schema.String),
  firstSeenAt: optionalKey(Schema.Finite.annotate(millis)),
  lastSeenAt: optionalKey(Schema.Finite.annotate(millis)),
  events: optionalKey(Count)
})

const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  required,
  properties
})
const count: Json = { type: "integer", minimum: 0 }
const listOf = (name: string): Json => ({ type: "array", items: schemaRef(name) })
const unavailable = response("Database or broker do not answer: send it again.", fieldErrors, undefined, retryAfter)

const applied = object({
  dryRun: { type: "boolean" },
  new: count,
  changed: count,
  unchanged: count,
  changes: listOf("CatalogueChange"),
  moreChanges: { ...count, description: `beyond the first ${changesAnsweredMax}` },
  events: { ...count, description: "events that were published" },
  repeated: { ...count, description: "of these, how many the broker had already" }
})

const refused = object(
  {
    errors: { type: "array", items: { anyOf: [schemaRef("LineProblem"), schemaRef("FieldError")] } },
    moreErrors: count
  },
  ["errors"]
)

const post = (): Json => ({
  operationId: "postCatalogue",
  summary: "Which SKUs are kept, where, with how many units that are never promised.",
  description: "Checked as a whole: any problem, and nothing is applied. The same again changes nothing.",
  parameters: [
    query("dryRun", "only say what would change", { type: "boolean", default: false }),
    query("source", "the source of the events", { type: "string", default: "catalogue" })
  ],
  requestBody: {
    required: true,
    content: {
      "application/x-ndjson": { schema: { type: "string", description: "a `CatalogueItem` per line" } },
      "application/json": {
        schema: schemaRef("CatalogueItem"),
        examples: { mug: example({ sku: "MUG", safetyStock: 5 }) }
      },
      "text/csv": {
        schema: { type: "string", description: "columns sku, and if you like location, safety_stock, name" }
      }
    }
  },
  responses: {
    200: response("The broker has the events; they are applied within a second or so.", applied),
    413: response(`The body has more than ${requestBytesMax} bytes: send it in parts.`, fieldErrors),
    415: response("Another content type.", fieldErrors),
    422: response("What is wrong, line by line; nothing was applied.", refused),
    503: unavailable,
    ...guarded
  }
})

const get = (): Json => ({
  operationId: "getCatalogue",
  summary: "The SKUs that are known, in order, each with all its locations.",
  parameters: [
    query("location", "only this location", { type: "string" }),
    query("after", "only SKUs after this one: `next` of the page before", { type: "string" }),
    query("limit", "most SKUs", { type: "integer", minimum: 1, maximum: pageSkusMax, default: pageSkusDefault })
  ],
  responses: {
    200: response(
      "`next` is null on the last page.",
      object({ items: listOf("CatalogueRow"), next: { type: ["string", "null"] } })
    ),
    422: response("A parameter is wrong.", fieldErrors),
    503: unavailable,
    ...guarded
  }
})

const sources = (): Json => ({
  operationId: "getSources",
  summary: "Every type of event, who emits it, when it was heard last.",
  responses: {
    200: response("In the order of the types.", object({ emitters: listOf("Emitter") })),
    503: unavailable,
    ...guarded
  }
})

export const cataloguePaths = (): Json => ({
  "/v1/catalogue": { post: post(), get: get() },
  "/v1/sources": { get: sources() }
})

export const catalogueSchemas = (): Json => ({
  CatalogueItem: payloadSchema(CatalogueItem),
  CatalogueChange: payloadSchema(Change),
  CatalogueRow: payloadSchema(Row),
  LineProblem: payloadSchema(Problem),
  Emitter: payloadSchema(Emitter)
})
