/** The OpenAPI paths of channels, and their schemas, pinned as those of `AnswerSchema`. */
import { ChannelDefinition, Operation } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import { LagBufferRule } from "@holdfast/domain/LagBuffer"
import { Schema } from "effect"
import { historyMax, releaseSkusMax, requestBytesMax } from "../../src/channel/ChannelLimit.ts"
import { schemaRef } from "./Document.ts"
import { example, fieldErrors, guarded, query, response, retryAfter } from "./HttpParts.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

const { Struct, optionalKey } = Schema
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const Revision = Struct({
  id: Count,
  definition: Schema.Record(Schema.String, Schema.Unknown),
  operation: Operation,
  since: Schema.Finite.annotate({ description: "milliseconds since 1970" }),
  by: Schema.String,
  reason: Schema.NullOr(Schema.String),
  undoes: Schema.NullOr(Count).annotate({ description: "the change that it took back" })
})

export const ChangedField = Struct({
  field: Schema.String,
  before: optionalKey(Schema.Unknown),
  after: optionalKey(Schema.Unknown)
})

export const WaitingListing = Struct({
  sku: Sku,
  version: Count,
  wanted: Count.annotate({ description: "units that the channel is to show" }),
  confirmed: optionalKey(Count.annotate({ description: "units that it confirmed last; absent: none yet" })),
  kept: optionalKey(
    Schema.Struct({
      units: Count.annotate({ description: "units kept back because the channel hears late" }),
      law: Schema.Literals(["poisson", "negativeBinomial"]),
      demand: Schema.Struct({
        mean: Schema.Finite.annotate({ description: "units per second" }),
        variance: Schema.Finite
      }),
      lagSeconds: Schema.Finite.annotate({ description: "mean of the lags" }),
      lagFrom: Schema.Literals(["measured", "budget"]),
      exceeded: Schema.Finite.annotate({ description: "probability that demand over the lag exceeds these units" }),
      ...LagBufferRule.fields
    }).annotate({ description: "absent: the channel has no lag buffer" })
  ),
  place: Schema.String,
  pendingEvents: Count
})

/** Of a reconciliation: see `ReconciliationReport` in packages/channels. */
export const Reconciliation = Struct({
  channel: Schema.String,
  by: Schema.String,
  reason: optionalKey(Schema.String),
  heal: Schema.Literals(["below", "all", "none"]),
  begunAt: Schema.Finite.annotate({ description: "milliseconds since 1970" }),
  endedAt: optionalKey(Schema.Finite.annotate({ description: "absent while it runs" })),
  listings: Count.annotate({ description: "listings with a quantity to compare with" }),
  unconfirmed: Count.annotate({ description: "listings of which the channel has confirmed none" }),
  compared: Count.annotate({ description: "the denominator: listings that agree or differ" }),
  discrepancies: Count,
  rate: optionalKey(Schema.Finite.annotate({ description: "discrepancies by compared; absent: none was compared" })),
  counts: Struct({
    agrees: Count,
    inFlight: Count,
    lost: Count,
    externalEdit: Count,
    mapping: Count,
    unknown: Count
  }),
  reads: Count,
  detail: optionalKey(Schema.String.annotate({ description: "why it could not be read at times" })),
  stopAbove: Schema.Finite,
  stopped: Schema.Boolean.annotate({ description: "a larger share differs: nothing was repaired" }),
  healed: Count.annotate({ description: "listings that are told again" }),
  worst: Schema.Array(
    Struct({
      sku: Sku,
      verdict: Schema.Literals(["lost", "externalEdit", "mapping"]),
      shown: Schema.NullOr(Count).annotate({ description: "null: the channel does not list it" }),
      should: Count,
      since: Schema.Finite.annotate({ description: "when it was confirmed, milliseconds since 1970" })
    })
  )
})

const text: Json = { type: "string" }
const millis: Json = { type: ["number", "null"], description: "milliseconds since 1970" }
const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  required,
  properties
})
const listOf = (name: string): Json => ({ type: "array", items: schemaRef(name) })

const unavailable = response("The database does not answer: send it again.", fieldErrors, undefined, retryAfter)
const notFound = response("No channel has that id.", fieldErrors)
const contended = response("Somebody else changes it, or there is nothing to take back.", fieldErrors)
const author = { by: { ...text, description: "who changes it" }, reason: { ...text, description: "why" } }
const common = { 404: notFound, 503: unavailable, ...guarded }

const running: Json = {
  allOf: [
    schemaRef("ChannelRevision"),
    object({ now: { type: ["object", "null"], description: "how it does in this process; null: it is not run here" } })
  ]
}

const edit = object(
  {
    channel: text,
    changed: listOf("ChangedField"),
    advice: { type: "array", items: text, description: "what will not do what its writer may expect" },
    revision: schemaRef("ChannelRevision")
  },
  ["channel", "changed", "advice"]
)

const dryRun = query("dryRun", "only say what would change", { type: "boolean", default: false })
const id: Json = { name: "id", in: "path", required: true, schema: payloadSchema(ChannelId) }

const body = (properties: Json, examples: Json, required: ReadonlyArray<string> = ["by"]): Json => ({
  required: true,
  content: { "application/json": { schema: object(properties, [...required]), examples } }
})

const refusals = {
  409: contended,
  413: response(`The body has more than ${requestBytesMax} bytes.`, fieldErrors),
  422: response("What is wrong, field by field; nothing was changed.", fieldErrors),
  ...common
}

const list: Json = {
  operationId: "getChannels",
  summary: "What channels are, who made them so, and how they do.",
  responses: {
    200: response("By id.", object({ channels: { type: "array", items: running } })),
    503: unavailable,
    ...guarded
  }
}

const show: Json = {
  operationId: "getChannel",
  summary: "One channel.",
  responses: { 200: response("As it is now.", running), ...common }
}

const change: Json = {
  operationId: "patchChannel",
  summary: "Another timing, budget, buffer; paused, running, draining.",
  description: "It is in the history when it is answered, and takes effect within a second, without a restart.",
  parameters: [dryRun],
  requestBody: body(
    {
      ...author,
      definition: { type: "object", description: "fields that are to be other ones; null takes one away" },
      operation: payloadSchema(Operation)
    },
    {
      batch: example({
        by: "olga",
        reason: "stocktaking",
        definition: { timing: { model: "scheduled", cron: "0 * * * *", timeZone: "Europe/Berlin" } }
      }),
      pause: example({ by: "olga", operation: "paused" })
    }
  ),
  responses: { 200: response("What it changed; no `revision`: nothing.", edit), ...refusals }
}

const undo: Json = {
  operationId: "undoChannel",
  summary: "Takes back the last change; once more, the one before it.",
  parameters: [dryRun],
  requestBody: body(author, { mistaken: example({ by: "olga", reason: "wrong channel" }) }),
  responses: { 200: response("What that changed.", edit), ...refusals }
}

const history: Json = {
  operationId: "getChannelHistory",
  summary: "Who changed the channel, when, to what and why.",
  responses: {
    200: response(`Newest first, at most ${historyMax}.`, object({ history: listOf("ChannelRevision") })),
    ...common
  }
}

const differences: Json = {
  operationId: "getChannelDifferences",
  summary: "What waits for the channel's window: what it shows, and what it is to show.",
  responses: {
    200: response(
      "`closesAt` is null when an operator closes it.",
      object({ listings: listOf("WaitingListing"), closesAt: millis })
    ),
    409: response("The channel does not run in this process.", fieldErrors),
    ...common
  }
}

const release: Json = {
  operationId: "releaseChannel",
  summary: "Lets go what waits for the channel's window.",
  requestBody: body(
    {
      ...author,
      skus: {
        type: "array",
        items: payloadSchema(Sku),
        minItems: 1,
        maxItems: releaseSkusMax,
        description: "only these"
      }
    },
    { all: example({ by: "olga" }), some: example({ by: "olga", skus: ["MUG"] }) }
  ),
  responses: {
    202: response("They go within a second.", object({ release: { type: "integer" } })),
    413: refusals[413],
    422: refusals[422],
    ...common
  }
}

const noReconciliation = response(
  "It cannot be read back, is paused, is reconciled already, or does not run here.",
  fieldErrors
)

const reconciliation: Json = {
  operationId: "getChannelReconciliation",
  summary: "The comparison of what the channel shows with what it confirmed: the one under way, else the last.",
  responses: {
    200: response(
      "`refused` says why none can begin now.",
      object({
        report: { anyOf: [schemaRef("Reconciliation"), { type: "null" }] },
        refused: { type: ["string", "null"] }
      })
    ),
    409: response("The channel does not run in this process.", fieldErrors),
    ...common
  }
}

const reconcile: Json = {
  operationId: "reconcileChannel",
  summary: "Compares what the channel shows with what it confirmed, and repairs what differs.",
  requestBody: body(
    {
      ...author,
      heal: {
        enum: ["below", "all", "none"],
        default: "below",
        description: "`below`: unless too large a share differs; `all`: whatever the share; `none`: only said"
      }
    },
    {
      look: example({ by: "olga", heal: "none" }),
      heal: example({ by: "olga", reason: "a price tool wrote", heal: "all" })
    }
  ),
  responses: {
    202: response("It is begun, and goes on after the answer.", object({ report: schemaRef("Reconciliation") })),
    409: noReconciliation,
    413: refusals[413],
    422: refusals[422],
    ...common
  }
}

export const channelPaths = (): Json => ({
  "/v1/channels": { get: list },
  "/v1/channels/{id}": { parameters: [id], get: show, patch: change },
  "/v1/channels/{id}/history": { parameters: [id], get: history },
  "/v1/channels/{id}/differences": { parameters: [id], get: differences },
  "/v1/channels/{id}/undo": { parameters: [id], post: undo },
  "/v1/channels/{id}/release": { parameters: [id], post: release },
  "/v1/channels/{id}/reconciliation": { parameters: [id], get: reconciliation, post: reconcile }
})

export const channelSchemas = (): Json => ({
  ChannelDefinition: payloadSchema(ChannelDefinition),
  ChannelRevision: payloadSchema(Revision),
  ChangedField: payloadSchema(ChangedField),
  WaitingListing: payloadSchema(WaitingListing),
  Reconciliation: payloadSchema(Reconciliation)
})
