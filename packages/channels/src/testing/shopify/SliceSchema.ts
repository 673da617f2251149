/**
 * Cuts the part of Shopify's published schema that we speak of out of the whole, which has some 3,500 types.
 *
 *     npm pack @shopify/dev-mcp@1.16.0 && tar xzf shopify-dev-mcp-1.16.0.tgz
 *     node packages/channels/src/testing/shopify/SliceSchema.ts package/dist/data/admin_2026-10.json.gz
 *
 * Guarantee: a type that is kept has every input field, argument, enum value and directive that it has in the whole; of an object, fields are left
 * out whose type is not kept. Writes `admin_<version>.graphql` beside itself.
 */
import {
  buildClientSchema,
  type IntrospectionNamedTypeRef,
  type IntrospectionQuery,
  type IntrospectionSchema,
  type IntrospectionType,
  printSchema
} from "graphql"
import { readFileSync, writeFileSync } from "node:fs"
import { basename, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { gunzipSync } from "node:zlib"

const kept = new Set([
  "QueryRoot",
  "Mutation",
  "Node",
  "InventoryItem",
  "InventoryLevel",
  "InventoryQuantity",
  "InventorySetQuantitiesInput",
  "InventoryQuantityInput",
  "InventorySetQuantitiesPayload",
  "InventorySetQuantitiesUserError",
  "InventorySetQuantitiesUserErrorCode",
  "DisplayableError"
])

/** Of the roots, which have hundreds. */
const rootFields = new Set(["nodes", "inventorySetQuantities"])

type TypeRef = { readonly kind: string; readonly name?: string; readonly ofType?: TypeRef }

const nameOf = (type: TypeRef): string => (type.ofType ? nameOf(type.ofType) : type.name!)

const slice = (schema: IntrospectionSchema): IntrospectionSchema => {
  const scalars = new Set(schema.types.filter(({ kind }) => kind === "SCALAR").map(({ name }) => name))
  const isKept = (type: unknown) => scalars.has(nameOf(type as TypeRef)) || kept.has(nameOf(type as TypeRef))
  const cut = (type: IntrospectionType): IntrospectionType => {
    if (type.kind !== "OBJECT" && type.kind !== "INTERFACE") return type
    const isRoot = type.name === "QueryRoot" || type.name === "Mutation"
    const fields = type.fields.filter(({ name, type: of }) => isKept(of) && (!isRoot || rootFields.has(name)))
    const interfaces = (type.interfaces as ReadonlyArray<IntrospectionNamedTypeRef>).filter(({ name }) =>
      kept.has(name)
    )
    if (type.kind === "OBJECT") return { ...type, fields, interfaces } as IntrospectionType
    return {
      ...type,
      fields,
      interfaces,
      possibleTypes: type.possibleTypes.filter(({ name }) => kept.has(name))
    } as IntrospectionType
  }
  const types = schema.types.filter(({ name }) => kept.has(name)).map(cut)
  const used = new Set(
    JSON.stringify(types)
      .match(/"name":"\w+"/g)!
      .map((each) => each.slice(8, -1))
  )
  const scalarsUsed = schema.types.filter(({ kind, name }) => kind === "SCALAR" && used.has(name))
  const introspected = schema.types.filter(({ name }) => name.startsWith("__"))
  return { ...schema, subscriptionType: null, types: [...types, ...scalarsUsed, ...introspected] }
}

/** Descriptions are left out, except those of what a value means. */
const withoutDescriptions = (key: string, value: unknown): unknown => (key === "description" ? undefined : value)

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error("name the file that holds the whole schema")
const whole = JSON.parse(gunzipSync(readFileSync(file)).toString(), withoutDescriptions) as {
  data?: IntrospectionQuery
} & IntrospectionQuery
const { __schema } = whole.data ?? whole
const name = basename(file).replace(".json.gz", ".graphql")
const licence = readFileSync(new URL("../../LICENSE", pathToFileURL(resolve(file))), "utf8").trim()
const title = [
  "Part of Shopify's GraphQL Admin API, as @shopify/dev-mcp 1.16.0 publishes it, cut by SliceSchema.ts.",
  "",
  licence
]
  .flatMap((text) => text.split("\n"))
  .map((line) => `# ${line}`.trim())
  .join("\n")
writeFileSync(
  new URL(name, import.meta.url),
  `${title}\n\n${printSchema(buildClientSchema({ __schema: slice(__schema) }))}\n`
)
