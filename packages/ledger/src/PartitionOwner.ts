/**
 * Taking over a partition, and what its new owner must know.
 *
 * Guarantee: after `takeOver` no commit of an older owner can succeed, not even one that is under way: the row lock waits
 * for it. The returned position is therefore final. Order of a take-over: fence, then load, then consume.
 */
import {
  announcedEventsMax,
  type AnnouncedEvent,
  type AnnouncedLevel,
  type Availability
} from "@holdfast/domain/Availability"
import { announcedTerms, decodeTerms, type AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import type { Sku } from "@holdfast/domain/Identity"
import type { OversoldNotice } from "@holdfast/domain/Oversold"
import type { Row } from "postgres"
import type { Sql } from "./Database.ts"

export interface Ownership {
  readonly partition: number
  readonly epoch: number
  readonly appliedSeq: number
  readonly commitNo: number
  readonly announcedNo: number
}

/** The STOCK stream as it is now: which one it is, and how far it goes. */
export interface StreamIdentity {
  readonly created: string
  readonly lastSequence: number
}

/**
 * Fences the partition for `owner`. A STOCK stream that was created anew, or that lost its end, gives sequences to other
 * messages: the position then starts at 0, and the dedup ids keep what was applied from being applied again.
 */
export const takeOver = async (
  sql: Sql,
  partition: number,
  owner: string,
  stream: StreamIdentity
): Promise<Ownership> => {
  const [row] = await sql`
    insert into partition_owner as o (partition, epoch, owner, applied_seq, commit_no, announced_no, stream_created)
    values (${partition}, 1, ${owner}, 0, 0, 0, ${stream.created})
    on conflict (partition) do update set epoch = o.epoch + 1, owner = excluded.owner,
      applied_seq = case when o.stream_created = excluded.stream_created and o.applied_seq <= ${stream.lastSequence}
        then o.applied_seq else 0 end,
      stream_created = excluded.stream_created
    returning epoch, applied_seq, commit_no, announced_no`
  return {
    partition,
    epoch: row!["epoch"] as number,
    appliedSeq: row!["applied_seq"] as number,
    commitNo: row!["commit_no"] as number,
    announcedNo: row!["announced_no"] as number
  }
}

/** The epoch that may commit now. */
export const currentEpoch = async (sql: Sql, partition: number): Promise<number> => {
  const [row] = await sql`select epoch from partition_owner where partition = ${partition}`
  return row!["epoch"] as number
}

export interface Unannounced {
  readonly availabilities: ReadonlyArray<Availability>
  readonly oversold: ReadonlyArray<OversoldNotice>
}

/**
 * What nobody may have heard of: the newest availability of every SKU that a commit after `announcedNo` changed, with the
 * events of those commits, and what they oversold. Their time of storing is taken to be that of their commit: the ledger does not know it.
 */
export const unannounced = async (sql: Sql, owned: Ownership): Promise<Unannounced> => {
  const changed = sql`
    select unnest(skus) as sku, min(committed_at) as since from outbox
    where partition = ${owned.partition} and commit_no > ${owned.announcedNo} group by 1`
  const [levels, events, oversold] = await Promise.all([
    sql`select l.sku, l.location_id, l.on_hand, l.committed, l.held, l.version, l.safety_stock, l.incoming, l.in_transit,
          l.receiving + l.inspection + l.damaged + l.quality as unavailable,
          (select sum(h.quantity)::int from hold h where h.sku = l.sku and h.location_id = l.location_id and h.ended is null
            and h.reservation_id like '%-guard') as guarded, s.terms
        from stock_level l join (${changed}) c using (sku) left join sku_terms s using (sku)`,
    sql`select l.sku, l.cause_source, l.cause_id, l.kind, l.traceparent, (extract(epoch from l.occurred_at) * 1000)::float8 as occurred,
          (extract(epoch from l.committed_at) * 1000)::float8 as committed
        from ledger l join (${changed}) c on c.sku = l.sku and l.committed_at >= c.since
        where l.cause_source <> 'clock' order by l.sku, l.version`,
    sql`select l.sku, l.version, l.location_id, l.oversold, l.kind, l.channel, l.document_id, l.cause_source, l.cause_id, l.traceparent,
          (extract(epoch from l.committed_at) * 1000)::float8 as committed
        from ledger l join (${changed}) c on c.sku = l.sku and l.committed_at >= c.since where l.oversold > 0 order by l.sku, l.version`
  ])
  const bySku = new Map<
    string,
    {
      levels: Array<AnnouncedLevel>
      events: Array<AnnouncedEvent>
      version: number
      at: number
      terms?: AnnouncedTerms
    }
  >()
  for (const row of levels) {
    const found = bySku.get(row["sku"]) ?? { levels: [], events: [], version: 0, at: 0 }
    const { location_id: locationId, on_hand: onHand, committed, held, unavailable, incoming } = row
    const { safety_stock: safetyStock, in_transit: inTransit } = row
    const guarded = row["guarded"] === null ? {} : { guarded: row["guarded"] }
    found.levels.push({
      locationId,
      onHand,
      committed,
      held,
      unavailable,
      safetyStock,
      incoming,
      inTransit,
      ...guarded
    })
    const terms = row["terms"] === null ? undefined : announcedTerms(decodeTerms(row["terms"]))
    if (terms !== undefined) found.terms = terms
    found.version = Math.max(found.version, row["version"])
    bySku.set(row["sku"], found)
  }
  for (const row of events) noteEvent(bySku.get(row["sku"])!, row)
  return {
    availabilities: [...bySku].map(([sku, { at, ...rest }]) => ({
      sku: sku as Sku,
      committedAt: at,
      more: 0,
      ...rest
    })),
    oversold: oversold.map(noticeOf)
  }
}

const noticeOf = (row: Row): OversoldNotice => ({
  sku: row["sku"],
  version: row["version"],
  locationId: row["location_id"],
  units: row["oversold"],
  kind: row["kind"],
  cause: { source: row["cause_source"], id: row["cause_id"] },
  committedAt: Math.round(row["committed"]),
  ...(row["channel"] === null ? {} : { channel: row["channel"] }),
  ...(row["document_id"] === null ? {} : { orderId: row["document_id"] }),
  ...(row["traceparent"] === null ? {} : { traceparent: row["traceparent"] })
})

const noteEvent = (found: { events: Array<AnnouncedEvent>; at: number }, row: Record<string, unknown>): void => {
  const committedAt = Math.round(Number(row["committed"]))
  found.at = Math.max(found.at, committedAt)
  if (found.events.length >= announcedEventsMax) return
  found.events.push({
    source: String(row["cause_source"]),
    id: String(row["cause_id"]),
    type: String(row["kind"]),
    occurredAt: Math.round(Number(row["occurred"])),
    storedAt: committedAt,
    decidedAt: committedAt,
    committedAt,
    parts: 1,
    traceparent: typeof row["traceparent"] === "string" ? row["traceparent"] : ""
  })
}

/** Open holds whose time has come, by the database's clock: at most `limit` SKUs. */
export const skusWithDueHolds = async (
  sql: Sql,
  limit: number
): Promise<ReadonlyArray<{ sku: string; partition: number }>> => {
  const rows = await sql`
    select sku, min(partition)::int as partition from
      (select sku, partition from hold where ended is null and expires_at <= clock_timestamp() order by expires_at limit ${limit}) due
    group by sku`
  return rows as unknown as ReadonlyArray<{ sku: string; partition: number }>
}

/** Stops a SKU until an operator lifts it. */
export const quarantineSku = async (sql: Sql, sku: string, detail: string): Promise<void> => {
  await sql`insert into quarantine (sku, detail) values (${sku}, ${detail})
    on conflict (sku) do update set detail = excluded.detail, since = clock_timestamp(), lifted = false`
}
