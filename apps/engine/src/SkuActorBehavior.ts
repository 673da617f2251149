/**
 * What the actor of a SKU does with a message: decide, evolve, and note in the batch what becomes durable.
 *
 * Guarantee: synchronous, so that a SKU's decisions are in one order. Nothing leaves before the batch's commit: answers and
 * announcements are collected in the batch. It does no I/O.
 */
import { announcedEventsMax } from "@holdfast/domain/Availability"
import { documentKeyOf } from "@holdfast/domain/DocumentLine"
import type { OrderId } from "@holdfast/domain/Identity"
import type { MovedSince } from "@holdfast/domain/MovementRules"
import type { ReservationAnswer } from "@holdfast/domain/Reservation"
import type { StockChange } from "@holdfast/domain/StockChange"
import { decide, evolve, type Decision } from "@holdfast/domain/StockRules"
import { availableOverall } from "@holdfast/domain/StockState"
import { stockStream } from "@holdfast/bus/StreamTopology"
import type { Cause } from "@holdfast/ledger/CommitBatch"
import type { DecisionBatch } from "./DecisionBatch.ts"
import type { DecidedEvent, FactMessage, PoisonMessage, RequestMessage, SkuActor } from "./SkuActor.ts"
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
    batch.now
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
  apply(partition, actor, decision, cause, batch)
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
      : decide(actor.state, { _tag: "Request", request, unique }, batch.now)
  const cause = { source: "request", id: request.key, occurredAt: message.receivedAt, traceparent: message.traceparent }
  apply(partition, actor, decision, cause, batch)
  if (decision.changes.length > 0) note(actor, requestEvent(message, request.verb, batch))
  keepAnswer(partition, key, body, decision.answer!, message, batch)
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

const requestEvent = (message: RequestMessage, verb: string, batch: DecisionBatch): DecidedEvent => ({
  source: "request",
  id: message.request.key,
  type: `reservation.${verb}`,
  occurredAt: message.receivedAt,
  storedAt: message.receivedAt,
  receivedAt: message.receivedAt,
  decidedAt: batch.decidedAt,
  committedAt: 0,
  parts: 1,
  traceparent: message.traceparent,
  ...(message.parentSpanId === undefined ? {} : { parentSpanId: message.parentSpanId })
})

/** Ends the holds whose time has come. */
export const expireHolds = (partition: StockPartition, actor: SkuActor, batch: DecisionBatch): void => {
  if (actor.lifecycle === "quarantined") return
  const decision = decide(actor.state, { _tag: "Expire" }, batch.now)
  apply(partition, actor, decision, { source: "clock", id: "expiry", occurredAt: batch.now }, batch)
}

const note = (actor: SkuActor, event: DecidedEvent): void => {
  if (actor.events.length < announcedEventsMax) actor.events.push(event)
  else actor.more += 1
}

const apply = (
  partition: StockPartition,
  actor: SkuActor,
  decision: Decision,
  cause: Cause,
  batch: DecisionBatch
): void => {
  const { changes, refusal } = decision
  // what a refused fact still brought about (expiries) is not the fact's own doing: it may come again
  const keyed = refusal === undefined ? changes.length - 1 : -1
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i]!
    noteHold(partition, actor, change, batch)
    const isNewLine = noteLine(actor, change, batch)
    evolve(actor.state, change)
    const why = i === keyed || cause.key === undefined ? cause : { ...cause, key: undefined }
    batch.commit.addChange(actor.sku, actor.state.version, change, why, isNewLine)
    batch.touchLevel(partition, actor, change.locationId)
    if (change.onHand !== 0 && change.kind !== "count.cycle") batch.noteMove(actor, change, cause.occurredAt)
  }
}

const noteHold = (partition: StockPartition, actor: SkuActor, change: StockChange, batch: DecisionBatch): void => {
  const { reservationId } = change
  if (reservationId === undefined) return
  const granted = change.kind === "reservation.granted"
  const hold = granted
    ? {
        reservationId,
        locationId: change.locationId,
        quantity: change.held,
        expiresAt: change.expiresAt!,
        ...(change.documentId === undefined ? {} : { orderId: change.documentId as OrderId })
      }
    : actor.state.holds.get(reservationId)!
  const ended = granted ? null : (change.kind.slice("reservation.".length) as "expired")
  batch.commit.holds.set(reservationId, { sku: actor.sku, partition: partition.number, hold, ended })
  if (!granted) batch.endedHolds.push([actor, reservationId])
}

/** To be called before the change is applied. @returns whether nobody has heard of the line before */
const noteLine = (actor: SkuActor, change: StockChange, batch: DecisionBatch): boolean => {
  if (change.line === undefined) return false
  const key = documentKeyOf(change.line)
  batch.rememberedLines.push([actor, key])
  return !actor.state.documents.has(key)
}

/** Sets a message aside, in the same transaction that moves past it. */
export const park = (
  partition: StockPartition,
  message: FactMessage | PoisonMessage,
  reason: string,
  detail: string,
  batch: DecisionBatch
): void => {
  const fact = message.kind === "fact" ? message.fact : undefined
  batch.commit.parked.push({
    ...parkedMessage(partition, message),
    reason,
    detail,
    source: fact?.source,
    id: fact?.id,
    sku: fact?.sku,
    traceparent: message.kind === "fact" ? message.context.traceparent : undefined
  })
  if (message.kind === "fact") batch.parkedFacts.push({ partition, message, reason })
}

const parkedMessage = (partition: StockPartition, { sequence, item, raw }: FactMessage | PoisonMessage) => ({
  stream: stockStream,
  streamCreated: partition.streamCreated,
  sequence,
  item,
  subject: raw.subject,
  headers: raw.headers(),
  payload: raw.payload,
  storedAt: raw.storedAt
})
