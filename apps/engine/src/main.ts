/**
 * The engine as a process of its own; it owns every partition.
 *
 * `NATS_URL`, `DATABASE_URL`. A second one takes all partitions over: the fence keeps the first from committing.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { Config, Effect, Layer } from "effect"
import { ChannelSources } from "./ChannelSources.ts"
import * as Engine from "./Engine.ts"
import { EngineObserver } from "./EngineObserver.ts"

const settings = Config.all({
  natsUrl: Config.String("NATS_URL").pipe(Config.withDefault("nats://127.0.0.1:4222")),
  databaseUrl: Config.String("DATABASE_URL")
})

const streams = Layer.effectDiscard(Effect.flatMap(NatsConnection, ({ manager }) => ensureStreams(manager)))

const untraced = EngineObserver.layer(
  () => false,
  () => {},
  () => {}
)

const main = Layer.unwrap(
  Effect.gen(function* () {
    const { natsUrl, databaseUrl } = yield* settings
    yield* migrate(databaseUrl)
    return Engine.layerSingle.pipe(
      Layer.provide(untraced),
      Layer.provide(ChannelSources.following([])),
      Layer.provide(streams),
      Layer.provide(Layer.merge(NatsConnection.layer(natsUrl, "engine"), Database.layer(databaseUrl)))
    )
  })
)

NodeRuntime.runMain(Layer.launch(main))
