import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { OtlpReceiver } from "@holdfast/telemetry/testing/OtlpReceiver"
import type { ReceivedPoint } from "@holdfast/telemetry/testing/ReceivedPoint"
import { metric, prometheusSeries, type MetricDefinition } from "@holdfast/telemetry/MetricName"
import { point, type MetricPoint } from "@holdfast/telemetry/MetricPoint"
import { Metrics } from "@holdfast/telemetry/Metrics"
import { readMetricsConfig } from "@holdfast/telemetry/MetricsConfig"

const environment = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }))

const metrics = (env: Record<string, string>) =>
  Metrics.layer({ serviceName: "holdfast-test" }).pipe(Layer.provide(environment(env)))

const of = { "stock.channel": "shop" }

/** Observes the points until the scope ends, and so is exported a last time. */
const exported = (points: () => ReadonlyArray<MetricPoint>, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const receiver = yield* OtlpReceiver
    receiver.clear()
    yield* Metrics.pipe(
      Effect.flatMap(({ observe }) => observe(Effect.sync(points))),
      Effect.scoped,
      Effect.provide(metrics({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...env }))
    )
    return receiver.points()
  })

const only = (points: ReadonlyArray<ReceivedPoint>, name: string): ReceivedPoint => {
  const found = points.filter((each) => each.name === name)
  assert.strictEqual(found.length, 1, `one point of ${name}`)
  return found[0]!
}

describe("metrics", () => {
  it.layer(OtlpReceiver.layer)("over OTLP", (it) => {
    it.effect("say a counter, a gauge and a histogram with their units and attributes", () =>
      Effect.gen(function* () {
        const distribution = { bounds: [0.1, 1], counts: [3, 2, 1], count: 6, sum: 4.5 }
        const points = yield* exported(() => [
          point("deliveries", 7, { ...of, "stock.budget.met": false }),
          point("objective", 0.99, of),
          point("latency", distribution, of)
        ])
        assert.deepInclude(only(points, "stock.sync.deliveries"), {
          service: "holdfast-test",
          kind: "counter",
          unit: "{delivery}",
          value: 7,
          attributes: { ...of, "stock.budget.met": false }
        })
        assert.deepInclude(only(points, "stock.channel.slo.objective"), { kind: "gauge", unit: "1", value: 0.99 })
        assert.deepInclude(only(points, "stock.sync.latency"), {
          kind: "histogram",
          unit: "s",
          value: 6,
          sum: 4.5,
          bounds: [0.1, 1],
          counts: [3, 2, 1]
        })
      })
    )

    it.effect("ask a source at every export, and no more when its scope has ended", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        receiver.clear()
        let asked = 0
        const source = Effect.sync(() => [point("commits", ++asked, {})])
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_METRIC_EXPORT_INTERVAL: "20" }
        yield* Effect.gen(function* () {
          const { observe } = yield* Metrics
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* observe(source)
              yield* receiver.untilPoints((points) => points.some(({ value }) => value >= 3))
            })
          )
          const before = asked
          receiver.clear()
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* observe(Effect.succeed([point("backlog", 5, {})]))
              const points = yield* receiver.untilPoints((all) => all.length > 0)
              assert.deepStrictEqual(
                points.map(({ name }) => name),
                ["stock.outbound.backlog"]
              )
            })
          )
          assert.strictEqual(asked, before)
        }).pipe(Effect.provide(metrics(env)))
      })
    )

    it.effect("survive a collector that refuses", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        receiver.answer(400)
        assert.deepStrictEqual(yield* exported(() => [point("commits", 1, {})]), [])
        receiver.answer(200)
        assert.strictEqual(only(yield* exported(() => [point("commits", 2, {})]), "stock.ledger.commits").value, 2)
      })
    )

    it.effect("speak protobuf when the environment says so", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        yield* exported(() => [point("commits", 1, {})], { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" })
        assert.include(receiver.mediaTypes(), "application/x-protobuf")
      })
    )
  })

  it.effect("are off without an endpoint, and when told so", () =>
    Effect.gen(function* () {
      const read = (env: Record<string, string>) =>
        readMetricsConfig({ serviceName: "x" }).pipe(Effect.provide(environment(env)))
      const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }
      assert.isUndefined(yield* read({}))
      assert.isUndefined(yield* read({ ...endpoint, OTEL_METRICS_EXPORTER: "none" }))
      assert.isUndefined(yield* read({ ...endpoint, OTEL_SDK_DISABLED: "true" }))
      const own = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://prometheus:9090/api/v1/otlp/v1/metrics" }
      assert.deepStrictEqual(yield* read({ ...endpoint, OTEL_TRACES_EXPORTER: "none", ...own }), {
        endpoint: own.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
        protocol: "http/json",
        serviceName: "x",
        intervalMillis: 15_000
      })
      const refused = yield* Effect.flip(read({ ...endpoint, OTEL_METRIC_EXPORT_INTERVAL: "soon" }))
      assert.include(String(refused.message), "OTEL_METRIC_EXPORT_INTERVAL")
      const isEnabled = Effect.map(Metrics, ({ enabled }) => enabled)
      assert.isFalse(yield* Effect.provide(isEnabled, metrics({})))
    })
  )

  it("have names of their own, which Prometheus keeps apart", () => {
    const definitions: ReadonlyArray<MetricDefinition> = Object.values(metric)
    const series = definitions.flatMap(prometheusSeries)
    assert.strictEqual(new Set(series).size, series.length)
    for (const { name } of definitions) assert.match(name, /^stock(\.[a-z][a-z_]*)+$/)
    assert.deepStrictEqual(prometheusSeries(metric.deliveries), ["stock_sync_deliveries_total"])
    assert.deepStrictEqual(prometheusSeries(metric.objective), ["stock_channel_slo_objective_ratio"])
    assert.deepStrictEqual(prometheusSeries(metric.oldestAge), ["stock_sync_pending_oldest_age_seconds"])
    assert.include(prometheusSeries(metric.latency), "stock_sync_latency_seconds_bucket")
  })
})
