/**
 * What an instance was started with, as `holdfast checklist` reads it in the file by which commands find the instance.
 *
 * Guarantee: no secret is in it: of the collector's URL only the origin is kept.
 */
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
  )
})
export type InstanceSettings = typeof InstanceSettings.Type

/** Those of this process. */
export const settingsOf = Effect.fnUntraced(function* () {
  const config = yield* readTracingConfig({ serviceName: "holdfast", ratio: 1 })
  const tracing = config === undefined ? null : { endpoint: new URL(config.endpoint).origin, ratio: config.ratio }
  return { tracing } satisfies InstanceSettings
})
