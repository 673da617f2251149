/**
 * Metrics of one process: read from what the process counts anyway, whenever they are exported.
 *
 * Guarantee: off and free of cost unless the environment names an OTLP endpoint. Nothing is called where the work is done: a
 * source is asked once per export. Counters are cumulative, so a lost export loses no event. When a source's scope ends, it is
 * exported a last time.
 */
import { layerFromEnv, Resource } from "@effect/opentelemetry/Resource"
import { ExportResultCode, hrTime } from "@opentelemetry/core"
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http"
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto"
import { emptyResource } from "@opentelemetry/resources"
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricProducer,
  type PushMetricExporter
} from "@opentelemetry/sdk-metrics"
import { type Config, Context, Effect, Layer, type Scope } from "effect"
import { metricData, type MetricPoint } from "./MetricPoint.ts"
import { readMetricsConfig, type MetricsConfig, type MetricsDefaults } from "./MetricsConfig.ts"
import { metricExportMillis, shutdownMillis } from "./TracingLimit.ts"

/** Asked once per export; what it cannot know at the moment it leaves out. */
export type MetricSource = Effect.Effect<ReadonlyArray<MetricPoint>>

export class Metrics extends Context.Service<
  Metrics,
  {
    readonly enabled: boolean
    /** The source is exported for as long as the scope lives. */
    readonly observe: (source: MetricSource) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@holdfast/telemetry/Metrics") {
  static readonly off: Layer.Layer<Metrics> = Layer.succeed(Metrics, { enabled: false, observe: () => Effect.void })

  /** As the environment says, see `MetricsConfig`. Fails with the name of a variable that cannot be used. */
  static readonly layer = (defaults: MetricsDefaults): Layer.Layer<Metrics, Config.ConfigError> =>
    Layer.unwrap(
      Effect.map(readMetricsConfig(defaults), (config) => (config === undefined ? Metrics.off : exporting(config)))
    )
}

const exporting = (config: MetricsConfig): Layer.Layer<Metrics> =>
  Layer.effect(Metrics, make(config)).pipe(Layer.provide(layerFromEnv({ "service.name": config.serviceName })))

const make = (config: MetricsConfig) =>
  Effect.gen(function* () {
    const sources = new Set<MetricSource>()
    const reader = new PeriodicExportingMetricReader({
      exporter: yield* makeExporter(config),
      exportIntervalMillis: config.intervalMillis,
      exportTimeoutMillis: Math.min(metricExportMillis, config.intervalMillis),
      metricProducers: [yield* makeProducer(sources)]
    })
    const resource = yield* Resource
    yield* Effect.acquireRelease(
      Effect.sync(() => new MeterProvider({ resource, readers: [reader] })),
      (provider) => ended(() => provider.shutdown())
    )
    const observe = (source: MetricSource) =>
      Effect.acquireRelease(
        Effect.sync(() => void sources.add(source)),
        () =>
          Effect.ensuring(
            ended(() => reader.forceFlush()),
            Effect.sync(() => sources.delete(source))
          )
      )
    return { enabled: true, observe }
  })

/** The end of a process must neither fail nor hang because its metrics did not arrive. */
const ended = (end: () => Promise<void>): Effect.Effect<void> =>
  Effect.promise(() => end().catch(() => {})).pipe(Effect.timeoutOption(shutdownMillis), Effect.asVoid)

/** Gives what the sources say as if the SDK had counted it: its instruments know no histogram that is read when needed. */
const makeProducer = (sources: ReadonlySet<MetricSource>) =>
  Effect.gen(function* () {
    const run = Effect.runPromiseWith(yield* Effect.context<never>())
    const startTime = hrTime()
    return {
      collect: async () => {
        const points = (await run(Effect.all([...sources], { concurrency: "unbounded" }))).flat()
        const metrics = metricData(points, startTime, hrTime())
        const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: "holdfast" }, metrics }]
        return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] }
      }
    } satisfies MetricProducer
  })

const makeExporter = ({ endpoint: url, protocol }: MetricsConfig) =>
  Effect.gen(function* () {
    const run = Effect.runForkWith(yield* Effect.context<never>())
    return reporting(protocol === "http/json" ? new JsonExporter({ url }) : new ProtobufExporter({ url }), (error) =>
      run(
        error === undefined
          ? Effect.logInfo("metrics reach the collector again")
          : Effect.logWarning("metrics do not reach the collector", error)
      )
    )
  })

/** @param onHealth the collector stopped answering, for that reason, or answers again */
const reporting = (exporter: PushMetricExporter, onHealth: (error: string | undefined) => void): PushMetricExporter => {
  let healthy = true
  return {
    export: (metrics, done) =>
      exporter.export(metrics, (result) => {
        const isHealthy = result.code === ExportResultCode.SUCCESS
        if (isHealthy !== healthy) onHealth(isHealthy ? undefined : (result.error?.message ?? "no reason given"))
        healthy = isHealthy
        done(result)
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown()
  }
}
