/**
 * What is said to Vendure's Admin API: a query of stock levels, a mutation of them, a query of orders. Vendure 3.
 */

const level = `stockLevels { stockLocationId stockOnHand stockAllocated }`

const levels = `query Levels($ids: [String!]!, $take: Int!, $locationId: ID!) {
  globalSettings { trackInventory }
  stockLocation(id: $locationId) { id }
  productVariants(options: { filter: { id: { in: $ids } }, take: $take }) { items { id trackInventory ${level} } }
}`

const setLevels = `mutation SetLevels($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id ${level} }
}`

const orders = `query Orders($filter: OrderFilterParameter!, $skip: Int!, $take: Int!) {
  orders(options: { filter: $filter, sort: { updatedAt: ASC }, skip: $skip, take: $take }) {
    items {
      id state orderPlacedAt updatedAt
      lines { id quantity orderPlacedQuantity productVariant { id sku } }
      fulfillments { id state createdAt updatedAt lines { orderLineId quantity } }
      modifications { id }
    }
  }
}`

/** One request's body. */
export interface VendureOperation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export const levelsOperation = (locationId: string, ids: ReadonlyArray<string>): VendureOperation => ({
  query: levels,
  variables: { ids, take: ids.length, locationId }
})

export const setOperation = (
  stockLocationId: string,
  onHand: ReadonlyArray<{ readonly variantId: string; readonly stockOnHand: number }>
): VendureOperation => ({
  query: setLevels,
  variables: {
    input: onHand.map(({ variantId, stockOnHand }) => ({
      id: variantId,
      stockLevels: [{ stockLocationId, stockOnHand }]
    }))
  }
})

export const ordersOperation = (filter: object, skip: number, take: number): VendureOperation => ({
  query: orders,
  variables: { filter, skip, take }
})
