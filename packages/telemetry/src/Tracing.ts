/**
 * Tracing of one process: one trace shows one event's way to every channel.
 *
 * Guarantee: off and free of cost unless the environment names an OTLP endpoint. The functions are plain, synchronous and
 * meant for hot loops: they are called after the fact, and make spans only for the traces that are kept. Spans of Effect
 * leave through the same bounded queue. When the scope ends, open roots are emitted and all spans are flushed.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { Resource } from "@effect/opentelemetry/Resource"
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { ParentBasedSampler } from "@opentelemetry/sdk-trace-base"
import { type Config, Context, Effect, Layer, Schedule } from "effect"
import { Headers, HttpClient } from "effect/http"
import { EventTracer } from "./EventTracer.ts"
import { HeadSampler } from "./HeadSampler.ts"
import { isSampled } from "./SpanIdentity.ts"
import { SpanOutlet } from "./SpanOutlet.ts"
import { readTracingConfig, type TracingConfig, type TracingDefaults } from "./TracingConfig.ts"
import type { Delivered, Ingested, Processed, TracedChannel } from "./TracedStage.ts"
import { shutdownMillis, sweepMillis } from "./TracingLimit.ts"

/** Counts since the start of this process. */
export interface TracingStats {
  /** spans of events that were made */
  readonly emitted: number
  /** spans that the collector has, those of Effect included */
  readonly exported: number
  /** spans that were made and that nobody will see: the queue was full or the collector did not answer */
  readonly lost: number
  /** traces that were not kept because there were too many; `size` counts single deliveries of very large events */
  readonly suppressed: {
    readonly head: number
    readonly breach: number
    readonly error: number
    readonly size: number
    readonly malformed: number
  }
}

export interface TracingShape {
  /** whether there is a collector; when not, the functions below do nothing */
  readonly enabled: boolean
  /** Whether the trace of this context is kept from its start. Costs one character; always `false` when off. */
  readonly sampled: (traceparent: string) => boolean
  /** Decides for a trace that begins here; to be asked once, and written into the flags. @param traceId 32 hex digits */
  readonly headSample: (traceId: string) => boolean
  /** The channels that every event goes to from now on: without it roots wait for their time. */
  readonly channels: (channels: ReadonlyArray<TracedChannel>) => void
  /** `ingest <type>`; of a parked event the root too. */
  readonly ingested: (event: Ingested) => void
  /** `process stock.facts` and `commit ledger`; of a parked fact the root too. */
  readonly processed: (fact: Processed) => void
  /** `deliver <channel>`, `queue`, `push`; the root `sync <type>` once the last channel settled. */
  readonly delivered: (delivery: Delivered) => void
  readonly stats: () => TracingStats
}

export class Tracing extends Context.Service<Tracing, TracingShape>()("@holdfast/telemetry/Tracing") {
  /** Does nothing. */
  static readonly off: Layer.Layer<Tracing> = Layer.suspend(() =>
    Layer.merge(Layer.succeed(Tracing, silent), thirdParties)
  )

  /** As the environment says, see `TracingConfig`. Fails with the name of a variable that cannot be used. */
  static readonly layer = (defaults: TracingDefaults): Layer.Layer<Tracing, Config.ConfigError> =>
    Layer.unwrap(
      Effect.map(readTracingConfig(defaults), (config) => (config === undefined ? Tracing.off : exporting(config)))
    )
}

const silent: TracingShape = {
  enabled: false,
  sampled: () => false,
  headSample: () => false,
  channels: () => {},
  ingested: () => {},
  processed: () => {},
  delivered: () => {},
  stats: () => ({
    emitted: 0,
    exported: 0,
    lost: 0,
    suppressed: { head: 0, breach: 0, error: 0, size: 0, malformed: 0 }
  })
}

/** What channels must not be sent, and what spans of calls to them must not show. */
const thirdParties = Layer.mergeAll(
  Layer.succeed(HttpClient.TracerPropagationEnabled, false),
  Layer.succeed(Headers.CurrentRedactedNames, [
    ...Headers.CurrentRedactedNames.defaultValue(),
    /token|secret|signature|api-?key|password|credential/i
  ])
)

const exporting = (config: TracingConfig): Layer.Layer<Tracing> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const now = yield* Effect.clockWith((clock) => Effect.succeed(() => clock.currentTimeMillisUnsafe()))
      const outlet = yield* makeOutlet(config)
      const effectSpans = NodeSdk.layer(() => ({
        spanProcessor: outlet,
        tracerConfig: { sampler: new ParentBasedSampler({ root: new HeadSampler(config.ratio, now) }) },
        resource: { serviceName: config.serviceName },
        shutdownTimeout: shutdownMillis
      }))
      const tracing = Layer.effect(Tracing, makeTracing(config, outlet, now))
      return Layer.merge(tracing, thirdParties).pipe(Layer.provideMerge(effectSpans))
    })
  )

const makeOutlet = (config: TracingConfig) =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const { endpoint: url, protocol, queueMax, delayMillis } = config
    return new SpanOutlet({
      exporter: protocol === "http/json" ? new JsonExporter({ url }) : new ProtobufExporter({ url }),
      queueMax,
      delayMillis,
      onHealth: (healthy, error) => {
        run(
          healthy
            ? Effect.logInfo("traces reach the collector again")
            : Effect.logWarning("traces do not reach the collector and are lost", error?.message ?? "no reason given")
        )
      }
    })
  })

const makeTracing = (config: TracingConfig, outlet: SpanOutlet, now: () => number) =>
  Effect.gen(function* () {
    const tracer = new EventTracer({ resource: yield* Resource, processor: outlet, now })
    const heads = new HeadSampler(config.ratio, now)
    yield* Effect.addFinalizer(() => Effect.sync(() => tracer.flush()))
    yield* Effect.sync(() => tracer.sweep()).pipe(Effect.repeat(Schedule.spaced(sweepMillis)), Effect.forkScoped)
    return {
      enabled: true,
      sampled: isSampled,
      headSample: (traceId) => heads.keeps(traceId),
      channels: (channels) => tracer.expect(channels),
      ingested: (event) => tracer.ingested(event),
      processed: (fact) => tracer.processed(fact),
      delivered: (delivery) => tracer.delivered(delivery),
      stats: () => ({
        emitted: tracer.emitted,
        exported: outlet.exported,
        lost: outlet.lost,
        suppressed: { head: heads.suppressed, ...tracer.suppressed }
      })
    } satisfies TracingShape
  })
