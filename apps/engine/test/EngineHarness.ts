/** Engines on real servers, several at a time on the same ones, for the integration tests of this package. */
import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams } from "@holdfast/bus/StreamTopology"
import { decodeEvent, factsOf } from "@holdfast/domain/EventManifest"
import type { RequestVerb } from "@holdfast/domain/Reservation"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Database, type Sql } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { verify, type VerifyReport } from "@holdfast/ledger/Verify"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { layerSingle } from "../src/Engine.ts"
import { EngineObserver, type EngineCounts } from "../src/EngineObserver.ts"
import { ReservationDesk } from "../src/ReservationDesk.ts"

export type Answer = Readonly<Record<string, unknown>>

export interface RunningEngine {
  readonly counts: Readonly<EngineCounts>
  /** Asks this engine, whoever owns the partition. */
  readonly ask: (verb: RequestVerb, request: object) => Promise<Answer>
  readonly stop: () => Promise<void>
}

const connections = (servers: RunningTestServers, name: string) =>
  Layer.mergeAll(Database.layer(servers.databaseUrl), NatsConnection.layer(servers.natsUrl, name))

const quiet = EngineObserver.layer(
  () => false,
  () => {},
  () => {}
)

export class EngineHarness {
  readonly sql: Sql
  private readonly servers: RunningTestServers
  private readonly runtime: ManagedRuntime.ManagedRuntime<NatsConnection | Database, unknown>
  private readonly nats: NatsConnection["Service"]
  private readonly engines = new Set<RunningEngine>()

  private constructor(
    servers: RunningTestServers,
    runtime: EngineHarness["runtime"],
    nats: NatsConnection["Service"],
    sql: Sql
  ) {
    this.servers = servers
    this.runtime = runtime
    this.nats = nats
    this.sql = sql
  }

  static async start(): Promise<EngineHarness> {
    const servers = await startTestServers()
    await Effect.runPromise(migrate(servers.databaseUrl))
    const runtime = ManagedRuntime.make(connections(servers, "engine test"))
    const nats = await runtime.runPromise(NatsConnection)
    await Effect.runPromise(ensureStreams(nats.manager))
    return new EngineHarness(servers, runtime, nats, (await runtime.runPromise(Database)).sql)
  }

  async stop(): Promise<void> {
    for (const engine of this.engines) await engine.stop()
    await this.runtime.dispose()
    await this.servers.stop()
  }

  /** Resolves once it has taken over every partition. */
  async startEngine(): Promise<RunningEngine> {
    const layer = layerSingle.pipe(Layer.provideMerge(quiet), Layer.provideMerge(connections(this.servers, "engine")))
    const runtime = ManagedRuntime.make(layer)
    const { counts } = await runtime.runPromise(EngineObserver)
    const desk = await runtime.runPromise(ReservationDesk)
    const ask = async (verb: RequestVerb, request: object): Promise<Answer> =>
      JSON.parse(await new Promise((reply) => desk.ask(verb, JSON.stringify(request), undefined, reply))) as Answer
    const stop = async () => {
      this.engines.delete(engine)
      await runtime.dispose()
    }
    const engine = { counts, ask, stop }
    this.engines.add(engine)
    return engine
  }

  /** Stores the facts of an event in STOCK, as ingest does. */
  async publish(raw: { readonly id: string; readonly type: string; readonly data: unknown }): Promise<void> {
    const now = Date.now()
    const event = Result.getOrThrow(decodeEvent({ source: "test", time: undefined, ...raw }, now))
    const context = { eventSequence: 1, storedAt: now, traceparent: "", part: 1 }
    const facts = factsOf(event).map((fact) => ({ fact, context }))
    for (const { subject, payload } of encodeFactBatch(facts, startOfEvents, startOfEvents))
      await this.nats.jetstream.publish(subject, payload)
  }

  verify(): Promise<VerifyReport> {
    return Effect.runPromise(verify(this.sql))
  }
}
