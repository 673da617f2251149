/**
 * How many orders of each channel had a reservation, read from the ledger.
 *
 * Guarantee: an order counts once, however many SKUs it has; it had a reservation when it consumed one or one was confirmed
 * for it. Rejects with what postgres.js threw.
 */
import type { Sql } from "./Database.ts"

export interface ReservationUse {
  /** null: orders that named no channel */
  readonly channel: string | null
  readonly orders: number
  readonly reserved: number
}

/** @param days how far back, by when the ledger heard of it */
export const reservationUse = (sql: Sql, days: number): Promise<ReadonlyArray<ReservationUse>> =>
  sql<Array<ReservationUse>>`
    with placed as (
      select distinct channel, document_id from ledger
      where kind = 'order.placed' and document_id is not null and committed_at > now() - make_interval(days => ${days})),
    reserved as (
      select distinct document_id from ledger
      where kind in ('reservation.consumed', 'reservation.confirmed') and document_id is not null
        and committed_at > now() - make_interval(days => ${days + 1}))
    select channel, count(*)::int as orders, count(r.document_id)::int as reserved
    from placed left join reserved r using (document_id) group by channel order by channel`
