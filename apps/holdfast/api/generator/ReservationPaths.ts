/** The OpenAPI paths of reservations, and of what there is of a SKU. */
import type { RequestVerb } from "@holdfast/domain/Reservation"
import { historyRowsDefault, historyRowsMax } from "@holdfast/domain/Limit"
import { requestBytesMax } from "@holdfast/engine/EngineLimit"
import { answers, type AnswerName } from "./AnswerSchema.ts"
import { schemaRef } from "./Document.ts"
import { example, guarded, json, query, response, retryAfter, traceparent } from "./HttpParts.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"
import { answerCatalog, answerNames, requestSchemaOf, requestsOf, type CataloguedRequest } from "./RequestCatalog.ts"

type PostedVerb = Exclude<RequestVerb, "availability" | "history">

/** What is asked over HTTP with a body, and where. */
const places: Readonly<Record<PostedVerb, string>> = {
  reserve: "/v1/reservations",
  confirm: "/v1/reservations/{id}/confirm",
  release: "/v1/reservations/{id}/release",
  extend: "/v1/reservations/{id}/extend",
  pin: "/v1/reservations/{id}/pin",
  unpin: "/v1/reservations/{id}/unpin"
}

type Answered = readonly [description: string, names: ReadonlyArray<AnswerName>]

/** Status codes, and the answers that have them; what was done beside. */
const codes: Readonly<Record<string, Answered>> = {
  400: ["The body could not be read to its end.", ["Invalid"]],
  409: ["Decided, and final for this key.", ["Denied", "GroupDenied"]],
  413: [`The body has no \`content-length\`, or more than ${requestBytesMax} bytes.`, ["Invalid"]],
  415: ["Another content type.", ["Invalid"]],
  422: ["Not understood, or the key belongs to another request.", ["Invalid", "KeyReused"]],
  503: ["Nothing was done: ask again with the same key.", ["Busy"]],
  504: ["It may have been done: ask again with the same key.", ["Unknown"]]
}

const referring = (names: ReadonlyArray<string>): Json =>
  names.length === 1 ? schemaRef(names[0]!) : { anyOf: names.map(schemaRef) }

const answering = (code: string, [description, names]: Answered): readonly [string, Json] => {
  const examples = Object.fromEntries(names.map((name) => [name, example(answerCatalog[name].example)]))
  return [code, response(description, referring(names), examples, code === "503" ? retryAfter : undefined)]
}

const answeringAll = (all: Readonly<Record<string, Answered>>): Json =>
  Object.fromEntries(Object.entries(all).map(([code, answered]) => answering(code, answered)))

const post = (verb: PostedVerb): Json => {
  const asked = requestsOf(verb)
  const done = asked.flatMap((request) => request.done)
  const isDone: Answered = [answerCatalog[done[0]!].description, done]
  const examples = Object.fromEntries(asked.map(({ name, example: body }) => [name, example(withoutId(body, verb))]))
  return {
    operationId: verb,
    summary: asked.map(({ summary }) => summary).join(" Or: "),
    parameters: [traceparent],
    requestBody: { required: true, content: json(referring(asked.map(({ name }) => name)), examples) },
    responses: { ...answeringAll({ ...codes, [verb === "reserve" ? 201 : 200]: isDone }), ...guarded }
  }
}

/** Over HTTP the reservation is named by the path. */
const withoutId = (body: Json, verb: RequestVerb): Json => {
  if (verb === "reserve") return body
  const { reservationId: _, ...rest } = body
  return rest
}

const bodySchema = (request: CataloguedRequest): Json => {
  const { verb } = request
  const schema = requestSchemaOf(request)
  const required = Object.keys(
    withoutId(Object.fromEntries((schema["required"] as Array<string>).map((name) => [name, 1])), verb)
  )
  return { ...schema, required, properties: withoutId(schema["properties"] as Json, verb) }
}

const pathParameter = (name: string, description: string): Json => ({
  name,
  in: "path",
  required: true,
  description,
  schema: { type: "string" }
})
const id = pathParameter("id", "`reservationId` of the grant")

const getOf = (verb: "availability" | "history", operationId: string, queries: ReadonlyArray<Json>): Json => {
  const [{ summary, done }] = requestsOf(verb) as readonly [CataloguedRequest]
  return {
    operationId,
    summary,
    parameters: [pathParameter("sku", "percent-encoded"), ...queries],
    responses: {
      ...answeringAll({
        200: [answerCatalog[done[0]!].description, done],
        404: ["The SKU is not known.", ["Denied"]],
        409: ["The SKU is in quarantine.", ["Denied"]],
        422: ["Not understood: which field, and why.", ["Invalid"]],
        503: ["Ask again.", ["Busy"]],
        504: ["Ask again.", ["Unknown"]]
      }),
      ...guarded
    }
  }
}

const getStock = (): Json =>
  getOf("availability", "getStock", [
    query("by", "how many may be promised for then", { type: "string", format: "date-time" }),
    query("promise", "from when on how many may be promised", { type: "boolean", default: false })
  ])

const getHistory = (): Json =>
  getOf("history", "getHistory", [
    query("newest", "most rows: the newest", {
      type: "integer",
      minimum: 1,
      maximum: historyRowsMax,
      default: historyRowsDefault
    }),
    query("committedSince", "only what was committed from then on", { type: "string", format: "date-time" }),
    query("orderId", "only what belongs to this order", { type: "string" })
  ])

const verbs = Object.keys(places) as ReadonlyArray<PostedVerb>

export const reservationPaths = (): Json => ({
  ...Object.fromEntries(
    verbs.map((verb) => [places[verb], { ...(verb === "reserve" ? {} : { parameters: [id] }), post: post(verb) }])
  ),
  "/v1/stock/{sku}": { get: getStock() },
  "/v1/stock/{sku}/history": { get: getHistory() }
})

export const reservationSchemas = (): Json => ({
  ...Object.fromEntries(verbs.flatMap(requestsOf).map((request) => [request.name, bodySchema(request)])),
  ...Object.fromEntries(answerNames.map((name) => [name, payloadSchema(answers[name])]))
})
