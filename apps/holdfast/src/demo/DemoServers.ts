/**
 * The simulated sides of the demo's channels, each an HTTP server of its own, and the secrets that both sides share.
 *
 * What they show survives in the data directory, as a real channel's shelf would; the secrets are made anew at each start.
 */
import { makeSimulatedChannel, type SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { definitionAt, type DemoChannel } from "./DemoChannels.ts"

export interface DemoServers {
  readonly servers: ReadonlyArray<SimulatedChannel>
  readonly definitions: ReadonlyArray<ChannelDefinition>
  /** variable -> secret, for the connectors */
  readonly secrets: Readonly<Record<string, string>>
}

const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`

/** Listens until the scope closes. */
export const startDemoServers = Effect.fn("startDemoServers")(function* (
  dataDir: string,
  channels: ReadonlyArray<DemoChannel>
) {
  const directory = join(dataDir, "channels")
  mkdirSync(directory, { recursive: true })
  const secrets: Record<string, string> = {}
  const servers: Array<SimulatedChannel> = []
  const definitions: Array<ChannelDefinition> = []
  for (const channel of channels) {
    const { id, name, secretEnv } = channel.definition
    const secret = newSecret()
    secrets[secretEnv] = secret
    const file = join(directory, `${id}.jsonl`)
    const server = yield* makeSimulatedChannel({
      id,
      name,
      secret: Redacted.make(secret),
      behaviour: channel.behaviour,
      file
    })
    servers.push(server)
    definitions.push(
      definitionAt(channel, channel.definition.connector === "webhook" ? `${server.url}/stock` : server.url)
    )
  }
  return { servers, definitions, secrets } satisfies DemoServers
})
