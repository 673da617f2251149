/**
 * An event that cannot be cut into facts, as it is parked and as it is told of.
 *
 * Guarantee: pure, and what it makes can be stored by PostgreSQL, whatever the publisher sent.
 */
import { describeErrors, type EventDefect, type HeaderEntries } from "@holdfast/bus/EventMessage"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { rootContextOf } from "@holdfast/bus/TraceContext"
import { linesMax } from "@holdfast/domain/Limit"
import type { ParkedRow } from "@holdfast/ledger/CommitBatch"
import { physicalCount } from "@holdfast/ledger/ParkedWaiting"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import type { OrderEvent } from "./Completion.ts"
import type { IntakeOutcome, StoredEvent } from "./StoredEvent.ts"

/** Why an event waits for its order. */
export const unknownOrder = "unknown_order"

/** Why an event is parked. */
export type ParkCause = Omit<EventDefect, "reason"> & {
  readonly reason: EventDefect["reason"] | typeof unknownOrder | typeof physicalCount
}

/** It is a part of an inventory that is applied as a whole. */
export const countPart = (
  { source, id, data: { part, countId, locationId } }: Extract<StockEvent, { readonly type: "count.physical" }>,
  traceparent?: string
): ParkCause => ({
  reason: physicalCount,
  errors: [
    {
      field: "data.part",
      message: `part ${part} of inventory ${countId} of ${locationId}: applied by itself when all parts are there`
    }
  ],
  source,
  id,
  traceparent
})

/** It names no lines, and nobody has heard of its order. */
export const orderUnknown = ({ source, id, data: { orderId } }: OrderEvent, traceparent?: string): ParkCause => ({
  reason: unknownOrder,
  errors: [
    {
      field: "data.orderId",
      message: `order ${orderId} is not known yet; this is applied by itself when the order comes`
    }
  ],
  source,
  id,
  traceparent
})

/** What it says of bundles, or asks of them, cannot be. */
export const refused = (
  { source, id }: StockEvent,
  reason: "invalid" | "too_large",
  errors: EventDefect["errors"],
  traceparent?: string
): ParkCause => ({ reason, errors, source, id, traceparent })

/** It names no lines, and its order has too many for one event. */
export const orderTooLarge = ({ source, id, data }: OrderEvent, skus: number, traceparent?: string): ParkCause => ({
  reason: "too_large",
  errors: [
    {
      field: "data.lines",
      message: `must name SKUs, at most ${linesMax} in one event: order ${data.orderId} has ${skus}`
    }
  ],
  source,
  id,
  traceparent
})

/** @param streamCreated when EVENTS was created */
export const parkedEventOf = (
  stored: StoredEvent,
  cause: ParkCause,
  streamCreated: string,
  sample: (traceId: string) => boolean
): { readonly row: ParkedRow; readonly outcome: IntakeOutcome } => {
  const { sequence, storedAt, subject, payload } = stored
  const { reason } = cause
  const source = shown(cause.source)
  const id = shown(cause.id)
  const detail = storable(describeErrors(cause.errors))
  const origin = { source: source ?? subject, id: id ?? String(sequence), traceparent: cause.traceparent }
  const root = rootContextOf(origin, sample)
  const said = { sequence, storedAt, subject, reason, detail, source, id }
  const { traceparent } = root
  const headers = recordOf(stored.headers)
  return {
    row: { ...said, stream: eventsStream, streamCreated, headers, payload, traceparent },
    outcome: { ...said, outcome: "parked", ...root }
  }
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
