/**
 * Joins the apps' hooks to tracing: ingest, engine and outbound say what they did, tracing makes spans of it.
 *
 * It only translates records; which traces are kept is decided by `Tracing`.
 */
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ChannelId } from "@holdfast/domain/Identity"
import type { DecisionBatch } from "@holdfast/engine/DecisionBatch"
import type { IngestedEvent } from "@holdfast/ingest/Ingest"
import type { TracingShape } from "@holdfast/telemetry/Tracing"
import { eventsPrefix } from "@holdfast/bus/Subject"

export const traceIngested =
  (tracing: TracingShape) =>
  (event: IngestedEvent): void => {
    const { storedAt, ingestedAt, traceparent, parentSpanId } = event
    const common = { storedAt, ingestedAt, traceparent, parentSpanId }
    if (event.outcome === "parked") {
      const type = event.subject.startsWith(eventsPrefix) ? event.subject.slice(eventsPrefix.length) : event.subject
      const error = `${event.reason}: ${event.detail}`
      tracing.ingested({
        ...common,
        source: event.source ?? "",
        id: event.id ?? "",
        type,
        facts: 0,
        outcome: "parked",
        error
      })
    } else if (tracing.sampled(traceparent)) {
      const { source, id, type, time: occurredAt } = event.event
      tracing.ingested({ ...common, source, id, type, occurredAt, facts: event.facts, outcome: "accepted" })
    }
  }

export const traceCommitted =
  (tracing: TracingShape) =>
  (batch: DecisionBatch, committedAt: number): void => {
    const commitSize = batch.commit.size
    const { decidedAt } = batch
    for (const { partition, message, ...change } of batch.processed) {
      const { fact, context, receivedAt } = message
      const { source, id, type, sku } = fact
      const where = { source, id, type, sku, partition: partition.number, ...context }
      tracing.processed({ ...where, receivedAt, decidedAt, committedAt, commitSize, ...change, result: "applied" })
    }
    for (const { partition, message, reason } of batch.parkedFacts) {
      const { fact, context, receivedAt } = message
      const { source, id, type, sku, parts } = fact
      const where = { source, id, type, sku, parts, partition: partition.number, ...context }
      const unchanged = { versionBefore: 0, versionAfter: 0, availableBefore: 0, availableAfter: 0 }
      tracing.processed({
        ...where,
        receivedAt,
        decidedAt,
        committedAt,
        commitSize,
        ...unchanged,
        result: "parked",
        error: reason
      })
    }
  }

export const traceSettled = (tracing: TracingShape, channels: ReadonlyArray<ChannelDefinition>) => {
  const byId = new Map<ChannelId, ChannelDefinition>(channels.map((channel) => [channel.id, channel]))
  return (settled: SettledEvent): void => {
    const { event, late, deadline } = settled
    const definition = byId.get(settled.channel)!
    tracing.delivered({
      channel: settled.channel,
      event,
      sku: settled.sku,
      outcome: settled.outcome,
      queuedAt: settled.queuedAt,
      requestAt: settled.requestAt,
      ackAt: settled.outcome === "expired" ? undefined : settled.ackAt,
      attempts: settled.attempts,
      quantity: settled.quantity,
      budgetMillis: definition.budgetMillis,
      breached: late || settled.ackAt > deadline,
      timing: definition.timing.model,
      error: settled.outcome === "failed" ? settled.detail : undefined
    })
  }
}
