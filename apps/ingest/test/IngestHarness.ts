/** Ingest and its HTTP door on real servers, for the integration tests of this package. */
import { decodeFactBatch } from "@holdfast/bus/FactBatch"
import { decodeFact } from "@holdfast/bus/FactMessage"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams, stockStream } from "@holdfast/bus/StreamTopology"
import { partitionOf } from "@holdfast/domain/Partition"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Database, type Sql } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import type { JsMsg } from "@nats-io/jetstream"
import { headers as natsHeaders } from "@nats-io/nats-core"
import { NodeHttpServer } from "@effect/platform-node"
import { ConfigProvider, Effect, Exit, Layer, ManagedRuntime, Result, Scope } from "effect"
import { HttpRouter } from "effect/http"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { vi } from "vitest"
import * as HttpFrontDoor from "../src/HttpFrontDoor.ts"
import * as HttpGuard from "../src/HttpGuard.ts"
import * as InboundRoutes from "../src/InboundRoutes.ts"
import * as Ingest from "../src/Ingest.ts"
import type { OrderPollFor } from "../src/OrderPollFor.ts"
import * as OrderPolls from "../src/OrderPolls.ts"

/** A fact as it is found in STOCK. */
export interface FoundFact {
  readonly event: number
  readonly sku: string
  /** as it is stored */
  readonly json: unknown
}

/** In the order of their partitions: within one, STOCK has them in the order of their events. */
export const byPartition = (facts: ReadonlyArray<FoundFact>): ReadonlyArray<string> =>
  facts.toSorted((a, b) => partitionOf(a.sku) - partitionOf(b.sku)).map(({ event, sku }) => `${event} ${sku}`)

const factsOf = (message: JsMsg): ReadonlyArray<FoundFact> =>
  Result.getOrThrow(decodeFactBatch(message.string())).facts.map((json) => {
    const { fact, context } = Result.getOrThrow(decodeFact(json))
    return { event: context.eventSequence, sku: fact.sku, json }
  })

type Services = ManagedRuntime.ManagedRuntime<NatsConnection | Database, unknown>

export class IngestHarness {
  readonly servers: RunningTestServers
  readonly nats: NatsConnection["Service"]
  readonly sql: Sql
  private readonly runtime: Services

  private constructor(servers: RunningTestServers, runtime: Services, nats: NatsConnection["Service"], sql: Sql) {
    this.servers = servers
    this.runtime = runtime
    this.nats = nats
    this.sql = sql
  }

  static async start(): Promise<IngestHarness> {
    const servers = await startTestServers()
    await Effect.runPromise(migrate(servers.databaseUrl))
    const runtime = ManagedRuntime.make(layersOf(servers.natsUrl, servers.databaseUrl))
    const nats = await runtime.runPromise(NatsConnection)
    const { sql } = await runtime.runPromise(Database)
    await Effect.runPromise(ensureStreams(nats.manager))
    return new IngestHarness(servers, runtime, nats, sql)
  }

  async stop(): Promise<void> {
    await this.runtime.dispose()
    await this.servers.stop()
  }

  /** Runs ingest with connections of its own; resolves with what ends it. */
  async startIngest(
    options: Ingest.IngestOptions = {},
    databaseUrl = this.servers.databaseUrl
  ): Promise<() => Promise<void>> {
    const scope = Scope.makeUnsafe()
    const layer = Ingest.layer(options).pipe(Layer.provide(layersOf(this.servers.natsUrl, databaseUrl)))
    await Effect.runPromise(Layer.buildWithScope(layer, scope))
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  }

  /** Asks channels for their orders, with connections of its own; resolves with what ends it. */
  async startPolls(pollFor: OrderPollFor): Promise<() => Promise<void>> {
    const scope = Scope.makeUnsafe()
    const layer = OrderPolls.layer(pollFor).pipe(
      Layer.provide(layersOf(this.servers.natsUrl, this.servers.databaseUrl))
    )
    await Effect.runPromise(Layer.buildWithScope(layer, scope))
    return () => Effect.runPromise(Scope.close(scope, Exit.void))
  }

  /** Runs the HTTP door; `env` is its environment. */
  async startHttp(
    env: Record<string, string> = {}
  ): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
    const scope = Scope.makeUnsafe()
    let server: Server | undefined
    const layer = HttpRouter.serve(Layer.mergeAll(HttpFrontDoor.routes, InboundRoutes.routes, HttpGuard.layer), {
      disableLogger: true,
      disableListenLog: true
    }).pipe(
      Layer.provide(NodeHttpServer.layer(() => (server = createServer()), { port: 0, host: "127.0.0.1" })),
      Layer.provide(layersOf(this.servers.natsUrl, this.servers.databaseUrl)),
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
    await Effect.runPromise(Layer.buildWithScope(layer, scope))
    const { port } = server!.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, stop: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
  }

  /** Publishes bytes on a subject as any publisher would; resolves with the sequence in EVENTS. */
  async publish(
    subject: string,
    payload: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {}
  ): Promise<number> {
    const all = natsHeaders()
    for (const [name, value] of Object.entries(headers)) all.set(name, value)
    return (await this.nats.jetstream.publish(subject, payload, { headers: all })).seq
  }

  /** All facts of STOCK, in its order. */
  async facts(): Promise<ReadonlyArray<FoundFact>> {
    const { state } = await this.nats.manager.streams.info(stockStream)
    if (state.messages === 0) return []
    const consumer = await this.nats.jetstream.consumers.get(stockStream, { opt_start_seq: state.first_seq })
    const found: Array<FoundFact> = []
    const messages = await consumer.consume({ max_messages: 1_000 })
    for await (const message of messages) {
      found.push(...factsOf(message))
      if (message.seq >= state.last_seq) break
    }
    return found
  }

  /** Waits until STOCK has this many facts. */
  async waitForFacts(count: number, timeout = 30_000): Promise<void> {
    await vi.waitFor(
      async () => {
        const { length } = await this.facts()
        if (length < count) throw new Error(`STOCK has ${length} of ${count} facts`)
      },
      { timeout, interval: 50 }
    )
  }
}

const layersOf = (natsUrl: string, databaseUrl: string) =>
  Layer.merge(NatsConnection.layer(natsUrl, "ingest test"), Database.layer(databaseUrl))
