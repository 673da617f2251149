/** What the paths of the OpenAPI document are made of. */
import { schemaRef } from "./Document.ts"
import type { Json } from "./PayloadSchema.ts"

export const json = (schema: Json, examples?: Json): Json => ({
  "application/json": { schema, ...(examples === undefined ? {} : { examples }) }
})
export const example = (value: unknown): Json => ({ value })

export const response = (description: string, schema: Json, examples?: Json, headers?: Json): Json => ({
  description,
  ...(headers === undefined ? {} : { headers }),
  content: json(schema, examples)
})

export const retryAfter: Json = { "retry-after": { description: "seconds", schema: { type: "integer", minimum: 0 } } }
export const fieldErrors = schemaRef("FieldErrors")

/** Answers of the guard, which stands before every path. */
export const guarded: Json = {
  401: response("The server has a token, and the request does not bear it.", fieldErrors),
  421: response("The host name is not one under which the server may be asked.", fieldErrors)
}

export const traceparent: Json = {
  name: "traceparent",
  in: "header",
  description: "W3C trace context: what happens next becomes a part of the caller's trace",
  schema: { type: "string" }
}

export const query = (name: string, description: string, schema: Json): Json => ({
  name,
  in: "query",
  description,
  schema
})
