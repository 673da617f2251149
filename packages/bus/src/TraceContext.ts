/**
 * The trace that an event belongs to (W3C Trace Context), found without asking anybody.
 *
 * Guarantee: pure. The same event has the same trace id and the same root span id wherever and however often it is read,
 * so that spans written by different processes meet. A publisher's own trace is continued: its trace id and its sampled
 * flag are kept, its span becomes the parent of the root. It makes no span.
 */
import { hash } from "node:crypto"

export interface TraceOrigin {
  readonly source: string
  /** of the event, or the idempotency key of a request */
  readonly id: string
  /** as the publisher sent it; one that is not valid counts as absent */
  readonly traceparent?: string | undefined
}

export interface RootContext {
  /** W3C trace context whose span id is the root of this event's trace */
  readonly traceparent: string
  /** span id of the publisher's own span, if it sent one */
  readonly parentSpanId?: string
}

interface Publisher {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

const never = (): boolean => false

/**
 * The root of an event's trace.
 * @param sample decides for traces that begin here; a publisher's own decision is kept
 */
export const rootContextOf = (origin: TraceOrigin, sample: (traceId: string) => boolean = never): RootContext => {
  const publisher = origin.traceparent === undefined ? undefined : publisherOf(origin.traceparent)
  if (publisher !== undefined) {
    const { traceId, spanId, sampled } = publisher
    return { traceparent: formatOf(traceId, digestOf(traceId, origin.id).slice(0, 16), sampled), parentSpanId: spanId }
  }
  const digest = digestOf(origin.source, origin.id)
  const traceId = digest.slice(0, 32)
  return { traceparent: formatOf(traceId, digest.slice(32, 48), sample(traceId)) }
}

/** Ids contain no control characters, so that the separator keeps ("a", "bc") and ("ab", "c") apart. */
const digestOf = (first: string, second: string): string => hash("sha256", `${first}\u0000${second}`, "hex")

const formatOf = (traceId: string, spanId: string, sampled: boolean): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`

// a later version may append fields after the flags; version ff is forbidden
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const publisherOf = (traceparent: string): Publisher | undefined => {
  const match = pattern.exec(traceparent)
  if (match === null || (match[1] === "00" && match[5] !== undefined)) return undefined
  return { traceId: match[2]!, spanId: match[3]!, sampled: (Number.parseInt(match[4]!, 16) & 1) === 1 }
}
