/**
 * What an instance was started with, as `holdfast checklist` reads it in the file by which commands find the instance.
 *
 * Guarantee: no secret is in it: channels name the variables that hold theirs, and of the collector's URL only the origin is
 * kept.
 */
import { ChannelDefinition } from "@holdfast/domain/Channel"
import { readTracingConfig } from "@holdfast/telemetry/TracingConfig"
import { Effect, Schema } from "effect"

export const InstanceSettings = Schema.Struct({
  channels: Schema.Array(ChannelDefinition),
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
export const settingsOf = Effect.fnUntraced(function* (channels: ReadonlyArray<ChannelDefinition>) {
  const config = yield* readTracingConfig({ serviceName: "holdfast", ratio: 1 })
  const tracing = config === undefined ? null : { endpoint: new URL(config.endpoint).origin, ratio: config.ratio }
  return { channels, tracing } satisfies InstanceSettings
})
