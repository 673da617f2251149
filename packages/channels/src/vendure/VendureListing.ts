/** What Vendure calls a SKU: the product variant whose stock levels are set. */
import { Schema } from "effect"
import type { ListingFormat } from "../ListingFormat.ts"

// numbers by default, UUIDs or others where a shop has an id strategy of its own
const id = /^[\w-]{1,64}$/
const message = "must be the id of a product variant: a number, or what the shop's ids look like"

/** `external` of a mapping. */
export const VendureListing = Schema.Struct({
  /** as the Admin API names it */
  variantId: Schema.String.check(Schema.makeFilter((text: string) => (id.test(text) ? undefined : message)))
}).annotate({ messageUnexpectedKey: "is not known: the field is variantId" })
export type VendureListing = typeof VendureListing.Type

const column = "variant_id"

export const vendureFormat: ListingFormat = {
  columns: [column],
  read: (cell) => {
    const variantId = cell(column)
    if (!id.test(variantId)) return { _tag: "problem", column, message }
    return { _tag: "listing", external: { variantId }, key: variantId }
  }
}
