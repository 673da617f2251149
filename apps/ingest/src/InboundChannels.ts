/**
 * Which channels may call us, with the secrets of their signatures: as their definitions say now.
 *
 * Guarantee: a change counts within a second. A secret is read from the configuration when its channel calls, and kept nowhere.
 */
import { readAmazonNotification } from "@holdfast/channels/inbound/AmazonReader"
import type { InboundReader } from "@holdfast/channels/inbound/InboundCall"
import { readShopify } from "@holdfast/channels/inbound/ShopifyReader"
import { readStandardWebhook } from "@holdfast/channels/inbound/StandardWebhookReader"
import { readWooCommerce } from "@holdfast/channels/inbound/WooCommerceReader"
import { type CalledInbound, isPolled } from "@holdfast/domain/Channel"
import { currentChannels } from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Config, ConfigProvider, Effect, Option, type Redacted } from "effect"
import { channelsFreshMillis } from "./IngestLimit.ts"

/** A channel that may call us. */
export interface Caller {
  readonly format: CalledInbound["format"]
  readonly read: InboundReader
  readonly secret: Redacted.Redacted
}

const readers: Readonly<Record<CalledInbound["format"], InboundReader>> = {
  standardWebhooks: readStandardWebhook,
  woocommerce: readWooCommerce,
  shopify: readShopify,
  amazon: readAmazonNotification
}

const secretOf = ({ secretEnv }: CalledInbound) =>
  Effect.gen(function* () {
    return yield* Config.Redacted(secretEnv)
  }).pipe(Effect.option)

/** Finds a channel by its id; none: it is not defined, calls nobody, or its secret is not set. */
export const makeInboundChannels = Effect.gen(function* () {
  const { sql } = yield* Database
  // calls come with a context of their own
  const settings = yield* ConfigProvider.ConfigProvider
  let known = new Map<string, CalledInbound>()
  let readAt = Number.NEGATIVE_INFINITY

  const refresh = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (now - readAt < channelsFreshMillis) return
    const channels = yield* query(() => currentChannels(sql))
    readAt = now
    known = new Map(
      channels.flatMap(({ definition: { id, inbound } }) =>
        inbound === undefined || isPolled(inbound) ? [] : [[id, inbound] as const]
      )
    )
  })

  return Effect.fnUntraced(function* (id: string) {
    yield* refresh
    const inbound = known.get(id)
    if (inbound === undefined) return Option.none<Caller>()
    const secret = yield* Effect.provideService(secretOf(inbound), ConfigProvider.ConfigProvider, settings)
    if (Option.isNone(secret)) {
      yield* Effect.logWarning(`channel ${id} calls, and ${inbound.secretEnv} is not set: its calls are refused`)
      return Option.none<Caller>()
    }
    const { format } = inbound
    return Option.some<Caller>({ format, read: readers[format], secret: secret.value })
  })
})
