/** Which connector a channel's definition names. A new connector is one line here. */
import { makeAmazonConnector } from "@holdfast/channels/amazon/AmazonConnector"
import type { ChannelConnector } from "@holdfast/channels/ChannelConnector"
import type { ConnectorError } from "@holdfast/channels/ConnectorError"
import type { ListingMap } from "@holdfast/channels/ListingMap"
import { makeShopifyConnector } from "@holdfast/channels/shopify/ShopifyConnector"
import { makeSimulatedConnector } from "@holdfast/channels/simulated/SimulatedConnector"
import { makeVendureConnector } from "@holdfast/channels/vendure/VendureConnector"
import { makeWebhookConnector } from "@holdfast/channels/webhook/WebhookConnector"
import { makeWooCommerceConnector } from "@holdfast/channels/woocommerce/WooCommerceConnector"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Database } from "@holdfast/ledger/Database"
import { Config, Effect, type Redacted, type Scope } from "effect"
import { listingMapOf } from "./ListingMapLedger.ts"
import { OutboundError } from "./OutboundError.ts"

type Make = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted,
  listings: ListingMap
) => Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope>

/** Loaded by the first channel that needs it: SSH takes some 20 MB. */
const sftp: Make = (definition, secret) =>
  Effect.flatMap(
    Effect.promise(() => import("@holdfast/channels/sftp/SftpConnector")),
    ({ makeSftpConnector }) => makeSftpConnector(definition, secret)
  )

const connectors: Readonly<Record<ChannelDefinition["connector"], Make>> = {
  webhook: makeWebhookConnector,
  simulated: makeSimulatedConnector,
  shopify: makeShopifyConnector,
  sftp,
  vendure: makeVendureConnector,
  woocommerce: makeWooCommerceConnector,
  amazon: makeAmazonConnector
}

const secretOf = (definition: ChannelDefinition): Effect.Effect<Redacted.Redacted, OutboundError> => {
  const missing = (detail: string) =>
    new OutboundError({ reason: "secret_missing", detail: `channel ${definition.id}: secretEnv ${detail}` })
  if (definition.secretEnv === undefined)
    return Effect.fail(missing(`is required by connector ${definition.connector}`))
  const name = definition.secretEnv
  return Effect.gen(function* () {
    return yield* Config.Redacted(name)
  }).pipe(Effect.mapError(() => missing(`names ${name}, which is not set`)))
}

/** The secret comes from the configuration under the name that the definition gives. Lives as long as the scope. */
export const connectorOf = (
  definition: ChannelDefinition
): Effect.Effect<ChannelConnector, OutboundError, Database | Scope.Scope> =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const secret = yield* secretOf(definition)
    const make = connectors[definition.connector]
    return yield* Effect.mapError(
      make(definition, secret, listingMapOf(sql, definition.id)),
      (error) => new OutboundError({ reason: "channel_invalid", detail: error.message })
    )
  })
