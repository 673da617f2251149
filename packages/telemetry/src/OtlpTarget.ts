/**
 * Where one signal goes over OTLP, by the standard variables of OpenTelemetry.
 *
 * Guarantee: without an endpoint the signal is off. A value that cannot be used fails with a `ConfigError` that names the
 * variable. A variable of the signal goes before the one for all signals. Headers and timeout are read by the exporter.
 */
import { Config, Effect, Option } from "effect"

const protocols = ["http/json", "http/protobuf"] as const

export interface OtlpTarget {
  /** URL that batches are posted to */
  readonly endpoint: string
  readonly protocol: (typeof protocols)[number]
  readonly serviceName: string
}

export type Signal = "TRACES" | "METRICS"

/** A variable that is neither absent nor blank. */
export const text = (name: string) =>
  Config.option(Config.String(name)).pipe(Config.map(Option.filter((value) => value.trim() !== "")))

const endpointOf = (signal: Signal) =>
  Effect.gen(function* () {
    const disabled = yield* Config.withDefault(Config.Boolean("OTEL_SDK_DISABLED"), false)
    const exporter = yield* text(`OTEL_${signal}_EXPORTER`)
    if (disabled || Option.contains(exporter, "none")) return undefined
    const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`
    if (Option.isSome(yield* text(own))) return (yield* Config.URL(own)).href
    if (Option.isNone(yield* text("OTEL_EXPORTER_OTLP_ENDPOINT"))) return undefined
    const base = yield* Config.URL("OTEL_EXPORTER_OTLP_ENDPOINT")
    return `${base.href.replace(/\/$/, "")}/v1/${signal.toLowerCase()}`
  })

const protocolOf = (signal: Signal) =>
  Effect.gen(function* () {
    for (const name of [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
      if (Option.isSome(yield* text(name))) return yield* Config.Literals(protocols, name)
    }
    return protocols[0]
  })

/** The target, or `undefined` when the signal is off. */
export const readOtlpTarget = (
  signal: Signal,
  serviceName: string
): Effect.Effect<OtlpTarget | undefined, Config.ConfigError> =>
  Effect.gen(function* () {
    const endpoint = yield* endpointOf(signal)
    if (endpoint === undefined) return undefined
    return {
      endpoint,
      protocol: yield* protocolOf(signal),
      serviceName: Option.getOrElse(yield* text("OTEL_SERVICE_NAME"), () => serviceName)
    }
  })
