/** What Shopify calls a SKU: the inventory item whose quantity is set. */
import { Schema } from "effect"
import type { ListingFormat } from "../ListingFormat.ts"

const prefix = "gid://shopify/InventoryItem/"
const gid = /^gid:\/\/shopify\/InventoryItem\/[1-9]\d{0,19}$/
const message = `must be the number of an inventory item, or ${prefix}<number>`

/** `external` of a mapping. */
export const ShopifyListing = Schema.Struct({
  /** as GraphQL names it: `gid://shopify/InventoryItem/<number>` */
  inventoryItemId: Schema.String.check(Schema.makeFilter((id: string) => (gid.test(id) ? undefined : message)))
}).annotate({ messageUnexpectedKey: "is not known: the field is inventoryItemId" })
export type ShopifyListing = typeof ShopifyListing.Type

const column = "inventory_item_id"

/** Exports of a shop say the number, its API the whole id. */
export const shopifyFormat: ListingFormat = {
  columns: [column],
  read: (cell) => {
    const written = cell(column)
    const inventoryItemId = /^\d+$/.test(written) ? `${prefix}${written}` : written
    if (!gid.test(inventoryItemId)) return { _tag: "problem", column, message }
    return { _tag: "listing", external: { inventoryItemId }, key: inventoryItemId }
  }
}
