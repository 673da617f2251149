/**
 * What could not be understood or applied, kept with its bytes until somebody corrects, replays or discards it.
 *
 * Guarantee: parking the same message of the same stream again changes nothing. Nothing is deleted here: replayed and
 * discarded messages are marked and stay. Every function rejects with what postgres.js threw.
 */
import { numberArray, sparseArray, textArray } from "./ArrayLiteral.ts"
import type { ParkedRow } from "./CommitBatch.ts"
import type { Sql } from "./Database.ts"

/** A parked message without its bytes. Times are milliseconds since the epoch. */
export interface ParkedSummary {
  readonly id: number
  readonly stream: string
  readonly sequence: number
  readonly subject: string
  readonly reason: string
  readonly detail: string
  readonly source: string | null
  readonly eventId: string | null
  readonly sku: string | null
  readonly traceparent: string | null
  readonly bytes: number
  readonly storedAt: number
  readonly parkedAt: number
  readonly replayedAt: number | null
  readonly discardedAt: number | null
}

export interface ParkedMessage extends ParkedSummary {
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array
}

export interface ParkedQuery {
  /** leave out what was replayed or discarded; default true */
  readonly waitingOnly?: boolean
  readonly reason?: string
  /** most rows, default 100 */
  readonly limit?: number
  /** only ids greater than this: the last id of the page before */
  readonly after?: number
}

const listedDefault = 100

/** The insert that parks rows, by itself or as a part of another statement. */
export const insertParked = (sql: Sql, rows: ReadonlyArray<ParkedRow>) => sql`
  insert into parked (stream, stream_created, sequence, item, subject, headers, payload, reason, detail, event_source, event_id,
    sku, traceparent, stored_at)
  select t.stream, t.stream_created, t.sequence, t.item, t.subject, t.headers::jsonb, decode(t.payload, 'base64'), t.reason,
    t.detail, t.event_source, t.event_id, t.sku, t.traceparent, to_timestamp(t.stored_at)
  from (select unnest(${textArray(rows.map((r) => r.stream))}::text[]) as stream,
    unnest(${textArray(rows.map((r) => r.streamCreated))}::text[]) as stream_created,
    unnest(${numberArray(rows.map((r) => r.sequence))}::bigint[]) as sequence,
    unnest(${numberArray(rows.map((r) => r.item ?? 0))}::smallint[]) as item,
    unnest(${textArray(rows.map((r) => r.subject))}::text[]) as subject,
    unnest(${textArray(rows.map((r) => JSON.stringify(r.headers)))}::text[]) as headers,
    unnest(${textArray(rows.map((r) => Buffer.from(r.payload).toString("base64")))}::text[]) as payload,
    unnest(${textArray(rows.map((r) => r.reason))}::text[]) as reason, unnest(${textArray(rows.map((r) => r.detail))}::text[]) as detail,
    unnest(${sparseArray(rows.map((r) => r.source))}::text[]) as event_source,
    unnest(${sparseArray(rows.map((r) => r.id))}::text[]) as event_id, unnest(${sparseArray(rows.map((r) => r.sku))}::text[]) as sku,
    unnest(${sparseArray(rows.map((r) => r.traceparent))}::text[]) as traceparent,
    unnest(${numberArray(rows.map((r) => r.storedAt / 1000))}::float8[]) as stored_at) as t
  on conflict do nothing`

/** Parks rows in one insert. */
export const park = async (sql: Sql, rows: ReadonlyArray<ParkedRow>): Promise<void> => {
  await insertParked(sql, rows)
}

const millis = (sql: Sql, column: string) => sql`(extract(epoch from ${sql(column)}) * 1000)::float8`

const summary = (sql: Sql) => sql`
  id, stream, sequence, subject, reason, detail, event_source as source, event_id as "eventId", sku, traceparent,
  octet_length(payload) as bytes, ${millis(sql, "stored_at")} as "storedAt", ${millis(sql, "parked_at")} as "parkedAt",
  ${millis(sql, "replayed_at")} as "replayedAt", ${millis(sql, "discarded_at")} as "discardedAt"`

/** Parked messages in the order of their ids. */
export const list = async (sql: Sql, asked: ParkedQuery = {}): Promise<ReadonlyArray<ParkedSummary>> => {
  const { waitingOnly = true, reason = null, limit = listedDefault, after = 0 } = asked
  return sql<Array<ParkedSummary>>`
    select ${summary(sql)} from parked
    where id > ${after} and (${!waitingOnly} or (replayed_at is null and discarded_at is null))
      and (${reason}::text is null or reason = ${reason})
    order by id limit ${limit}`
}

/** One parked message with its bytes and headers. */
export const get = async (sql: Sql, id: number): Promise<ParkedMessage | undefined> => {
  const rows = await sql<Array<ParkedMessage>>`select ${summary(sql)}, headers, payload from parked where id = ${id}`
  return rows[0]
}

/** Number of messages that wait, by reason. */
export const countWaiting = async (sql: Sql): Promise<ReadonlyMap<string, number>> => {
  const rows = await sql<Array<{ reason: string; count: number }>>`
    select reason, count(*)::int as count from parked where replayed_at is null and discarded_at is null group by reason`
  return new Map(rows.map(({ reason, count }) => [reason, count]))
}

/** Marks as published again. Resolves with the ids that exist. */
export const markReplayed = async (sql: Sql, ids: ReadonlyArray<number>): Promise<ReadonlyArray<number>> => {
  const rows = await sql<Array<{ id: number }>>`
    update parked set replayed_at = clock_timestamp() where id = any(${[...ids]}::bigint[]) returning id`
  return rows.map(({ id }) => id)
}

/** Marks what still waits as not wanted. Resolves with the ids that this changed. */
export const discard = async (sql: Sql, ids: ReadonlyArray<number>): Promise<ReadonlyArray<number>> => {
  const rows = await sql<Array<{ id: number }>>`
    update parked set discarded_at = clock_timestamp()
    where id = any(${[...ids]}::bigint[]) and replayed_at is null and discarded_at is null returning id`
  return rows.map(({ id }) => id)
}
