/**
 * What becomes of one message of a batch: repeated, parked, or handed to its SKU's actor.
 *
 * Guarantee: synchronous. A message of the stream moves the partition's position whatever becomes of it; a request is
 * answered through the batch. Throws `InvariantBroken` when an actor's invariant breaks: the partition is then lost.
 */
import type { LocationId, ReservationId } from "@holdfast/domain/Identity"
import type { MovedSince } from "@holdfast/domain/MovementRules"
import { availabilityOf } from "@holdfast/domain/ReservationRules"
import type { HoldEnd } from "@holdfast/domain/StockState"
import type { Known } from "./BatchAdmission.ts"
import type { DecisionBatch } from "./DecisionBatch.ts"
import { park } from "./ParkMessage.ts"
import type {
  FactMessage,
  LineMessage,
  PoisonMessage,
  ReadMessage,
  RequestMessage,
  SkuActor,
  StockMessage
} from "./SkuActor.ts"
import { answerLine, answerRequest, applyFact, expireHolds } from "./SkuActorBehavior.ts"
import type { StockPartition } from "./StockPartition.ts"

export const decideMessage = (
  partition: StockPartition,
  message: StockMessage,
  known: Known,
  batch: DecisionBatch
): void => {
  if (message.kind === "request") decideRequest(partition, message, known, batch)
  else if (message.kind === "line") decideLine(partition, message, known, batch)
  else if (message.kind === "read") read(partition, message, batch)
  else if (message.kind === "expire") expire(partition, message.sku, batch)
  else decideStreamed(partition, message, known, batch)
}

const expire = (partition: StockPartition, sku: string, batch: DecisionBatch): void => {
  const actor = partition.actors.get(sku)
  if (actor !== undefined) expireHolds(partition, actor, batch)
}

const read = (partition: StockPartition, message: ReadMessage, batch: DecisionBatch): void => {
  const actor = partition.actors.get(message.sku)!
  actor.used = true
  expireHolds(partition, actor, batch)
  batch.replies.push({ message, answer: JSON.stringify(availabilityOf(actor.state)) })
}

const decideLine = (partition: StockPartition, message: LineMessage, known: Known, batch: DecisionBatch): void => {
  const actor = partition.actors.get(message.sku)!
  actor.used = true
  const { reservationId } = message.request
  rememberEnd(actor, reservationId, known.ended.get(reservationId), batch)
  answerLine(partition, actor, message, batch)
}

const decideStreamed = (
  partition: StockPartition,
  message: FactMessage | PoisonMessage,
  known: Known,
  batch: DecisionBatch
): void => {
  if (message.sequence <= partition.decidedSeq) return // read again after a reconnect of the consumer
  if (message.last) partition.decidedSeq = message.sequence
  batch.facts += 1
  batch.latestFact = message
  const { condemned } = partition
  if (condemned !== undefined && condemned.sequence === message.sequence && condemned.item === message.item)
    return park(partition, message, "rejected_by_ledger", "the database refuses its data", batch)
  if (message.kind === "poison") return park(partition, message, "invalid", message.detail, batch)
  if (partition.seen.has(message.key) || known.seen.has(message.key)) {
    batch.duplicates += 1
    return
  }
  const actor = partition.actors.get(message.sku)!
  actor.used = true
  // what is parked may come again, and is then to be applied
  const movedSince =
    message.fact.type === "count.cycle" ? movedSinceOf(actor, message.fact.data.countedAt, known) : undefined
  if (applyFact(partition, actor, message, movedSince, batch)) batch.see(partition, message.key)
}

/** What the ledger says, and what it could not know yet: changes whose commit is under way. */
const movedSinceOf = (actor: SkuActor, since: number, known: Known): MovedSince => {
  const moved = new Map<LocationId, number>()
  const add = (locationId: LocationId, units: number) => moved.set(locationId, (moved.get(locationId) ?? 0) + units)
  for (const movement of known.movements)
    if (movement.sku === actor.sku && movement.since === since) add(movement.locationId, movement.units)
  const knownUpTo = known.movementVersions.get(actor.sku) ?? 0
  for (const { version, at, locationId, units } of actor.moves)
    if (version > knownUpTo && at > since) add(locationId, units)
  return moved
}

const decideRequest = (
  partition: StockPartition,
  message: RequestMessage,
  known: Known,
  batch: DecisionBatch
): void => {
  const earlier = partition.answered.get(message.key) ?? known.answers.get(message.key)
  if (earlier !== undefined) {
    const answer =
      earlier.body === message.body
        ? earlier.answer
        : JSON.stringify({ status: "key_reused", message: "this idempotency key was used for another request" })
    // spoken after this batch's commit: the first answer may still be under way
    batch.replies.push({ message, answer })
    return
  }
  const actor = message.sku === undefined ? undefined : partition.actors.get(message.sku)
  if (actor === undefined) {
    batch.replies.push({ message, answer: JSON.stringify({ status: "denied", reason: "unknown_reservation" }) })
    return
  }
  actor.used = true
  if (message.request.verb !== "reserve") {
    const { reservationId } = message.request
    rememberEnd(actor, reservationId, known.holds.get(reservationId)?.ended, batch)
  }
  answerRequest(partition, actor, message, message.key.slice(0, 24), batch)
}

/** What a look-up says of a hold that is not open any more; what the actor already knows is newer. */
const rememberEnd = (
  actor: SkuActor,
  id: ReservationId,
  end: HoldEnd | null | undefined,
  batch: DecisionBatch
): void => {
  if (end === null || end === undefined) return
  if (actor.state.holds.has(id) || actor.state.ended.has(id)) return
  actor.state.ended.set(id, end)
  batch.endedHolds.push([actor, id])
}
