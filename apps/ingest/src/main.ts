/**
 * Ingest as a process of its own: the front door over NATS and HTTP.
 *
 * `NATS_URL`, `DATABASE_URL`, `HOLDFAST_HTTP_PORT`, and what `HttpGuard` reads.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { Config, Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { createServer } from "node:http"
import * as HttpFrontDoor from "./HttpFrontDoor.ts"
import * as HttpGuard from "./HttpGuard.ts"
import * as InboundRoutes from "./InboundRoutes.ts"
import * as Ingest from "./Ingest.ts"
import * as OrderPolls from "./OrderPolls.ts"

const settings = Config.all({
  natsUrl: Config.String("NATS_URL").pipe(Config.withDefault("nats://127.0.0.1:4222")),
  databaseUrl: Config.String("DATABASE_URL"),
  port: Config.Port("HOLDFAST_HTTP_PORT").pipe(Config.withDefault(8420))
})

const streams = Layer.effectDiscard(Effect.flatMap(NatsConnection, ({ manager }) => ensureStreams(manager)))

const main = Layer.unwrap(
  Effect.gen(function* () {
    const { natsUrl, databaseUrl, port } = yield* settings
    yield* migrate(databaseUrl)
    return HttpRouter.serve(Layer.mergeAll(HttpFrontDoor.routes, InboundRoutes.routes, HttpGuard.layer), {
      disableLogger: true,
      disableListenLog: true
    }).pipe(
      Layer.provide(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })),
      Layer.provideMerge(OrderPolls.layer()),
      Layer.provideMerge(Ingest.layer()),
      Layer.provide(streams),
      Layer.provide(Layer.merge(NatsConnection.layer(natsUrl, "ingest"), Database.layer(databaseUrl)))
    )
  })
)

NodeRuntime.runMain(Layer.launch(main))
