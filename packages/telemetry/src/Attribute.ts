/**
 * The closed list of attribute keys on spans and metrics, and the values of those that people search by.
 *
 * Guarantee: our own keys are `stock.` and lower-case words joined by dots and underscores; the others are names of the
 * OpenTelemetry semantic conventions. Jaeger finds a span by equality only, so what is searched is a boolean or an enum.
 */
export const attribute = {
  sku: "stock.sku",
  eventId: "stock.event.id",
  eventType: "stock.event.type",
  eventSource: "stock.event.source",
  /** SKUs that the whole event touches */
  eventParts: "stock.event.parts",
  /** facts that ingest made of the event */
  eventFacts: "stock.event.facts",
  /** the source's time, RFC 3339, where the trace starts later than it */
  eventOccurredAt: "stock.event.occurred_at",
  /** the event was late or historical: its budget started when it was stored */
  eventLate: "stock.event.late",
  /** two clocks disagreed and a stage was cut to zero */
  clockSkewed: "stock.clock.skewed",
  ingestOutcome: "stock.ingest.outcome",
  applyResult: "stock.apply.result",
  versionBefore: "stock.version.before",
  versionAfter: "stock.version.after",
  availableBefore: "stock.available.before",
  availableAfter: "stock.available.after",
  /** decisions in the same commit */
  commitSize: "stock.commit.size",
  channel: "stock.channel",
  timingModel: "stock.timing_model",
  budgetMillis: "stock.budget_ms",
  budgetUsedPercent: "stock.budget.used_pct",
  budgetBreached: "stock.budget.breached",
  /** of a delivery that was judged, at its acknowledgement or at its deadline, whichever came first */
  budgetMet: "stock.budget.met",
  circuitState: "stock.circuit.state",
  channelOperation: "stock.channel.operation",
  /** rung of a channel's ladder: what is given up while more is due than it takes in time */
  ladderRung: "stock.ladder.rung",
  /** why a raise is not told yet */
  raiseHeldBecause: "stock.raise.held_because",
  pushOutcome: "stock.push.outcome",
  parkedReason: "stock.parked.reason",
  syncLatencyMillis: "stock.sync.latency_ms",
  syncLatencyBucket: "stock.sync.latency_bucket",
  syncOutcome: "stock.sync.outcome",
  supersededBy: "stock.superseded_by",
  pushedQuantity: "stock.pushed_quantity",
  pushAttempts: "stock.push.attempts",
  channelsCount: "stock.channels.count",
  channelsBreached: "stock.channels.breached",
  /** channels whose budget is too long for the root to wait for them */
  channelsDeferred: "stock.channels.deferred",
  /** the root was closed before every channel had settled */
  traceIncomplete: "stock.trace.incomplete",
  traceReason: "stock.trace.reason",
  /** assembled from an announcement's time stamps: the stage itself was not looking */
  traceRetroactive: "stock.trace.retroactive",
  errorType: "error.type",
  messagingSystem: "messaging.system",
  messagingOperationName: "messaging.operation.name",
  messagingOperationType: "messaging.operation.type",
  messagingDestinationName: "messaging.destination.name",
  messagingDestinationPartition: "messaging.destination.partition.id",
  messagingMessageId: "messaging.message.id"
} as const

/** Names of events on spans. */
export const spanEvent = { budgetExceeded: "budget.exceeded", ladderChanged: "ladder.changed" } as const

/** Why a trace is kept. */
export type TraceReason = "head" | "breach" | "error"

const buckets: ReadonlyArray<readonly [below: number, name: string]> = [
  [100, "<100ms"],
  [250, "100-250ms"],
  [500, "250-500ms"],
  [1_000, "0.5-1s"],
  [2_000, "1-2s"],
  [5_000, "2-5s"],
  [10_000, "5-10s"],
  [60_000, "10-60s"],
  [600_000, "1-10m"]
]

/** A latency in milliseconds as a value that can be searched by equality, like `2-5s`. */
export const latencyBucket = (millis: number): string => {
  for (const [below, name] of buckets) if (millis < below) return name
  return ">10m"
}
