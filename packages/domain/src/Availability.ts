/**
 * What is announced of a SKU after a commit: its quantities, and which events led to them.
 *
 * Guarantee: announcements of one SKU carry rising versions and absolute quantities, so that the newest alone is enough.
 * The events are those since the announcement before; they carry the time stamps from which latency is counted and
 * traces are assembled. It is not a log: after a crash some events may be announced twice or not be listed.
 */
import type { Component } from "./Bundle.ts"
import type { LocationId, Sku } from "./Identity.ts"
import { unavailable, type LevelUnits, type StockState } from "./StockState.ts"
import type { AnnouncedTerms } from "./SkuTerms.ts"
import { lateEventMillis } from "./Limit.ts"

/** Events listed in one announcement; more are only counted. Bounds the message under a burst on one SKU. */
export const announcedEventsMax = 64

/** One event's way so far. Times are milliseconds since the epoch. */
export interface AnnouncedEvent {
  readonly source: string
  readonly id: string
  readonly type: string
  /** when it happened, as the source says: latency counts from here, see `budgetStart` */
  readonly occurredAt: number
  /** when the broker stored it at the front door */
  readonly storedAt: number
  /** when the engine received its part; absent: not known */
  readonly receivedAt?: number
  /** when its actor decided it */
  readonly decidedAt: number
  /** when its effect was durable */
  readonly committedAt: number
  /** SKUs that the whole event touches */
  readonly parts: number
  /** W3C trace context whose span id is the root of this event's trace */
  readonly traceparent: string
  /** span id of the publisher's own span, if it sent one: the parent of the root */
  readonly parentSpanId?: string
}

/** A level as it is announced. What is absent is 0. */
export interface AnnouncedLevel {
  readonly locationId: LocationId
  readonly onHand: number
  readonly committed: number
  readonly held: number
  /** on hand and not sellable */
  readonly unavailable?: number
  readonly safetyStock?: number
  readonly incoming?: number
  readonly inTransit?: number
  /** of those that are held: what a channel may show as being bought right now. They lower what is available as all held units do */
  readonly guarded?: number
}

export const announcedLevel = (level: LevelUnits): AnnouncedLevel => {
  const { locationId, onHand, committed, held, safetyStock, incoming, inTransit } = level
  const stuck = unavailable(level)
  const usual = { locationId, onHand, committed, held }
  if (stuck === 0 && safetyStock === 0 && incoming === 0 && inTransit === 0) return usual
  return {
    ...usual,
    ...(stuck === 0 ? {} : { unavailable: stuck }),
    ...(safetyStock === 0 ? {} : { safetyStock }),
    ...(incoming === 0 ? {} : { incoming }),
    ...(inTransit === 0 ? {} : { inTransit })
  }
}

/** All levels of a SKU as they are announced. */
export const announcedLevels = ({ levels, guarded }: StockState): ReadonlyArray<AnnouncedLevel> =>
  guarded === undefined
    ? levels.map(announcedLevel)
    : levels.map((level) => {
        const units = guarded.get(level.locationId)
        return units === undefined ? announcedLevel(level) : { ...announcedLevel(level), guarded: units }
      })

/** What is announced of a component of a bundle. */
export interface BundlePart extends Component {
  readonly levels: ReadonlyArray<AnnouncedLevel>
  readonly terms?: AnnouncedTerms
}

export interface Availability {
  readonly sku: Sku
  readonly version: number
  readonly levels: ReadonlyArray<AnnouncedLevel>
  /** on what terms it is sold; absent: on none */
  readonly terms?: AnnouncedTerms
  /** of a bundle: what it is made of; absent where no component is sold on terms */
  readonly parts?: ReadonlyArray<BundlePart>
  /** milliseconds since the epoch at which this version was durable */
  readonly committedAt: number
  readonly events: ReadonlyArray<AnnouncedEvent>
  /** events beyond `announcedEventsMax` that are not listed; all of them are younger than the first listed */
  readonly more: number
}

/** A newer announcement of a SKU that also speaks for the events of an older one that nobody was told of. */
export const mergeAvailability = (older: Availability, newer: Availability): Availability => {
  const events = [...older.events, ...newer.events]
  const kept = events.length > announcedEventsMax ? events.slice(0, announcedEventsMax) : events
  return { ...newer, events: kept, more: older.more + newer.more + events.length - kept.length }
}

/** Signed available units over the locations that a channel sells from; all locations when none are named. */
export const availableOver = (levels: ReadonlyArray<AnnouncedLevel>, locations?: ReadonlyArray<LocationId>): number =>
  levels.reduce(
    (sum, level) => (locations === undefined || locations.includes(level.locationId) ? sum + availableAt(level) : sum),
    0
  )

export const availableAt = ({
  onHand,
  unavailable: stuck = 0,
  committed,
  held,
  safetyStock = 0
}: AnnouncedLevel): number => onHand - stuck - committed - held - safetyStock

/**
 * The instant from which an event's latency budget counts, in milliseconds since the epoch: when it happened, but not in
 * the broker's future (a fast clock) and not long before the broker heard of it (late or historical, see `lateEventMillis`).
 */
export const budgetStart = (event: Pick<AnnouncedEvent, "occurredAt" | "storedAt">): number =>
  event.occurredAt > event.storedAt || event.storedAt - event.occurredAt > lateEventMillis
    ? event.storedAt
    : event.occurredAt
