/**
 * Joins the apps' hooks to tracing: ingest, engine and outbound say what they did, tracing makes spans of it.
 *
 * It only translates records; which traces are kept is decided by `Tracing`.
 */
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import { budgetStart } from "@holdfast/domain/Availability"
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

export const traceSettled =
  (tracing: TracingShape) =>
  (settled: SettledEvent): void => {
    const { event, late, deadline, channel, sku, outcome, queuedAt, requestAt, attempts, quantity, timing } = settled
    tracing.delivered({
      channel,
      event,
      sku,
      outcome,
      queuedAt,
      requestAt,
      ackAt: outcome === "expired" ? undefined : settled.ackAt,
      attempts,
      quantity,
      budgetMillis: deadline - budgetStart(event),
      breached: late || settled.ackAt > deadline,
      timing,
      rungs: settled.rungs,
      error: outcome === "failed" ? settled.detail : undefined
    })
  }
