/**
 * A shop on a Vendure server: filled, stocked and bought from through Vendure's own two APIs, as people do.
 *
 * Guarantee: what cannot be done rejects with what Vendure said.
 */
import { randomUUID } from "node:crypto"
import { VendureClient } from "./VendureClient.ts"
import type { VendureServer } from "./VendureServer.ts"

const translations = (name: string) => [{ languageCode: "en", name, slug: randomUUID(), description: "" }]
const named = (name: string) => [{ languageCode: "en", name }]
const described = (name: string) => [{ languageCode: "en", name, description: "" }]

interface Id {
  readonly id: string
}

/** What an administrator must be allowed to, for the connector and the poll of orders. */
export const holdfastMay = ["ReadCatalog", "UpdateCatalog", "ReadStockLocation", "ReadOrder"] as const

export class VendureShop {
  readonly url: string
  readonly admin: VendureClient
  /** of the location that every shop begins with */
  readonly locationId: string
  private role: Promise<string> | undefined

  private constructor({ url }: VendureServer, admin: VendureClient, locationId: string) {
    this.url = url
    this.admin = admin
    this.locationId = locationId
  }

  /** One that sells anything to anybody in the world, delivers for nothing and takes any payment. */
  static async open(server: VendureServer): Promise<VendureShop> {
    const admin = await VendureClient.signIn(`${server.url}/admin-api`, "superadmin", server.password)
    const { stockLocations } = await admin.ask<{ stockLocations: { items: ReadonlyArray<Id> } }>(
      `{ stockLocations { items { id } } }`
    )
    const shop = new VendureShop(server, admin, stockLocations.items[0]!.id)
    await shop.fill()
    return shop
  }

  private async create(what: string, input: object, plural = false): Promise<string> {
    const type = `Create${what}Input!`
    const query = `mutation($input: ${plural ? `[${type}]!` : type}) { created: create${what}${plural ? "s" : ""}(input: $input) { id } }`
    const { created } = await this.admin.ask<{ created: Id | ReadonlyArray<Id> }>(query, {
      input: plural ? [input] : input
    })
    return Array.isArray(created) ? created[0].id : (created as Id).id
  }

  private async fill(): Promise<void> {
    const country = await this.create("Country", { code: "DE", enabled: true, translations: named("Germany") })
    const zone = await this.create("Zone", { name: "World", memberIds: [country] })
    const category = await this.create("TaxCategory", { name: "Standard", isDefault: true })
    await this.create("TaxRate", { name: "None", enabled: true, value: 0, categoryId: category, zoneId: zone })
    const { channels } = await this.admin.ask<{ channels: { items: ReadonlyArray<Id> } }>(
      `{ channels { items { id } } }`
    )
    const input = { id: channels.items[0]!.id, defaultTaxZoneId: zone, defaultShippingZoneId: zone }
    await this.admin.ask(
      `mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { ... on Channel { id } ... on ErrorResult { message } } }`,
      { input }
    )
    await this.create("ShippingMethod", {
      code: "post",
      translations: described("post"),
      fulfillmentHandler: "manual-fulfillment",
      checker: { code: "default-shipping-eligibility-checker", arguments: [{ name: "orderMinimum", value: "0" }] },
      calculator: {
        code: "default-shipping-calculator",
        arguments: [
          { name: "rate", value: "0" },
          { name: "includesTax", value: "auto" },
          { name: "taxRate", value: "0" }
        ]
      }
    })
    const handler = { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "true" }] }
    await this.create("PaymentMethod", { code: "any", enabled: true, translations: described("any"), handler })
  }

  /** A session of somebody new, who may do what Holdfast does. */
  async signIn(): Promise<VendureClient> {
    this.role ??= this.create("Role", { code: "holdfast", description: "", permissions: holdfastMay })
    const person = { emailAddress: `${randomUUID()}@example.com`, password: randomUUID() }
    const names = { firstName: "Holdfast", lastName: "Holdfast" }
    await this.create("Administrator", { ...person, ...names, roleIds: [await this.role] })
    return VendureClient.signIn(`${this.url}/admin-api`, person.emailAddress, person.password)
  }

  /** Ends all sessions of that person. */
  async signOut(session: VendureClient): Promise<void> {
    await session.ask(`mutation { logout { success } }`)
  }

  /** @param permissions such as `ReadOrder`. @returns the key */
  async apiKey(permissions: ReadonlyArray<string>): Promise<string> {
    const role = await this.create("Role", { code: permissions.join("-"), description: "", permissions })
    const input = { roleIds: [role], translations: named("holdfast") }
    const { createApiKey } = await this.admin.ask<{ createApiKey: { apiKey: string } }>(
      `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }`,
      { input }
    )
    return createApiKey.apiKey
  }

  /** Lists a SKU of which nothing is there. @returns the id of its variant */
  async list(sku: string): Promise<string> {
    // of a product of its own: variants of one product must differ in options
    const productId = await this.create("Product", { enabled: true, translations: translations(sku) })
    const variant = { productId, sku, price: 100, trackInventory: "TRUE", translations: named(sku) }
    return this.create("ProductVariant", variant, true)
  }

  /** Lists many, as the variants of one product. */
  async listMany(prefix: string, count: number) {
    const skus = Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
    const productId = await this.create("Product", { enabled: true, translations: translations(prefix) })
    const options = skus.map((code) => ({ code, translations: named(code) }))
    const { group } = await this.admin.ask<{ group: Id & { readonly options: ReadonlyArray<Id> } }>(
      `mutation($input: CreateProductOptionGroupInput!) { group: createProductOptionGroup(input: $input) { id options { id } } }`,
      { input: { code: prefix, translations: named(prefix), options } }
    )
    await this.admin.ask(
      `mutation($productId: ID!, $id: ID!) { addOptionGroupToProduct(productId: $productId, optionGroupId: $id) { id } }`,
      { productId, id: group.id }
    )
    const input = skus.map((sku, n) => ({
      productId,
      sku,
      price: 100,
      trackInventory: "TRUE",
      translations: named(sku),
      optionIds: [group.options[n]!.id]
    }))
    const { variants } = await this.admin.ask<{ variants: ReadonlyArray<Id> }>(
      `mutation($input: [CreateProductVariantInput!]!) { variants: createProductVariants(input: $input) { id } }`,
      { input }
    )
    return variants.map(({ id }, n) => ({ sku: skus[n]!, variantId: id }))
  }

  /** A second sales channel, where nothing is listed yet. @returns its token */
  async openChannel(): Promise<string> {
    const { zones } = await this.admin.ask<{ zones: { items: ReadonlyArray<Id> } }>(`{ zones { items { id } } }`)
    const zone = zones.items[0]!.id
    const token = randomUUID()
    const input = {
      code: token,
      token,
      defaultLanguageCode: "en",
      defaultCurrencyCode: "USD",
      pricesIncludeTax: false,
      defaultTaxZoneId: zone,
      defaultShippingZoneId: zone
    }
    await this.admin.ask(
      `mutation($input: CreateChannelInput!) { createChannel(input: $input) { ... on Channel { id } ... on ErrorResult { message } } }`,
      { input }
    )
    return token
  }

  /** Does not track how many there are of it: it never sells out. */
  async untrack(variantId: string): Promise<void> {
    await this.admin.ask(
      `mutation($input: [UpdateProductVariantInput!]!) { updateProductVariants(input: $input) { id } }`,
      {
        input: [{ id: variantId, trackInventory: "FALSE" }]
      }
    )
  }

  /** On hand and not allocated, everywhere. */
  async saleable(variantId: string): Promise<number> {
    const { productVariant } = await this.admin.ask<{
      productVariant: { stockLevels: ReadonlyArray<{ stockOnHand: number; stockAllocated: number }> }
    }>(`query($id: ID!) { productVariant(id: $id) { stockLevels { stockOnHand stockAllocated } } }`, { id: variantId })
    return productVariant.stockLevels.reduce((sum, level) => sum + level.stockOnHand - level.stockAllocated, 0)
  }

  /** Stock adjustments of these variants so far. */
  async adjustments(variantIds: ReadonlyArray<string>): Promise<number> {
    let sum = 0
    for (const id of variantIds) {
      const { productVariant } = await this.admin.ask<{ productVariant: { stockMovements: { totalItems: number } } }>(
        `query($id: ID!) { productVariant(id: $id) { stockMovements(options: { type: ADJUSTMENT }) { totalItems } } }`,
        { id }
      )
      sum += productVariant.stockMovements.totalItems
    }
    return sum
  }
}
