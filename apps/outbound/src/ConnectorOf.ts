/** Which connector a channel's definition names. A new connector is one line here. */
import type { ChannelConnector } from "@holdfast/channels/ChannelConnector"
import type { ConnectorError } from "@holdfast/channels/ConnectorError"
import { makeSimulatedConnector } from "@holdfast/channels/simulated/SimulatedConnector"
import { makeWebhookConnector } from "@holdfast/channels/webhook/WebhookConnector"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Config, Effect, type Redacted, type Scope } from "effect"
import { OutboundError } from "./OutboundError.ts"

type Make = (
  definition: ChannelDefinition,
  secret: Redacted.Redacted
) => Effect.Effect<ChannelConnector, ConnectorError, Scope.Scope>

const connectors: Readonly<Record<ChannelDefinition["connector"], Make>> = {
  webhook: makeWebhookConnector,
  simulated: makeSimulatedConnector
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
): Effect.Effect<ChannelConnector, OutboundError, Scope.Scope> =>
  Effect.flatMap(secretOf(definition), (secret) =>
    Effect.mapError(
      connectors[definition.connector](definition, secret),
      (error) => new OutboundError({ reason: "channel_invalid", detail: error.message })
    )
  )
