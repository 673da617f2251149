/**
 * The account of a channel's events: each one that was offered, its deadline, how and when it settled.
 *
 * Guarantee: every event is judged exactly once, at `min(acknowledgement, deadline)`: good when it settled in time, late
 * the moment its deadline passes, also when the channel is dead. Every followed event is reported exactly once as settled.
 * Counts are weighted: an event that stands for others counts for all of them.
 */
import { budgetStart, type AnnouncedEvent, type Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import type { Timing } from "@holdfast/domain/Timing"
import { expireAfterMillis, pendingEventsMax } from "./ChannelLimit.ts"
import { IndexedHeap, type HeapItem } from "./IndexedHeap.ts"
import { LatencyHistogram, LatencyWindow } from "./LatencyHistogram.ts"
import type { RungChange } from "./OutputLadder.ts"

/**
 * How an event ended for a channel. `delivered`: the quantity it led to was confirmed. `superseded`: a newer one was.
 * `unchanged`: the channel already showed it. `failed`: the channel rejected it. `expired`: not within its budget and a
 * minute more; the quantity itself keeps waiting.
 */
export type EventOutcome = "delivered" | "superseded" | "unchanged" | "failed" | "expired"

/** One event's end on one channel. Times are milliseconds since the epoch. */
export interface SettledEvent {
  readonly channel: ChannelId
  readonly event: AnnouncedEvent
  readonly sku: Sku
  /** version of the SKU that announced it */
  readonly version: number
  readonly outcome: EventOutcome
  /** timing model of the channel when it settled */
  readonly timing: Timing["model"]
  /** budget start + budget */
  readonly deadline: number
  /** settled after its deadline, or failed */
  readonly late: boolean
  /** when it came to the output stream */
  readonly queuedAt: number
  /** when the write that settled it left; undefined when none did */
  readonly requestAt: number | undefined
  /** when it settled: the acknowledgement, or when it was given up on */
  readonly ackAt: number
  /** calls that were made for it */
  readonly attempts: number
  /** units that the channel confirmed, or was meant to show */
  readonly quantity: number
  readonly detail: string | undefined
  /** rungs of the channel's ladder that were climbed or left while it waited, oldest first */
  readonly rungs: ReadonlyArray<RungChange>
}

/** What is known only when it settles. */
export type Settlement = Pick<SettledEvent, "outcome" | "requestAt" | "ackAt" | "attempts" | "quantity" | "detail">

export interface PendingEvent extends HeapItem {
  readonly event: AnnouncedEvent
  version: number
  readonly start: number
  readonly deadline: number
  readonly queuedAt: number
  readonly of: EventHolder
  weight: number
  judged: boolean
}

/** A listing, as far as its events go: those not settled, in the order of their versions. */
export interface EventHolder {
  readonly sku: Sku
  readonly wanted: number
  readonly attempts: number
  readonly events: Array<PendingEvent>
}

/** What a channel is promised. */
type Promised = Pick<ChannelDefinition, "budgetMillis" | "timing">

export class EventAccount {
  readonly window = new LatencyWindow()
  readonly total = new LatencyHistogram()
  readonly settled: Record<EventOutcome, number> = { delivered: 0, superseded: 0, unchanged: 0, failed: 0, expired: 0 }
  /** how late the channel hears, where somebody wants to know: a longer memory, without what it did not have to be told */
  heard: LatencyWindow | undefined
  /** changes of the ladder within a span of time */
  rungsBetween: (from: number, to: number) => ReadonlyArray<RungChange> = () => []
  offered = 0
  good = 0
  late = 0
  private readonly pending = new IndexedHeap<PendingEvent>()
  private readonly channel: ChannelId
  private promise: Promised
  private readonly report: ((settled: SettledEvent) => void) | undefined

  private readonly promisedFrom: number

  /** @param promisedFrom milliseconds since the epoch: events that were durable before are not counted */
  constructor(
    channel: ChannelId,
    promise: Promised,
    report: ((settled: SettledEvent) => void) | undefined,
    promisedFrom = Number.NEGATIVE_INFINITY
  ) {
    this.channel = channel
    this.promisedFrom = promisedFrom
    this.promise = promise
    this.report = report
  }

  /** Events that come from now on have this budget. What was promised before stays. */
  redefine(promise: Promised): void {
    this.promise = promise
  }

  /** Events that are neither settled nor given up on, unweighted. */
  get followed(): number {
    return this.pending.size
  }

  /** Begins to follow the events of an announcement. Returns their earliest deadline, `Infinity` without events. */
  offer(holder: EventHolder, stock: Availability, now: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < stock.events.length; i++) {
      if (stock.events[i]!.committedAt < this.promisedFrom) continue
      // those beyond the list are younger than the listed: the last one's deadline is not too generous for them
      const weight = i === stock.events.length - 1 ? 1 + stock.more : 1
      earliest = Math.min(earliest, this.follow(holder, stock.events[i]!, stock.version, weight, now))
    }
    return earliest
  }

  private follow(holder: EventHolder, event: AnnouncedEvent, version: number, weight: number, now: number): number {
    const start = budgetStart(event)
    const deadline = start + this.promise.budgetMillis
    this.offered += weight
    const last = holder.events.at(-1)
    if (holder.events.length >= pendingEventsMax && last !== undefined && !last.judged) {
      last.weight += weight
      last.version = version
      return deadline
    }
    const pending = {
      event,
      version,
      start,
      deadline,
      queuedAt: now,
      of: holder,
      weight,
      judged: false,
      heapKey: 0,
      heapIndex: -1
    }
    holder.events.push(pending)
    this.pending.put(pending, deadline)
    return deadline
  }

  /** When `pass` must be called next: just after a deadline, since an acknowledgement at the deadline is in time. */
  get nextAt(): number {
    return (this.pending.peek()?.heapKey ?? Number.POSITIVE_INFINITY) + 1
  }

  /** Judges the events whose deadline has passed, and gives up on those that are long past it. */
  pass(now: number): void {
    for (;;) {
      const first = this.pending.peek()
      if (first === undefined || first.heapKey >= now) return
      if (first.judged) this.expire(first, now)
      else {
        this.judge(first, false)
        this.pending.put(first, first.deadline + expireAfterMillis)
      }
    }
  }

  private expire(pending: PendingEvent, now: number): void {
    const { of } = pending
    of.events.splice(of.events.indexOf(pending), 1)
    const settlement = {
      requestAt: undefined,
      ackAt: now,
      attempts: of.attempts,
      quantity: of.wanted,
      detail: undefined
    }
    this.end(pending, { outcome: "expired", ...settlement })
  }

  /** Settles the holder's events up to a version. Older ones than that version itself were `superseded` by it. */
  settle(holder: EventHolder, version: number, settlement: Settlement): void {
    const { events } = holder
    let count = 0
    while (count < events.length && events[count]!.version <= version) count++
    if (count === 0) return
    for (const pending of events.splice(0, count)) {
      const superseded = settlement.outcome === "delivered" && pending.version < version
      this.end(pending, superseded ? { ...settlement, outcome: "superseded" } : settlement)
    }
  }

  private end(pending: PendingEvent, settlement: Settlement): void {
    const { ackAt, outcome } = settlement
    this.pending.remove(pending)
    this.judge(pending, outcome !== "failed" && ackAt <= pending.deadline)
    this.settled[outcome] += pending.weight
    const latency = Math.max(0, ackAt - pending.start)
    this.window.record(ackAt, latency, pending.weight)
    this.total.record(latency, pending.weight)
    if (outcome !== "unchanged" && outcome !== "failed") this.heard?.record(ackAt, latency, pending.weight)
    if (this.report === undefined) return
    const { event, version, deadline, queuedAt, of } = pending
    const late = outcome === "failed" || ackAt > deadline
    const timing = this.promise.timing.model
    const rungs = this.rungsBetween(queuedAt, ackAt)
    const what = { channel: this.channel, timing, event, sku: of.sku, version }
    this.report({ ...what, deadline, late, queuedAt, rungs, ...settlement })
  }

  private judge(pending: PendingEvent, good: boolean): void {
    if (pending.judged) return
    pending.judged = true
    if (good) this.good += pending.weight
    else this.late += pending.weight
  }
}
