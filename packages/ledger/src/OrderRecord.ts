/**
 * What the ledger knows of orders, for whoever has to find the SKUs of one.
 *
 * Guarantee: a fact of STOCK whose sequence is not above its partition's applied one is in what is read afterwards: it made a
 * line of its order, or was parked, or had been applied before. Every function rejects with what postgres.js threw.
 */
import { decodeLine, documentKey, type OrderLine } from "@holdfast/domain/DocumentLine"
import type { OrderId, Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

export interface RecordedLine {
  readonly orderId: OrderId
  readonly sku: Sku
  readonly line: OrderLine
}

/** How far one partition of STOCK is committed. */
export interface AppliedPosition {
  readonly partition: number
  readonly appliedSeq: number
  /** the STOCK stream that the sequence belongs to */
  readonly streamCreated: string
}

export const appliedPositions = (sql: Sql): Promise<ReadonlyArray<AppliedPosition>> =>
  sql<Array<AppliedPosition>>`
    select partition, applied_seq as "appliedSeq", stream_created as "streamCreated" from partition_owner`

/** All lines of these orders. */
export const recordedLines = async (
  sql: Sql,
  orderIds: ReadonlyArray<string>
): Promise<ReadonlyArray<RecordedLine>> => {
  const rows = await sql<Array<{ orderId: OrderId; sku: Sku; line: string }>>`
    select document_id as "orderId", sku, line from document_line
    where kind = 'order' and document_id = any(${textArray(orderIds)}::text[])`
  return rows.map(({ orderId, sku, line }) => ({
    orderId,
    sku,
    line: decodeLine(documentKey("order", orderId), line) as OrderLine
  }))
}

/**
 * Payloads of parked facts that wait and may be about one of these orders: the id is somewhere in them.
 * @param stream whose messages are meant
 */
export const parkedFactsNaming = async (
  sql: Sql,
  stream: string,
  orderIds: ReadonlyArray<string>
): Promise<ReadonlyArray<Uint8Array>> => {
  const rows = await sql<Array<{ payload: Uint8Array }>>`
    select payload from parked
    where replayed_at is null and discarded_at is null and stream = ${stream} and sku is not null and exists (
      select 1 from unnest(${textArray(orderIds.map((id) => JSON.stringify(id)))}::text[]) as t (id)
      where position(convert_to(t.id, 'UTF8') in payload) > 0)`
  return rows.map(({ payload }) => payload)
}

/** How far back a repetition is looked for, as the admission does. */
const repetitionWindow = "16 days"

/** Which of these dedup ids were applied. @param keys as `eventKey` makes them */
export const appliedKeys = async (sql: Sql, keys: ReadonlyArray<string>): Promise<ReadonlySet<string>> => {
  if (keys.length === 0) return new Set()
  const rows = await sql<Array<{ key: string }>>`
    select encode(uuid_send(cause_key), 'hex') as key from ledger
    where committed_at > now() - ${repetitionWindow}::interval and committed_at < now() + interval '1 hour'
      and cause_key = any(${textArray(keys)}::uuid[])`
  return new Set(rows.map(({ key }) => key))
}
