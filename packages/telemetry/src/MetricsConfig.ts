/**
 * Where metrics go and how often, from the environment: see `OtlpTarget` for the variables of the target, and
 * `OTEL_METRIC_EXPORT_INTERVAL` in milliseconds. Off without an endpoint, and with `OTEL_METRICS_EXPORTER=none`.
 */
import { Config, Effect, Schema } from "effect"
import { readOtlpTarget, type OtlpTarget } from "./OtlpTarget.ts"
import { metricIntervalMillis } from "./TracingLimit.ts"

export interface MetricsConfig extends OtlpTarget {
  readonly intervalMillis: number
}

export interface MetricsDefaults {
  readonly serviceName: string
}

const Interval = Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 300_000 }))

/** The configuration, or `undefined` when metrics are off. */
export const readMetricsConfig = ({
  serviceName
}: MetricsDefaults): Effect.Effect<MetricsConfig | undefined, Config.ConfigError> =>
  Effect.gen(function* () {
    const target = yield* readOtlpTarget("METRICS", serviceName)
    if (target === undefined) return undefined
    const interval = Config.withDefault(Config.schema(Interval, "OTEL_METRIC_EXPORT_INTERVAL"), metricIntervalMillis)
    return { ...target, intervalMillis: yield* interval }
  })
