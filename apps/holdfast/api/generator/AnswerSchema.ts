/**
 * Schemas of what Holdfast answers and announces. The apps write these as plain types; `ApiSchemas.test.ts` has
 * the compiler hold each schema to its type, so that neither changes alone.
 */
import { eventTypes } from "@holdfast/domain/EventManifest"
import { LocationId, OrderId, ReservationId, Sku } from "@holdfast/domain/Identity"
import { Schema } from "effect"

const { Struct, optionalKey } = Schema
/** `description` keeps the text of an event's field of the same name away. */
const status = <S extends string>(is: S) => Schema.Literal(is).annotate({ description: "what became of it" })
const oneOf = <const S extends ReadonlyArray<string>>(names: S) =>
  Schema.Literals(names).annotate({ description: "why" })
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Units = Schema.Int
const Millis = Schema.Finite.annotate({ description: "milliseconds since 1970" })
const Text = Schema.String

export const FieldError = Struct({ field: Text, message: Text })
const errors = Schema.Array(FieldError)

/** The body of a refusal by the front door or the guard. */
export const FieldErrors = Struct({ errors })

const offLevel = "; absent means 0"

const level = {
  locationId: LocationId,
  onHand: Units.annotate({ description: "units physically there" }),
  committed: Units.annotate({ description: "units promised to orders" }),
  held: Units.annotate({ description: "units under reservations" }),
  unavailable: optionalKey(Units.annotate({ description: `units on hand that cannot be sold${offLevel}` })),
  safetyStock: optionalKey(Units.annotate({ description: `units that are never promised${offLevel}` })),
  incoming: optionalKey(Units.annotate({ description: `units ordered from suppliers${offLevel}` })),
  inTransit: optionalKey(Units.annotate({ description: `units on their way from another location${offLevel}` })),
  guarded: optionalKey(Units.annotate({ description: `units of those held that are under guard${offLevel}` }))
}

export const Level = Struct(level)

const left = optionalKey(Units.annotate({ description: "units that are still held; absent means none" }))

const decided = { reservationId: ReservationId, sku: Sku, quantity: Units, version: Count }

/** A line of a reservation of several SKUs. */
const line = {
  sku: Sku,
  locationId: LocationId,
  requested: Units.annotate({ description: "units that were asked for" })
}

const DenialReason = oneOf([
  "insufficient_stock",
  "ring_fenced",
  "quota_exhausted",
  "unknown_sku",
  "unknown_reservation",
  "reservation_expired",
  "reservation_ended",
  "order_required",
  "exceeds_hold",
  "part_of_group",
  "too_late",
  "quantity_out_of_range",
  "quarantined"
])

const GrantedLine = Struct({ ...line, quantity: Units, reservationId: optionalKey(ReservationId) })
const DeniedLine = Struct({ ...line, reason: DenialReason, available: optionalKey(Units) })
const group = { reservationId: ReservationId }
const grantedLines = Schema.Array(GrantedLine)

/** Answers about a reservation of several SKUs. */
const groupAnswers = {
  GroupGranted: Struct({ status: status("granted"), ...group, expiresAt: Millis, lines: grantedLines }),
  GroupConfirmed: Struct({ status: status("confirmed"), ...group, orderId: optionalKey(OrderId), lines: grantedLines }),
  GroupReleased: Struct({ status: status("released"), ...group, orderId: optionalKey(OrderId), lines: grantedLines }),
  GroupExtended: Struct({ status: status("extended"), ...group, expiresAt: optionalKey(Millis) }),
  GroupPinned: Struct({ status: status("pinned"), ...group, expiresAt: optionalKey(Millis) }),
  GroupUnpinned: Struct({ status: status("unpinned"), ...group, expiresAt: optionalKey(Millis) }),
  GroupDenied: Struct({ status: status("denied"), reason: DenialReason, lines: optionalKey(Schema.Array(DeniedLine)) })
} as const

const Change = Units.annotate({ description: "signed units; absent means 0" })

const HistoryUnits = Struct({ onHand: Units, committed: Units, held: Units, available: Units })

const described = <S extends Schema.Top>(schema: S, description: string) => schema.annotate({ description })

const HistoryRow = Struct({
  version: Count,
  kind: described(
    Schema.Union([
      Schema.Literals(eventTypes),
      Schema.Literals([
        "reservation.granted",
        "reservation.extended",
        "reservation.pinned",
        "reservation.unpinned",
        "reservation.consumed",
        "reservation.confirmed",
        "reservation.released",
        "reservation.expired"
      ])
    ]),
    "what happened: an event, or what became of a reservation"
  ),
  locationId: Text,
  occurredAt: Millis,
  committedAt: Millis,
  source: described(Text, "of the event; `request`; `clock`"),
  id: described(Text, "of the event; the key of the request"),
  channel: Schema.NullOr(Text),
  documentId: described(Schema.NullOr(Text), "the order, shipment, transfer, purchase or count"),
  reservationId: Schema.NullOr(Text),
  expiresAt: Schema.NullOr(Millis),
  countedAt: Schema.NullOr(Millis),
  reason: Schema.NullOr(Text),
  by: Schema.NullOr(Text),
  reference: Schema.NullOr(Text),
  deltas: Struct({
    onHand: optionalKey(Change),
    receiving: optionalKey(Change),
    inspection: optionalKey(Change),
    damaged: optionalKey(Change),
    quality: optionalKey(Change),
    committed: optionalKey(Change),
    held: optionalKey(Change),
    safetyStock: optionalKey(Change),
    incoming: optionalKey(Change),
    inTransit: optionalKey(Change),
    oversold: optionalKey(Change)
  }),
  seenByCount: described(Schema.NullOr(Units), "units on hand that did not move, since a later count had seen them"),
  before: described(HistoryUnits, "the location before it"),
  after: described(HistoryUnits, "the location after it")
})

export const answers = {
  ...groupAnswers,
  Granted: Struct({
    status: status("granted"),
    ...decided,
    expiresAt: Millis,
    backordered: optionalKey(Units.annotate({ description: "of these, units that are not there yet; absent: none" })),
    expectedAt: optionalKey(Millis)
  }),
  Confirmed: Struct({ status: status("confirmed"), ...decided, left }),
  Released: Struct({ status: status("released"), ...decided, left }),
  Extended: Struct({ status: status("extended"), ...decided, expiresAt: optionalKey(Millis) }),
  Pinned: Struct({ status: status("pinned"), ...decided, expiresAt: optionalKey(Millis) }),
  Unpinned: Struct({ status: status("unpinned"), ...decided, expiresAt: optionalKey(Millis) }),
  Available: Struct({
    status: status("available"),
    sku: Sku,
    version: Count,
    available: Units,
    locations: Schema.Array(Struct({ ...level, available: Units })),
    components: optionalKey(Schema.Array(Struct({ sku: Sku, each: Count, available: Units }))),
    availableBy: optionalKey(
      Units.annotate({ description: "units that may be promised for the time that was asked for" })
    ),
    promise: optionalKey(
      Schema.Array(Struct({ from: Millis, available: Units })).annotate({
        description: "from when on how many units may be promised; purchases without a date do not count"
      })
    )
  }),
  History: Struct({
    status: status("history"),
    sku: Sku,
    version: Count,
    available: Units,
    locations: Schema.Array(Struct({ ...level, available: Units })),
    matching: Count.annotate({ description: "rows that were asked for, those beyond the limit included" }),
    rows: Schema.Array(HistoryRow)
  }),
  Denied: Struct({
    status: status("denied"),
    reason: DenialReason,
    sku: optionalKey(Sku),
    available: optionalKey(Units),
    version: optionalKey(Count)
  }),
  Busy: Struct({ status: status("busy"), retryAfterMillis: Count }),
  Unknown: Struct({ status: status("unknown"), message: Text }),
  Invalid: Struct({ status: status("invalid"), errors }),
  KeyReused: Struct({ status: status("key_reused"), message: Text })
} as const

export type AnswerName = keyof typeof answers

const stored = { id: Text, sequence: Count }
const Defect = oneOf(["too_large", "not_utf8", "not_json", "too_deep", "duplicate_key", "invalid"])

/** What became of one event at the front door. */
export const offers = {
  Accepted: Struct({ status: status("accepted"), ...stored }),
  Duplicate: Struct({ status: status("duplicate"), ...stored }),
  Rejected: Struct({ status: status("rejected"), reason: Defect, id: optionalKey(Text), errors }),
  Unconfirmed: Struct({ status: status("unknown"), id: Text, errors })
} as const

const OrNull = Schema.NullOr(Text)
const MillisOrNull = Schema.NullOr(Schema.Finite).annotate({ description: "milliseconds since 1970" })

export const Parked = Struct({
  id: Count,
  stream: Text,
  sequence: Count,
  subject: Text,
  reason: Text.annotate({ description: "why it could not be understood or applied" }),
  detail: Text,
  source: OrNull,
  eventId: OrNull,
  sku: OrNull,
  traceparent: OrNull,
  bytes: Count,
  storedAt: Millis,
  parkedAt: Millis,
  replayedAt: MillisOrNull,
  discardedAt: MillisOrNull
})

const relative = (what: string) =>
  Schema.Finite.annotate({ description: `${what}: milliseconds after committedAt, negative` })

const EventTuple = Schema.TupleWithRest(
  Schema.Tuple([
    Text.annotate({ description: "source" }),
    Text.annotate({ description: "id" }),
    Text.annotate({ description: "type" }),
    relative("when it happened"),
    relative("when the broker stored it"),
    relative("when the engine received it"),
    relative("when it was decided"),
    relative("when it was durable"),
    Count.annotate({ description: "SKUs that the whole event touches" }),
    Text.annotate({ description: "W3C trace context" })
  ]),
  [Text.annotate({ description: "span id of the publisher's own span, if it sent one" })]
)

const Terms = Struct({
  allotments: Schema.Array(
    Struct({
      channel: Schema.String,
      quota: optionalKey(Units),
      ringFence: optionalKey(Units),
      used: Units.annotate({ description: "units that the channel's orders and holds ask for" })
    })
  ),
  backorder: optionalKey(Units.annotate({ description: "units that may be promised beyond what is there" }))
}).annotate({ description: "on what terms the SKU is sold; absent: on none" })

/** As it is written; `AvailabilityMessage` turns the tuples into objects. */
export const Announcement = Struct({
  sku: Sku,
  version: Count,
  levels: Schema.Array(Level),
  terms: optionalKey(Terms),
  committedAt: Millis,
  events: Schema.Array(EventTuple).annotate({ description: "events since the announcement before" }),
  more: Count.annotate({ description: "events that are not listed" })
})

/** The data of the event `stock.oversold`. */
export const Oversold = Struct({
  sku: Sku,
  locationId: LocationId,
  units: Count.annotate({ description: "units by which the change raised what is oversold there" }),
  kind: Text.annotate({ description: "kind of the change" }),
  channel: optionalKey(Text),
  orderId: optionalKey(Text),
  cause: Struct({ source: Text, id: Text }).annotate({ description: "the event or request that caused it" })
})

/** JetStream's acknowledgement of an event that was published as a request. */
export const Acknowledgement = Struct({
  stream: Text,
  seq: Count.annotate({ description: "number of the event in the stream" }),
  duplicate: optionalKey(
    Schema.Boolean.annotate({ description: "it was stored before: same Nats-Msg-Id within two minutes" })
  ),
  domain: optionalKey(Text)
})

export const AcknowledgementError = Struct({
  error: Struct({ code: Schema.Int, err_code: optionalKey(Schema.Int), description: optionalKey(Text) })
})
