/**
 * One partition of the stock in the hands of its owner: the actors at hand, the messages that wait, the position.
 *
 * Guarantee: messages are taken in the order in which they came. Once `lost` it takes nothing and changes nothing any more:
 * its memory may be ahead of the database, so the owner starts anew from what is stored.
 */
import type { StoredState } from "@holdfast/ledger/Admission"
import type { LedgerError } from "@holdfast/ledger/LedgerError"
import type { Ownership } from "@holdfast/ledger/PartitionOwner"
import { inboxMax, inboxResume, recentAnswersMax, requestsMax } from "./EngineLimit.ts"
import { RecentIds } from "./RecentIds.ts"
import { isAsk, type AskMessage, type SkuActor, type StockMessage } from "./SkuActor.ts"

/** One fact of the STOCK stream: the sequence of its message, and which of its facts. */
export interface StreamedFact {
  readonly sequence: number
  readonly item: number
}

/** Why a partition stopped. */
export type Loss =
  | { readonly reason: "ledger"; readonly error: LedgerError; readonly fact?: StreamedFact }
  | { readonly reason: "invariant"; readonly sku: string; readonly detail: string }
  | { readonly reason: "released" }

/** An answer that was decided but may not be durable yet. */
export interface RecentAnswer {
  readonly body: string
  readonly answer: string
}

export class StockPartition {
  readonly number: number
  readonly epoch: number
  readonly streamCreated: string
  /** last sequence of which every fact was decided; commits move the stored position from `committedSeq` to it */
  decidedSeq: number
  /** position as of the last commit that was begun */
  committedSeq: number
  commitNo: number
  /** commits up to this one are announced */
  announcedNo: number
  /** while above 0, messages are committed one by one */
  cautious: number
  /** a fact that the database rejects: it is parked instead of decided */
  readonly condemned: StreamedFact | undefined
  readonly actors = new Map<string, SkuActor>()
  /** dedup ids of what was decided and may be missing in a look-up: its commit was not durable when that was asked */
  readonly seen = new Set<string>()
  readonly answered = new RecentIds<RecentAnswer>(recentAnswersMax)
  loss: Loss | undefined
  private inbox: Array<StockMessage> = []
  private head = 0
  /** messages of the stream among those that wait: requests have a bound of their own, so that neither starves the other */
  private streamed = 0
  /** resolves when there is room again; one for all who wait, since the consumer is not the only one */
  private room: PromiseWithResolvers<void> | undefined
  private readonly onLoss: (loss: Loss) => void
  private readonly wake: () => void

  constructor(
    owned: Ownership,
    streamCreated: string,
    options: {
      readonly cautious: number
      readonly condemned: StreamedFact | undefined
      readonly wake: () => void
      readonly onLoss: (loss: Loss) => void
    }
  ) {
    this.number = owned.partition
    this.epoch = owned.epoch
    this.streamCreated = streamCreated
    this.decidedSeq = owned.appliedSeq
    this.committedSeq = owned.appliedSeq
    this.commitNo = owned.commitNo
    this.announcedNo = owned.announcedNo
    this.cautious = options.cautious
    this.condemned = options.condemned
    this.wake = options.wake
    this.onLoss = options.onLoss
  }

  get waiting(): number {
    return this.inbox.length - this.head
  }

  /** Queues what is not a request. Resolves when there is room for the next ones. */
  push(messages: ReadonlyArray<StockMessage>): Promise<void> | undefined {
    if (this.loss !== undefined) return undefined
    for (const message of messages) this.inbox.push(message)
    this.streamed += messages.length
    this.wake()
    if (this.streamed < inboxMax) return undefined
    this.room ??= Promise.withResolvers()
    return this.room.promise
  }

  /** Queues a request; false when there is no room for it. */
  offer(message: AskMessage): boolean {
    if (this.loss !== undefined || this.waiting - this.streamed >= requestsMax) return false
    this.inbox.push(message)
    this.wake()
    return true
  }

  /** Takes up to `room` messages, in order. */
  take(room: number, into: Array<[StockPartition, StockMessage]>): void {
    const count = Math.min(this.cautious > 0 ? 1 : room, this.waiting)
    for (let i = 0; i < count; i++) {
      const message = this.inbox[this.head++]!
      if (!isAsk(message)) this.streamed -= 1
      into.push([this, message])
    }
    if (this.cautious > 0 && count > 0) this.cautious -= 1
    if (this.head === this.inbox.length) {
      this.inbox = []
      this.head = 0
    } else if (this.head > requestsMax) {
      this.inbox = this.inbox.slice(this.head)
      this.head = 0
    }
    if (this.streamed <= inboxResume) this.makeRoom()
  }

  /** Takes a loaded SKU in. */
  admit(sku: string, stored: StoredState): SkuActor {
    const actor: SkuActor = {
      sku,
      state: stored.state,
      levelVersions: stored.levelVersions,
      lifecycle: stored.quarantined ? "quarantined" : "active",
      changedIn: 0,
      used: true,
      moves: [],
      events: [],
      more: 0
    }
    this.actors.set(sku, actor)
    return actor
  }

  /** Passivates actors down to `max`: those not used lately first, none whose changes are not durable up to `batch`. */
  passivate(max: number, durableBatch: number): void {
    let look = 2 * (this.actors.size - max)
    for (const [sku, actor] of this.actors) {
      if (this.actors.size <= max || look-- <= 0) return
      this.actors.delete(sku)
      if (actor.used || actor.changedIn > durableBatch) {
        actor.used = false
        this.actors.set(sku, actor)
      }
    }
  }

  /** Stops the partition. What waited is told or, for facts, will be read again from the stream. */
  lose(loss: Loss): ReadonlyArray<StockMessage> {
    if (this.loss !== undefined) return []
    this.loss = loss
    const waiting = this.inbox.slice(this.head)
    this.inbox = []
    this.head = 0
    this.actors.clear()
    this.makeRoom()
    this.onLoss(loss)
    return waiting
  }

  private makeRoom(): void {
    this.room?.resolve()
    this.room = undefined
  }
}
