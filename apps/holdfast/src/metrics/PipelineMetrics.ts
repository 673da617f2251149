/**
 * The pipeline's metrics: what channels, engine and database say at the moment of an export.
 *
 * Guarantee: nothing is counted for it but what is oversold. A database that does not answer costs its own points only.
 */
import { EngineObserver } from "@holdfast/engine/EngineObserver"
import { Database, query } from "@holdfast/ledger/Database"
import { countWaiting } from "@holdfast/ledger/Parked"
import { Outbound } from "@holdfast/outbound/Outbound"
import { point, type MetricPoint } from "@holdfast/telemetry/MetricPoint"
import { Metrics } from "@holdfast/telemetry/Metrics"
import { Clock, Effect, Layer } from "effect"
import { sourceReport } from "../sources/SourceReport.ts"
import { channelPoints, latencyBoundsMillis } from "./ChannelPoints.ts"
import { enginePoints } from "./EnginePoints.ts"
import { OversoldTally } from "./OversoldTally.ts"
import { storePoints } from "./StorePoints.ts"

/** How long an export waits for the database. */
const storeTimeout = "3 seconds"

const readStore = Effect.gen(function* () {
  const { sql } = yield* Database
  const parked = yield* query(() => countWaiting(sql))
  return storePoints({ parked, ...(yield* sourceReport()) })
}).pipe(Effect.timeout(storeTimeout))

/** Says once that the database does not answer, not at every export. */
const makeStoreSource = Effect.gen(function* () {
  const context = yield* Effect.context<Database>()
  let isFailing = false
  return readStore.pipe(
    Effect.tap(() => Effect.sync(() => (isFailing = false))),
    Effect.catch((error) => {
      const isNews = !isFailing
      isFailing = true
      const none: ReadonlyArray<MetricPoint> = []
      return Effect.as(
        isNews ? Effect.logWarning(`metrics of the database are left out: ${error.message}`) : Effect.void,
        none
      )
    }),
    Effect.provideContext(context)
  )
})

export const pipelineMetrics = Layer.effectDiscard(
  Effect.gen(function* () {
    const metrics = yield* Metrics
    if (!metrics.enabled) return
    const outbound = yield* Outbound
    const { counts } = yield* EngineObserver
    const { units } = yield* OversoldTally
    const store = yield* makeStoreSource
    const own = (now: number): ReadonlyArray<MetricPoint> => [
      ...outbound.channels.flatMap((channel) =>
        channelPoints(channel.snapshot(), channel.latencies(latencyBoundsMillis), now)
      ),
      ...enginePoints(
        counts,
        units,
        outbound.channels.map((channel) => channel.definition().id)
      ),
      point("backlog", outbound.consumer().backlog, {})
    ]
    const now = Effect.map(Clock.currentTimeMillis, own)
    yield* metrics.observe(Effect.zipWith(now, store, (points, stored) => [...points, ...stored]))
  })
)
