/**
 * A commit lane: takes what waits in its partitions, reads what the decisions need, lets the actors decide, commits.
 *
 * Guarantee: one transaction is in flight; the next batch is read and decided meanwhile. Answers, announcements and traces
 * of a batch leave after its commit returned, in order. When a commit fails, all partitions of the batch are lost and start
 * anew from what is stored; whoever waited for an answer hears `unknown`.
 */
import { InvariantBroken } from "@holdfast/domain/StockRules"
import { orderLineKey } from "@holdfast/domain/StockState"
import { admit, findHolds, type AdmissionResult, type StoredHold } from "@holdfast/ledger/Admission"
import type { Sql } from "@holdfast/ledger/Database"
import { commitBatch } from "@holdfast/ledger/GroupCommit"
import { toLedgerError } from "@holdfast/ledger/LedgerError"
import { DecisionBatch } from "./DecisionBatch.ts"
import { batchMax, residentSkusMax } from "./EngineLimit.ts"
import { partitions as partitionCount } from "@holdfast/domain/Limit"
import type { FactMessage, PoisonMessage, RequestMessage, SkuActor, StockMessage } from "./SkuActor.ts"
import { answerRequest, applyFact, expireHolds, park } from "./SkuActorBehavior.ts"
import type { Loss, StockPartition } from "./StockPartition.ts"

/** What others do when a batch is durable. `committedAt` is the database's clock, milliseconds since the epoch. */
export interface LaneListener {
  readonly committed: (batch: DecisionBatch, committedAt: number) => void
  readonly lost: (partition: StockPartition, loss: Loss) => void
  readonly traced: (traceparent: string) => boolean
}

type Taken = Array<[StockPartition, StockMessage]>

/** What was read for a batch. */
interface Known extends AdmissionResult {
  readonly holds: ReadonlyMap<string, StoredHold>
}

const isLost = (batch: DecisionBatch): boolean => {
  for (const partition of batch.partitions) if (partition.loss !== undefined) return true
  return false
}

const unknownAnswer = (message: string): string => JSON.stringify({ status: "unknown", message })

export class CommitLane {
  private readonly partitions = new Set<StockPartition>()
  private readonly reader: Sql
  private readonly writer: Sql
  private readonly listener: LaneListener
  private signal: (() => void) | undefined
  private closed = false
  private batchNumber = 0
  private durableBatch = 0
  private previous: DecisionBatch | undefined

  constructor(reader: Sql, writer: Sql, listener: LaneListener) {
    this.reader = reader
    this.writer = writer
    this.listener = listener
  }

  readonly wake = (): void => {
    const signal = this.signal
    this.signal = undefined
    signal?.()
  }

  attach(partition: StockPartition): void {
    this.partitions.add(partition)
  }

  detach(partition: StockPartition): void {
    this.partitions.delete(partition)
    this.lose(partition, { reason: "released" })
  }

  /** Ends the loop after the commit that is under way. */
  close(): void {
    this.closed = true
    this.wake()
  }

  /** Runs until `close`. Never rejects: what fails is the loss of partitions. */
  async run(): Promise<void> {
    let underWay: Promise<void> = Promise.resolve()
    while (!this.closed) {
      const taken = this.take()
      if (taken.length === 0) {
        await this.idle()
        continue
      }
      const batch = await this.decideAll(taken)
      await underWay
      if (batch !== undefined) underWay = this.commit(batch)
    }
    await underWay
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      this.signal = resolve
      for (const partition of this.partitions) if (partition.waiting > 0) return this.wake()
    })
  }

  private take(): Taken {
    const taken: Taken = []
    for (const partition of this.partitions) {
      // a cautious partition has its batches to itself, so that it is clear which message the database rejects
      if (partition.waiting === 0 || (partition.cautious > 0 && taken.length > 0)) continue
      partition.take(batchMax - taken.length, taken)
      // whoever was served goes to the end, so that no partition starves another
      this.partitions.delete(partition)
      this.partitions.add(partition)
      if (taken.length >= batchMax || partition.cautious > 0) break
    }
    return taken
  }

  private async decideAll(taken: Taken): Promise<DecisionBatch | undefined> {
    try {
      const holds = await this.resolveReservations(taken)
      const read = await admit(this.reader, this.question(taken, holds))
      const batch = new DecisionBatch(++this.batchNumber, read.now, Date.now(), this.listener.traced)
      takeIn(taken, read, batch)
      for (const [partition, message] of taken) this.decideOne(partition, message, { ...read, holds }, batch)
      if (batch.partitions.size === 0) return undefined
      if (isLost(batch)) {
        this.abandon(batch, "the partition was lost")
        return undefined
      }
      batch.seal()
      return batch
    } catch (cause) {
      for (const [partition, message] of taken) {
        this.lose(partition, { reason: "ledger", error: toLedgerError(cause) })
        if (message.kind === "request")
          message.reply(unknownAnswer("the ledger did not answer; ask again with the same key"))
      }
      return undefined
    }
  }

  /** Which SKU a confirm or release is about is known only from its reservation. */
  private async resolveReservations(taken: Taken): Promise<ReadonlyMap<string, StoredHold>> {
    const ids = taken.flatMap(([, m]) =>
      m.kind === "request" && m.request.verb !== "reserve" ? [m.request.reservationId] : []
    )
    if (ids.length === 0) return new Map()
    const holds = await findHolds(this.reader, ids)
    for (const [, message] of taken) {
      if (message.kind !== "request" || message.request.verb === "reserve") continue
      message.sku = holds.get(message.request.reservationId)?.sku
    }
    return holds
  }

  private question(taken: Taken, holds: ReadonlyMap<string, StoredHold>) {
    const eventKeys: Array<string> = []
    const requestKeys: Array<string> = []
    const skus = new Set<string>()
    const lines: Array<{ sku: string; orderId: string }> = []
    for (const [partition, message] of taken) {
      if (message.kind === "poison") continue
      if (message.kind === "fact") {
        eventKeys.push(message.key)
        if ("orderId" in message.fact.data) lines.push({ sku: message.sku, orderId: message.fact.data.orderId })
      }
      if (message.kind === "request") requestKeys.push(message.key)
      if (message.sku === undefined) continue
      const actor = partition.actors.get(message.sku)
      if (actor === undefined) skus.add(message.sku)
      else actor.changedIn = this.batchNumber + 1 // must not be passivated before it is decided
      if (message.kind === "request" && message.request.verb === "confirm") {
        const orderId = message.request.orderId ?? holds.get(message.request.reservationId)?.hold.orderId
        if (orderId !== undefined) lines.push({ sku: message.sku, orderId })
      }
    }
    return { eventKeys, requestKeys, skus: [...skus], lines }
  }

  private decideOne(partition: StockPartition, message: StockMessage, known: Known, batch: DecisionBatch): void {
    if (partition.loss !== undefined) {
      if (message.kind === "request")
        message.reply(unknownAnswer("the partition changed hands; ask again with the same key"))
      return
    }
    batch.partitions.add(partition)
    try {
      if (message.kind === "request") this.decideRequest(partition, message, known, batch)
      else if (message.kind === "expire") this.expire(partition, message.sku, batch)
      else this.decideStreamed(partition, message, known, batch)
    } catch (broken) {
      if (!(broken instanceof InvariantBroken) || message.kind === "poison") throw broken
      this.lose(partition, { reason: "invariant", sku: message.sku ?? "", detail: broken.message })
      if (message.kind === "request") message.reply(unknownAnswer(broken.message))
    }
  }

  private expire(partition: StockPartition, sku: string, batch: DecisionBatch): void {
    const actor = partition.actors.get(sku)
    if (actor !== undefined) expireHolds(partition, actor, batch)
  }

  private decideStreamed(
    partition: StockPartition,
    message: FactMessage | PoisonMessage,
    known: Known,
    batch: DecisionBatch
  ): void {
    if (message.sequence <= partition.decidedSeq) return // read again after a reconnect of the consumer
    partition.decidedSeq = message.sequence
    batch.facts += 1
    if (message.sequence === partition.condemned)
      return park(partition, message, "rejected_by_ledger", "the database refuses its data", batch)
    if (message.kind === "poison") return park(partition, message, "invalid", message.detail, batch)
    if (partition.seen.get(message.key) === true || known.seen.has(message.key)) {
      batch.duplicates += 1
      return
    }
    const actor = partition.actors.get(message.sku)!
    actor.used = true
    // what is parked may come again, and is then to be applied
    if (applyFact(partition, actor, message, batch)) partition.seen.set(message.key, true)
  }

  private decideRequest(partition: StockPartition, message: RequestMessage, known: Known, batch: DecisionBatch): void {
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
    if (message.request.verb !== "reserve") rememberEnd(actor, known.holds.get(message.request.reservationId), batch)
    answerRequest(partition, actor, message, message.key.slice(0, 24), batch)
  }

  private async commit(batch: DecisionBatch): Promise<void> {
    if (isLost(batch)) return this.abandon(batch, "the partition was lost")
    try {
      const committedAt = await commitBatch(this.writer, batch.commit)
      this.durableBatch = batch.number
      this.previous?.forget()
      this.previous = batch
      for (const { message, answer } of batch.replies) message.reply(answer)
      this.listener.committed(batch, committedAt)
      this.passivate(batch)
    } catch (cause) {
      this.fail(batch, cause)
    }
  }

  private fail(batch: DecisionBatch, cause: unknown): void {
    const error = toLedgerError(cause)
    const only = batch.partitions.size === 1 && batch.facts === 1
    for (const partition of batch.partitions) {
      this.lose(
        partition,
        only ? { reason: "ledger", error, sequence: partition.decidedSeq } : { reason: "ledger", error }
      )
    }
    this.abandon(batch, "the commit failed; ask again with the same key")
  }

  private abandon(batch: DecisionBatch, why: string): void {
    for (const { message } of batch.replies) message.reply(unknownAnswer(why))
    for (const partition of batch.partitions) this.lose(partition, { reason: "released" })
  }

  private lose(partition: StockPartition, loss: Loss): void {
    if (partition.loss !== undefined) return
    for (const message of partition.lose(loss)) {
      if (message.kind === "request")
        message.reply(unknownAnswer("the partition changed hands; ask again with the same key"))
    }
    this.listener.lost(partition, loss)
  }

  private passivate(batch: DecisionBatch): void {
    const share = Math.ceil(residentSkusMax / partitionCount)
    for (const partition of batch.partitions) {
      if (partition.actors.size > share) partition.passivate(share, this.durableBatch)
    }
  }
}

/** Hands what was read to the actors; what they already have is newer. */
const takeIn = (taken: Taken, read: AdmissionResult, batch: DecisionBatch): void => {
  const owners = new Map<string, StockPartition>()
  for (const [partition, message] of taken) {
    if (message.kind === "poison" || message.sku === undefined || partition.loss !== undefined) continue
    owners.set(message.sku, partition)
    const stored = read.states.get(message.sku)
    if (stored !== undefined && !partition.actors.has(message.sku)) partition.admit(message.sku, stored)
  }
  for (const { sku, line } of read.lines) {
    const actor = owners.get(sku)?.actors.get(sku)
    const key = orderLineKey(line.orderId, line.locationId)
    if (actor === undefined || actor.state.orderLines.has(key)) continue
    actor.state.orderLines.set(key, line)
    batch.rememberedLines.push([actor, key])
  }
}

/** What a look-up says of a hold that is not open any more; what the actor already knows is newer. */
const rememberEnd = (actor: SkuActor, found: StoredHold | undefined, batch: DecisionBatch): void => {
  if (found === undefined || found.ended === null) return
  const id = found.hold.reservationId
  if (actor.state.holds.has(id) || actor.state.ended.has(id)) return
  actor.state.ended.set(id, found.ended)
  batch.endedHolds.push([actor, id])
}
