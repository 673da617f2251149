/**
 * The whole pipeline in one process: ingest, engine, outbound and the HTTP server, on one NATS and one PostgreSQL.
 *
 * Guarantee: built when every partition is owned and the front door answers. On release the front door closes first, then
 * what is under way is finished: outbound, ingest, engine, connections.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelSources } from "@holdfast/engine/ChannelSources"
import * as Engine from "@holdfast/engine/Engine"
import { EngineObserver, type EngineObserverShape } from "@holdfast/engine/EngineObserver"
import { reservationRoutes } from "@holdfast/engine/ReservationRoutes"
import * as HttpFrontDoor from "@holdfast/ingest/HttpFrontDoor"
import * as HttpGuard from "@holdfast/ingest/HttpGuard"
import * as InboundRoutes from "@holdfast/ingest/InboundRoutes"
import * as Ingest from "@holdfast/ingest/Ingest"
import * as OrderPolls from "@holdfast/ingest/OrderPolls"
import { Database } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { maintainTimePartitions } from "@holdfast/ledger/TimePartition"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Metrics } from "@holdfast/telemetry/Metrics"
import { Tracing } from "@holdfast/telemetry/Tracing"
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { createServer } from "node:http"
import { catalogueRoutes } from "./catalogue/CatalogueRoutes.ts"
import { bundleRoutes } from "./bundles/BundleRoutes.ts"
import { channelRoutes } from "./channel/ChannelRoutes.ts"
import { OversoldTally } from "./metrics/OversoldTally.ts"
import { pipelineMetrics } from "./metrics/PipelineMetrics.ts"
import { sourceRoutes } from "./sources/SourceRoutes.ts"
import { SourceWatch } from "./sources/SourceWatch.ts"
import { traceCommitted, traceIngested, traceSettled } from "./StageTraces.ts"
import * as PhysicalCounts from "./PhysicalCounts.ts"
import * as UnknownSkuReplay from "./UnknownSkuReplay.ts"

export interface PipelineOptions {
  readonly natsUrl: string
  readonly databaseUrl: string
  readonly channels: ReadonlyArray<ChannelDefinition>
  /** loopback port of the HTTP server; 0 for any free one */
  readonly httpPort: number
  /** see `OutboundOptions` */
  readonly promisedFrom?: number
}

const connections = ({ natsUrl, databaseUrl }: PipelineOptions) =>
  Layer.effectDiscard(NatsConnection.use((nats) => ensureStreams(nats.manager))).pipe(
    Layer.provideMerge(Layer.merge(NatsConnection.layer(natsUrl, "holdfast"), Database.layer(databaseUrl)))
  )

const observer = Layer.unwrap(
  Effect.gen(function* () {
    const tracing = yield* Tracing
    const tally = yield* OversoldTally
    const trace = traceCommitted(tracing)
    const onCommit: EngineObserverShape["committed"] = (batch, committedAt) => {
      tally.add(batch)
      trace(batch, committedAt)
    }
    return EngineObserver.layer(tracing.sampled, onCommit, () => {})
  })
).pipe(Layer.provideMerge(OversoldTally.layer))

const ingest = Layer.unwrap(
  Effect.gen(function* () {
    const tracing = yield* Tracing
    const { observe } = yield* SourceWatch
    const trace = traceIngested(tracing)
    const onEvent = (event: Ingest.IngestedEvent) => {
      trace(event)
      observe(event)
    }
    return Ingest.layer({ sample: tracing.headSample, onEvent })
  })
).pipe(Layer.provide(SourceWatch.layer))

const outbound = ({ channels, promisedFrom }: PipelineOptions) =>
  Layer.unwrap(
    Effect.map(Tracing, (tracing) => {
      tracing.channels(channels)
      return Outbound.layer({ channels, onSettled: traceSettled(tracing), promisedFrom })
    })
  )

const http = (port: number) =>
  HttpRouter.serve(
    Layer.mergeAll(
      HttpFrontDoor.routes,
      InboundRoutes.routes,
      reservationRoutes,
      catalogueRoutes,
      channelRoutes,
      bundleRoutes,
      sourceRoutes,
      HttpGuard.layer
    ),
    {
      disableLogger: true,
      disableListenLog: true
    }
  ).pipe(Layer.provideMerge(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })))

/** Migrates, then runs everything. Provides what runs, for whoever looks in. */
export const layer = (options: PipelineOptions) =>
  Layer.merge(http(options.httpPort), pipelineMetrics).pipe(
    Layer.provideMerge(outbound(options)),
    Layer.provideMerge(OrderPolls.layer()),
    Layer.provideMerge(ingest),
    Layer.provideMerge(Engine.layerSingle.pipe(Layer.provide(ChannelSources.following(options.channels)))),
    Layer.provideMerge(UnknownSkuReplay.layer),
    Layer.provideMerge(PhysicalCounts.layer),
    Layer.provideMerge(maintainTimePartitions),
    Layer.provideMerge(observer),
    Layer.provideMerge(connections(options)),
    Layer.provideMerge(Tracing.layer({ serviceName: "holdfast", ratio: 1 })),
    Layer.provide(Metrics.layer({ serviceName: "holdfast" })),
    Layer.provide(Layer.effectDiscard(migrate(options.databaseUrl)))
  )
