/** One trace over the whole stack: from a publisher's TCP socket to four channels, as a collector receives it. */
import { makeSimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { OtlpReceiver, spanKind, type ReceivedSpan } from "@holdfast/telemetry/testing/OtlpReceiver"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import * as Pipeline from "../src/Pipeline.ts"
import { publishPlainly } from "./PlainPublisher.ts"

const secret = `whsec_${randomBytes(24).toString("base64")}`
const ids = ["webshop", "marketplace", "erp", "outside"] as const

type Id = (typeof ids)[number]

/** Milliseconds: an answer of a late channel always takes longer than its budget, one of the others never. */
const lateBudget = 150
const lateAnswer = 400

const definitionOf = (id: Id, endpoint: string, isLate: boolean): ChannelDefinition => ({
  id: ChannelId.make(id),
  name: id,
  connector: id === "outside" ? "webhook" : "simulated",
  endpoint,
  secretEnv: "CHANNEL_SECRET",
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis: isLate ? lateBudget : 20_000,
  objective: 0.99,
  rate: { perSecond: 100, burst: 100, concurrency: 4 },
  timeoutMillis: 5_000
})

/** A third party's server: takes everything and remembers the headers. */
const outsider = (answerMillis: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const headers: Array<IncomingHttpHeaders> = []
      const server = createServer((request, response) => {
        headers.push(request.headers)
        request.resume()
        setTimeout(() => response.writeHead(200).end("{}"), answerMillis)
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { headers, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stock` }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      })
  )

const channels = Effect.fnUntraced(function* (late: ReadonlyArray<Id>) {
  const answerMillis = (id: Id) => (late.includes(id) ? lateAnswer : 20)
  const third = yield* outsider(answerMillis("outside"))
  const endpoints = yield* Effect.forEach(ids, (id) =>
    id === "outside"
      ? Effect.succeed(third.url)
      : Effect.map(
          makeSimulatedChannel({
            id: ChannelId.make(id),
            name: id,
            secret: Redacted.make(secret),
            behaviour: { latencyMillis: answerMillis(id), jitterMillis: 0 }
          }),
          ({ url }) => url
        )
  )
  return {
    definitions: ids.map((id, index) => definitionOf(id, endpoints[index]!, late.includes(id))),
    headers: third.headers
  }
})

/** Everything, with tracing to the receiver. */
const stack = (definitions: ReadonlyArray<ChannelDefinition>) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { natsUrl, databaseUrl } = yield* TestServers
      const { endpoint } = yield* OtlpReceiver
      const env = {
        CHANNEL_SECRET: secret,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_BSP_SCHEDULE_DELAY: "50",
        HOLDFAST_TRACE_RATIO: "0"
      }
      return Pipeline.layer({ natsUrl, databaseUrl, channels: definitions, httpPort: 0 }).pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
    })
  )

const shopTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
const shopSpan = "00f067aa0ba902b7"

const lines = [{ sku: "MUG-1", quantity: 2 }]

const messagesOf = (flags: "00" | "01", time: Date) => [
  {
    subject: "stock.events.goods.received",
    headers: { "Nats-Msg-Id": "wms-1" },
    body: { id: "receipt-1", source: "wms", time, data: { putaway: "done", lines: [{ sku: "MUG-1", quantity: 10 }] } }
  },
  {
    subject: "stock.events.order.placed",
    headers: { "Nats-Msg-Id": "shop-1", traceparent: `00-${shopTrace}-${shopSpan}-${flags}` },
    body: { id: "order-1", source: "shop", time, data: { orderId: "order-1", lines } }
  }
]

/** Publishes a receipt and an order, and waits for the spans of the order's trace until its root is there. */
const orderTrace = (flags: "00" | "01", late: ReadonlyArray<Id>) =>
  Effect.gen(function* () {
    const { natsUrl } = yield* TestServers
    const receiver = yield* OtlpReceiver
    const { definitions, headers } = yield* channels(late)
    const time = new Date()
    const inTrace = (spans: ReadonlyArray<ReceivedSpan>) => spans.filter(({ traceId }) => traceId === shopTrace)
    const root = yield* Effect.gen(function* () {
      yield* Effect.promise(() => publishPlainly(natsUrl, messagesOf(flags, time)))
      yield* receiver.until((spans) => inTrace(spans).some(({ name }) => name === "sync order.placed"))
      yield* receiver.until((spans) => ids.every((id) => inTrace(spans).some(({ name }) => name === `deliver ${id}`)))
    }).pipe(Effect.provide(stack(definitions)), Effect.as(receiver))
    return { spans: inTrace(root.spans()), occurredAt: time.getTime(), headers }
  }).pipe(Effect.scoped, Effect.provide([TestServers.layer, OtlpReceiver.layer]))

const named = (spans: ReadonlyArray<ReceivedSpan>, name: string): ReceivedSpan => {
  const found = spans.filter((span) => span.name === name)
  assert.strictEqual(found.length, 1, `one span "${name}" among ${spans.map((span) => span.name).join(", ")}`)
  return found[0]!
}

const assertTree = (spans: ReadonlyArray<ReceivedSpan>) => {
  const root = named(spans, "sync order.placed")
  assert.strictEqual(root.parentSpanId, shopSpan)
  const process = named(spans, "process stock.facts")
  for (const name of ["ingest order.placed", "process stock.facts", ...ids.map((id) => `deliver ${id}`)]) {
    assert.strictEqual(named(spans, name).parentSpanId, root.spanId, name)
  }
  assert.strictEqual(named(spans, "commit ledger").parentSpanId, process.spanId)
  for (const id of ids) {
    const deliver = named(spans, `deliver ${id}`)
    const push = spans.filter(({ name, parentSpanId }) => name === "push" && parentSpanId === deliver.spanId)
    assert.isAtMost(push.length, 1)
    for (const { start, end } of push) assert.isTrue(deliver.start <= start && end <= deliver.end)
  }
  for (const span of spans) {
    assert.strictEqual(
      span.kind,
      span.name === "process stock.facts" ? spanKind.consumer : spanKind.internal,
      span.name
    )
    assert.strictEqual(span.attributes["stock.clock.skewed"], undefined, span.name)
  }
}

describe("tracing of the whole stack", () => {
  it.live("shows a sampled event's way from the publisher's span to four channels", () =>
    Effect.gen(function* () {
      const { spans, occurredAt, headers } = yield* orderTrace("01", ["marketplace"])
      assertTree(spans)
      const root = named(spans, "sync order.placed")
      assert.deepInclude(root.attributes, {
        "stock.event.id": "order-1",
        "stock.event.source": "shop",
        "stock.channels.count": 4,
        "stock.channels.breached": ["marketplace"],
        "stock.budget.breached": true,
        "stock.trace.incomplete": false,
        "stock.trace.reason": "head"
      })
      assert.strictEqual(root.start, occurredAt)
      const process = named(spans, "process stock.facts").attributes
      assert.deepInclude(process, {
        "stock.sku": "MUG-1",
        "stock.apply.result": "applied",
        "stock.available.before": 10,
        "stock.available.after": 8
      })
      assert.isUndefined(process["stock.trace.retroactive"])
      for (const id of ids) {
        const deliver = named(spans, `deliver ${id}`)
        assert.strictEqual(deliver.start, occurredAt)
        assert.strictEqual(deliver.attributes["stock.sync.latency_ms"], deliver.end - deliver.start)
        assert.strictEqual(deliver.attributes["stock.budget.breached"], id === "marketplace")
        assert.strictEqual(deliver.attributes["stock.pushed_quantity"], 8)
        assert.strictEqual(deliver.status, 0)
      }
      assert.isAbove(headers.length, 0)
      for (const header of headers) {
        for (const name of ["traceparent", "tracestate", "b3", "baggage"]) assert.notProperty(header, name)
      }
    })
  )

  it.live("keeps the trace of an event that nobody sampled, once channels missed their budget", () =>
    Effect.gen(function* () {
      const { spans } = yield* orderTrace("00", ids)
      assertTree(spans)
      const root = named(spans, "sync order.placed").attributes
      assert.deepInclude(root, { "stock.trace.reason": "breach", "stock.channels.breached": ids.toSorted() })
      assert.isTrue(named(spans, "process stock.facts").attributes["stock.trace.retroactive"])
      for (const id of ids) {
        const { start, end, events } = named(spans, `deliver ${id}`)
        assert.isAtLeast(end - start, lateAnswer)
        assert.deepStrictEqual(events, [{ name: "budget.exceeded", at: start + lateBudget }])
      }
    })
  )
})
