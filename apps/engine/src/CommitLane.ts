/**
 * A commit lane: takes what waits in its partitions, reads what the decisions need, lets the actors decide, commits.
 *
 * Guarantee: one transaction is in flight; the next batch is read and decided meanwhile. Answers, announcements and traces
 * of a batch leave after its commit returned, in order. When a commit fails, all partitions of the batch are lost and start
 * anew from what is stored; whoever waited for an answer hears `unknown`.
 */
import { Pace } from "@holdfast/bus/Pace"
import { partitions as partitionCount } from "@holdfast/domain/Limit"
import type { AllocationPolicies } from "@holdfast/domain/OrderRules"
import { InvariantBroken } from "@holdfast/domain/StockRules"
import type { Sql } from "@holdfast/ledger/Database"
import { commitBatch } from "@holdfast/ledger/GroupCommit"
import { toLedgerError } from "@holdfast/ledger/LedgerError"
import { readFor, takeIn, type Known, type Taken } from "./BatchAdmission.ts"
import { decideMessage } from "./DecideMessage.ts"
import { DecisionBatch } from "./DecisionBatch.ts"
import { batchMax, commitPaceMillis, residentSkusMax } from "./EngineLimit.ts"
import { isAsk, type StockMessage } from "./SkuActor.ts"
import type { Loss, StockPartition } from "./StockPartition.ts"

/** What others do when a batch is durable. `committedAt` is the database's clock, milliseconds since the epoch. */
export interface LaneListener {
  readonly committed: (batch: DecisionBatch, committedAt: number) => void
  readonly lost: (partition: StockPartition, loss: Loss) => void
  readonly traced: (traceparent: string) => boolean
  readonly policies: AllocationPolicies
}

const isLost = (batch: DecisionBatch): boolean => {
  for (const partition of batch.partitions) if (partition.loss !== undefined) return true
  return false
}

/** A quarantined actor is loaded again for its next message: an operator may have lifted the quarantine. */
const letGoIfQuarantined = (partition: StockPartition, message: StockMessage): void => {
  if (message.kind === "poison" || message.sku === undefined) return
  if (partition.actors.get(message.sku)?.lifecycle === "quarantined") partition.actors.delete(message.sku)
}

/** Tells whoever waits that nobody knows. */
const replyUnknown = (message: StockMessage, why: string): void => {
  if (message.kind === "line") message.reply(undefined)
  else if (isAsk(message)) message.reply(JSON.stringify({ status: "unknown", message: why }))
}

export class CommitLane {
  private readonly partitions = new Set<StockPartition>()
  private readonly reader: Sql
  private readonly writer: Sql
  private readonly listener: LaneListener
  private signal: (() => void) | undefined
  private closed = false
  private readonly pace = new Pace(commitPaceMillis)
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
      if (!this.hasWork()) {
        await this.idle()
        continue
      }
      await this.pace.turn()
      const taken = this.take()
      if (taken.length === 0) continue
      const batch = await this.decideAll(taken)
      await underWay
      if (batch !== undefined) underWay = this.commit(batch)
    }
    await underWay
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      this.signal = resolve
    })
  }

  private hasWork(): boolean {
    for (const partition of this.partitions) if (partition.waiting > 0) return true
    return false
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
      const known = await readFor(this.reader, taken, this.batchNumber + 1)
      const batch = new DecisionBatch(++this.batchNumber, known, Date.now(), this.listener)
      takeIn(taken, known, batch)
      for (const [partition, message] of taken) this.decideOne(partition, message, known, batch)
      for (const [partition, message] of taken) letGoIfQuarantined(partition, message)
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
        replyUnknown(message, "the ledger did not answer; ask again with the same key")
      }
      return undefined
    }
  }

  private decideOne(partition: StockPartition, message: StockMessage, known: Known, batch: DecisionBatch): void {
    if (partition.loss !== undefined) {
      replyUnknown(message, "the partition changed hands; ask again with the same key")
      return
    }
    batch.partitions.add(partition)
    try {
      decideMessage(partition, message, known, batch)
    } catch (broken) {
      if (!(broken instanceof InvariantBroken) || message.kind === "poison") throw broken
      this.lose(partition, { reason: "invariant", sku: message.sku ?? "", detail: broken.message })
      replyUnknown(message, broken.message)
    }
  }

  private async commit(batch: DecisionBatch): Promise<void> {
    if (isLost(batch)) return this.abandon(batch, "the partition was lost")
    try {
      const committedAt = await commitBatch(this.writer, batch.commit)
      this.durableBatch = batch.number
      this.previous?.forget()
      this.previous = batch
      for (const { message, answer } of batch.replies) message.reply(answer)
      for (const { message, answer } of batch.lineReplies) message.reply(answer)
      this.listener.committed(batch, committedAt)
      this.passivate(batch)
    } catch (cause) {
      this.fail(batch, cause)
    }
  }

  private fail(batch: DecisionBatch, cause: unknown): void {
    const error = toLedgerError(cause)
    const { latestFact: fact } = batch
    const only = batch.partitions.size === 1 && batch.facts === 1
    for (const partition of batch.partitions) {
      this.lose(partition, only && fact !== undefined ? { reason: "ledger", error, fact } : { reason: "ledger", error })
    }
    this.abandon(batch, "the commit failed; ask again with the same key")
  }

  private abandon(batch: DecisionBatch, why: string): void {
    for (const { message } of batch.replies) replyUnknown(message, why)
    for (const { message } of batch.lineReplies) replyUnknown(message, why)
    for (const partition of batch.partitions) this.lose(partition, { reason: "released" })
  }

  private lose(partition: StockPartition, loss: Loss): void {
    if (partition.loss !== undefined) return
    for (const message of partition.lose(loss))
      replyUnknown(message, "the partition changed hands; ask again with the same key")
    this.listener.lost(partition, loss)
  }

  private passivate(batch: DecisionBatch): void {
    const share = Math.ceil(residentSkusMax / partitionCount)
    for (const partition of batch.partitions) {
      if (partition.actors.size > share) partition.passivate(share, this.durableBatch)
    }
  }
}
