/**
 * The tables, as drizzle sees them. `npm run -w @holdfast/ledger generate` writes the migration for a change.
 *
 * `ledger` is authoritative: `stock_level`, `hold` and `document_line` are its fold. `ledger`, `request_answer`, `outbox` and
 * `listing_history` are partitioned by time (`TimePartition`), which drizzle cannot say: the PARTITION BY clause is added to
 * the generated migration by hand. Times are timestamptz; quantities are units.
 */
import { sql } from "drizzle-orm"
import {
  bigint,
  bigserial,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid
} from "drizzle-orm/pg-core"

const bytea = customType<{ data: Uint8Array }>({ dataType: () => "bytea" })
const instant = (name: string) => timestamp(name, { withTimezone: true })

/** Who owns a partition of the stock: the fence of its commits and the position of its consumer at once. */
export const partitionOwner = pgTable("partition_owner", {
  partition: smallint().primaryKey(),
  /** grows with every change of owner; a commit names the epoch it was made in */
  epoch: bigint({ mode: "number" }).notNull(),
  owner: text().notNull(),
  /** last sequence of STOCK whose effect is committed */
  appliedSeq: bigint("applied_seq", { mode: "number" }).notNull(),
  /** number of commits of this partition */
  commitNo: bigint("commit_no", { mode: "number" }).notNull(),
  /** commits up to this one were announced */
  announcedNo: bigint("announced_no", { mode: "number" }).notNull(),
  /** when the STOCK stream was created: sequences of another stream mean nothing */
  streamCreated: text("stream_created").notNull()
})

/** Every change that was ever applied to a SKU, in the order of its versions. */
export const ledger = pgTable(
  "ledger",
  {
    sku: text().notNull(),
    version: bigint({ mode: "number" }).notNull(),
    kind: text().notNull(),
    locationId: text("location_id").notNull(),
    onHand: integer("on_hand").notNull(),
    committed: integer().notNull(),
    held: integer().notNull(),
    oversold: integer().notNull(),
    /** deltas that few changes have; null is 0 */
    receiving: integer(),
    inspection: integer(),
    damaged: integer(),
    quality: integer(),
    incoming: integer(),
    inTransit: integer("in_transit"),
    safetyStock: integer("safety_stock"),
    /** units that a movement did not move, because a later count had seen them */
    counted: integer(),
    /** of a count that took effect: when it was made */
    countedAt: instant("counted_at"),
    /** where the safety stock was set: as of when */
    safetyStockAt: instant("safety_stock_at"),
    /** the event or request that caused it: `source` and `id`, or `request` and the idempotency key */
    causeSource: text("cause_source").notNull(),
    causeId: text("cause_id").notNull(),
    /** dedup id of an event, a hash of source, id and SKU; at its last change, so that each has one row */
    causeKey: uuid("cause_key"),
    channel: text(),
    /** the order, transfer, purchase or count that it belongs to */
    documentId: text("document_id"),
    /** the SKU's line in that document afterwards, where the change touched it: as `DocumentLine` writes it */
    line: text(),
    reservationId: text("reservation_id"),
    expiresAt: instant("expires_at"),
    reason: text(),
    /** the SKU's terms of sale afterwards, where the change touched them: as `SkuTerms` writes them */
    terms: text(),
    doneBy: text("done_by"),
    reference: text(),
    occurredAt: instant("occurred_at").notNull(),
    traceparent: text(),
    committedAt: instant("committed_at").notNull()
  },
  (t) => [
    // no primary key: it would have to hold committed_at, which says nothing, and which looking up a cause must not scan
    index("ledger_by_sku").on(t.sku, t.version),
    index("ledger_by_cause")
      .on(t.causeKey)
      .where(sql`${t.causeKey} is not null`)
  ]
)

/** Quantities per SKU and location: the fold of the ledger. `version` is the SKU's at the last change of this row. */
export const stockLevel = pgTable(
  "stock_level",
  {
    sku: text().notNull(),
    locationId: text("location_id").notNull(),
    partition: smallint().notNull(),
    onHand: integer("on_hand").notNull(),
    committed: integer().notNull(),
    held: integer().notNull(),
    receiving: integer().notNull().default(0),
    inspection: integer().notNull().default(0),
    damaged: integer().notNull().default(0),
    quality: integer().notNull().default(0),
    incoming: integer().notNull().default(0),
    inTransit: integer("in_transit").notNull().default(0),
    safetyStock: integer("safety_stock").notNull().default(0),
    /** when the latest count was made, and as of when the safety stock was set */
    countedAt: instant("counted_at"),
    safetyStockAt: instant("safety_stock_at"),
    version: bigint({ mode: "number" }).notNull()
  },
  (t) => [
    primaryKey({ columns: [t.sku, t.locationId] }),
    check("committed_not_negative", sql`${t.committed} >= 0`),
    check("held_not_negative", sql`${t.held} >= 0`)
  ]
)

/** Reservations. `ended` says how; null while the hold is open. */
export const hold = pgTable(
  "hold",
  {
    reservationId: text("reservation_id").primaryKey(),
    sku: text().notNull(),
    locationId: text("location_id").notNull(),
    partition: smallint().notNull(),
    /** units that are held; once it has ended, those with which it ended */
    quantity: integer().notNull(),
    orderId: text("order_id"),
    /** for whose quota it counts */
    channel: text(),
    /** infinity while it is pinned */
    expiresAt: instant("expires_at").notNull(),
    ended: text()
  },
  (t) => [
    index("hold_open_by_sku")
      .on(t.sku)
      .where(sql`${t.ended} is null`),
    index("hold_open_by_expiry")
      .on(t.expiresAt)
      .where(sql`${t.ended} is null`)
  ]
)

/**
 * Reservations of several SKUs. A row is a register: it says once whether all lines are granted, and once how they ended,
 * whatever happens to whoever asks the lines. Its lines are rows of `hold`, whose ids bear the group's.
 */
export const reservationGroup = pgTable(
  "reservation_group",
  {
    /** hash of the idempotency key */
    id: uuid().primaryKey(),
    /** a write names the revision that it replaces */
    revision: integer().notNull(),
    /** hash of the request */
    body: uuid().notNull(),
    /** demand per SKU and location, and what was granted of it, as JSON */
    lines: text().notNull(),
    partial: boolean().notNull(),
    /** its units are under guard, which their holds' ids say too */
    guard: boolean().notNull().default(false),
    /** for whose quotas it counts */
    channel: text(),
    orderId: text("order_id"),
    ttlMillis: integer("ttl_millis").notNull(),
    attempt: integer().notNull(),
    /** pending, granted, denied or aborted */
    status: text().notNull(),
    /** confirmed, released or expired; null while it is open */
    ended: text(),
    /** infinity while it is pinned */
    expiresAt: instant("expires_at").notNull(),
    /** when a sweep looks at it: the deadline while pending, the expiry while open, soon while lines have not heard how it ended */
    dueAt: instant("due_at").notNull(),
    answer: text(),
    /** every line has heard how it ended */
    settled: boolean().notNull()
  },
  (t) => [
    index("reservation_group_unsettled")
      .on(t.dueAt)
      .where(sql`not ${t.settled}`)
  ]
)

/** What is remembered of one SKU in one order, transfer or purchase; it is also the record of which SKUs an order has. */
export const documentLine = pgTable(
  "document_line",
  {
    /** order, transfer or purchase */
    kind: text().notNull(),
    documentId: text("document_id").notNull(),
    sku: text().notNull(),
    /** units of an order that are committed, of a transfer that are in transit, of a purchase that are incoming */
    open: integer().notNull(),
    /** as `DocumentLine` writes it */
    line: text().notNull()
  },
  (t) => [
    primaryKey({ columns: [t.documentId, t.sku, t.kind] }),
    // without `open`: PostgreSQL could no longer change the lines of orders in place
    index("purchase_by_sku")
      .on(t.sku)
      .where(sql`${t.kind} = 'purchase'`)
  ]
)

/** On what terms a SKU is sold, of those few of which anything was said: the last that the ledger says of it. */
export const skuTerms = pgTable("sku_terms", {
  sku: text().primaryKey(),
  /** as `SkuTerms` writes them */
  terms: text().notNull()
})

/** Answers that were given, by a hash of the idempotency key; `body` is a hash of the request. */
export const requestAnswer = pgTable(
  "request_answer",
  {
    key: uuid().notNull(),
    body: uuid().notNull(),
    answer: text().notNull(),
    committedAt: instant("committed_at").notNull()
  },
  (t) => [index("request_answer_by_key").on(t.key)]
)

/**
 * SKUs that a commit changed, for the one case that the process dies before it announced them. What is announced then is
 * read from their levels and the ledger.
 */
export const outbox = pgTable(
  "outbox",
  {
    partition: smallint().notNull(),
    commitNo: bigint("commit_no", { mode: "number" }).notNull(),
    skus: text().array().notNull(),
    committedAt: instant("committed_at").notNull()
  },
  (t) => [index("outbox_by_commit").on(t.partition, t.commitNo)]
)

/** What could not be understood or applied: the bytes, the reason, the trace. Can be listed and replayed. */
export const parked = pgTable(
  "parked",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    /** EVENTS or STOCK, the sequence there, and which fact of a message of STOCK: parking the same twice is one row */
    stream: text().notNull(),
    streamCreated: text("stream_created").notNull(),
    sequence: bigint({ mode: "number" }).notNull(),
    item: smallint().notNull().default(0),
    subject: text().notNull(),
    headers: jsonb().$type<Record<string, string>>().notNull(),
    payload: bytea().notNull(),
    /** a short code such as not_json, invalid, unknown_sku, too_large, quarantined, rejected_by_ledger */
    reason: text().notNull(),
    /** for people: which field, which limit */
    detail: text().notNull(),
    eventSource: text("event_source"),
    eventId: text("event_id"),
    sku: text(),
    traceparent: text(),
    storedAt: instant("stored_at").notNull(),
    parkedAt: instant("parked_at").notNull().defaultNow(),
    replayedAt: instant("replayed_at"),
    discardedAt: instant("discarded_at")
  },
  (t) => [
    uniqueIndex("parked_once").on(t.stream, t.streamCreated, t.sequence, t.item),
    index("parked_waiting")
      .on(t.parkedAt)
      .where(sql`${t.replayedAt} is null and ${t.discardedAt} is null`)
  ]
)

/** SKUs that were stopped because an invariant broke. Nothing is applied to them until an operator lifts it. */
export const quarantine = pgTable("quarantine", {
  sku: text().primaryKey(),
  detail: text().notNull(),
  since: instant("since").notNull().defaultNow(),
  lifted: boolean().notNull().default(false)
})

/** What a channel last confirmed for a SKU. Written by outbound after the acknowledgement. */
export const listing = pgTable(
  "listing",
  {
    channel: text().notNull(),
    sku: text().notNull(),
    /** units that the channel confirmed to show */
    quantity: integer().notNull(),
    /** version of the SKU from which that quantity was computed */
    version: bigint({ mode: "number" }).notNull(),
    confirmedAt: instant("confirmed_at").notNull()
  },
  (t) => [primaryKey({ columns: [t.channel, t.sku] })]
)

/**
 * All that a channel was told of a SKU and answered, and what it turned out to show. Not what was settled without a call.
 * Written by outbound with `listing`; the same entry may be there twice.
 */
export const listingHistory = pgTable(
  "listing_history",
  {
    channel: text().notNull(),
    sku: text().notNull(),
    /** units that were told, or found */
    quantity: integer().notNull(),
    /** version of the SKU from which that quantity was computed; of what was found, the newest that the channel confirmed */
    version: bigint({ mode: "number" }).notNull(),
    /** applied, rejected or found */
    outcome: text().notNull(),
    /** when the last call left */
    requestedAt: instant("requested_at").notNull(),
    answeredAt: instant("answered_at").notNull(),
    /** calls that it took */
    attempts: integer().notNull(),
    /** why it was rejected */
    detail: text(),
    /** entries directly before this one that could not be stored; null is 0 */
    lost: integer(),
    /** by the clock of the database, so that a row of a clock that is wrong has its place too */
    storedAt: instant("stored_at").notNull().defaultNow()
  },
  (t) => [index("listing_history_by_listing").on(t.channel, t.sku, t.answeredAt)]
)

/**
 * What channels are, and who made them so: the last row of a channel counts, those before are its history. Rows are never
 * changed.
 */
export const channelDefinition = pgTable(
  "channel_definition",
  {
    /** rises with every change of any channel */
    id: bigserial({ mode: "number" }).notNull(),
    channel: text().notNull(),
    since: instant("since").notNull(),
    /** a `ChannelDefinition`, which holds no secret */
    definition: jsonb().notNull(),
    /** running, paused or draining */
    operation: text().notNull().default("running"),
    changedBy: text("changed_by").notNull(),
    reason: text(),
    /** the change that this one takes back */
    undoes: bigint({ mode: "number" })
  },
  (t) => [primaryKey({ columns: [t.channel, t.since] }), uniqueIndex("channel_definition_by_id").on(t.id)]
)

/** What channels call our SKUs, for those that do not know SKUs by name. */
export const channelMapping = pgTable(
  "channel_mapping",
  {
    channel: text().notNull(),
    sku: text().notNull(),
    /** ids of the channel, as its connector wants them */
    external: jsonb().notNull(),
    /** which of these ids is looked for when the channel names a listing: one SKU's only */
    key: text().notNull(),
    /** rises with every change of any mapping */
    change: bigserial({ mode: "number" }).notNull(),
    changedAt: instant("changed_at").notNull().defaultNow()
  },
  (t) => [
    primaryKey({ columns: [t.channel, t.sku] }),
    uniqueIndex("channel_mapping_by_key").on(t.channel, t.key),
    uniqueIndex("channel_mapping_by_change").on(t.change)
  ]
)

/** How far a channel's own orders were heard. */
export const orderCursor = pgTable("order_cursor", {
  channel: text().primaryKey(),
  /** where its orders go on, as its connector wants to be told; null: the channel calls us */
  cursor: text(),
  /** every order placed at the channel before this was stored */
  seenUntil: instant("seen_until").notNull(),
  movedAt: instant("moved_at").notNull().defaultNow()
})

/** An operator's word that what waits for a channel may go. */
export const channelRelease = pgTable("channel_release", {
  id: bigserial({ mode: "number" }).primaryKey(),
  channel: text().notNull(),
  /** null: all that waits */
  skus: text().array(),
  releasedBy: text("released_by").notNull(),
  reason: text(),
  releasedAt: instant("released_at").notNull().defaultNow(),
  /** when outbound let it go, and how many listings that were; null: not yet */
  takenAt: instant("taken_at"),
  listings: integer()
})

/** Scheduled runs that were begun. */
export const channelRun = pgTable(
  "channel_run",
  {
    channel: text().notNull(),
    ranAt: instant("ran_at").notNull(),
    /** that it was begun for */
    listings: integer().notNull()
  },
  (t) => [primaryKey({ columns: [t.channel, t.ranAt] })]
)

/** What the catalogue says of a SKU beside its stock: safety stock is in `stock_level`, as the events said it. */
export const catalogueItem = pgTable("catalogue_item", {
  sku: text().primaryKey(),
  name: text().notNull(),
  changedAt: instant("changed_at").notNull().defaultNow()
})

/**
 * What bundles are made of, as it was heard: nothing is ever changed. Which definition counted for an event follows from the
 * sequences, so that an event that is cut again is cut alike.
 */
export const bundleDefinition = pgTable(
  "bundle_definition",
  {
    id: bigserial({ mode: "number" }).primaryKey(),
    /** when EVENTS was created, the event's sequence there, and which line of it */
    streamCreated: text("stream_created").notNull(),
    sequence: bigint({ mode: "number" }).notNull(),
    line: smallint().notNull(),
    bundle: text().notNull(),
    /** SKUs with their quantities, as JSON; none: it is a bundle no more */
    components: jsonb().$type<ReadonlyArray<{ readonly sku: string; readonly quantity: number }>>().notNull(),
    eventSource: text("event_source").notNull(),
    eventId: text("event_id").notNull(),
    occurredAt: instant("occurred_at").notNull()
  },
  (t) => [uniqueIndex("bundle_definition_once").on(t.streamCreated, t.sequence, t.line)]
)

/** Places that hold stock, as an operator names them. A fact may name another one: it is pointed out, not refused. */
export const location = pgTable("location", {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: instant("created_at").notNull().defaultNow()
})

/** Which system emits which events, and how many minutes of silence are normal; null: any silence is. */
export const eventSource = pgTable(
  "event_source",
  {
    source: text().notNull(),
    type: text().notNull(),
    silenceMinutes: integer("silence_minutes"),
    note: text(),
    declaredAt: instant("declared_at").notNull().defaultNow()
  },
  (t) => [primaryKey({ columns: [t.source, t.type] })]
)

/** Events that nobody is to emit, because the business has no such thing. */
export const eventTypeUnused = pgTable("event_type_unused", {
  type: text().primaryKey(),
  note: text(),
  declaredAt: instant("declared_at").notNull().defaultNow()
})

/** Which system was heard with which events, declared or not. A few seconds behind; `events` is a rough number. */
export const eventSourceSeen = pgTable(
  "event_source_seen",
  {
    source: text().notNull(),
    type: text().notNull(),
    firstSeenAt: instant("first_seen_at").notNull(),
    lastSeenAt: instant("last_seen_at").notNull(),
    events: bigint({ mode: "number" }).notNull()
  },
  (t) => [primaryKey({ columns: [t.source, t.type] })]
)

/** When the ledger was folded anew, and in how many checks it differed from the state. */
export const verification = pgTable("verification", {
  id: bigserial({ mode: "number" }).primaryKey(),
  verifiedAt: instant("verified_at").notNull().defaultNow(),
  changes: bigint({ mode: "number" }).notNull(),
  findings: integer().notNull()
})

/** What processes leased and spent of the budgets of an account that they share, as `packages/channels` decides it: one row each. */
export const accountBudget = pgTable("account_budget", {
  account: text().primaryKey(),
  /** counts its changes: one that goes by an older state changes nothing */
  revision: bigint({ mode: "number" }).notNull(),
  state: jsonb().notNull()
})

/** How often a listing was written within its days: for each limit, slots of `[until, writes, writes that are not to zero]`. */
export const listingDay = pgTable(
  "listing_day",
  {
    channel: text().notNull(),
    sku: text().notNull(),
    written: jsonb().notNull(),
    /** when the last of it no longer counts */
    until: instant("until").notNull()
  },
  (t) => [primaryKey({ columns: [t.channel, t.sku] })]
)
