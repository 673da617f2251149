/**
 * What waits between EVENTS and STOCK: the facts of events that are understood, and events to park.
 *
 * Guarantee: what is taken comes out in the order in which it went in, each event's facts in one fixed order, grouped by
 * partition. A batch may end inside an event, and a process inside a batch: its messages say how far it got, so that a restart
 * first completes exactly that batch. It does no I/O.
 */
import { decodeEventMessage, describeErrors, type EventDefect, type HeaderEntries } from "@holdfast/bus/EventMessage"
import type { ChainMessage } from "@holdfast/bus/PublishChain"
import { encodeFactBatch, positionOf, type EventPosition } from "@holdfast/bus/FactBatch"
import type { FactMessage } from "@holdfast/bus/FactMessage"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { rootContextOf, type RootContext } from "@holdfast/bus/TraceContext"
import { factsOf } from "@holdfast/domain/EventManifest"
import { partitionOf } from "@holdfast/domain/Partition"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import type { ParkedRow } from "@holdfast/ledger/CommitBatch"
import { Result } from "effect"
import { batchFactsMax, parkBytesMax, parkRowsMax, waitingFactsMax } from "./IngestLimit.ts"
import type { Position, UnfinishedBatch } from "./Position.ts"

/** One message of the EVENTS stream. */
export interface StoredEvent {
  readonly sequence: number
  /** milliseconds since the epoch at which the broker stored it */
  readonly storedAt: number
  readonly subject: string
  readonly headers: HeaderEntries | undefined
  /** why the headers cannot be read, if they cannot */
  readonly headerDefect?: string
  readonly payload: Uint8Array
}

/** What became of one event. */
export type IntakeOutcome = { readonly storedAt: number; readonly sequence: number } & RootContext &
  (
    | { readonly outcome: "split"; readonly event: StockEvent; readonly facts: number }
    | {
        readonly outcome: "parked"
        readonly reason: string
        readonly detail: string
        readonly subject: string
        readonly source?: string | undefined
        readonly id?: string | undefined
      }
  )

/** What goes into STOCK and into the parking table next. */
export interface IntakeBatch {
  readonly messages: ReadonlyArray<ChainMessage>
  readonly parked: ReadonlyArray<ParkedRow>
  /** of the events that are complete with this batch */
  readonly outcomes: ReadonlyArray<IntakeOutcome>
}

interface PendingFact extends FactMessage {
  /** of the event, on its last fact */
  readonly outcome: IntakeOutcome | undefined
}

export class Intake {
  private facts: Array<PendingFact> = []
  private parked: Array<ParkedRow> = []
  private parkedOutcomes: Array<IntakeOutcome> = []
  private parkedBytes = 0
  private readonly streamCreated: string
  private readonly resumed: Position
  /** where the batch that is taken next begins */
  private position: EventPosition
  private unfinished: UnfinishedBatch | undefined
  private readonly sample: (traceId: string) => boolean

  /** @param resumed where STOCK ends: facts up to there are left out */
  constructor(streamCreated: string, resumed: Position, sample: (traceId: string) => boolean) {
    this.streamCreated = streamCreated
    this.resumed = resumed
    const { unfinished, ...position } = resumed
    this.position = position
    this.unfinished = unfinished
    this.sample = sample
  }

  get isEmpty(): boolean {
    return this.parked.length === 0 && this.ready() === 0
  }

  /** Facts that can be taken now. A batch that was begun before must be complete. */
  private ready(): number {
    const { facts, unfinished } = this
    if (unfinished === undefined) return Math.min(facts.length, batchFactsMax)
    const last = facts.findLastIndex((fact) => !isBeyond(fact, unfinished.upTo))
    return last + 1 < facts.length || (last >= 0 && isBeyond(facts[last]!, unfinished.upTo, true)) ? last + 1 : 0
  }

  /** The next message must wait until a batch is taken. */
  get isFull(): boolean {
    return (
      (this.facts.length >= waitingFactsMax && this.ready() > 0) ||
      this.parked.length >= parkRowsMax ||
      this.parkedBytes >= parkBytesMax
    )
  }

  add(stored: StoredEvent): void {
    const { headerDefect } = stored
    if (headerDefect !== undefined) {
      return this.park(stored, { reason: "invalid", errors: [{ field: "headers", message: headerDefect }] })
    }
    const decoded = decodeEventMessage(stored, stored.storedAt)
    if (Result.isFailure(decoded)) return this.park(stored, decoded.failure)
    const { event, traceparent } = decoded.success
    const root = rootContextOf({ source: event.source, id: event.id, traceparent }, this.sample)
    const facts = factsOf(event)
    const context = { eventSequence: stored.sequence, storedAt: stored.storedAt, ...root }
    const done = stored.sequence === this.resumed.sequence ? this.resumed.part : 0
    for (let i = done; i < facts.length; i++) {
      const outcome: IntakeOutcome | undefined =
        i + 1 < facts.length
          ? undefined
          : {
              outcome: "split",
              event,
              facts: facts.length,
              storedAt: stored.storedAt,
              sequence: stored.sequence,
              ...root
            }
      this.facts.push({ fact: facts[i]!, context: { ...context, part: i + 1 }, outcome })
    }
  }

  /** At most `batchFactsMax` facts, and all that is to be parked: it must be parked before the position moves past it. */
  take(): IntakeBatch {
    const count = this.ready()
    const taken = count === this.facts.length ? this.facts : this.facts.slice(0, count)
    this.facts = this.facts.slice(count)
    const { parked, parkedOutcomes } = this
    this.parked = []
    this.parkedOutcomes = []
    this.parkedBytes = 0
    const outcomes = taken.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]))
    return { messages: this.messagesOf(taken), parked, outcomes: [...parkedOutcomes, ...outcomes] }
  }

  private messagesOf(taken: ReadonlyArray<PendingFact>): ReadonlyArray<ChainMessage> {
    const last = taken.at(-1)
    if (last === undefined) return []
    const { position, unfinished } = this
    const upTo = unfinished?.upTo ?? positionOf(last)
    this.position = upTo
    this.unfinished = undefined
    const missing = unfinished === undefined ? taken : taken.filter((fact) => !isStored(fact, unfinished))
    return encodeFactBatch(missing, position, upTo)
  }

  private park(stored: StoredEvent, defect: EventDefect): void {
    const { sequence, storedAt, subject, payload } = stored
    const source = shown(defect.source)
    const id = shown(defect.id)
    const root = rootContextOf(
      { source: source ?? subject, id: id ?? String(sequence), traceparent: defect.traceparent },
      this.sample
    )
    const { reason } = defect
    const detail = storable(describeErrors(defect.errors))
    const headers = recordOf(stored.headers)
    this.parked.push({
      stream: eventsStream,
      streamCreated: this.streamCreated,
      sequence,
      subject,
      headers,
      payload,
      reason,
      detail,
      source,
      id,
      traceparent: root.traceparent,
      storedAt
    })
    this.parkedOutcomes.push({ outcome: "parked", reason, detail, subject, source, id, storedAt, sequence, ...root })
    this.parkedBytes += payload.length
  }
}

/** Whether a fact comes after a position, or, if `orAt`, is the last before it. */
const isBeyond = ({ fact, context }: FactMessage, { sequence, part }: EventPosition, orAt = false): boolean => {
  const end = part === 0 ? fact.parts : part
  return context.eventSequence === sequence
    ? context.part > end || (orAt && context.part === end)
    : context.eventSequence > sequence
}

const isStored = (fact: FactMessage, { partition, through }: UnfinishedBatch): boolean => {
  const own = partitionOf(fact.fact.sku)
  return own < partition || (own === partition && !isBeyond(fact, through))
}

/** Characters of a publisher's id that are shown with what is parked. */
const shownMax = 128

const shown = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : storable(text.slice(0, shownMax))

/** PostgreSQL's text has no NUL and no lone surrogates. */
const storable = (text: string): string => text.toWellFormed().replaceAll("\u0000", "\uFFFD")

const recordOf = (headers: HeaderEntries | undefined): Record<string, string> =>
  Object.fromEntries(
    [...(headers ?? [])].map(([name, value]) => [name, storable(typeof value === "string" ? value : value.join(", "))])
  )
