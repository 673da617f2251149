/**
 * Where traces go and how many, from the environment.
 *
 * Guarantee: without an endpoint tracing is off. A value that cannot be used fails with a `ConfigError` that names the
 * variable. The standard variables of OpenTelemetry are honoured: endpoint, protocol, headers, sampler and its argument,
 * batch delay and queue, `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER=none`; headers are read by the exporter itself.
 */
import { Config, Effect, Option, Schema } from "effect"
import { readOtlpTarget, text, type OtlpTarget } from "./OtlpTarget.ts"
import { exportDelayMillis, headRatioDefault, spanBatchMax, spanQueueMax } from "./TracingLimit.ts"

export interface TracingConfig extends OtlpTarget {
  /** share of traces kept from their start, 0 to 1 */
  readonly ratio: number
  readonly queueMax: number
  readonly delayMillis: number
}

/** What the application gives where the environment is silent. */
export interface TracingDefaults {
  readonly serviceName: string
  /**
   * Share of traces kept from their start, 0 to 1: 0.01 when absent. One machine should give 1, since whoever sets up a
   * collector there wants to see the first event; the ceiling of the head sampler bounds it either way.
   */
  readonly ratio?: number
}

const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
const queueSize = Schema.Int.check(Schema.isBetween({ minimum: spanBatchMax, maximum: 1_000_000 }))
const delay = Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 60_000 }))

const ratio = (otherwise: number) =>
  Effect.gen(function* () {
    const own = yield* Config.option(Config.schema(Share, "HOLDFAST_TRACE_RATIO"))
    if (Option.isSome(own)) return own.value
    const sampler = Option.getOrElse(yield* text("OTEL_TRACES_SAMPLER"), () => "")
    if (sampler.endsWith("always_on")) return 1
    if (sampler.endsWith("always_off")) return 0
    return yield* Config.withDefault(Config.schema(Share, "OTEL_TRACES_SAMPLER_ARG"), otherwise)
  })

/** The configuration, or `undefined` when tracing is off. */
export const readTracingConfig = (
  defaults: TracingDefaults
): Effect.Effect<TracingConfig | undefined, Config.ConfigError> =>
  Effect.gen(function* () {
    const target = yield* readOtlpTarget("TRACES", defaults.serviceName)
    if (target === undefined) return undefined
    return {
      ...target,
      ratio: yield* ratio(defaults.ratio ?? headRatioDefault),
      queueMax: yield* Config.withDefault(Config.schema(queueSize, "OTEL_BSP_MAX_QUEUE_SIZE"), spanQueueMax),
      delayMillis: yield* Config.withDefault(Config.schema(delay, "OTEL_BSP_SCHEDULE_DELAY"), exportDelayMillis)
    }
  })
