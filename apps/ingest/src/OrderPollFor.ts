/** How the orders of a channel are asked for, by the format of its `inbound`. Another format is one line here. */
import { makeAmazonOrderPoll } from "@holdfast/channels/amazon/AmazonOrderPoll"
import { ConnectorError } from "@holdfast/channels/ConnectorError"
import type { OrderPoll } from "@holdfast/channels/inbound/OrderPoll"
import { type ListingKeys, ListingMapError } from "@holdfast/channels/ListingMap"
import { makeVendureOrderPoll } from "@holdfast/channels/vendure/VendureOrderPoll"
import type { ChannelDefinition, PolledInbound } from "@holdfast/domain/Channel"
import { mappedKeys } from "@holdfast/ledger/ChannelMapping"
import { Database, query } from "@holdfast/ledger/Database"
import { Config, Effect, type Redacted, type Scope } from "effect"

/** Lives as long as the scope. */
export type OrderPollFor = (
  definition: ChannelDefinition,
  inbound: PolledInbound
) => Effect.Effect<OrderPoll, ConnectorError, Database | Scope.Scope>

type Make = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted,
  listings: ListingKeys
) => Effect.Effect<OrderPoll, ConnectorError, Scope.Scope>

/** Loaded by the first channel that needs it: SSH takes some 20 MB. */
const sftp: Make = (definition, secret) =>
  Effect.flatMap(
    Effect.promise(() => import("@holdfast/channels/sftp/SftpOrderPoll")),
    ({ makeSftpOrderPoll }) => makeSftpOrderPoll(definition, secret)
  )

const polls: Readonly<Record<PolledInbound["format"], Make>> = {
  vendure: makeVendureOrderPoll,
  sftp,
  amazon: makeAmazonOrderPoll
}

/** From the configuration, under the name that the definition gives. */
const secretOf = ({ id: channel, secretEnv: own }: ChannelDefinition, { secretEnv = own }: PolledInbound) => {
  const missing = (detail: string) => new ConnectorError({ channel, field: "secretEnv", detail })
  if (secretEnv === undefined) return Effect.fail(missing("is required to ask for orders"))
  return Effect.gen(function* () {
    return yield* Config.Redacted(secretEnv)
  }).pipe(Effect.mapError(() => missing(`names ${secretEnv}, which is not set`)))
}

export const orderPollFor: OrderPollFor = (definition, inbound) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const { id: channel } = definition
    const secret = yield* secretOf(definition, inbound)
    const listings: ListingKeys = {
      find: (keys) =>
        Effect.mapError(
          query(() => mappedKeys(sql, channel, keys)),
          ({ message: detail }) => new ListingMapError({ channel, detail })
        )
    }
    return yield* polls[inbound.format](definition, secret, listings)
  })
