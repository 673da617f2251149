/**
 * JSON Schema of what is on the wire, from the Effect schemas that decode it.
 *
 * Guarantee: whatever these schemas accept, the JSON Schema accepts. It is stricter than types alone: limits that the schemas
 * check in code are told again here, by the identity of their check; a test holds both against each other at every limit.
 * It cannot tell bytes from characters: an id of 128 characters may still be too long.
 */
import {
  historyRowsMax,
  holdTtlMillisMax,
  holdTtlMillisMin,
  idBytesMax,
  lineQuantityMax,
  noteBytesMax
} from "@holdfast/domain/Limit"
import { Note, Sku } from "@holdfast/domain/Identity"
import { TtlMillis } from "@holdfast/domain/Reservation"
import { RowCount } from "@holdfast/domain/StockHistory"
import { Delta, Instant, Quantity, QuantityOrNone } from "@holdfast/domain/StockEvent"
import { type JsonSchema, type Schema, SchemaAST, SchemaRepresentation } from "effect"
import { timeMax } from "@holdfast/domain/Rfc3339"
import { textOfField } from "./FieldText.ts"

export type Json = JsonSchema.JsonSchema

const text = (bytesMax: number): Json => ({
  type: "string",
  minLength: 1,
  // bytes cannot be counted here; there are never more characters than bytes
  maxLength: bytesMax,
  pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"
})

const whole = (minimum: number, maximum: number): Json => ({ type: "integer", minimum, maximum })

/** Schemas whose limits are code, and the same limits as data. */
const limited: ReadonlyArray<readonly [name: string, schema: Schema.Top, limits: Json]> = [
  ["Id", Sku, text(idBytesMax)],
  ["Note", Note, text(noteBytesMax)],
  ["Quantity", Quantity, whole(1, lineQuantityMax)],
  ["QuantityOrNone", QuantityOrNone, whole(0, lineQuantityMax)],
  ["Delta", Delta, { ...whole(-lineQuantityMax, lineQuantityMax), not: { const: 0 } }],
  ["RowCount", RowCount, whole(1, historyRowsMax)],
  ["TtlMillis", TtlMillis, whole(holdTtlMillisMin, holdTtlMillisMax)],
  [
    "Instant",
    Instant,
    {
      anyOf: [
        { type: "string", format: "date-time" },
        { ...whole(0, timeMax), description: "milliseconds since 1970" }
      ]
    }
  ]
]

/** What makes a schema this one wherever it is used: its check, or what it is written as. */
const identityOf = (ast: SchemaAST.AST): unknown => {
  const written = SchemaAST.toEncoded(ast)
  return written.checks?.[0] ?? (SchemaAST.isUnion(written) ? written.types : undefined)
}

const nameOf = new Map(limited.map(([name, { ast }]) => [identityOf(ast), name]))
const limitsOf = new Map(limited.map(([name, , limits]) => [`#/$defs/${name}`, limits]))

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null

/** Puts limits and texts in, and leaves out what tells nothing: that unknown fields may be there, that numbers are exact. */
const completed = (node: unknown, field?: string): unknown => {
  if (Array.isArray(node)) return node.map((one) => completed(one))
  if (!isObject(node)) return node
  const { additionalProperties: _, properties, $ref, ...rest } = node
  if (rest["minimum"] === Number.MIN_SAFE_INTEGER) delete rest["minimum"]
  if (rest["maximum"] === Number.MAX_SAFE_INTEGER) delete rest["maximum"]
  const limits = $ref === undefined ? {} : limitsOf.get($ref as string)
  const description = field === undefined ? undefined : textOfField(field)
  const inner = Object.entries(rest).map(([key, value]) => [key, completed(value)])
  return {
    ...Object.fromEntries(inner),
    ...limits,
    ...(description === undefined || rest["description"] !== undefined ? {} : { description }),
    ...(isObject(properties) ? { properties: ofProperties(properties) } : {})
  }
}

const ofProperties = (properties: Json): Json =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, completed(schema, name)]))

/** The JSON Schema (2020-12) of what this schema decodes. */
export const payloadSchema = (schema: Schema.Top): Json => {
  const document = SchemaRepresentation.toRepresentation(schema.ast, {
    referencePolicy: ({ ast }) => nameOf.get(identityOf(ast))
  })
  return completed(SchemaRepresentation.toJsonSchemaDocument(document).schema) as Json
}
