/**
 * The stages of one event's way as spans: which there are, what they are called, when they start and end, what they say.
 *
 * Guarantee: pure. Every stage is a child of the event's root, whose id arrives in the traceparent; the root itself is
 * `rootStage`. A stage whose clocks disagree is cut to zero and says so. Nothing here decides what is kept.
 */
import { SpanKind, type Attributes } from "@opentelemetry/api"
import { budgetStart, type AnnouncedEvent } from "@holdfast/domain/Availability"
import { attribute, latencyBucket, spanEvent, type TraceReason } from "./Attribute.ts"
import { isSpanId, rootSpanIdOf, spanIdOf, traceIdOf } from "./SpanIdentity.ts"
import { deliverName, ingestName, spanName, syncName } from "./SpanName.ts"
import type { Stage, StageEvent } from "./StageSpan.ts"
import type { Delivered, Ingested, Processed } from "./TracedStage.ts"
import { textMax } from "./TracingLimit.ts"

interface Identified {
  readonly source: string
  readonly id: string
  readonly type: string
}

const identity = ({ source, id, type }: Identified): Attributes => ({
  [attribute.eventId]: id.slice(0, textMax),
  [attribute.eventType]: type.slice(0, textMax),
  [attribute.eventSource]: source.slice(0, textMax)
})

const child = (
  traceparent: string,
  spanId: string,
  name: string,
  kind: SpanKind,
  start: number,
  end: number,
  attributes: Attributes,
  parentSpanId = rootSpanIdOf(traceparent)
): Stage => {
  if (end < start) attributes[attribute.clockSkewed] = true
  return { name, kind, traceId: traceIdOf(traceparent), spanId, parentSpanId, start, end, attributes }
}

export interface Root extends Identified {
  readonly traceparent: string
  readonly parentSpanId?: string | undefined
  readonly start: number
  readonly end: number
  readonly reason: TraceReason
  readonly error?: string | undefined
  readonly attributes?: Attributes
}

/** `sync <type>`, child of the publisher's span if it sent one. */
export const rootStage = (root: Root): Stage => ({
  name: syncName(root.type),
  kind: SpanKind.INTERNAL,
  traceId: traceIdOf(root.traceparent),
  spanId: rootSpanIdOf(root.traceparent),
  parentSpanId: isSpanId(root.parentSpanId) ? root.parentSpanId : undefined,
  start: root.start,
  end: root.end,
  attributes: { ...identity(root), ...root.attributes, [attribute.traceReason]: root.reason },
  error: root.error
})

/** `ingest <type>`: from the broker's front door until its facts were stored, or the event was parked. */
export const ingestStage = (event: Ingested): Stage => {
  const attributes = identity(event)
  attributes[attribute.eventFacts] = event.facts
  attributes[attribute.ingestOutcome] = event.outcome
  const error = event.outcome === "parked" ? (event.error ?? "parked") : undefined
  if (error !== undefined) attributes[attribute.errorType] = "parked"
  const { traceparent, storedAt, ingestedAt } = event
  const spanId = spanIdOf(traceparent, "ingest")
  return {
    ...child(traceparent, spanId, ingestName(event.type), SpanKind.INTERNAL, storedAt, ingestedAt, attributes),
    error
  }
}

/** `process stock.facts` with its child `commit ledger`. A repetition has spans of its own. */
export const processStages = (fact: Processed): ReadonlyArray<Stage> => {
  const { traceparent, sku, result, receivedAt, decidedAt, committedAt } = fact
  const variant = result === "duplicate" ? `duplicate ${receivedAt}` : ""
  const spanId = spanIdOf(traceparent, "process", sku, "", variant)
  const attributes = processAttributes(fact)
  const error = result === "parked" ? (fact.error ?? "parked") : undefined
  if (error !== undefined) attributes[attribute.errorType] = "parked"
  return [
    { ...child(traceparent, spanId, spanName.process, SpanKind.CONSUMER, receivedAt, committedAt, attributes), error },
    commitStage(traceparent, sku, decidedAt, committedAt, { [attribute.commitSize]: fact.commitSize }, spanId, variant)
  ]
}

const processAttributes = (fact: Processed): Attributes => {
  const attributes = identity(fact)
  attributes[attribute.sku] = fact.sku
  attributes[attribute.applyResult] = fact.result
  attributes[attribute.versionBefore] = fact.versionBefore
  attributes[attribute.versionAfter] = fact.versionAfter
  attributes[attribute.availableBefore] = fact.availableBefore
  attributes[attribute.availableAfter] = fact.availableAfter
  attributes[attribute.messagingDestinationPartition] = String(fact.partition)
  return consuming(attributes, fact.id)
}

const consuming = (attributes: Attributes, id: string): Attributes => {
  attributes[attribute.messagingSystem] = "nats"
  attributes[attribute.messagingOperationName] = "process"
  attributes[attribute.messagingOperationType] = "process"
  attributes[attribute.messagingDestinationName] = "stock.facts"
  attributes[attribute.messagingMessageId] = id
  return attributes
}

const commitStage = (
  traceparent: string,
  sku: string,
  decidedAt: number,
  committedAt: number,
  attributes: Attributes,
  parent: string,
  variant = ""
): Stage => {
  const spanId = spanIdOf(traceparent, "commit", sku, "", variant)
  attributes[attribute.sku] = sku
  return child(traceparent, spanId, spanName.commit, SpanKind.INTERNAL, decidedAt, committedAt, attributes, parent)
}

/** When the engine heard of it, as far as the announcement says. */
const reachedEngineAt = (event: AnnouncedEvent): number => event.receivedAt ?? event.decidedAt

/** `ingest <type>` from an announcement's stamps: it ends where the engine begins. */
export const retroactiveIngest = (event: AnnouncedEvent): Stage => {
  const attributes = { ...identity(event), [attribute.traceRetroactive]: true }
  const spanId = spanIdOf(event.traceparent, "ingest")
  const { traceparent, type, storedAt } = event
  return child(traceparent, spanId, ingestName(type), SpanKind.INTERNAL, storedAt, reachedEngineAt(event), attributes)
}

/** `process stock.facts` and `commit ledger` of one SKU from an announcement's stamps. */
export const retroactiveProcess = (event: AnnouncedEvent, sku: string): ReadonlyArray<Stage> => {
  const { traceparent, id, decidedAt, committedAt } = event
  const spanId = spanIdOf(traceparent, "process", sku)
  const attributes = consuming({ ...identity(event), [attribute.sku]: sku, [attribute.traceRetroactive]: true }, id)
  const start = reachedEngineAt(event)
  return [
    child(traceparent, spanId, spanName.process, SpanKind.CONSUMER, start, committedAt, attributes),
    commitStage(traceparent, sku, decidedAt, committedAt, { [attribute.traceRetroactive]: true }, spanId)
  ]
}

/** When the delivery's budget ends, milliseconds since the epoch. */
export const deadlineOf = (delivery: Delivered): number => budgetStart(delivery.event) + delivery.budgetMillis

/** When the channel knew; of one that did not get to know it, the deadline, whenever it was given up on. */
export const settledAt = (delivery: Delivered): number =>
  delivery.outcome === "expired" ? deadlineOf(delivery) : (delivery.ackAt ?? deadlineOf(delivery))

/** `deliver <channel>`, whose duration is the sync latency, with `queue` and `push` where they took time. */
export const deliverStages = (delivery: Delivered): ReadonlyArray<Stage> => {
  const { event, sku, channel, outcome, requestAt, ackAt, queuedAt } = delivery
  const { traceparent } = event
  // a channel that hears after it expired has both: the miss, and the late success
  const variant = outcome === "expired" ? "expired" : ""
  const spanId = spanIdOf(traceparent, "deliver", sku, channel, variant)
  const start = budgetStart(event)
  const end = settledAt(delivery)
  const stages = [
    {
      ...child(traceparent, spanId, deliverName(channel), SpanKind.INTERNAL, start, end, deliverAttributes(delivery)),
      error: outcome === "failed" ? (delivery.error ?? "failed") : undefined,
      events: deliverEvents(delivery, end)
    }
  ]
  const part = (stage: "queue" | "push", from: number, to: number, attributes: Attributes) => {
    if (to <= from) return
    attributes[attribute.sku] = sku
    attributes[attribute.channel] = channel
    const id = spanIdOf(traceparent, stage, sku, channel, variant)
    const span = child(traceparent, id, stage, SpanKind.INTERNAL, from, to, attributes, spanId)
    stages.push({ ...span, error: undefined, events: undefined })
  }
  part("queue", queuedAt, requestAt ?? end, {})
  if (requestAt !== undefined && ackAt !== undefined && outcome !== "expired") {
    part("push", requestAt, ackAt, { [attribute.pushAttempts]: delivery.attempts })
  }
  return stages
}

const deliverEvents = (delivery: Delivered, end: number): ReadonlyArray<StageEvent> | undefined => {
  const { breached, rungs = [] } = delivery
  if (!breached && rungs.length === 0) return undefined
  const exceeded = { name: spanEvent.budgetExceeded, at: Math.min(deadlineOf(delivery), end) }
  const changed = rungs
    .filter(({ at }) => at <= end)
    .map(({ rung, at }) => ({ name: spanEvent.ladderChanged, at, attributes: { [attribute.ladderRung]: rung } }))
  return [...(breached ? [exceeded] : []), ...changed].toSorted((a, b) => a.at - b.at)
}

const deliverAttributes = (delivery: Delivered): Attributes => {
  const { event, budgetMillis, quantity, timing, supersededBy } = delivery
  const latency = Math.max(0, settledAt(delivery) - budgetStart(event))
  const attributes = identity(event)
  attributes[attribute.sku] = delivery.sku
  attributes[attribute.channel] = delivery.channel
  attributes[attribute.budgetMillis] = budgetMillis
  attributes[attribute.budgetUsedPercent] = Math.round((latency / budgetMillis) * 100)
  attributes[attribute.budgetBreached] = delivery.breached
  attributes[attribute.syncLatencyMillis] = latency
  attributes[attribute.syncLatencyBucket] = latencyBucket(latency)
  attributes[attribute.syncOutcome] = delivery.outcome
  attributes[attribute.pushAttempts] = delivery.attempts
  if (quantity !== undefined) attributes[attribute.pushedQuantity] = quantity
  if (timing !== undefined) attributes[attribute.timingModel] = timing
  if (supersededBy !== undefined) attributes[attribute.supersededBy] = supersededBy
  if (delivery.outcome === "failed") attributes[attribute.errorType] = "push_failed"
  return attributes
}
