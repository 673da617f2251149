import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { HttpClient } from "effect/http"
import { OtlpReceiver, spanKind, type ReceivedSpan } from "@holdfast/telemetry/testing/OtlpReceiver"
import type { Ingested, Processed } from "@holdfast/telemetry/TracedStage"
import { Tracing, type TracingShape } from "@holdfast/telemetry/Tracing"
import { aDelivery, anEvent, t0, traceparentOf } from "./Event.ts"

const channels = [
  { id: "amazon", budgetMillis: 2_000 },
  { id: "shop", budgetMillis: 5_000 },
  { id: "pos", budgetMillis: 5_000 }
]

const publisherSpan = "c0ffee0000000001"
const traceparent = traceparentOf(7, "01")
const event = anEvent({ traceparent, parentSpanId: publisherSpan })

const ingested = (given: Partial<Ingested> = {}): Ingested => ({
  source: event.source,
  id: event.id,
  type: event.type,
  occurredAt: event.occurredAt,
  storedAt: event.storedAt,
  ingestedAt: t0 + 15,
  traceparent,
  parentSpanId: publisherSpan,
  facts: 1,
  outcome: "accepted",
  ...given
})

const processed = (given: Partial<Processed> = {}): Processed => ({
  source: event.source,
  id: event.id,
  type: event.type,
  sku: "MUG",
  partition: 11,
  traceparent,
  receivedAt: t0 + 20,
  decidedAt: t0 + 25,
  committedAt: t0 + 40,
  versionBefore: 3,
  versionAfter: 4,
  availableBefore: 9,
  availableAfter: 7,
  result: "applied",
  commitSize: 12,
  ...given
})

/** Runs with a tracing of its own that ends, and so flushes, before the spans are returned. */
const traced = (use: (tracing: TracingShape) => Effect.Effect<void>, environment: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const receiver = yield* OtlpReceiver
    receiver.clear()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...environment }
    const layer = Tracing.layer({ serviceName: "holdfast-test", ratio: 1 }).pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
    yield* Tracing.pipe(Effect.flatMap(use), Effect.provide(layer), Effect.scoped)
    return receiver.spans()
  })

const named = (spans: ReadonlyArray<ReceivedSpan>, name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name)
  assert.strictEqual(found.length, 1, `one span "${name}" among ${spans.map((span) => span.name).join(", ")}`)
  return found[0]!
}

const wholeWay = (tracing: TracingShape): void => {
  tracing.channels(channels)
  tracing.ingested(ingested())
  tracing.processed(processed())
  tracing.delivered(
    aDelivery({ event, channel: "amazon", ackAt: t0 + 400, attempts: 2, quantity: 7, timing: "realtime" })
  )
  tracing.delivered(
    aDelivery({
      event,
      channel: "shop",
      budgetMillis: 5_000,
      outcome: "unchanged",
      requestAt: undefined,
      ackAt: t0 + 50,
      attempts: 0
    })
  )
  tracing.delivered(
    aDelivery({ event, channel: "pos", budgetMillis: 5_000, outcome: "superseded", supersededBy: "order-2" })
  )
}

describe("tracing", () => {
  it.layer(OtlpReceiver.layer)("over OTLP", (it) => {
    it.effect("shows one event's way to every channel as one tree", () =>
      Effect.gen(function* () {
        const spans = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        const root = named(spans, "sync order.placed")
        const process = named(spans, "process stock.facts")
        const parentOf: Record<string, string | undefined> = {
          "sync order.placed": publisherSpan,
          "ingest order.placed": root.spanId,
          "process stock.facts": root.spanId,
          "commit ledger": process.spanId,
          "deliver amazon": root.spanId,
          "deliver shop": root.spanId,
          "deliver pos": root.spanId
        }
        for (const [name, parent] of Object.entries(parentOf))
          assert.strictEqual(named(spans, name).parentSpanId, parent, name)
        assert.strictEqual(spans.filter(({ name }) => name === "push").length, 2)
        assert.strictEqual(spans.filter(({ name }) => name === "queue").length, 2)
        for (const span of spans) {
          assert.strictEqual(span.traceId, traceparent.slice(3, 35))
          assert.strictEqual(span.service, "holdfast-test")
          assert.strictEqual(
            span.kind,
            span.name === "process stock.facts" ? spanKind.consumer : spanKind.internal,
            span.name
          )
          assert.strictEqual(span.status, 0, span.name)
        }
        assert.strictEqual(root.spanId, traceparent.slice(36, 52))
        assert.strictEqual(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
      })
    )

    it.effect("gives every stage its own times: the duration of a delivery is the sync latency", () =>
      Effect.gen(function* () {
        const spans = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        const times = (name: string) => {
          const { start, end } = named(spans, name)
          return [start - t0, end - t0]
        }
        assert.deepStrictEqual(times("sync order.placed"), [0, 400])
        assert.deepStrictEqual(times("ingest order.placed"), [10, 15])
        assert.deepStrictEqual(times("process stock.facts"), [20, 40])
        assert.deepStrictEqual(times("commit ledger"), [25, 40])
        assert.deepStrictEqual(times("deliver amazon"), [0, 400])
        assert.deepStrictEqual(times("deliver shop"), [0, 50])
        const deliver = named(spans, "deliver amazon")
        const parts = spans.filter(({ parentSpanId }) => parentSpanId === deliver.spanId)
        assert.deepStrictEqual(
          parts.map(({ name, start, end }) => [name, start - t0, end - t0]),
          [
            ["queue", 50, 60],
            ["push", 60, 400]
          ]
        )
      })
    )

    it.effect("says on each span what it did", () =>
      Effect.gen(function* () {
        const spans = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        const said = { "stock.event.id": "order-1", "stock.event.type": "order.placed", "stock.event.source": "shop" }
        assert.deepStrictEqual(named(spans, "sync order.placed").attributes, {
          ...said,
          "stock.event.parts": 1,
          "stock.channels.count": 3,
          "stock.channels.breached": [],
          "stock.budget.breached": false,
          "stock.trace.incomplete": false,
          "stock.trace.reason": "head"
        })
        assert.deepStrictEqual(named(spans, "deliver amazon").attributes, {
          ...said,
          "stock.sku": "MUG",
          "stock.channel": "amazon",
          "stock.timing_model": "realtime",
          "stock.budget_ms": 2_000,
          "stock.budget.used_pct": 20,
          "stock.budget.breached": false,
          "stock.sync.latency_ms": 400,
          "stock.sync.latency_bucket": "250-500ms",
          "stock.sync.outcome": "delivered",
          "stock.pushed_quantity": 7,
          "stock.push.attempts": 2
        })
        assert.strictEqual(named(spans, "deliver pos").attributes["stock.superseded_by"], "order-2")
        assert.strictEqual(named(spans, "commit ledger").attributes["stock.commit.size"], 12)
        const process = named(spans, "process stock.facts").attributes
        assert.deepStrictEqual(
          [process["stock.apply.result"], process["stock.version.before"], process["stock.version.after"]],
          ["applied", 3, 4]
        )
        assert.deepStrictEqual([process["stock.available.before"], process["stock.available.after"]], [9, 7])
        assert.deepStrictEqual(
          [process["messaging.system"], process["messaging.destination.partition.id"]],
          ["nats", "11"]
        )
      })
    )

    it.effect("gives equal spans when everything is told twice", () =>
      Effect.gen(function* () {
        const once = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        const again = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        assert.deepStrictEqual(again, once)
      })
    )

    it.effect("makes no span for an event that is not sampled and in time", () =>
      Effect.gen(function* () {
        const unsampled = traceparentOf(8, "00")
        const spans = yield* traced((tracing) =>
          Effect.sync(() => {
            assert.isFalse(tracing.sampled(unsampled))
            tracing.ingested(ingested({ traceparent: unsampled }))
            tracing.processed(processed({ traceparent: unsampled }))
            tracing.delivered(aDelivery({ event: anEvent({ traceparent: unsampled }) }))
            assert.strictEqual(tracing.stats().emitted, 0)
          })
        )
        assert.deepStrictEqual(spans, [])
      })
    )

    it.effect("keeps an unsampled event whose budget was missed, with the stages and channels that went before", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(t0 + 2_000)
        const late = anEvent({ traceparent: traceparentOf(7, "00"), parentSpanId: publisherSpan })
        const spans = yield* traced((tracing) =>
          Effect.gen(function* () {
            tracing.channels(channels)
            tracing.delivered(aDelivery({ event: late, channel: "shop", budgetMillis: 5_000 }))
            tracing.delivered(
              aDelivery({ event: late, channel: "amazon", outcome: "expired", ackAt: t0 + 62_000, breached: true })
            )
            assert.isAbove(tracing.stats().emitted, 0)
            const before = tracing.stats().emitted
            // the third channel never reports, so that the root is closed by its time
            yield* TestClock.adjust("70 seconds")
            assert.strictEqual(tracing.stats().emitted, before + 1)
            tracing.delivered(aDelivery({ event: late, channel: "amazon", ackAt: t0 + 9_000, breached: true }))
          })
        )
        const root = named(spans, "sync order.placed")
        assert.deepStrictEqual(
          [root.parentSpanId, root.start - t0, root.end - t0, root.status],
          [publisherSpan, 0, 2_000, 0]
        )
        assert.deepInclude(root.attributes, {
          "stock.trace.reason": "breach",
          "stock.budget.breached": true,
          "stock.channels.breached": ["amazon"],
          "stock.trace.incomplete": true
        })
        const ingest = named(spans, "ingest order.placed")
        assert.deepStrictEqual([ingest.start - t0, ingest.end - t0], [10, 20])
        const process = named(spans, "process stock.facts")
        assert.deepStrictEqual([process.start - t0, process.end - t0], [20, 40])
        assert.strictEqual(named(spans, "commit ledger").parentSpanId, process.spanId)
        assert.isTrue(process.attributes["stock.trace.retroactive"])
        assert.strictEqual(named(spans, "deliver shop").parentSpanId, root.spanId)
        const [expired, delivered] = spans.filter(({ name }) => name === "deliver amazon")
        assert.deepStrictEqual([expired!.end - t0, delivered!.end - t0], [2_000, 9_000])
        assert.notStrictEqual(expired!.spanId, delivered!.spanId)
        assert.deepStrictEqual(delivered!.events, [{ name: "budget.exceeded", at: t0 + 2_000 }])
        assert.strictEqual(delivered!.status, 0)

        const live = yield* traced((tracing) => Effect.sync(() => wholeWay(tracing)))
        for (const name of [
          "sync order.placed",
          "ingest order.placed",
          "process stock.facts",
          "commit ledger",
          "deliver shop"
        ]) {
          assert.strictEqual(named(spans, name).spanId, named(live, name).spanId, name)
        }
      })
    )

    it.effect("keeps what was parked, sampled or not, with the reason on its root", () =>
      Effect.gen(function* () {
        const unsampled = traceparentOf(9, "00")
        const error = "data.lines[0].quantity must be a whole number"
        const spans = yield* traced((tracing) =>
          Effect.sync(() => {
            tracing.ingested(
              ingested({ traceparent: unsampled, type: "order.exploded", facts: 0, outcome: "parked", error })
            )
            tracing.processed(
              processed({ traceparent: traceparentOf(10, "00"), result: "parked", error: "unknown SKU" })
            )
          })
        )
        const root = named(spans, "sync unknown")
        assert.deepStrictEqual([root.status, root.statusMessage, root.parentSpanId], [2, error, publisherSpan])
        assert.deepInclude(root.attributes, { "stock.trace.reason": "error", "stock.event.type": "order.exploded" })
        assert.strictEqual(named(spans, "ingest unknown").status, 2)
        assert.strictEqual(named(spans, "sync order.placed").statusMessage, "unknown SKU")
        assert.strictEqual(named(spans, "process stock.facts").attributes["stock.apply.result"], "parked")
      })
    )

    it.effect("marks a delivery that failed for good as an error, on its root too", () =>
      Effect.gen(function* () {
        const spans = yield* traced((tracing) =>
          Effect.sync(() => {
            tracing.channels([channels[0]!])
            tracing.delivered(aDelivery({ event, outcome: "failed", error: "404 listing not found" }))
          })
        )
        assert.strictEqual(named(spans, "deliver amazon").statusMessage, "404 listing not found")
        assert.strictEqual(named(spans, "sync order.placed").status, 2)
      })
    )

    it.effect(
      "keeps at most 200 breaches of one channel at once and counts the others; another channel is not affected",
      () =>
        Effect.gen(function* () {
          const spans = yield* traced((tracing) =>
            Effect.sync(() => {
              for (const channel of ["amazon", "shop"]) {
                for (let n = 0; n < 300; n++) {
                  const unsampled = anEvent({ traceparent: traceparentOf(n + (channel === "shop" ? 1_000 : 0), "00") })
                  tracing.delivered(aDelivery({ event: unsampled, channel, breached: true }))
                }
              }
              assert.strictEqual(tracing.stats().suppressed.breach, 200)
            })
          )
          const kept = (channel: string) => spans.filter(({ name }) => name === `deliver ${channel}`).length
          assert.deepStrictEqual([kept("amazon"), kept("shop")], [200, 200])
        })
    )

    it.effect("makes no span of a malformed traceparent, since a collector would refuse the whole batch", () =>
      Effect.gen(function* () {
        const spans = yield* traced((tracing) =>
          Effect.sync(() => {
            tracing.delivered(aDelivery({ event: anEvent({ traceparent: "00-zz-zz-01" }), breached: true }))
            tracing.ingested(ingested({ traceparent: "", outcome: "parked" }))
            tracing.delivered(
              aDelivery({ event: anEvent({ traceparent, parentSpanId: "nonsense", occurredAt: Number.NaN }) })
            )
            assert.strictEqual(tracing.stats().suppressed.malformed, 2)
          })
        )
        assert.isUndefined(named(spans, "sync order.placed").parentSpanId)
      })
    )

    it.effect("says when clocks disagree, and starts a late event when it was stored", () =>
      Effect.gen(function* () {
        const old = anEvent({ traceparent, occurredAt: t0 - 3_600_000 })
        const early = anEvent({ traceparent: traceparentOf(12, "01"), occurredAt: t0 + 60_000 })
        const spans = yield* traced((tracing) =>
          Effect.sync(() => {
            tracing.channels([channels[0]!])
            tracing.delivered(aDelivery({ event: old }))
            tracing.delivered(aDelivery({ event: early }))
            tracing.processed(processed({ decidedAt: t0 + 50, committedAt: t0 + 40 }))
          })
        )
        const roots = spans.filter(({ name }) => name === "sync order.placed")
        assert.deepStrictEqual(
          roots.map(({ start }) => start - t0),
          [10, 10]
        )
        assert.isTrue(roots[0]!.attributes["stock.event.late"])
        assert.strictEqual(roots[0]!.attributes["stock.event.occurred_at"], new Date(t0 - 3_600_000).toISOString())
        assert.isTrue(roots[1]!.attributes["stock.clock.skewed"])
        const commit = named(spans, "commit ledger")
        assert.strictEqual(commit.end, commit.start)
        assert.isTrue(commit.attributes["stock.clock.skewed"])
      })
    )

    it.effect("counts the spans that a failing collector refused, and says so once", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        receiver.answer(400)
        let stats: (() => { readonly exported: number; readonly lost: number }) | undefined
        const logged: Array<string> = []
        const logger = Logger.make(({ logLevel, message }) => logged.push(`${logLevel} ${String(message)}`))
        yield* traced((tracing) =>
          Effect.sync(() => {
            stats = tracing.stats
            for (let n = 0; n < 100; n++) wholeWay(tracing)
          })
        ).pipe(Effect.provide(Logger.layer([logger])))
        receiver.answer(200)
        assert.strictEqual(stats!().exported, 0)
        // one root: the later repetitions find it closed
        assert.strictEqual(stats!().lost, 1 + 100 * 10)
        assert.deepStrictEqual(logged, ["Warn traces do not reach the collector and are lost,Bad Request"])
      })
    )

    it.effect("lets the spans of Effect leave through the same exporter, and tells third parties no trace", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        receiver.clear()
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_SERVICE_NAME: "named-by-environment" }
        yield* HttpClient.TracerPropagationEnabled.pipe(
          Effect.tap((enabled) => Effect.sync(() => assert.isFalse(enabled))),
          Effect.withSpan("outer"),
          Effect.provide(
            Tracing.layer({ serviceName: "given", ratio: 1 }).pipe(
              Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
            )
          )
        )
        assert.strictEqual(named(receiver.spans(), "outer").service, "named-by-environment")
      })
    )

    it.effect("speaks protobuf when it is asked to", () =>
      Effect.gen(function* () {
        const receiver = yield* OtlpReceiver
        let stats: TracingShape["stats"] | undefined
        yield* traced(
          (tracing) =>
            Effect.sync(() => {
              stats = tracing.stats
              wholeWay(tracing)
            }),
          { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }
        )
        assert.deepInclude(stats!(), { emitted: 11, exported: 11, lost: 0 })
        assert.deepStrictEqual(receiver.mediaTypes(), ["application/x-protobuf"])
      })
    )

    it.effect("is off without an endpoint, or when it is switched off", () =>
      Effect.gen(function* () {
        for (const environment of [
          { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
          { OTEL_SDK_DISABLED: "true" },
          { OTEL_TRACES_EXPORTER: "none" }
        ]) {
          const spans = yield* traced(
            (tracing) =>
              Effect.sync(() => {
                assert.isFalse(tracing.enabled)
                assert.isFalse(tracing.sampled(traceparent))
                assert.isFalse(tracing.headSample("a".repeat(32)))
                wholeWay(tracing)
              }),
            environment
          )
          assert.deepStrictEqual(spans, [])
        }
      })
    )

    it.effect("honours the configured share, and names a variable that cannot be used", () =>
      Effect.gen(function* () {
        yield* traced((tracing) => Effect.sync(() => assert.isFalse(tracing.headSample("f".repeat(32)))), {
          HOLDFAST_TRACE_RATIO: "0"
        })
        yield* traced((tracing) => Effect.sync(() => assert.isTrue(tracing.headSample("0".repeat(32)))), {
          OTEL_TRACES_SAMPLER_ARG: "0",
          OTEL_TRACES_SAMPLER: "parentbased_always_on"
        })
        for (const [name, value] of [
          ["HOLDFAST_TRACE_RATIO", "2"],
          ["OTEL_TRACES_SAMPLER_ARG", "many"],
          ["OTEL_EXPORTER_OTLP_ENDPOINT", "not a url"],
          ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"]
        ] as const) {
          const error = yield* Effect.flip(traced(() => Effect.void, { [name]: value }))
          assert.include(String(error), name)
        }
      })
    )
  })
})
