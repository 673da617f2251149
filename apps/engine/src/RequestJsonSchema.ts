/**
 * The shape of a request as JSON Schema, for those who find the service on NATS.
 *
 * Guarantee: whatever is accepted fits it. It does not tell limits: the API documents do, and so does the answer to a request that
 * is beyond one.
 */
import { requestSchemas, type RequestVerb } from "@holdfast/domain/Reservation"
import { Schema } from "effect"

/** JSON knows no infinities, and every number of a request is whole. */
const isAnyNumber = (node: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(node["anyOf"]) && node["anyOf"].some((each) => (each as { type?: unknown }).type === "number")

const plain = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(plain)
  if (typeof node !== "object" || node === null) return node
  const object = node as Readonly<Record<string, unknown>>
  if (isAnyNumber(object)) return { type: "integer" }
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, plain(value)]))
}

/** JSON Schema 2020-12, as text. */
export const requestJsonSchema = (verb: RequestVerb): string =>
  JSON.stringify(plain(Schema.toJsonSchemaDocument(requestSchemas[verb]).schema))
