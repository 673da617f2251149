/**
 * A span made after the fact: plain data with explicit times and ids, in the shape that processors and exporters read.
 *
 * Guarantee: nothing is measured, generated or sampled here; equal input gives an equal span. It bypasses the tracer of
 * the SDK, which draws its own ids and costs several times as much, and uses only its public `ReadableSpan`.
 */
import {
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type HrTime,
  type SpanContext,
  type SpanKind
} from "@opentelemetry/api"
import type { Resource } from "@opentelemetry/resources"
import type { ReadableSpan, TimedEvent } from "@opentelemetry/sdk-trace-base"
import { textMax } from "./TracingLimit.ts"

/** Times are milliseconds since the epoch. */
export interface Stage {
  readonly name: string
  readonly kind: SpanKind
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly start: number
  readonly end: number
  readonly attributes: Attributes
  /** the stage ended in an error, described by this */
  readonly error?: string | undefined
  readonly events?: ReadonlyArray<StageEvent> | undefined
}

/** Something that happened during a stage. */
export interface StageEvent {
  readonly name: string
  readonly at: number
  readonly attributes?: Attributes
}

const instrumentationScope = { name: "holdfast" }
const unset = { code: SpanStatusCode.UNSET }
const noEvents: Array<TimedEvent> = []
const noLinks: ReadableSpan["links"] = []

const hrTime = (millis: number): HrTime => {
  // a time that is no number would make the collector refuse the batch
  if (!(millis > 0 && millis < 1e14)) return [0, 0]
  const seconds = Math.floor(millis / 1000)
  return [seconds, Math.round((millis - seconds * 1000) * 1e6)]
}

const eventOf = ({ name, at, attributes }: StageEvent): TimedEvent =>
  attributes === undefined ? { name, time: hrTime(at) } : { name, time: hrTime(at), attributes }

export class StageSpan implements ReadableSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly duration: HrTime
  readonly status: ReadableSpan["status"]
  readonly attributes: Attributes
  readonly events: Array<TimedEvent>
  readonly resource: Resource
  readonly parentSpanContext?: SpanContext
  readonly links = noLinks
  readonly ended = true
  readonly instrumentationScope = instrumentationScope
  readonly droppedAttributesCount = 0
  readonly droppedEventsCount = 0
  readonly droppedLinksCount = 0
  private readonly context: SpanContext

  constructor(stage: Stage, resource: Resource) {
    const { traceId, spanId, parentSpanId, start, end, error, events } = stage
    const stop = Math.max(start, end)
    this.name = stage.name
    this.kind = stage.kind
    this.context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
    if (parentSpanId !== undefined) {
      this.parentSpanContext = { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED }
    }
    this.startTime = hrTime(start)
    this.endTime = hrTime(stop)
    this.duration = stop > start ? hrTime(stop - start) : [0, 0]
    this.status = error === undefined ? unset : { code: SpanStatusCode.ERROR, message: error.slice(0, textMax) }
    this.attributes = stage.attributes
    this.events = events === undefined ? noEvents : events.map(eventOf)
    this.resource = resource
  }

  spanContext(): SpanContext {
    return this.context
  }
}
