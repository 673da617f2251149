/**
 * What the stages of the pipeline tell tracing, each once, after the fact. Times are milliseconds since the epoch.
 *
 * These are plain records: whoever writes one needs to know nothing of spans.
 */
import type { AnnouncedEvent } from "@holdfast/domain/Availability"

/** Ingest is done with one event. Of an event that could not be read, texts that are not known are empty. */
export interface Ingested {
  readonly source: string
  readonly id: string
  readonly type: string
  /** when it happened, as the source says; when the broker stored it if it does not */
  readonly occurredAt?: number | undefined
  readonly storedAt: number
  readonly ingestedAt: number
  /** W3C trace context whose span id is the root of this event's trace */
  readonly traceparent: string
  readonly parentSpanId?: string | undefined
  /** facts published to the engine */
  readonly facts: number
  readonly outcome: "accepted" | "duplicate" | "parked"
  /** of a parked event: why, in one line */
  readonly error?: string | undefined
}

/** The engine is done with one fact: its commit is durable. */
export interface Processed {
  readonly source: string
  readonly id: string
  readonly type: string
  readonly sku: string
  readonly partition: number
  readonly traceparent: string
  readonly parentSpanId?: string | undefined
  /** of a parked fact: SKUs that the whole event touches, 1 when absent */
  readonly parts?: number | undefined
  readonly receivedAt: number
  readonly decidedAt: number
  readonly committedAt: number
  readonly versionBefore: number
  readonly versionAfter: number
  readonly availableBefore: number
  readonly availableAfter: number
  readonly result: "applied" | "duplicate" | "parked"
  /** decisions in the same commit */
  readonly commitSize: number
  /** of a parked fact: why, in one line */
  readonly error?: string | undefined
}

/** `expired`: the budget is over and the channel does not know. It may still be told as `delivered` afterwards. */
export type DeliveryOutcome = "delivered" | "unchanged" | "superseded" | "failed" | "expired"

/** One channel knows of one event for one SKU, or will not in time. */
export interface Delivered {
  readonly channel: string
  readonly event: AnnouncedEvent
  readonly sku: string
  readonly outcome: DeliveryOutcome
  /** when the output stream had it */
  readonly queuedAt: number
  /** when the call to the channel began that settled it */
  readonly requestAt?: number | undefined
  /** when the channel answered, or the event was settled without a call; not looked at when it expired */
  readonly ackAt?: number | undefined
  readonly attempts: number
  /** units that the channel was told */
  readonly quantity?: number | undefined
  readonly budgetMillis: number
  readonly breached: boolean
  /** timing model of the channel */
  readonly timing?: string | undefined
  /** rungs of the channel's ladder that were climbed or left while it waited, milliseconds since the epoch */
  readonly rungs?: ReadonlyArray<{ readonly rung: string; readonly at: number }> | undefined
  /** id of the event whose quantity was told instead */
  readonly supersededBy?: string | undefined
  /** of a failed delivery: why, in one line */
  readonly error?: string | undefined
}

/** What of a channel a root must know. */
export interface TracedChannel {
  readonly id: string
  readonly budgetMillis: number
}
