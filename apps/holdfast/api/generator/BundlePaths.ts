/** The OpenAPI paths of bundles, and their schemas, pinned as those of `AnswerSchema`. */
import { Sku } from "@holdfast/domain/Identity"
import { bundleComponentsMax } from "@holdfast/domain/Limit"
import { Quantity } from "@holdfast/domain/StockEvent"
import { Schema } from "effect"
import { schemaRef } from "./Document.ts"
import { example, fieldErrors, guarded, query, response, retryAfter } from "./HttpParts.ts"
import { payloadSchema, type Json } from "./PayloadSchema.ts"

export const BundleComponent = Schema.Struct({ sku: Sku, quantity: Quantity })

const object = (properties: Json, required = Object.keys(properties)): Json => ({
  type: "object",
  required,
  properties
})
const components: Json = { type: "array", items: schemaRef("BundleComponent"), maxItems: bundleComponentsMax }
const unavailable = response("Database or broker do not answer: send it again.", fieldErrors, undefined, retryAfter)

const bundle = object({
  sku: payloadSchema(Sku),
  components,
  since: { type: "number", description: "milliseconds since 1970" }
})

const list: Json = {
  operationId: "getBundles",
  summary: "SKUs that are sold as one and made of others.",
  responses: {
    200: response("In order.", object({ bundles: { type: "array", items: bundle } })),
    503: unavailable,
    ...guarded
  }
}

const put: Json = {
  operationId: "putBundle",
  summary: "What a bundle is made of; of nothing: it is a bundle no more.",
  parameters: [query("dryRun", "only say whether it would change", { type: "boolean", default: false })],
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: object({ components }),
        examples: {
          corner: example({
            components: [
              { sku: "LAMP", quantity: 1 },
              { sku: "BULB", quantity: 2 }
            ]
          })
        }
      }
    }
  },
  responses: {
    200: response(
      "The broker has its event; it counts within a second.",
      object({ dryRun: { type: "boolean" }, changed: { type: "boolean" } })
    ),
    413: response("The body is too large.", fieldErrors),
    422: response("What is wrong, field by field; nothing was changed.", fieldErrors),
    503: unavailable,
    ...guarded
  }
}

const sku: Json = { name: "sku", in: "path", required: true, schema: payloadSchema(Sku) }

export const bundlePaths = (): Json => ({
  "/v1/bundles": { get: list },
  "/v1/bundles/{sku}": { parameters: [sku], put }
})

export const bundleSchemas = (): Json => ({ BundleComponent: payloadSchema(BundleComponent) })
