/** What WooCommerce calls a SKU: a product, or a variation of one. */
import { wholeFrom } from "@holdfast/domain/WholeNumber"
import { Schema } from "effect"
import type { ListingFormat } from "../ListingFormat.ts"

const Id = wholeFrom(1, Number.MAX_SAFE_INTEGER)

/** `external` of a mapping. */
export const WooCommerceListing = Schema.Struct({
  productId: Id,
  /** absent: the product itself */
  variationId: Schema.optionalKey(Id)
}).annotate({ messageUnexpectedKey: "is not known: the fields are productId and variationId" })
export type WooCommerceListing = typeof WooCommerceListing.Type

const digits = /^\d{1,16}$/
const isId = (text: string): boolean => digits.test(text) && Number(text) >= 1 && Number.isSafeInteger(Number(text))

const product = "product_id"
const variation = "variation_id"

/** As lines of WooCommerce's orders say it: a product without variations has the variation 0. */
export const wooCommerceFormat: ListingFormat = {
  columns: [product, variation],
  read: (cell) => {
    const [productId, variationId] = [cell(product), cell(variation)]
    if (!isId(productId)) return { _tag: "problem", column: product, message: "must be the number of a product" }
    // a variation is one of a single product: it alone says which listing is meant
    if (isId(variationId)) {
      const external = { productId: Number(productId), variationId: Number(variationId) }
      return { _tag: "listing", external, key: String(external.variationId) }
    }
    if (!/^0+$/.test(variationId))
      return {
        _tag: "problem",
        column: variation,
        message: "must be the number of a variation, or 0 for the product itself"
      }
    return { _tag: "listing", external: { productId: Number(productId) }, key: String(Number(productId)) }
  }
}
