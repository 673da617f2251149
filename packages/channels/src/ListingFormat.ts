/**
 * How people write a channel's listings in a file: which columns there are beside `sku`, and what they come to.
 *
 * Guarantee: what a format reads is what its connector takes.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { shopifyFormat } from "./shopify/ShopifyListing.ts"
import { vendureFormat } from "./vendure/VendureListing.ts"
import { wooCommerceFormat } from "./woocommerce/WooCommerceListing.ts"

export interface ListingFormat {
  /** all of them are required */
  readonly columns: ReadonlyArray<string>
  /** @param cell what a column of the line says; never empty. @returns the ids, or what is wrong with which column */
  readonly read: (cell: (column: string) => string) => ReadListing
}

export type ReadListing =
  | {
      readonly _tag: "listing"
      readonly external: unknown
      /** which of the ids is looked for when the channel names a listing */
      readonly key: string
    }
  | { readonly _tag: "problem"; readonly column: string; readonly message: string }

/** Undefined: the channel knows SKUs by name. */
export const listingFormats: Readonly<Record<ChannelDefinition["connector"], ListingFormat | undefined>> = {
  webhook: undefined,
  simulated: undefined,
  shopify: shopifyFormat,
  sftp: undefined,
  vendure: vendureFormat,
  woocommerce: wooCommerceFormat,
  amazon: undefined
}
