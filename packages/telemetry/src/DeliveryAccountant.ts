/**
 * When an event's trace is complete: which channels are still expected to hear of a kept event, and what the root says.
 *
 * Guarantee: pure bookkeeping on times that are passed in. Every kept event is closed exactly once: when all parts have
 * settled on all on-time channels, when the longest of their budgets and a grace are over, when memory is full (oldest first), or at
 * `flush`. Memory is bounded. It makes no span and does not decide what is kept.
 */
import { budgetStart, type AnnouncedEvent } from "@holdfast/domain/Availability"
import type { TraceReason } from "./Attribute.ts"
import { deadlineOf, settledAt } from "./EventStages.ts"
import { rootKeyOf } from "./SpanIdentity.ts"
import type { Delivered, TracedChannel } from "./TracedStage.ts"
import {
  closedTracesMax,
  onTimeBudgetMillisMax,
  lateGraceMillis,
  openTracesMax,
  rootGraceMillis
} from "./TracingLimit.ts"

/** An event whose trace is kept. */
export interface KeptEvent {
  readonly event: AnnouncedEvent
  readonly reason: TraceReason
  /** SKUs of which the first delivery was seen */
  readonly skus: Set<string>
  /** deliveries seen, and those that ended in an error */
  deliveries: number
  failures: number
  /** on-time pairs of SKU and channel that settled */
  readonly settled: Set<string>
  readonly channels: Set<string>
  readonly breached: Set<string>
  /** when the last channel knew or missed its deadline, milliseconds since the epoch */
  end: number
  readonly dueAt: number
  closed: boolean
}

/** What the root of a trace says once it is closed. */
export interface ClosedTrace {
  readonly event: AnnouncedEvent
  readonly reason: TraceReason
  readonly end: number
  readonly channels: number
  readonly breached: ReadonlyArray<string>
  readonly deferred: ReadonlyArray<string>
  readonly failures: number
  /** whether some channel had not settled */
  readonly incomplete: boolean
}

export interface AccountantBounds {
  readonly open: number
  readonly closed: number
}

export class DeliveryAccountant {
  private readonly onClose: (trace: ClosedTrace) => void
  private readonly bounds: AccountantBounds
  private readonly open = new Map<string, KeptEvent>()
  private readonly closed = new Map<string, KeptEvent>()
  private onTime = new Set<string>()
  private deferred: ReadonlyArray<string> = []
  private longestBudget = 0

  constructor(
    onClose: (trace: ClosedTrace) => void,
    bounds: AccountantBounds = { open: openTracesMax, closed: closedTracesMax }
  ) {
    this.onClose = onClose
    this.bounds = bounds
  }

  /** Roots that wait. */
  get openCount(): number {
    return this.open.size
  }

  /** The channels that every event goes to from now on. */
  expect(channels: ReadonlyArray<TracedChannel>): void {
    const prompt = channels.filter(({ budgetMillis }) => budgetMillis <= onTimeBudgetMillisMax)
    this.onTime = new Set(prompt.map(({ id }) => id))
    this.deferred = channels.flatMap(({ id }) => (this.onTime.has(id) ? [] : [id]))
    this.longestBudget = prompt.reduce((longest, { budgetMillis }) => Math.max(longest, budgetMillis), 0)
  }

  /** The kept event, open or closed, that this traceparent belongs to. */
  find(traceparent: string): KeptEvent | undefined {
    if (this.open.size === 0 && this.closed.size === 0) return undefined
    const key = rootKeyOf(traceparent)
    return this.open.get(key) ?? this.closed.get(key)
  }

  /** Starts to wait for the event's channels. @param now milliseconds since the epoch */
  keep(event: AnnouncedEvent, reason: TraceReason, now: number): KeptEvent {
    const wait = this.longestBudget === 0 ? onTimeBudgetMillisMax : this.longestBudget
    const kept: KeptEvent = {
      event,
      reason,
      skus: new Set(),
      deliveries: 0,
      failures: 0,
      settled: new Set(),
      channels: new Set(),
      breached: new Set(),
      end: event.committedAt,
      dueAt: Math.max(budgetStart(event) + wait + rootGraceMillis, now + lateGraceMillis),
      closed: false
    }
    if (this.open.size >= this.bounds.open) this.closeOldest()
    this.open.set(rootKeyOf(event.traceparent), kept)
    return kept
  }

  /** One channel settled one part of a kept event. */
  settle(kept: KeptEvent, delivery: Delivered): void {
    kept.deliveries += 1
    kept.skus.add(delivery.sku)
    if (kept.closed) return
    const { channel, sku } = delivery
    kept.channels.add(channel)
    if (delivery.breached) kept.breached.add(channel)
    if (delivery.outcome === "failed") kept.failures += 1
    if (delivery.budgetMillis > onTimeBudgetMillisMax) return
    kept.end = Math.max(kept.end, Math.min(settledAt(delivery), deadlineOf(delivery)))
    kept.settled.add(`${sku}\u0000${channel}`)
    if (this.isComplete(kept)) this.close(kept)
  }

  /** Closes what is due. @param now milliseconds since the epoch */
  sweep(now: number): void {
    for (const kept of this.open.values()) if (kept.dueAt <= now) this.close(kept)
  }

  /** Closes everything, as it stands. */
  flush(): void {
    for (const kept of this.open.values()) this.close(kept)
  }

  private isComplete(kept: KeptEvent): boolean {
    return this.onTime.size > 0 && kept.settled.size >= this.onTime.size * kept.event.parts
  }

  private closeOldest(): void {
    for (const kept of this.open.values()) {
      this.close(kept)
      return
    }
  }

  private close(kept: KeptEvent): void {
    const key = rootKeyOf(kept.event.traceparent)
    kept.closed = true
    this.open.delete(key)
    this.remember(key, kept)
    const { event, reason, end, failures } = kept
    this.onClose({
      event,
      reason,
      end,
      failures,
      channels: new Set([...this.onTime, ...this.deferred, ...kept.channels]).size,
      breached: [...kept.breached].toSorted(),
      deferred: this.deferred,
      incomplete: !this.isComplete(kept)
    })
    kept.settled.clear()
  }

  private remember(key: string, kept: KeptEvent): void {
    this.closed.set(key, kept)
    if (this.closed.size <= this.bounds.closed) return
    for (const oldest of this.closed.keys()) {
      this.closed.delete(oldest)
      return
    }
  }
}
