/** Looks into a generated document: finds what is in it, and checks values by its schemas. */
import { rfc3339 } from "@holdfast/domain/Rfc3339"
import { Ajv } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import type { Json } from "../api/generator/PayloadSchema.ts"

/** Every object in it, at any depth. */
export const objectsIn = (node: unknown): ReadonlyArray<Json> => {
  if (typeof node !== "object" || node === null) return []
  const inner = Object.values(node).flatMap(objectsIn)
  return Array.isArray(node) ? inner : [node as Json, ...inner]
}

/** What a reference inside the document points to. */
export const at = (document: Json, ref: string): unknown =>
  ref
    .replace(/^#\//, "")
    .split("/")
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((node, step) => (node as Json | undefined)?.[step], document)

const checkers = new WeakMap<Json, Ajv>()

/** One for each document: its schemas are compiled once. */
const checkerOf = (document: Json): Ajv => {
  const made = checkers.get(document)
  if (made !== undefined) return made
  const options = { strict: false, allErrors: true, formats: { "date-time": rfc3339 } }
  // the two standards build on two drafts of JSON Schema
  const ajv = document["asyncapi"] === undefined ? new Ajv2020(options) : new Ajv(options)
  ajv.addSchema({ components: document["components"] ?? {} }, "document")
  checkers.set(document, ajv)
  return ajv
}

/** Checks values by a schema of the document; gives what is wrong. */
export const validatorOf = (document: Json, schema: Json): ((value: unknown) => ReadonlyArray<string>) => {
  const located = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"document#/')) as Json
  const validate = checkerOf(document).compile(located)
  return (value) =>
    validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
