/**
 * Applies what an actor decided to its state, and notes in the batch what becomes durable of it.
 *
 * Guarantee: every change is in the ledger's rows in the order in which it was applied, with the version that it made, and the
 * rows that follow from it (level, hold, document line) are as they stand after it. It decides nothing.
 */
import { documentKeyOf } from "@holdfast/domain/DocumentLine"
import type { OrderId, ReservationId } from "@holdfast/domain/Identity"
import { endsHold, type StockChange } from "@holdfast/domain/StockChange"
import { evolve, type Decision } from "@holdfast/domain/StockRules"
import type { Hold, HoldEnd } from "@holdfast/domain/StockState"
import type { Cause } from "@holdfast/ledger/CommitBatch"
import type { DecisionBatch } from "./DecisionBatch.ts"
import type { SkuActor } from "./SkuActor.ts"
import type { StockPartition } from "./StockPartition.ts"

/** Throws `InvariantBroken` when a quantity that cannot be negative would be. */
export const applyDecision = (
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
    if (change.oversold > 0) noteOversold(actor, change, cause, batch)
    if (change.onHand !== 0 && change.kind !== "count.cycle") batch.noteMove(actor, change, cause.occurredAt)
  }
}

/** To be called after the change is applied. */
const noteOversold = (actor: SkuActor, change: StockChange, cause: Cause, batch: DecisionBatch): void => {
  const { kind, locationId, oversold: units, documentId } = change
  batch.oversold.push({
    sku: actor.state.sku,
    version: actor.state.version,
    locationId,
    units,
    kind,
    cause: { source: cause.source, id: cause.id },
    ...(cause.channel === undefined ? {} : { channel: cause.channel }),
    ...(documentId === undefined ? {} : { orderId: documentId }),
    ...(cause.traceparent === undefined ? {} : { traceparent: cause.traceparent })
  })
}

/** To be called before the change is applied. */
const noteHold = (partition: StockPartition, actor: SkuActor, change: StockChange, batch: DecisionBatch): void => {
  const { reservationId } = change
  if (reservationId === undefined) return
  const { hold, ended } = holdAfter(actor.state.holds.get(reservationId), change, reservationId)
  batch.commit.holds.set(reservationId, { sku: actor.sku, partition: partition.number, hold, ended })
  if (ended !== null) batch.endedHolds.push([actor, reservationId])
}

/** What a hold is once a change is applied; one that ended keeps the units with which it did. */
const holdAfter = (
  before: Hold | undefined,
  { kind, locationId, held, expiresAt, documentId, channel }: StockChange,
  reservationId: ReservationId
): { readonly hold: Hold; readonly ended: HoldEnd | null } => {
  if (before === undefined) {
    const order = documentId === undefined ? {} : { orderId: documentId as OrderId }
    const from = channel === undefined ? {} : { channel }
    return {
      hold: { reservationId, locationId, quantity: held, expiresAt: expiresAt!, ...order, ...from },
      ended: null
    }
  }
  if (!endsHold(kind)) return { hold: { ...before, expiresAt: expiresAt! }, ended: null }
  const left = before.quantity + held
  if (left > 0) return { hold: { ...before, quantity: left }, ended: null }
  return { hold: before, ended: kind.slice("reservation.".length) as HoldEnd }
}

/** To be called before the change is applied. @returns whether nobody has heard of the line before */
const noteLine = (actor: SkuActor, change: StockChange, batch: DecisionBatch): boolean => {
  if (change.line === undefined) return false
  const key = documentKeyOf(change.line)
  batch.rememberedLines.push([actor, key])
  return !actor.state.documents.has(key)
}
