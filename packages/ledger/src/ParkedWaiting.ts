/**
 * Parked messages of one reason that wait to be replayed by a program, with their bytes.
 *
 * Guarantee: what was replayed or discarded is never among them. Every function rejects with what postgres.js threw.
 */
import { numberArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** A part of a physical inventory, until all are there. */
export const physicalCount = "physical_count"

/** Times are milliseconds since the epoch. */
export interface WaitingMessage {
  readonly id: number
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array
  readonly traceparent: string | null
  readonly storedAt: number
  /** always null: it waits */
  readonly replayedAt: null
}

const columns = (sql: Sql) => sql`
  id, subject, headers, payload, traceparent, round(extract(epoch from stored_at) * 1000)::float8 as "storedAt",
  null as "replayedAt"`

const waits = (sql: Sql, reason: string) => sql`
  reason = ${reason} and replayed_at is null and discarded_at is null`

/** A page in the order of their ids. @param after only greater ids */
export const waitingPage = (
  sql: Sql,
  reason: string,
  after: number,
  limit: number
): Promise<ReadonlyArray<WaitingMessage>> =>
  sql<Array<WaitingMessage>>`
    select ${columns(sql)} from parked where ${waits(sql, reason)} and id > ${after} order by id limit ${limit}`

/** Ids of all that wait, rising. */
export const waitingAll = async (sql: Sql, reason: string): Promise<ReadonlyArray<number>> => {
  const rows = await sql<Array<{ id: number }>>`select id from parked where ${waits(sql, reason)} order by id`
  return rows.map(({ id }) => id)
}

/** Those of these ids that still wait, in the order of their ids. */
export const waitingOf = (
  sql: Sql,
  reason: string,
  ids: ReadonlyArray<number>
): Promise<ReadonlyArray<WaitingMessage>> =>
  sql<Array<WaitingMessage>>`
    select ${columns(sql)} from parked
    where ${waits(sql, reason)} and id = any(${numberArray(ids)}::bigint[]) order by id`

/** Under which id messages of a stream wait: sequence -> id. */
export const waitingIds = async (
  sql: Sql,
  reason: string,
  stream: { readonly name: string; readonly created: string },
  sequences: ReadonlyArray<number>
): Promise<ReadonlyMap<number, number>> => {
  const rows = await sql<Array<{ id: number; sequence: number }>>`
    select id, sequence from parked
    where ${waits(sql, reason)} and stream = ${stream.name} and stream_created = ${stream.created}
      and sequence = any(${numberArray(sequences)}::bigint[])`
  return new Map(rows.map(({ id, sequence }) => [sequence, id]))
}
