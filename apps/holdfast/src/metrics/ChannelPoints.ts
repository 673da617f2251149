/** A channel's snapshot as metrics. Pure. */
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import { rungs } from "@holdfast/channels/Ladder"
import type { LatencyBuckets } from "@holdfast/channels/LatencyHistogram"
import { Operation } from "@holdfast/domain/Channel"
import { attribute } from "@holdfast/telemetry/Attribute"
import { point, type MetricPoint } from "@holdfast/telemetry/MetricPoint"
import { latencyBoundsSeconds } from "@holdfast/telemetry/TracingLimit"

/** For `OutputStream.latencies`. */
export const latencyBoundsMillis = latencyBoundsSeconds.map((seconds) => seconds * 1_000)

const circuitStates: ReadonlyArray<ChannelSnapshot["circuit"]> = ["closed", "open", "halfOpen", "blocked"]

const pushOutcomes = ["applied", "throttled", "stale", "rejected", "transient", "unknown", "blocked"] as const

const raisePoints = (
  { channel, ordersSeenUntil, raisesHeld }: ChannelSnapshot,
  now: number
): ReadonlyArray<MetricPoint> => {
  const of = { [attribute.channel]: channel }
  const held = (because: keyof ChannelSnapshot["raisesHeld"]) =>
    point("raisesHeld", raisesHeld[because], { ...of, [attribute.raiseHeldBecause]: because })
  const isAsked = ordersSeenUntil !== undefined
  const age = isAsked ? [point("ordersSeenAge", Math.max(0, now - ordersSeenUntil) / 1_000, of)] : []
  return [held("unseenOrders"), held("ladder"), ...age]
}

/** Every series is there from the start, with 0: a rate over what appears only when it happens misses the first time. @param now milliseconds since the epoch */
export const channelPoints = (
  snapshot: ChannelSnapshot,
  latencies: LatencyBuckets,
  now: number
): ReadonlyArray<MetricPoint> => {
  const of = { [attribute.channel]: snapshot.channel }
  const { counts, count, sum } = latencies
  return [
    point("deliveries", snapshot.good, { ...of, [attribute.budgetMet]: true }),
    point("deliveries", snapshot.breaches, { ...of, [attribute.budgetMet]: false }),
    point("latency", { bounds: latencyBoundsSeconds, counts, count, sum: sum / 1_000 }, of),
    point("objective", snapshot.objective, of),
    point("budget", snapshot.budgetMillis / 1_000, of),
    point("pending", snapshot.pending + snapshot.inFlight, of),
    point("oldestAge", snapshot.oldestPendingMillis / 1_000, of),
    point("quarantined", snapshot.quarantined, of),
    ...circuitStates.map((state) =>
      point("circuit", Number(state === snapshot.circuit), { ...of, [attribute.circuitState]: state })
    ),
    ...Operation.literals.map((operation) =>
      point("operation", Number(operation === snapshot.operation), { ...of, [attribute.channelOperation]: operation })
    ),
    ...rungs.map((rung) => point("ladder", Number(rung === snapshot.rung), { ...of, [attribute.ladderRung]: rung })),
    ...raisePoints(snapshot, now),
    ...pushOutcomes.map((outcome) => point("pushes", snapshot[outcome], { ...of, [attribute.pushOutcome]: outcome }))
  ]
}
