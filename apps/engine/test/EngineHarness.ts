/** Engines on real servers, several at a time on the same ones, for the integration tests of this package. */
import { encodeFactBatch, startOfEvents } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams, noticesStream, stockStream } from "@holdfast/bus/StreamTopology"
import { requestSubject } from "@holdfast/bus/Subject"
import { decodeEvent, factsOf } from "@holdfast/domain/EventManifest"
import type { RequestVerb } from "@holdfast/domain/Reservation"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Database, type Sql } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import { verify, type VerifyReport } from "@holdfast/ledger/Verify"
import { DeliverPolicy } from "@nats-io/jetstream"
import { Effect, Layer, ManagedRuntime, Result } from "effect"
import { ChannelSources } from "../src/ChannelSources.ts"
import { layerSingle } from "../src/Engine.ts"
import { EngineObserver, type EngineCounts } from "../src/EngineObserver.ts"
import { GroupSteps, type Reached } from "../src/GroupSteps.ts"
import { GroupSweeper } from "../src/GroupSweeper.ts"
import { ReservationDesk } from "../src/ReservationDesk.ts"

export type Answer = Readonly<Record<string, unknown>>

export interface RunningEngine {
  readonly counts: Readonly<EngineCounts>
  /** Asks this engine, whoever owns the partition. */
  readonly ask: (verb: RequestVerb, request: object) => Promise<Answer>
  /** Looks once at the groups of holds that are due; resolves with how many they were. */
  readonly sweep: () => Promise<number>
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
  async startEngine(
    channels: Parameters<typeof ChannelSources.following>[0] = [],
    reached: Reached = () => undefined
  ): Promise<RunningEngine> {
    const layer = layerSingle.pipe(
      Layer.provide(Layer.succeed(GroupSteps, reached)),
      Layer.provide(ChannelSources.following(channels)),
      Layer.provideMerge(quiet),
      Layer.provideMerge(connections(this.servers, "engine"))
    )
    const runtime = ManagedRuntime.make(layer)
    const { counts } = await runtime.runPromise(EngineObserver)
    const desk = await runtime.runPromise(ReservationDesk)
    const sweeper = await runtime.runPromise(GroupSweeper)
    const ask = async (verb: RequestVerb, request: object): Promise<Answer> =>
      JSON.parse(await new Promise((reply) => desk.ask(verb, JSON.stringify(request), undefined, reply))) as Answer
    const stop = async () => {
      this.engines.delete(engine)
      await runtime.dispose()
    }
    const sweep = () => Effect.runPromise(sweeper.sweep)
    const engine = { counts, ask, sweep, stop }
    this.engines.add(engine)
    return engine
  }

  /** Stores the facts of an event in STOCK, as ingest does. */
  async publish(raw: {
    readonly id: string
    readonly type: string
    readonly time?: string
    readonly data: unknown
  }): Promise<void> {
    const now = Date.now()
    const event = Result.getOrThrow(decodeEvent({ source: "test", time: undefined, ...raw }, now))
    const context = { eventSequence: 1, storedAt: now, traceparent: "", part: 1 }
    const facts = factsOf(event).map((fact) => ({ fact, context }))
    for (const { subject, payload } of encodeFactBatch(facts, startOfEvents, startOfEvents))
      await this.nats.jetstream.publish(subject, payload)
  }

  /** Asks over NATS, as a client does. */
  request(verb: RequestVerb, body: object): Promise<Answer> {
    return this.askSubject<Answer>(requestSubject(verb), JSON.stringify(body))
  }

  async askSubject<A>(subject: string, body: string): Promise<A> {
    return (await this.nats.connection.request(subject, body, { timeout: 10_000 })).json<A>()
  }

  /** Events about units that were promised beyond what is there, in the order in which they were said. */
  async oversold(): Promise<ReadonlyArray<{ readonly id: string; readonly data: Record<string, unknown> }>> {
    const consumer = await this.nats.jetstream.consumers.get(noticesStream, { deliver_policy: DeliverPolicy.All })
    const { num_pending: count } = await consumer.info(true)
    if (count === 0) return []
    const said: Array<{ readonly id: string; readonly data: Record<string, unknown> }> = []
    for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) said.push(message.json())
    return said
  }

  /** Clears away what engines that are stopped left behind on the server, which would do so by itself after minutes. */
  async forgetConsumers(): Promise<void> {
    const { consumers } = this.nats.manager
    const names: Array<string> = []
    for await (const { name } of consumers.list(stockStream)) names.push(name)
    await Promise.all(names.map((name) => consumers.delete(stockStream, name).catch(() => false)))
  }

  verify(): Promise<VerifyReport> {
    return Effect.runPromise(verify(this.sql))
  }
}
