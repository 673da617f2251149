/** The connectors that are put to the conformance suite, each with a channel that it talks to. */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import type { SftpSettings } from "@holdfast/domain/SftpSettings"
import { Effect, Redacted } from "effect"
import { makeAmazonConnector } from "../src/amazon/AmazonConnector.ts"
import type { ListingMap } from "../src/ListingMap.ts"
import { makeShopifyConnector } from "../src/shopify/ShopifyConnector.ts"
import { makeSimulatedChannel } from "../src/simulated/SimulatedChannel.ts"
import { makeSimulatedConnector } from "../src/simulated/SimulatedConnector.ts"
import type { ConformanceTarget } from "../src/testing/ConnectorConformance.ts"
import { makeFaultyProxy } from "../src/testing/FaultyProxy.ts"
import { makeSftpConnector } from "../src/sftp/SftpConnector.ts"
import { makeLegacyErp, stockPath } from "../src/testing/sftp/LegacyErp.ts"
import { makeWebhookConnector } from "../src/webhook/WebhookConnector.ts"
import { makeWooCommerceConnector } from "../src/woocommerce/WooCommerceConnector.ts"
import type { WooCommerceListing } from "../src/woocommerce/WooCommerceListing.ts"
import { channelDefinition } from "./Announce.ts"
import { file846, sftpSettings } from "./SftpSample.ts"
import { makeAmazonContract } from "../src/testing/amazon/AmazonContract.ts"
import { AmazonSeller } from "../src/testing/amazon/AmazonSeller.ts"
import { makeShopifyContract } from "../src/testing/shopify/ShopifyContract.ts"
import { ShopifyShop } from "../src/testing/shopify/ShopifyShop.ts"
import { makeWooCommerceContract } from "../src/testing/woocommerce/WooCommerceContract.ts"
import { WooCommerceShop } from "../src/testing/woocommerce/WooCommerceShop.ts"

const secret = Redacted.make(`whsec_${Buffer.from("a secret of the tests").toString("base64")}`)
const skus = ["A-1", "100 % wool/ä", "🧦"].map((sku) => Sku.make(sku))

const simulatedChannel = Effect.gen(function* () {
  const behaviour = { latencyMillis: 0, jitterMillis: 0 }
  const channel = yield* makeSimulatedChannel({ id: ChannelId.make("shop"), name: "Shop", secret, behaviour })
  const proxy = yield* makeFaultyProxy(channel.url)
  return {
    proxy,
    skus,
    applied: () => channel.listings.applied,
    shown: (sku: Sku) => channel.listings.get(sku)?.quantity,
    expire: () => proxy.meets({ _tag: "status", status: 401 }),
    unlisted: () => {
      proxy.meets({ _tag: "status", status: 404, body: "no such product" })
      return Sku.make("unlisted")
    }
  }
})

const at = (endpoint: string, change: Partial<ChannelDefinition>) => channelDefinition({ endpoint, ...change })

const webhook: ConformanceTarget = {
  name: "webhook",
  hasBatches: false,
  hasReadBack: false,
  hasUnlisted: true,
  make: (timeoutMillis) =>
    Effect.gen(function* () {
      const subject = yield* simulatedChannel
      const definition = at(`${subject.proxy.url}/stock`, { connector: "webhook", timeoutMillis })
      return { ...subject, connector: yield* makeWebhookConnector(definition, secret) }
    })
}

const simulated: ConformanceTarget = {
  name: "simulated",
  hasBatches: false,
  hasReadBack: true,
  hasUnlisted: true,
  make: (timeoutMillis) =>
    Effect.gen(function* () {
      const subject = yield* simulatedChannel
      return { ...subject, connector: yield* makeSimulatedConnector(at(subject.proxy.url, { timeoutMillis }), secret) }
    })
}

const itemId = (number: number) => `gid://shopify/InventoryItem/${number}`

/** A shop that lists `skus` and shows none of them, and a connector that talks to it; `gone` is mapped, and the shop has it no more. */
export const shopifySubject = (timeoutMillis: number, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    const shop = new ShopifyShop()
    const external = new Map<Sku, unknown>([[Sku.make("gone"), { inventoryItemId: itemId(404) }]])
    skus.forEach((sku, i) => {
      shop.items.set(itemId(i + 1), { quantity: 0 })
      external.set(sku, { inventoryItemId: itemId(i + 1) })
    })
    const listings: ListingMap = {
      find: (asked) =>
        Effect.succeed(new Map(asked.flatMap((sku) => (external.has(sku) ? [[sku, external.get(sku)] as const] : []))))
    }
    const contract = yield* makeShopifyContract(shop)
    const proxy = yield* makeFaultyProxy(contract.url)
    const definition = at(proxy.url, {
      connector: "shopify",
      shopify: { locationId: shop.locationId },
      timeoutMillis,
      ...change
    })
    const connector = yield* makeShopifyConnector(definition, Redacted.make(shop.token), listings)
    return {
      connector,
      proxy,
      contract,
      shop,
      external,
      skus,
      applied: () => shop.applied,
      shown: (sku: Sku) => shop.items.get((external.get(sku) as { inventoryItemId: string }).inventoryItemId)?.quantity,
      expire: () => void (shop.token = "shpat_another"),
      unlisted: () => Sku.make("gone")
    }
  })

const shopify: ConformanceTarget = {
  name: "shopify",
  hasBatches: true,
  hasReadBack: true,
  hasUnlisted: true,
  make: shopifySubject
}

/** An ERP that takes files, and a connector that leaves them there. */
export const sftpSubject = (timeoutMillis: number, settings: Partial<SftpSettings> = {}) =>
  Effect.gen(function* () {
    const erp = yield* makeLegacyErp
    const { server } = erp
    const sftp = sftpSettings(server, settings)
    const definition = at(server.url, { connector: "sftp", sftp, timeoutMillis })
    return {
      connector: yield* makeSftpConnector(definition, Redacted.make(server.password)),
      erp,
      definition,
      proxy: server,
      applied: erp.applied,
      shown: (sku: Sku) => erp.shown.get(sku),
      expire: () => void (server.password = "another"),
      // it has taken a file once that has its name
      land: () => {}
    }
  })

/** A server that says nothing is waited for so long at most: its handshake takes a part of it. */
const handshakeMillis = 3_000

const sftpCsv: ConformanceTarget = {
  name: "sftp with CSV",
  hasBatches: true,
  hasReadBack: true,
  hasUnlisted: false,
  hasThrottle: false,
  make: (timeoutMillis) =>
    Effect.map(
      sftpSubject(Math.max(timeoutMillis, handshakeMillis), { stock: { path: stockPath, settleMillis: 0 } }),
      (subject) => ({ ...subject, skus })
    )
}

const sftp846: ConformanceTarget = {
  name: "sftp with X12",
  hasBatches: true,
  hasReadBack: false,
  hasUnlisted: true,
  hasThrottle: false,
  make: (timeoutMillis) =>
    Effect.map(sftpSubject(Math.max(timeoutMillis, handshakeMillis), { file: file846 }), (subject) => ({
      ...subject,
      skus: ["A-1", "100 % wool/a", 'B:"2" ^'].map((sku) => Sku.make(sku)),
      // what separates there cannot be part of a name
      unlisted: () => Sku.make("2*4")
    }))
}

/** A shop that lists `skus` as products 1, 2, 3 and shows none of them; `gone` is mapped, and the shop has it no more. */
export const wooCommerceSubject = (timeoutMillis: number, change: Partial<ChannelDefinition> = {}) =>
  Effect.gen(function* () {
    const shop = new WooCommerceShop()
    const external = new Map<Sku, unknown>([[Sku.make("gone"), { productId: 404 }]])
    skus.forEach((sku, i) => {
      shop.add(i + 1)
      external.set(sku, { productId: i + 1 })
    })
    const listings: ListingMap = {
      find: (asked) =>
        Effect.succeed(new Map(asked.flatMap((sku) => (external.has(sku) ? [[sku, external.get(sku)] as const] : []))))
    }
    const proxy = yield* makeFaultyProxy(yield* makeWooCommerceContract(shop))
    const definition = at(proxy.url, { connector: "woocommerce", timeoutMillis, ...change })
    const key = Redacted.make(`${shop.key}:${shop.secret}`)
    const connector = yield* makeWooCommerceConnector(definition, key, listings)
    const idOf = ({ productId, variationId }: WooCommerceListing) => variationId ?? productId
    return {
      connector,
      proxy,
      shop,
      external,
      skus,
      applied: () => shop.applied,
      shown: (sku: Sku) => shop.products.get(idOf(external.get(sku) as WooCommerceListing))?.quantity ?? undefined,
      expire: () => void (shop.secret = "cs_another"),
      unlisted: () => Sku.make("gone")
    }
  })

export const wooCommerce: ConformanceTarget = {
  name: "woocommerce",
  hasBatches: true,
  hasReadBack: true,
  hasUnlisted: true,
  make: wooCommerceSubject
}

export const amazonSecret = ({ clientId, clientSecret, refreshToken }: AmazonSeller) =>
  Redacted.make(JSON.stringify({ clientId, clientSecret, refreshToken }))

/** A seller who lists `skus` and shows none of them, and a connector that talks to it through a proxy; tokens come without one. */
export const amazonSubject = (
  timeoutMillis: number,
  change: Partial<ChannelDefinition> = {},
  makeSeller = () => new AmazonSeller()
) =>
  Effect.gen(function* () {
    const seller = makeSeller()
    for (const sku of skus) seller.listings.set(sku, { quantity: 0 })
    const contract = yield* makeAmazonContract(seller)
    const proxy = yield* makeFaultyProxy(contract.url)
    const { sellerId, marketplaceId } = seller
    const definition = at(proxy.url, {
      connector: "amazon",
      amazon: { sellerId, marketplaceId, tokenEndpoint: `${contract.url}/auth/o2/token` },
      timeoutMillis,
      ...change
    })
    const connector = yield* makeAmazonConnector(definition, amazonSecret(seller))
    return {
      connector,
      definition,
      proxy,
      contract,
      seller,
      skus,
      applied: () => seller.applied,
      land: () => seller.land(),
      shown: (sku: Sku) => seller.listings.get(sku)?.quantity,
      expire: () => {
        seller.refreshToken = "Atzr|another"
        seller.endTokens()
      },
      unlisted: () => Sku.make("gone")
    }
  })

const amazon: ConformanceTarget = {
  name: "amazon",
  hasBatches: false,
  hasReadBack: true,
  hasUnlisted: true,
  make: amazonSubject
}

export const conformanceTargets: ReadonlyArray<ConformanceTarget> = [
  webhook,
  simulated,
  shopify,
  wooCommerce,
  sftpCsv,
  sftp846,
  amazon
]
