/** Outbound with real NATS, real PostgreSQL and channels that really receive HTTP, for tests. One per test file. */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { availabilitySubject } from "@holdfast/bus/Subject"
import { makeSimulatedChannel, type SimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, defaultLocation, Sku } from "@holdfast/domain/Identity"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { ConfigProvider, Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { expect } from "vitest"
import { Outbound } from "../src/Outbound.ts"

const secret = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`
const secrets = ConfigProvider.layer(ConfigProvider.fromUnknown({ TEST_SECRET: secret }))

export const announce = (sku: string, version: number, units: number): Availability => {
  const now = Date.now()
  return {
    sku: Sku.make(sku),
    version,
    levels: [{ locationId: defaultLocation, onHand: units, committed: 0, held: 0 }],
    committedAt: now,
    events: [
      {
        source: "test",
        id: `${sku}-${version}`,
        type: "stock.adjusted",
        occurredAt: now,
        storedAt: now,
        decidedAt: now,
        committedAt: now,
        parts: 1,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      }
    ],
    more: 0
  }
}

let running: RunningTestServers
let scope: Scope.Closeable
let connection: NatsConnection["Service"]
let database: Database["Service"]
let round = 0

export const within = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Scope.provide(effect, scope))
export const until = (condition: () => boolean, message: () => string = () => "") =>
  expect.poll(() => (condition() ? "yes" : `not yet ${message()}`), { timeout: 20_000, interval: 20 }).toBe("yes")

export const untilAsync = (condition: () => Promise<boolean>) =>
  expect.poll(condition, { timeout: 20_000, interval: 50 }).toBe(true)

export const publish = async (stock: Availability) => {
  await connection.jetstream.publish(availabilitySubject(stock.sku), encodeAvailability(stock))
}

export const channelOf = (name: string): Promise<SimulatedChannel> =>
  within(
    makeSimulatedChannel({
      id: ChannelId.make(`${name}-${round}`),
      name,
      secret: Redacted.make(secret),
      behaviour: { latencyMillis: 2, jitterMillis: 0 }
    })
  )

export const definitionOf = (channel: SimulatedChannel): ChannelDefinition => ({
  id: channel.id,
  name: channel.id,
  connector: "simulated",
  endpoint: channel.url,
  secretEnv: "TEST_SECRET",
  buffer: 1,
  timing: { model: "realtime" },
  budgetMillis: 2_000,
  objective: 0.99,
  rate: { perSecond: 1_000, burst: 100, concurrency: 20 },
  timeoutMillis: 500
})

/** Outbound over these channels, as a process would be: with connections of its own. */
export const startOutbound = async (
  channels: ReadonlyArray<SimulatedChannel>,
  definitions = channels.map(definitionOf)
) => {
  const own = Scope.makeUnsafe()
  const settled: Array<SettledEvent> = []
  const layer = Outbound.layer({ channels: definitions, onSettled: (each) => settled.push(each) }).pipe(
    Layer.provide(NatsConnection.layer(running.natsUrl, "outbound-test")),
    Layer.provide(Database.layer(running.databaseUrl)),
    Layer.provide(secrets)
  )
  const context = await Effect.runPromise(Scope.provide(Layer.build(layer), own))
  const outbound = Context.get(context, Outbound)
  return { ...outbound, settled, stop: () => Effect.runPromise(Scope.close(own, Exit.void)) }
}

export const shown = (channel: SimulatedChannel) =>
  Object.fromEntries([...channel.listings.all()].map((each) => [each.sku, each.quantity]))

export const start = async (): Promise<void> => {
  running = await startTestServers()
  await Effect.runPromise(migrate(running.databaseUrl))
}

export const stop = () => running.stop()

/** Before each test: nothing is announced yet. */
export const begin = async (): Promise<void> => {
  round += 1
  scope = Scope.makeUnsafe()
  const layer = Layer.merge(
    NatsConnection.layer(running.natsUrl, "publisher-test"),
    Database.layer(running.databaseUrl)
  )
  const context = await within(Layer.build(layer))
  connection = Context.get(context, NatsConnection)
  database = Context.get(context, Database)
  await Effect.runPromise(ensureStreams(connection.manager))
  await connection.manager.streams.purge("AVAILABILITY")
}

export const end = () => Effect.runPromise(Scope.close(scope, Exit.void))

export const nats = () => connection
export const servers = () => running
export const sql = () => database.sql
