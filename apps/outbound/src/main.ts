/**
 * Outbound as a process of its own.
 *
 * `NATS_URL`, `DATABASE_URL`, `HOLDFAST_CHANNELS` (path of a JSON file of channel definitions), and the variables that the
 * definitions name in `secretEnv`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { Config, Effect, Layer } from "effect"
import { readChannelFile } from "./ChannelFile.ts"
import { Outbound } from "./Outbound.ts"

const settings = Config.all({
  natsUrl: Config.String("NATS_URL").pipe(Config.withDefault("nats://127.0.0.1:4222")),
  databaseUrl: Config.String("DATABASE_URL"),
  channels: Config.String("HOLDFAST_CHANNELS")
})

const streams = Layer.effectDiscard(Effect.flatMap(NatsConnection, ({ manager }) => ensureStreams(manager)))

const main = Layer.unwrap(
  Effect.gen(function* () {
    const { natsUrl, databaseUrl, channels } = yield* settings
    const definitions = yield* readChannelFile(channels)
    yield* migrate(databaseUrl)
    return Outbound.layer({ channels: definitions }).pipe(
      Layer.provide(streams),
      Layer.provide(Layer.merge(NatsConnection.layer(natsUrl, "outbound"), Database.layer(databaseUrl)))
    )
  })
)

NodeRuntime.runMain(Layer.launch(main))
