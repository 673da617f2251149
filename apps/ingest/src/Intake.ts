/**
 * What waits between EVENTS and STOCK: the facts of events that are understood, and events to park.
 *
 * An event without lines is about SKUs of its order, and is completed with them before it is cut. While it is not known which,
 * it is held, and what comes behind it as well: it is completed from what was said of its order before it, never after.
 *
 * Guarantee: what is taken comes out in the order in which it went in, each event's facts in one fixed order, grouped by
 * partition. A batch may end inside an event, and a process inside a batch: its messages say how far it got, so that a restart
 * first completes exactly that batch. An order may have become another one by then. Therefore a completed event is never
 * split over two batches, the batch's first message says what its events were completed with, and a restart takes that: no
 * record is asked. An event of that batch of which nothing is said was parked before anything of the batch was written, and
 * is parked again. What a bundle is made of counts for the events behind it, and is stored before them: a restart hears it again,
 * or has it stored, and cuts the same events alike. It does no I/O.
 */
import { decodeEventMessage } from "@holdfast/bus/EventMessage"
import { withCompleted } from "@holdfast/bus/CompletedEvents"
import type { ChainMessage } from "@holdfast/bus/PublishChain"
import { encodeFactBatch, positionOf, type EventPosition } from "@holdfast/bus/FactBatch"
import type { FactMessage } from "@holdfast/bus/FactMessage"
import { rootContextOf, type RootContext } from "@holdfast/bus/TraceContext"
import type { BundleBook } from "@holdfast/domain/Bundle"
import { exploded } from "@holdfast/domain/BundleExplosion"
import { completed, factsOf, isAboutWholeOrder } from "@holdfast/domain/EventManifest"
import type { OrderId, Sku } from "@holdfast/domain/Identity"
import { linesMax } from "@holdfast/domain/Limit"
import type { SkuFact, StockEvent } from "@holdfast/domain/StockEvent"
import type { DefinitionRow } from "@holdfast/ledger/BundleDefinitions"
import type { ParkedRow } from "@holdfast/ledger/CommitBatch"
import { Result } from "effect"
import { completionOf, entryOf, type OrderEntry, type OrderEvent } from "./Completion.ts"
import {
  askedEventsMax,
  batchFactsMax,
  definitionRowsMax,
  parkBytesMax,
  parkRowsMax,
  waitingFactsMax
} from "./IngestLimit.ts"
import type { OrderWindow } from "./OrderWindow.ts"
import { countPart, orderTooLarge, orderUnknown, parkedEventOf, refused, type ParkCause } from "./ParkedEvent.ts"
import type { Position } from "./Position.ts"
import type { IntakeOutcome, StoredEvent } from "./StoredEvent.ts"
import { isBeyond, isStored, type UnfinishedBatch } from "./UnfinishedBatch.ts"

/** What goes into STOCK and into the parking table next. */
export interface IntakeBatch {
  readonly messages: ReadonlyArray<ChainMessage>
  readonly parked: ReadonlyArray<ParkedRow>
  /** what bundles are made of, by the events that are taken: stored before the position moves past them */
  readonly definitions: ReadonlyArray<DefinitionRow>
  /** those parked events that wait for their order */
  readonly waiting: ReadonlyArray<WaitingEvent>
  /** of the events that are complete with this batch */
  readonly outcomes: ReadonlyArray<IntakeOutcome>
  /** what these events say of orders */
  readonly entries: ReadonlyArray<OrderEntry>
}

/** An event whose order is not known, by its sequence in EVENTS. */
export interface WaitingEvent {
  readonly orderId: OrderId
  readonly sequence: number
}

/** An event without lines, by its sequence in EVENTS. */
export interface AskedEvent {
  readonly event: OrderEvent
  readonly sequence: number
}

interface UnderstoodEvent {
  readonly stored: StoredEvent
  readonly event: StockEvent
  readonly traceparent: string | undefined
}

interface PendingFact extends FactMessage {
  /** on the last fact of its event */
  readonly end: { readonly outcome: IntakeOutcome; readonly entry: OrderEntry | undefined } | undefined
  /** on every fact of an event that was completed: with what */
  readonly completedWith: ReadonlyArray<Sku> | undefined
}

export class Intake {
  private facts: Array<PendingFact> = []
  /** begins with an event without lines */
  private held: Array<UnderstoodEvent> = []
  private heldLines = 0
  private parked: Array<{ readonly row: ParkedRow; readonly outcome: IntakeOutcome }> = []
  private waiting: Array<WaitingEvent> = []
  private parkedBytes = 0
  private definitions: Array<DefinitionRow> = []
  /** later than all that was heard before this intake began */
  private heard = Number.MAX_SAFE_INTEGER / 2
  private defined: Array<IntakeOutcome> = []
  private readonly streamCreated: string
  private readonly resumed: Position
  /** where the batch that is taken next begins */
  private position: EventPosition
  private unfinished: UnfinishedBatch | undefined
  private readonly window: OrderWindow
  private readonly bundles: BundleBook
  private readonly sample: (traceId: string) => boolean

  /**
   * @param resumed where STOCK ends: facts up to there are left out
   * @param window is told of every order's facts
   * @param bundles as they were heard up to there; is told of what is heard
   */
  constructor(
    streamCreated: string,
    resumed: Position,
    window: OrderWindow,
    bundles: BundleBook,
    sample: (traceId: string) => boolean
  ) {
    this.streamCreated = streamCreated
    this.resumed = resumed
    const { unfinished, ...position } = resumed
    this.position = position
    this.unfinished = unfinished
    this.window = window
    this.bundles = bundles
    this.sample = sample
  }

  get isEmpty(): boolean {
    return this.parked.length === 0 && this.defined.length === 0 && this.ready() === 0
  }

  /** Facts that can be taken now. A batch that was begun before must be complete. */
  private ready(): number {
    const { facts, unfinished } = this
    if (unfinished === undefined) return this.unsplit(Math.min(facts.length, batchFactsMax))
    const last = facts.findLastIndex((fact) => !isBeyond(fact, unfinished.upTo))
    return last + 1 < facts.length || (last >= 0 && isBeyond(facts[last]!, unfinished.upTo, true)) ? last + 1 : 0
  }

  /** Ends before a completed event that would be split. One alone always fits: see `batchFactsMax`. */
  private unsplit(count: number): number {
    let end = count
    const isInside = ({ completedWith, end }: PendingFact) => completedWith !== undefined && end === undefined
    while (end > 0 && isInside(this.facts[end - 1]!)) end--
    return end
  }

  /** The next message must wait until a batch is taken or an event is completed. */
  get isFull(): boolean {
    return (
      (this.facts.length + this.heldLines >= waitingFactsMax && (this.isHolding || this.ready() > 0)) ||
      this.parked.length >= parkRowsMax ||
      this.parkedBytes >= parkBytesMax ||
      this.definitions.length >= definitionRowsMax
    )
  }

  /** Whether `complete` is waited for. */
  get isHolding(): boolean {
    return this.held.length > 0
  }

  /** The next events without lines, in their order. */
  get asked(): ReadonlyArray<AskedEvent> {
    const asked: Array<AskedEvent> = []
    for (const { event, stored } of this.held) {
      if (!isWhole(event)) continue
      asked.push({ event, sequence: stored.sequence })
      if (asked.length >= askedEventsMax) break
    }
    return asked
  }

  add(stored: StoredEvent): void {
    const { headerDefect } = stored
    if (headerDefect !== undefined) {
      return this.park(stored, { reason: "invalid", errors: [{ field: "headers", message: headerDefect }] })
    }
    const decoded = decodeEventMessage(stored, stored.storedAt)
    if (Result.isFailure(decoded)) return this.park(stored, decoded.failure)
    const { event, traceparent } = decoded.success
    if (event.type === "count.physical") return this.park(stored, countPart(event, traceparent))
    const understood = { stored, event, traceparent }
    if (this.isHolding) return this.hold(understood)
    if (!isWhole(event)) return this.apply(understood)
    const { unfinished } = this.resumed
    if (unfinished === undefined || stored.sequence > unfinished.upTo.sequence) return this.hold(understood)
    this.settle(understood, event, unfinished.completed.get(stored.sequence))
  }

  /**
   * Cuts what is held, up to the first event of which there is no record.
   * @param records by sequence: what else is known of the order of each event that was asked about
   */
  complete(records: ReadonlyMap<number, ReadonlyArray<OrderEntry>>): void {
    let done = 0
    for (const understood of this.held) {
      const { event, stored } = understood
      if (!isWhole(event)) this.apply(understood)
      else {
        const record = records.get(stored.sequence)
        if (record === undefined) break
        // the facts of events before it that were held have been cut by now
        this.settle(understood, event, completionOf(event, [...record, ...this.window.of(event.data.orderId)]))
      }
      this.heldLines -= weightOf(event)
      done += 1
    }
    this.held = this.held.slice(done)
  }

  private hold(understood: UnderstoodEvent): void {
    this.held.push(understood)
    this.heldLines += weightOf(understood.event)
  }

  private settle(understood: UnderstoodEvent, event: OrderEvent, skus: ReadonlyArray<Sku> | undefined): void {
    const { stored, traceparent } = understood
    if (skus === undefined) {
      this.waiting.push({ orderId: event.data.orderId, sequence: stored.sequence })
      this.park(stored, orderUnknown(event, traceparent))
    } else if (skus.length > linesMax) this.park(stored, orderTooLarge(event, skus.length, traceparent))
    else this.cut({ ...understood, event: completed(event, skus) }, skus)
  }

  /** What names SKUs: by the bundles as they are here, in the order of events. */
  private apply(understood: UnderstoodEvent): void {
    const { stored, event, traceparent } = understood
    if (event.type === "bundle.defined") return this.define(understood, event)
    const asComponents = exploded(event, this.bundles)
    if (Result.isSuccess(asComponents)) return this.cut({ ...understood, event: asComponents.success })
    const { reason, error } = asComponents.failure
    this.park(stored, refused(event, reason, [error], traceparent))
  }

  private define({ stored, traceparent }: UnderstoodEvent, event: BundleEvent): void {
    const { source, id, time: at, data } = event
    const errors = this.bundles.problemsOf(data, at)
    if (errors.length > 0) return this.park(stored, refused(event, "invalid", errors, traceparent))
    const { sequence, storedAt } = stored
    for (const [line, { sku: bundle, components }] of data.lines.entries()) {
      this.heard += 1
      this.bundles.hear({ bundle, at, components, serial: this.heard })
      this.definitions.push({ streamCreated: this.streamCreated, sequence, line, bundle, components, source, id, at })
    }
    const root = rootContextOf({ source, id, traceparent }, this.sample)
    this.defined.push({ outcome: "split", event, facts: 0, storedAt, sequence, ...root })
  }

  private cut({ stored, event, traceparent }: UnderstoodEvent, completedWith?: ReadonlyArray<Sku>): void {
    const { sequence, storedAt } = stored
    const root = rootContextOf({ source: event.source, id: event.id, traceparent }, this.sample)
    const facts = factsOf(event)
    const entry = entryOf(event, facts)
    if (entry !== undefined) this.window.note(entry)
    const context = { eventSequence: sequence, storedAt, ...root }
    const last = facts.length - 1
    for (let i = sequence === this.resumed.sequence ? this.resumed.part : 0; i <= last; i++) {
      const end = i < last ? undefined : { outcome: outcomeOf(stored, event, facts, root), entry }
      this.facts.push({ fact: facts[i]!, context: { ...context, part: i + 1 }, end, completedWith })
    }
  }

  /** At most `batchFactsMax` facts, and all that is to be parked: it must be parked before the position moves past it. */
  take(): IntakeBatch {
    const count = this.ready()
    const taken = count === this.facts.length ? this.facts : this.facts.slice(0, count)
    this.facts = this.facts.slice(count)
    const { parked, waiting } = this
    this.parked = []
    this.waiting = []
    this.parkedBytes = 0
    const { definitions, defined } = this
    this.definitions = []
    this.defined = []
    const ends = taken.flatMap(({ end }) => (end === undefined ? [] : [end]))
    return {
      messages: this.messagesOf(taken),
      parked: parked.map(({ row }) => row),
      definitions,
      waiting,
      outcomes: [...defined, ...[...parked, ...ends].map(({ outcome }) => outcome)],
      entries: ends.flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
    }
  }

  private messagesOf(taken: ReadonlyArray<PendingFact>): ReadonlyArray<ChainMessage> {
    const last = taken.at(-1)
    if (last === undefined) return []
    const { position, unfinished } = this
    const upTo = unfinished?.upTo ?? positionOf(last)
    this.position = upTo
    this.unfinished = undefined
    const missing = unfinished === undefined ? taken : taken.filter((fact) => !isStored(fact, unfinished))
    const completions = new Map<number, ReadonlyArray<Sku>>()
    for (const { completedWith, context } of taken)
      if (completedWith !== undefined) completions.set(context.eventSequence, completedWith)
    return withCompleted(encodeFactBatch(missing, position, upTo), completions)
  }

  private park(stored: StoredEvent, cause: ParkCause): void {
    this.parked.push(parkedEventOf(stored, cause, this.streamCreated, this.sample))
    this.parkedBytes += stored.payload.length
  }
}

type BundleEvent = Extract<StockEvent, { readonly type: "bundle.defined" }>

const isWhole = (event: StockEvent): event is OrderEvent => isAboutWholeOrder(event)

/** In facts. */
const weightOf = (event: StockEvent): number => Math.max(1, event.data.lines.length)

const outcomeOf = (
  { storedAt, sequence }: StoredEvent,
  event: StockEvent,
  facts: ReadonlyArray<SkuFact>,
  root: RootContext
): IntakeOutcome => ({ outcome: "split", event, facts: facts.length, storedAt, sequence, ...root })
