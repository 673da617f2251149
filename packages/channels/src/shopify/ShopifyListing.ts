/** What Shopify calls a SKU: the inventory item whose quantity is set. */
import { Schema } from "effect"

const gid = /^gid:\/\/shopify\/InventoryItem\/[1-9]\d{0,19}$/

/** `external` of a mapping. */
export const ShopifyListing = Schema.Struct({
  /** as GraphQL names it: `gid://shopify/InventoryItem/<number>` */
  inventoryItemId: Schema.String.check(
    Schema.makeFilter((id: string) =>
      gid.test(id) ? undefined : "must be the number of an inventory item, or gid://shopify/InventoryItem/<number>"
    )
  )
}).annotate({ messageUnexpectedKey: "is not known: the field is inventoryItemId" })
export type ShopifyListing = typeof ShopifyListing.Type
