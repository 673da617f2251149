/** Metrics of the whole stack as a collector receives them: a dead channel burns its objective, and no other does. */
import { makeSimulatedChannel } from "@holdfast/channels/simulated/SimulatedChannel"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId } from "@holdfast/domain/Identity"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { OtlpReceiver } from "@holdfast/telemetry/testing/OtlpReceiver"
import type { ReceivedPoint } from "@holdfast/telemetry/testing/ReceivedPoint"
import { metric, type MetricDefinition } from "@holdfast/telemetry/MetricName"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import * as Pipeline from "../src/Pipeline.ts"
import { publishPlainly } from "./PlainPublisher.ts"

const secret = `whsec_${randomBytes(24).toString("base64")}`

/** Nothing listens there. */
const nowhere = "http://127.0.0.1:9/stock"

const definitionOf = (id: string, endpoint: string, budgetMillis: number): ChannelDefinition => ({
  id: ChannelId.make(id),
  name: id,
  connector: "simulated",
  endpoint,
  secretEnv: "CHANNEL_SECRET",
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis,
  objective: 0.99,
  rate: { perSecond: 100, burst: 100, concurrency: 4 },
  timeoutMillis: 2_000
})

const stack = (definitions: ReadonlyArray<ChannelDefinition>) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { natsUrl, databaseUrl } = yield* TestServers
      const { endpoint } = yield* OtlpReceiver
      const env = {
        CHANNEL_SECRET: secret,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_TRACES_EXPORTER: "none",
        OTEL_METRIC_EXPORT_INTERVAL: "100"
      }
      return Pipeline.layer({ natsUrl, databaseUrl, channels: definitions, httpPort: 0 }).pipe(
        Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
      )
    })
  )

const skus = ["MUG-1", "MUG-2", "MUG-3"]

const receiptOf = (sku: string) => ({
  subject: "stock.events.goods.received",
  headers: { "Nats-Msg-Id": `receipt-${sku}` },
  body: {
    id: `receipt-${sku}`,
    source: "wms",
    time: new Date(),
    data: { putaway: "done", lines: [{ sku, quantity: 10 }] }
  }
})

/** An order of more than there is. */
const greedy = () => ({
  subject: "stock.events.order.placed",
  headers: { "Nats-Msg-Id": "order-1" },
  body: {
    id: "order-1",
    source: "shop",
    time: new Date(),
    data: { orderId: "order-1", channel: "alive", lines: [{ sku: "MUG-1", quantity: 13 }] }
  }
})

/** An order of what nobody knows. */
const unknown = () => ({
  subject: "stock.events.order.placed",
  headers: { "Nats-Msg-Id": "order-2" },
  body: {
    id: "order-2",
    source: "shop",
    time: new Date(),
    data: { orderId: "order-2", lines: [{ sku: "GHOST", quantity: 1 }] }
  }
})

const valueOf = (
  points: ReadonlyArray<ReceivedPoint>,
  { name }: MetricDefinition,
  attributes: Readonly<Record<string, unknown>>
): number | undefined =>
  points.find(
    (each) => each.name === name && Object.entries(attributes).every(([key, value]) => each.attributes[key] === value)
  )?.value

const late = (points: ReadonlyArray<ReceivedPoint>, channel: string) =>
  valueOf(points, metric.deliveries, { "stock.channel": channel, "stock.budget.met": false })

describe("metrics of the whole stack", () => {
  it.live("show that a dead channel burns its objective, and what was oversold and parked", () =>
    Effect.gen(function* () {
      const { natsUrl } = yield* TestServers
      const receiver = yield* OtlpReceiver
      const alive = yield* makeSimulatedChannel({
        id: ChannelId.make("alive"),
        name: "alive",
        secret: Redacted.make(secret),
        behaviour: { latencyMillis: 2, jitterMillis: 0 }
      })
      const definitions = [definitionOf("alive", alive.url, 60_000), definitionOf("dead", nowhere, 300)]
      yield* Effect.gen(function* () {
        const before = yield* receiver.untilPoints((points) => late(points, "dead") !== undefined)
        assert.deepStrictEqual([late(before, "dead"), late(before, "alive")], [0, 0])
        assert.strictEqual(valueOf(before, metric.oversold, { "stock.channel": "alive" }), 0)
        yield* Effect.promise(() => publishPlainly(natsUrl, [receiptOf("MUG-1")]))
        yield* receiver.untilPoints((points) => late(points, "dead") === 1)
        yield* Effect.promise(() => publishPlainly(natsUrl, [...skus.slice(1).map(receiptOf), greedy(), unknown()]))
        const after = yield* receiver.untilPoints(
          (points) =>
            late(points, "dead") === 4 &&
            valueOf(points, metric.deliveries, { "stock.channel": "alive", "stock.budget.met": true }) === 4 &&
            valueOf(points, metric.parked, { "stock.parked.reason": "unknown_sku" }) === 1
        )
        assert.strictEqual(late(after, "alive"), 0)
        assert.strictEqual(
          valueOf(after, metric.deliveries, { "stock.channel": "dead", "stock.budget.met": true }),
          0,
          "nothing of the dead channel was in time"
        )
        assert.isAbove(valueOf(after, metric.oldestAge, { "stock.channel": "dead" })!, 0.3)
        assert.strictEqual(
          valueOf(after, metric.pushes, { "stock.channel": "dead", "stock.push.outcome": "applied" }),
          0
        )
        assert.strictEqual(valueOf(after, metric.latency, { "stock.channel": "alive" }), 4)
        assert.strictEqual(valueOf(after, metric.oversold, { "stock.channel": "alive" }), 3)
        assert.strictEqual(valueOf(after, metric.facts, { "stock.apply.result": "applied" }), 4)
        assert.isAtLeast(valueOf(after, metric.commits, {})!, 1)
        const known = new Set<string>(Object.values(metric).map(({ name }) => name))
        assert.deepStrictEqual(
          [...new Set(after.map(({ name }) => name))].filter((name) => !known.has(name)),
          []
        )
        yield* receiver.untilPoints(
          (points) =>
            valueOf(points, metric.circuit, { "stock.channel": "dead", "stock.circuit.state": "closed" }) === 0
        )
      }).pipe(Effect.provide(stack(definitions)))
    }).pipe(Effect.scoped, Effect.provide([TestServers.layer, OtlpReceiver.layer]))
  )
})
