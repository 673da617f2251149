/**
 * Queries on `order_cursor`: how far each channel's own orders were heard.
 *
 * Guarantee: `seenUntil` never goes back. Every function rejects with what postgres.js threw.
 */
import type { ChannelId } from "@holdfast/domain/Identity"
import type { Sql } from "./Database.ts"

export interface HeardOrders {
  readonly channel: ChannelId
  /** where its orders go on; null: the channel calls us */
  readonly cursor: string | null
  /** ms since the epoch: every order placed at the channel before this was stored */
  readonly seenUntil: number
}

export const readOrderCursors = (sql: Sql): Promise<ReadonlyArray<HeardOrders>> =>
  sql<Array<HeardOrders>>`
    select channel, cursor, round(extract(epoch from seen_until) * 1000)::float8 as "seenUntil"
    from order_cursor order by channel`

/** To be called once every event up to the cursor is stored. */
export const moveOrderCursor = async (sql: Sql, { channel, cursor, seenUntil }: HeardOrders): Promise<void> => {
  await sql`
    insert into order_cursor (channel, cursor, seen_until)
    values (${channel}, ${cursor}, to_timestamp(${seenUntil}::float8 / 1000))
    on conflict (channel) do update set cursor = excluded.cursor, moved_at = now(),
      seen_until = greatest(order_cursor.seen_until, excluded.seen_until)`
}
