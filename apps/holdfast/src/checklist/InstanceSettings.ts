/**
 * What an instance was started with, as `holdfast checklist` reads it in the file by which commands find the instance.
 *
 * Guarantee: no secret is in it: of the collector's URL only the origin is kept.
 */
import { readMetricsConfig } from "@holdfast/telemetry/MetricsConfig"
import { readTracingConfig } from "@holdfast/telemetry/TracingConfig"
import { Effect, Schema } from "effect"

export const InstanceSettings = Schema.Struct({
  /** null: tracing is off */
  tracing: Schema.NullOr(
    Schema.Struct({
      /** of the collector, such as `http://localhost:4318` */
      endpoint: Schema.String,
      /** share of traces kept from their start, 0 to 1 */
      ratio: Schema.Number
    })
  ),
  /** null: no metrics are exported */
  metrics: Schema.NullOr(
    Schema.Struct({
      /** of the collector */
      endpoint: Schema.String,
      /** milliseconds between two exports */
      intervalMillis: Schema.Number
    })
  )
})
export type InstanceSettings = typeof InstanceSettings.Type

const originOf = ({ endpoint }: { readonly endpoint: string }): string => new URL(endpoint).origin

/** Those of this process. */
export const settingsOf = Effect.fnUntraced(function* () {
  const traces = yield* readTracingConfig({ serviceName: "holdfast", ratio: 1 })
  const exported = yield* readMetricsConfig({ serviceName: "holdfast" })
  return {
    tracing: traces === undefined ? null : { endpoint: originOf(traces), ratio: traces.ratio },
    metrics: exported === undefined ? null : { endpoint: originOf(exported), intervalMillis: exported.intervalMillis }
  } satisfies InstanceSettings
})
