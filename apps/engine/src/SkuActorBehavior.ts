/**
 * What the actor of a SKU does with a message: decide, evolve, and note in the batch what becomes durable.
 *
 * Guarantee: synchronous, so that a SKU's decisions are in one order. Nothing leaves before the batch's commit: answers and
 * announcements are collected in the batch. It does no I/O.
 */
import { announcedEventsMax } from "@holdfast/domain/Availability"
import type { MovedSince } from "@holdfast/domain/MovementRules"
import type { ReservationAnswer } from "@holdfast/domain/Reservation"
import { decide, type Decision } from "@holdfast/domain/StockRules"
import { availableOverall } from "@holdfast/domain/StockState"
import { applyDecision } from "./ApplyDecision.ts"
import type { DecisionBatch } from "./DecisionBatch.ts"
import { park } from "./ParkMessage.ts"
import type { DecidedEvent, FactMessage, LineMessage, PartOfRequest, RequestMessage, SkuActor } from "./SkuActor.ts"
import type { StockPartition } from "./StockPartition.ts"

/**
 * Applies a fact, or parks it when it cannot be applied as it is.
 * @param movedSince only of a count: what moved since it was made
 * @returns whether it was applied
 */
export const applyFact = (
  partition: StockPartition,
  actor: SkuActor,
  message: FactMessage,
  movedSince: MovedSince | undefined,
  batch: DecisionBatch
): boolean => {
  if (actor.lifecycle === "quarantined") {
    park(partition, message, "quarantined", `${actor.sku} is quarantined; lift it, then replay`, batch)
    return false
  }
  const { fact, context } = message
  const versionBefore = actor.state.version
  const traced = batch.traced(context.traceparent)
  // a trace id that was not sampled can be computed from the event's id again: no need to store it
  const kept = traced ? context.traceparent : undefined
  const availableBefore = traced ? availableOverall(actor.state) : 0
  const decision = decide(
    actor.state,
    movedSince === undefined ? { _tag: "Fact", fact } : { _tag: "Fact", fact, movedSince },
    batch.now,
    batch.policies,
    batch.fates
  )
  const channel = "channel" in fact.data ? fact.data.channel : undefined
  const cause = {
    source: fact.source,
    id: fact.id,
    key: message.key,
    channel,
    occurredAt: fact.time,
    traceparent: kept
  }
  applyDecision(partition, actor, decision, cause, batch)
  if (decision.refusal !== undefined) {
    park(partition, message, decision.refusal.reason, decision.refusal.detail, batch)
    return false
  }
  note(actor, {
    source: fact.source,
    id: fact.id,
    type: fact.type,
    occurredAt: fact.time,
    storedAt: context.storedAt,
    receivedAt: message.receivedAt,
    decidedAt: batch.decidedAt,
    committedAt: 0,
    parts: fact.parts,
    traceparent: context.traceparent,
    ...(context.parentSpanId === undefined ? {} : { parentSpanId: context.parentSpanId })
  })
  if (traced) {
    batch.processed.push({
      partition,
      message,
      versionBefore,
      versionAfter: actor.state.version,
      availableBefore,
      availableAfter: availableOverall(actor.state)
    })
  }
  return true
}

/** Answers a request; the answer is spoken after the commit. */
export const answerRequest = (
  partition: StockPartition,
  actor: SkuActor,
  message: RequestMessage,
  unique: string,
  batch: DecisionBatch
): void => {
  const { request, key, body } = message
  const decision: Decision =
    actor.lifecycle === "quarantined"
      ? { changes: [], answer: { status: "denied", reason: "quarantined", sku: actor.state.sku } }
      : decide(actor.state, { _tag: "Request", request, unique }, batch.now, batch.policies, batch.fates)
  const cause = { source: "request", id: request.key, occurredAt: message.receivedAt, traceparent: message.traceparent }
  applyDecision(partition, actor, decision, cause, batch)
  if (decision.changes.length > 0) note(actor, requestEvent(wholeRequest(message), batch))
  keepAnswer(partition, key, body, decision.answer!, message, batch)
}

/** Answers what a group asks one of its lines. It is not remembered: asked again, the line answers the same. */
export const answerLine = (
  partition: StockPartition,
  actor: SkuActor,
  message: LineMessage,
  batch: DecisionBatch
): void => {
  const { request, cause, part } = message
  const decision: Decision =
    actor.lifecycle === "quarantined"
      ? { changes: [], answer: { status: "denied", reason: "quarantined", sku: actor.state.sku } }
      : decide(actor.state, { _tag: "Line", request }, batch.now, batch.policies, batch.fates)
  const occurredAt = part?.receivedAt ?? batch.now
  applyDecision(partition, actor, decision, { ...cause, occurredAt, traceparent: part?.traceparent }, batch)
  if (part !== undefined && decision.changes.length > 0) note(actor, requestEvent(part, batch))
  batch.lineReplies.push({ message, answer: decision.answer! })
}

const keepAnswer = (
  partition: StockPartition,
  key: string,
  body: string,
  answer: ReservationAnswer,
  message: RequestMessage,
  batch: DecisionBatch
): void => {
  const text = JSON.stringify(answer)
  batch.commit.answers.push({ key, body, answer: text })
  batch.replies.push({ message, answer: text })
  partition.answered.set(key, { body, answer: text })
}

const wholeRequest = ({ request, receivedAt, traceparent, parentSpanId }: RequestMessage): PartOfRequest => ({
  key: request.key,
  verb: request.verb,
  parts: 1,
  receivedAt,
  traceparent,
  parentSpanId
})

const requestEvent = (request: PartOfRequest, batch: DecisionBatch): DecidedEvent => ({
  source: "request",
  id: request.key,
  type: `reservation.${request.verb}`,
  occurredAt: request.receivedAt,
  storedAt: request.receivedAt,
  receivedAt: request.receivedAt,
  decidedAt: batch.decidedAt,
  committedAt: 0,
  parts: request.parts,
  traceparent: request.traceparent,
  ...(request.parentSpanId === undefined ? {} : { parentSpanId: request.parentSpanId })
})

/** Ends the holds whose time has come. */
export const expireHolds = (partition: StockPartition, actor: SkuActor, batch: DecisionBatch): void => {
  if (actor.lifecycle === "quarantined") return
  const decision = decide(actor.state, { _tag: "Expire" }, batch.now, batch.policies, batch.fates)
  applyDecision(partition, actor, decision, { source: "clock", id: "expiry", occurredAt: batch.now }, batch)
}

const note = (actor: SkuActor, event: DecidedEvent): void => {
  if (actor.events.length < announcedEventsMax) actor.events.push(event)
  else actor.more += 1
}
