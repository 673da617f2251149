/**
 * What is measured, in a process of its own: ingest, engine and outbound, all of them or some, as `Pipeline` composes them.
 *
 * It notes when each event was committed and when a channel's acknowledgement came, on the clock that all processes share.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ChannelId } from "@holdfast/domain/Identity"
import * as Engine from "@holdfast/engine/Engine"
import { EngineObserver } from "@holdfast/engine/EngineObserver"
import * as Ingest from "@holdfast/ingest/Ingest"
import { Database } from "@holdfast/ledger/Database"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Tracing } from "@holdfast/telemetry/Tracing"
import { ConfigProvider, Context, Effect, Layer, ManagedRuntime } from "effect"
import { traceCommitted, traceIngested, traceSettled } from "../src/StageTraces.ts"
import { ChannelTally, type TallyInput } from "./ChannelTally.ts"
import { Counter } from "./Counter.ts"
import { EventWatch } from "./EventWatch.ts"
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

/** Where an event has been, in the order of its way. The last two only where there is a channel. */
const toCommitted = ["stored", "ingested", "decided", "committed"] as const
const toAcknowledged = [...toCommitted, "queued", "requested", "acknowledged"] as const
type Stage = (typeof toAcknowledged)[number]

let committed = new Counter()
let settled = new Counter()
let watch: EventWatch<Stage> | undefined
let outcomes: Record<string, number> = {}
let tally: ChannelTally | undefined
let running: ManagedRuntime.ManagedRuntime<never, unknown> | undefined
let output: Outbound["Service"] | undefined
let releasing: NodeJS.Timeout | undefined

const ingest = Layer.unwrap(
  Effect.map(Tracing, (tracing) => {
    const trace = traceIngested(tracing)
    return Ingest.layer({
      sample: tracing.headSample,
      onEvent: (event) => {
        trace(event)
        if (event.outcome === "split") watch?.note("ingested", event.event.id, monotonicMillis())
      }
    })
  })
)

const observer = Layer.unwrap(
  Effect.map(Tracing, (tracing) => {
    const trace = traceCommitted(tracing)
    return EngineObserver.layer(
      tracing.sampled,
      (batch, committedAt) => {
        trace(batch, committedAt)
        committed.add(batch.facts)
        if (watch !== undefined) noteCommitted(watch, batch.announcements)
      },
      () => {}
    )
  })
)

const noteCommitted = (on: EventWatch<Stage>, announcements: ReadonlyArray<Availability>): void => {
  const at = monotonicMillis()
  for (const { events } of announcements) {
    for (const { id, storedAt, decidedAt } of events) {
      on.noteEpoch("stored", id, storedAt)
      on.noteEpoch("decided", id, decidedAt)
      on.note("committed", id, at)
    }
  }
}

const noteSettled = (on: EventWatch<Stage>, { event, queuedAt, requestAt, outcome }: SettledEvent): void => {
  on.noteEpoch("queued", event.id, queuedAt)
  if (requestAt !== undefined) on.noteEpoch("requested", event.id, requestAt)
  on.note("acknowledged", event.id, monotonicMillis())
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}

const outbound = (channels: ReadonlyArray<ChannelDefinition>) =>
  Layer.unwrap(
    Effect.map(Tracing, (tracing) => {
      tracing.channels(channels)
      const trace = traceSettled(tracing)
      return Outbound.layer({
        channels,
        onSettled: (event) => {
          trace(event)
          settled.add(1)
          if (watch !== undefined) noteSettled(watch, event)
          tally?.note(event)
        }
      }).pipe(Layer.tap((context) => Effect.sync(() => (output = Context.get(context, Outbound)))))
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

const handlers = {
  /** Gives the instants at which it began to start, and was ready. */
  start: async (input: PipelineInput): Promise<{ readonly beganAt: number; readonly readyAt: number }> => {
    committed = new Counter()
    settled = new Counter()
    watch = undefined
    tally = undefined
    const beganAt = monotonicMillis()
    const runtime = ManagedRuntime.make(layerOf(input))
    running = runtime as unknown as ManagedRuntime.ManagedRuntime<never, unknown>
    await runtime.context()
    return { beganAt, readyAt: monotonicMillis() }
  },

  stop: async (): Promise<void> => {
    clearInterval(releasing)
    output = undefined
    await running?.dispose()
    running = undefined
  },

  /** The instant at which so many facts had been committed since the start. */
  committedAt: (facts: number): Promise<number> => committed.reaches(facts),

  /** Resolves when so many events had settled on channels since the start. */
  settledAt: (events: number): Promise<number> => settled.reaches(events),

  /** Begins to note the way of these events, up to its end. */
  watch: (run: string, from: number, count: number, until: "committed" | "acknowledged"): void => {
    outcomes = {}
    watch = new EventWatch<Stage>(run, from, count, until === "committed" ? toCommitted : toAcknowledged)
  },

  /**
   * Intended instant to each stage, milliseconds, once all have come to the end; and how channels' events ended. An event
   * counts as committed when the commit has returned.
   */
  latencies: async (schedule: Pick<Schedule, "startAt" | "rate">) => {
    const stages = await watch!.latencies(schedule)
    watch = undefined
    return { stages, outcomes }
  },

  /** Lets go what waits on a channel, again and again, as an operator would. */
  releaseEvery: (channel: ChannelId, millis: number): void => {
    releasing = setInterval(() => output?.channel(channel)?.release(), millis)
  },

  /** Begins to note how these events settle on these channels, or on every one. */
  tally: (input: TallyInput, channels?: ReadonlyArray<ChannelId>): void => {
    tally = new ChannelTally(input, channels ?? output!.channels.map((channel) => channel.definition().id))
  },

  /** How they did, once all have. */
  tallied: () => tally!.done(),

  snapshots: (): ReadonlyArray<ChannelSnapshot> => output!.snapshots(),

  /** Bytes that are resident. */
  residentBytes: (): number => process.memoryUsage.rss(),

  /** User and system time of this process so far, microseconds. */
  cpuMicros: (): number => {
    const { user, system } = process.cpuUsage()
    return user + system
  }
}

export type PipelineHandlers = typeof handlers

answerParent(handlers)
