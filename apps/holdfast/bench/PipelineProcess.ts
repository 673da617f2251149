/**
 * What is measured, in a process of its own: ingest, engine and outbound, all of them or some, as `Pipeline` composes them.
 *
 * It notes when each event was committed and when a channel's acknowledgement came, on the clock that all processes share.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import * as Engine from "@holdfast/engine/Engine"
import { EngineObserver } from "@holdfast/engine/EngineObserver"
import * as Ingest from "@holdfast/ingest/Ingest"
import { Database } from "@holdfast/ledger/Database"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Tracing } from "@holdfast/telemetry/Tracing"
import { ConfigProvider, Effect, Layer, ManagedRuntime } from "effect"
import { traceCommitted, traceIngested, traceSettled } from "../src/StageTraces.ts"
import type { Tail } from "./Distribution.ts"
import { Counter, EventWatch } from "./EventWatch.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import type { Schedule } from "./OpenModel.ts"
import { answerParent } from "./ProcessDesk.ts"

export interface PipelineInput {
  readonly natsUrl: string
  readonly databaseUrl: string
  readonly parts: ReadonlyArray<"ingest" | "engine" | "outbound">
  readonly channels?: ReadonlyArray<ChannelDefinition>
  readonly secrets?: Readonly<Record<string, string>>
}

let committed = new Counter()
let settled = new Counter()
let commits: EventWatch | undefined
let deliveries: EventWatch | undefined
let outcomes: Record<string, number> = {}

const ingest = Layer.unwrap(
  Effect.map(Tracing, (tracing) => Ingest.layer({ sample: tracing.headSample, onEvent: traceIngested(tracing) }))
)

const observer = Layer.unwrap(
  Effect.map(Tracing, (tracing) => {
    const trace = traceCommitted(tracing)
    return EngineObserver.layer(
      tracing.sampled,
      (batch, committedAt) => {
        trace(batch, committedAt)
        committed.add(batch.facts)
        if (commits === undefined) return
        const at = monotonicMillis()
        for (const { events } of batch.announcements) for (const { id } of events) commits.note(id, at)
      },
      () => {}
    )
  })
)

const outbound = (channels: ReadonlyArray<ChannelDefinition>) =>
  Layer.unwrap(
    Effect.map(Tracing, (tracing) => {
      tracing.channels(channels)
      const trace = traceSettled(tracing, channels)
      return Outbound.layer({
        channels,
        onSettled: (event) => {
          trace(event)
          deliveries?.note(event.event.id, monotonicMillis())
          outcomes[event.outcome] = (outcomes[event.outcome] ?? 0) + 1
          settled.add(1)
        }
      })
    })
  )

const layerOf = ({ natsUrl, databaseUrl, parts, channels = [], secrets = {} }: PipelineInput) => {
  const chosen = Layer.mergeAll(
    parts.includes("ingest") ? ingest : Layer.empty,
    parts.includes("engine") ? Engine.layerSingle.pipe(Layer.provide(observer)) : Layer.empty,
    parts.includes("outbound") ? outbound(channels) : Layer.empty
  )
  return chosen.pipe(
    Layer.provide(Layer.mergeAll(Database.layer(databaseUrl), NatsConnection.layer(natsUrl, "bench pipeline"))),
    Layer.provide(Tracing.layer({ serviceName: "holdfast" })),
    Layer.provide(ConfigProvider.layerAdd(ConfigProvider.fromUnknown(secrets)))
  )
}

let running: ManagedRuntime.ManagedRuntime<never, unknown> | undefined

const handlers = {
  /** Gives the instants at which it began to start, and was ready. */
  start: async (input: PipelineInput): Promise<{ readonly beganAt: number; readonly readyAt: number }> => {
    committed = new Counter()
    settled = new Counter()
    commits = undefined
    deliveries = undefined
    const beganAt = monotonicMillis()
    const runtime = ManagedRuntime.make(layerOf(input))
    running = runtime as unknown as ManagedRuntime.ManagedRuntime<never, unknown>
    await runtime.context()
    return { beganAt, readyAt: monotonicMillis() }
  },

  stop: async (): Promise<void> => {
    await running?.dispose()
    running = undefined
  },

  /** The instant at which so many facts had been committed since the start. */
  committedAt: (facts: number): Promise<number> => committed.reaches(facts),

  /** Resolves when so many events had settled on channels since the start. */
  settledAt: (events: number): Promise<number> => settled.reaches(events),

  /** Begins to note when these events arrive. */
  watch: (run: string, from: number, count: number): void => {
    commits = new EventWatch(run, from, count)
    deliveries = new EventWatch(run, from, count)
    outcomes = {}
  },

  /** Intended instant to durable commit, as whoever follows a commit sees it, milliseconds. */
  commitLatencies: (schedule: Pick<Schedule, "startAt" | "rate">): Promise<Tail> => commits!.latencies(schedule),

  /** Intended instant to the channel's acknowledgement, milliseconds, and how the events ended. */
  deliveryLatencies: async (schedule: Pick<Schedule, "startAt" | "rate">) => ({
    tail: await deliveries!.latencies(schedule),
    outcomes
  }),

  /** User and system time of this process so far, microseconds. */
  cpuMicros: (): number => {
    const { user, system } = process.cpuUsage()
    return user + system
  }
}

export type PipelineHandlers = typeof handlers

answerParent(handlers)
