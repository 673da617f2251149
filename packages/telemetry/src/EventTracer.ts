/**
 * Which events get spans, and when: told what each stage did, it emits the spans of the traces that are kept.
 *
 * Guarantee: synchronous, never throws over what an event contains. A trace is kept when its sampled flag says so, when a
 * delivery missed its budget, or when something failed; the last two within a budget per channel, so that an incident
 * cannot fill the collector. What is kept late is assembled from the stamps of the announcement. Not kept: nothing is made.
 */
import type { Resource } from "@opentelemetry/resources"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { budgetStart, type AnnouncedEvent } from "@holdfast/domain/Availability"
import { attribute, type TraceReason } from "./Attribute.ts"
import { DeliveryAccountant, type ClosedTrace, type KeptEvent } from "./DeliveryAccountant.ts"
import {
  deliverStages,
  ingestStage,
  processStages,
  retroactiveIngest,
  retroactiveProcess,
  rootStage
} from "./EventStages.ts"
import { RecentDeliveries } from "./RecentDeliveries.ts"
import { isSampled, isTraceparent } from "./SpanIdentity.ts"
import { StageSpan, type Stage } from "./StageSpan.ts"
import { TraceBudget } from "./TraceBudget.ts"
import type { Delivered, Ingested, Processed, TracedChannel } from "./TracedStage.ts"
import { deliveriesPerTraceMax, keptTracesBurst, keptTracesPerSecond } from "./TracingLimit.ts"

export interface TracerOutlet {
  readonly resource: Resource
  readonly processor: Pick<SpanProcessor, "onEnd">
  /** milliseconds since the epoch */
  readonly now: () => number
}

export class EventTracer {
  /** spans handed to the outlet */
  emitted = 0
  /** traces that deserved to be kept and were not, because there were too many */
  readonly suppressed = { breach: 0, error: 0, size: 0, malformed: 0 }
  private readonly outlet: TracerOutlet
  private readonly kept = new TraceBudget(keptTracesPerSecond, keptTracesBurst)
  private readonly recent = new RecentDeliveries()
  private readonly accountant = new DeliveryAccountant((trace) => this.emit(rootOf(trace)))

  constructor(outlet: TracerOutlet) {
    this.outlet = outlet
  }

  expect(channels: ReadonlyArray<TracedChannel>): void {
    this.accountant.expect(channels)
  }

  ingested(event: Ingested): void {
    const parked = event.outcome === "parked"
    if (!this.keeps(event.traceparent, parked, "ingest")) return
    this.emit(ingestStage(event))
    if (!parked) return
    const start = budgetStart({ occurredAt: event.occurredAt ?? event.storedAt, storedAt: event.storedAt })
    this.emit(rootStage({ ...event, start, end: event.ingestedAt, reason: "error", error: event.error ?? "parked" }))
  }

  processed(fact: Processed): void {
    const parked = fact.result === "parked"
    if (!this.keeps(fact.traceparent, parked, "process")) return
    for (const stage of processStages(fact)) this.emit(stage)
    // the other parts of a sampled event are announced, and close its root
    if (!parked || ((fact.parts ?? 1) > 1 && isSampled(fact.traceparent))) return
    const { receivedAt, committedAt, error } = fact
    this.emit(rootStage({ ...fact, start: receivedAt, end: committedAt, reason: "error", error: error ?? "parked" }))
  }

  delivered(delivery: Delivered): void {
    const kept = this.accountant.find(delivery.event.traceparent) ?? this.keep(delivery)
    if (kept !== undefined) this.tell(kept, delivery)
  }

  /** Emits the roots that are due. */
  sweep(): void {
    this.accountant.sweep(this.outlet.now())
  }

  /** Emits every root that still waits. */
  flush(): void {
    this.accountant.flush()
  }

  private keeps(traceparent: string, failed: boolean, budget: string): boolean {
    if (!failed && !isSampled(traceparent)) return false
    if (!isTraceparent(traceparent)) return this.suppress("malformed")
    return isSampled(traceparent) || this.kept.take(`error ${budget}`, this.outlet.now()) || this.suppress("error")
  }

  private keep(delivery: Delivered): KeptEvent | undefined {
    const { event, channel } = delivery
    const reason = reasonOf(delivery)
    if (reason === undefined) {
      this.recent.remember(delivery)
      return undefined
    }
    const now = this.outlet.now()
    if (!isTraceparent(event.traceparent)) this.suppress("malformed")
    else if (reason === "head") return this.accountant.keep(event, reason, now)
    else if (this.kept.take(`${reason} ${channel}`, now)) return this.keepLate(event, reason, now)
    else this.suppress(reason)
    return undefined
  }

  /** Nobody looked while it happened: its stages are made from the announcement, with the ids they would have had. */
  private keepLate(event: AnnouncedEvent, reason: TraceReason, now: number): KeptEvent {
    const kept = this.accountant.keep(event, reason, now)
    if (!event.type.startsWith("reservation.")) this.emit(retroactiveIngest(event))
    for (const earlier of this.recent.take(event.traceparent)) this.tell(kept, earlier)
    return kept
  }

  private tell(kept: KeptEvent, delivery: Delivered): void {
    const { event, sku } = delivery
    if (kept.deliveries >= deliveriesPerTraceMax) this.suppressed.size += 1
    else {
      if (kept.reason !== "head" && !kept.skus.has(sku)) {
        for (const stage of retroactiveProcess(event, sku)) this.emit(stage)
      }
      for (const stage of deliverStages(delivery)) this.emit(stage)
    }
    this.accountant.settle(kept, delivery)
  }

  private emit(stage: Stage): void {
    this.emitted += 1
    this.outlet.processor.onEnd(new StageSpan(stage, this.outlet.resource))
  }

  private suppress(reason: keyof EventTracer["suppressed"]): false {
    this.suppressed[reason] += 1
    return false
  }
}

const reasonOf = ({ event, outcome, breached }: Delivered): TraceReason | undefined => {
  if (isSampled(event.traceparent)) return "head"
  if (outcome === "failed") return "error"
  return breached || outcome === "expired" ? "breach" : undefined
}

const rootOf = ({ event, reason, end, ...trace }: ClosedTrace): Stage => {
  const start = budgetStart(event)
  return rootStage({
    ...event,
    start,
    end,
    reason,
    error: trace.failures > 0 ? `${trace.failures} deliveries failed` : undefined,
    attributes: {
      [attribute.eventParts]: event.parts,
      [attribute.channelsCount]: trace.channels,
      [attribute.channelsBreached]: [...trace.breached],
      [attribute.budgetBreached]: trace.breached.length > 0,
      [attribute.traceIncomplete]: trace.incomplete,
      ...(trace.deferred.length > 0 ? { [attribute.channelsDeferred]: [...trace.deferred] } : {}),
      ...(start === event.occurredAt ? {} : clockAttributes(event))
    }
  })
}

/** Why the root does not start when the source says that it happened. */
const clockAttributes = ({ occurredAt, storedAt }: AnnouncedEvent) => {
  const stated = new Date(occurredAt)
  return {
    ...(Number.isNaN(stated.getTime()) ? {} : { [attribute.eventOccurredAt]: stated.toISOString() }),
    [occurredAt > storedAt ? attribute.clockSkewed : attribute.eventLate]: true
  }
}
