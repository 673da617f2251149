/** What Shopify's schema resolves to, over a shop. */
import { buildSchema, getDirectiveValues, type GraphQLResolveInfo } from "graphql"
import { readFileSync } from "node:fs"
import type { SetInput, ShopifyShop } from "./ShopifyShop.ts"

export const contractSchema = buildSchema(readFileSync(new URL("admin_2026-10.graphql", import.meta.url), "utf8"))

const idempotent = contractSchema.getDirective("idempotent")!

const keyOf = ({ fieldNodes, variableValues }: GraphQLResolveInfo): string | undefined => {
  const values = getDirectiveValues(idempotent, fieldNodes[0]!, variableValues)
  return values?.["key"] as string | undefined
}

const levelOf = (shop: ShopifyShop, id: string, locationId: string) => {
  const item = shop.items.get(id)
  const quantity = item === undefined ? undefined : shop.level(item, locationId)
  if (quantity === undefined) return null
  return {
    quantities: ({ names }: { readonly names: ReadonlyArray<string> }) =>
      names.filter((name) => name === "available").map((name) => ({ name, quantity }))
  }
}

export const rootOf = (shop: ShopifyShop) => ({
  inventorySetQuantities: ({ input }: { readonly input: SetInput }, _: unknown, info: GraphQLResolveInfo) => ({
    userErrors: shop.set(input, keyOf(info))
  }),
  nodes: ({ ids }: { readonly ids: ReadonlyArray<string> }) =>
    ids.map((id) =>
      shop.items.has(id)
        ? {
            __typename: "InventoryItem",
            id,
            inventoryLevel: ({ locationId }: { readonly locationId: string }) => levelOf(shop, id, locationId)
          }
        : null
    )
})
