/**
 * What is said to a WooCommerce shop: one batch of its REST API v3, and lists of what it shows.
 *
 * Guarantee: a batch sets quantities, absolutely: said twice it is the same. `inventory_delta`, which the API takes too, is never
 * said: it reads, adds and writes. Pure.
 */
import { wooCommerceBatchMax } from "../ChannelLimit.ts"
import type { MappedItem } from "../MappedItems.ts"
import type { WooCommerceListing } from "./WooCommerceListing.ts"

export type Target = MappedItem<WooCommerceListing>

/** `path` is below `/wp-json/wc/v3/`. */
export interface WooCommerceRequest {
  readonly path: string
  /** of a POST; absent: it is a GET */
  readonly body?: unknown
}

/** The id by which a batch and its answer name a listing. */
export const idOf = ({ productId, variationId }: WooCommerceListing): number => variationId ?? productId

/** Whether one request can tell of both: it is about products, or about the variations of one product. */
export const goTogether = (a: WooCommerceListing, b: WooCommerceListing): boolean =>
  a.variationId === undefined ? b.variationId === undefined : b.variationId !== undefined && a.productId === b.productId

/** @param targets that go together, at least one */
export const setRequest = (targets: readonly [Target, ...ReadonlyArray<Target>]): WooCommerceRequest => {
  const { productId, variationId } = targets[0].listing
  return {
    path: variationId === undefined ? "products/batch" : `products/${productId}/variations/batch`,
    body: {
      update: targets.map(({ item, listing }) => ({
        id: idOf(listing),
        manage_stock: true,
        stock_quantity: item.quantity
      }))
    }
  }
}

const listOf = (path: string, ids: ReadonlyArray<number>, fields: string): WooCommerceRequest => {
  const query = new URLSearchParams({
    include: ids.join(","),
    per_page: String(wooCommerceBatchMax),
    status: "any",
    _fields: fields
  })
  return { path: `${path}?${query}` }
}

const fields = "id,manage_stock,stock_quantity"

export const productsRequest = (ids: ReadonlyArray<number>): WooCommerceRequest => listOf("products", ids, fields)

/** Variations of one product: those of another are not listed, whatever is asked for. */
export const variationsRequest = (productId: number, ids: ReadonlyArray<number>): WooCommerceRequest =>
  listOf(`products/${productId}/variations`, ids, fields)

/** Variations of any products; shops know it since WooCommerce 10.3. */
export const allVariationsRequest = (ids: ReadonlyArray<number>): WooCommerceRequest =>
  listOf("variations", ids, `${fields},parent_id`)
