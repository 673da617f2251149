/**
 * What is said to Shopify: one mutation and one query of its GraphQL Admin API.
 *
 * Guarantee: the same items are the same request under the same idempotency key, and other items another one. What the channel shows
 * is always said, or that it is not known (null): Shopify refuses a write that says neither.
 */
import { hash } from "node:crypto"
import type { MappedItem } from "../MappedItems.ts"
import type { ShopifyListing } from "./ShopifyListing.ts"

/** The version that operations and answers were checked against. Shopify serves a version for a year. */
export const apiVersion = "2026-10"

/** The number that is told and read: what the shop may sell. */
const quantityName = "available"

const setQuantities = `mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    userErrors { code field message }
  }
}`

const shownQuantities = `query ShownQuantities($ids: [ID!]!, $locationId: ID!, $names: [String!]!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id
      inventoryLevel(locationId: $locationId) { quantities(names: $names) { name quantity } }
    }
  }
}`

/** One request's body. */
export interface ShopifyOperation {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export const setOperation = (
  locationId: string,
  targets: ReadonlyArray<MappedItem<ShopifyListing>>
): ShopifyOperation => {
  const quantities = targets.map(({ item, listing }) => ({
    inventoryItemId: listing.inventoryItemId,
    locationId,
    quantity: item.quantity,
    changeFromQuantity: item.expected ?? null
  }))
  const key = hash("sha256", JSON.stringify([quantities, targets.map(({ item }) => item.key)]), "base64url")
  const input = {
    name: quantityName,
    reason: "correction",
    referenceDocumentUri: `gid://holdfast/Push/${key}`,
    quantities
  }
  return { query: setQuantities, variables: { input, key } }
}

export const shownOperation = (locationId: string, ids: ReadonlyArray<string>): ShopifyOperation => ({
  query: shownQuantities,
  variables: { ids, locationId, names: [quantityName] }
})
