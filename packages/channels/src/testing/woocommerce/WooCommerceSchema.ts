/**
 * What WooCommerce's REST API v3 documents of the requests that we make, as JSON Schema: names, types and limits of fields, in our words.
 *
 * Taken from the documentation of the API (https://woocommerce.github.io/woocommerce-rest-api-docs, "Products" and "Product
 * variations"), and from the schema that a shop publishes at `OPTIONS /wp-json/wc/v3/products`, as WooCommerce 10.3 does. WooCommerce
 * is GPL-3.0-or-later, by Automattic and contributors; none of its text or code is here. A field that we never say is left out,
 * and refused.
 */
import { Ajv, type ValidateFunction } from "ajv"

/** A shop's own limit on `per_page`, and on the items of a batch, unless its filters say otherwise. */
export const itemsMax = 100

const stock = {
  type: "object",
  required: ["id"],
  additionalProperties: false,
  properties: {
    id: { type: "integer" },
    manage_stock: { type: "boolean" },
    stock_quantity: { type: "integer" }
  }
}

const batch = { type: "object", additionalProperties: false, properties: { update: { type: "array", items: stock } } }

const ids = { type: "string", pattern: "^[0-9]+(,[0-9]+)*$" }

/** Parameters of a list, as text of the query. */
const list = {
  type: "object",
  additionalProperties: false,
  properties: {
    include: ids,
    per_page: { type: "string", pattern: `^([1-9][0-9]?|${itemsMax})$` },
    status: { enum: ["any", "future", "trash", "draft", "pending", "private", "publish"] },
    _fields: { type: "string" }
  }
}

const ajv = new Ajv({ allErrors: true })

export const isBatch: ValidateFunction = ajv.compile(batch)
export const isList: ValidateFunction = ajv.compile(list)
