/**
 * The decisions that go into one commit, and what happens when it is durable.
 *
 * Guarantee: `seal` turns what the actors did into rows once, as they stand at the end of the batch. It does no I/O.
 */
import { announcedLevels, type Availability } from "@holdfast/domain/Availability"
import type { DocumentLine } from "@holdfast/domain/DocumentLine"
import type { GroupFates } from "@holdfast/domain/DueHolds"
import type { LocationId, ReservationId } from "@holdfast/domain/Identity"
import type { AllocationPolicies } from "@holdfast/domain/OrderRules"
import type { OversoldNotice } from "@holdfast/domain/Oversold"
import type { ReservationAnswer } from "@holdfast/domain/Reservation"
import type { StockChange } from "@holdfast/domain/StockChange"
import { announcedTerms } from "@holdfast/domain/SkuTerms"
import { CommitBatch } from "@holdfast/ledger/CommitBatch"
import type {
  DecidedEvent,
  FactMessage,
  LineMessage,
  ReadMessage,
  RecentMove,
  RequestMessage,
  SkuActor
} from "./SkuActor.ts"
import type { StockPartition, StreamedFact } from "./StockPartition.ts"

/** What the processing of one fact did, for its trace. */
export interface Processed {
  readonly partition: StockPartition
  readonly message: FactMessage
  readonly versionBefore: number
  readonly versionAfter: number
  readonly availableBefore: number
  readonly availableAfter: number
}

/** An announcement whose commit is not durable yet: when it is, `committedAt` is set. */
export type DecidedAvailability = Omit<Availability, "committedAt" | "events"> & {
  committedAt: number
  readonly events: ReadonlyArray<DecidedEvent>
}

interface TouchedLevel {
  /** in the actor's state */
  readonly index: number
  /** version that its row must have had before this batch */
  readonly expected: number
}

interface Touched {
  readonly partition: StockPartition
  readonly levels: Array<TouchedLevel>
}

const isAmong = (touched: ReadonlyArray<TouchedLevel>, index: number): boolean => {
  for (const level of touched) if (level.index === index) return true
  return false
}

export class DecisionBatch {
  readonly number: number
  /** the database's clock as of the admission, and ours; milliseconds since the epoch */
  readonly now: number
  readonly decidedAt: number
  /** what becomes of due holds that belong to a group */
  readonly fates: GroupFates
  readonly commit = new CommitBatch()
  readonly partitions = new Set<StockPartition>()
  /** the number of this commit in each of its partitions */
  readonly commitNumbers = new Map<StockPartition, number>()
  readonly replies: Array<{ readonly message: RequestMessage | ReadMessage; readonly answer: string }> = []
  readonly lineReplies: Array<{ readonly message: LineMessage; readonly answer: ReservationAnswer }> = []
  readonly processed: Array<Processed> = []
  readonly parkedFacts: Array<{
    readonly partition: StockPartition
    readonly message: FactMessage
    readonly reason: string
  }> = []
  readonly rememberedLines: Array<[SkuActor, string]> = []
  readonly endedHolds: Array<[SkuActor, ReservationId]> = []
  duplicates = 0
  facts = 0
  latestFact: StreamedFact | undefined
  announcements: ReadonlyArray<DecidedAvailability> = []
  /** what the decisions oversold */
  readonly oversold: Array<Omit<OversoldNotice, "committedAt">> = []
  readonly traced: (traceparent: string) => boolean
  readonly policies: AllocationPolicies
  private readonly seen: Array<[StockPartition, string]> = []
  private readonly touched = new Map<SkuActor, Touched>()
  private lines: Array<[SkuActor, string, DocumentLine]> = []
  private readonly moved: Array<[SkuActor, RecentMove]> = []

  constructor(
    number: number,
    { now, fates }: { readonly now: number; readonly fates: GroupFates },
    decidedAt: number,
    { traced, policies }: { readonly traced: (traceparent: string) => boolean; readonly policies: AllocationPolicies }
  ) {
    this.number = number
    this.now = now
    this.fates = fates
    this.decidedAt = decidedAt
    this.traced = traced
    this.policies = policies
  }

  /** Remembers a dedup id until every look-up finds it in the ledger. */
  see(partition: StockPartition, key: string): void {
    partition.seen.add(key)
    this.seen.push([partition, key])
  }

  /** Remembers what moved until every look-up of a count finds it in the ledger. To be called after the change is applied. */
  noteMove(actor: SkuActor, { locationId, onHand }: StockChange, at: number): void {
    const move = { version: actor.state.version, at, locationId, units: onHand }
    actor.moves.push(move)
    this.moved.push([actor, move])
  }

  touchLevel(partition: StockPartition, actor: SkuActor, locationId: LocationId): void {
    let touched = this.touched.get(actor)
    if (touched === undefined) this.touched.set(actor, (touched = { partition, levels: [] }))
    const { levels } = actor.state
    let index = 0
    while (levels[index]!.locationId !== locationId) index++
    if (!isAmong(touched.levels, index)) touched.levels.push({ index, expected: actor.levelVersions[index] ?? 0 })
    actor.levelVersions[index] = actor.state.version
    actor.changedIn = this.number
  }

  /** Adds the rows that depend on how the batch ended: positions, levels, outbox. */
  seal(): void {
    for (const partition of this.partitions) this.move(partition)
    const announcements: Array<DecidedAvailability> = []
    const changed = new Map<StockPartition, Array<string>>()
    for (const [actor, touched] of this.touched) {
      announcements.push(this.announce(actor, touched))
      const skus = changed.get(touched.partition)
      if (skus === undefined) changed.set(touched.partition, [actor.sku])
      else skus.push(actor.sku)
    }
    this.announcements = announcements
    for (const [{ number, commitNo }, skus] of changed) this.commit.outbox.push({ partition: number, commitNo, skus })
    this.lines = this.rememberedLines.flatMap(([actor, key]) => {
      const line = actor.state.documents.get(key)
      return line === undefined ? [] : [[actor, key, line] as [SkuActor, string, DocumentLine]]
    })
  }

  private move(partition: StockPartition): void {
    const { number, epoch, committedSeq, decidedSeq, announcedNo } = partition
    partition.commitNo += 1
    this.commitNumbers.set(partition, partition.commitNo)
    this.commit.moves.push({
      partition: number,
      epoch,
      fromSeq: committedSeq,
      toSeq: decidedSeq,
      commitNo: partition.commitNo,
      announcedNo
    })
    partition.committedSeq = decidedSeq
  }

  private announce(actor: SkuActor, { partition, levels }: Touched): DecidedAvailability {
    const { state, sku } = actor
    for (const { index, expected } of levels) {
      const version = actor.levelVersions[index]!
      this.commit.levels.push({ partition: partition.number, sku, level: state.levels[index]!, version, expected })
    }
    const terms = announcedTerms(state.terms)
    const availability = {
      sku: state.sku,
      version: state.version,
      levels: announcedLevels(state),
      committedAt: this.decidedAt,
      events: actor.events,
      more: actor.more
    }
    actor.events = []
    actor.more = 0
    return terms === undefined ? availability : { ...availability, terms }
  }

  /**
   * Lets go of document lines, movements, ended holds and dedup ids that were kept because a look-up may have missed them. To be called when the
   * batch after this one is durable; what was changed again since stays.
   */
  forget(): void {
    for (const [actor, key, line] of this.lines) {
      if (actor.state.documents.get(key) === line) actor.state.documents.delete(key)
    }
    for (const [actor, move] of this.moved) actor.moves.splice(actor.moves.indexOf(move), 1)
    for (const [partition, key] of this.seen) partition.seen.delete(key)
    for (const [actor, id] of this.endedHolds) actor.state.ended.delete(id)
  }
}
