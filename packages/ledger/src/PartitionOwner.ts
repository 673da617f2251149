/**
 * Taking over a partition, and what its new owner must know.
 *
 * Guarantee: after `takeOver` no commit of an older owner can succeed, not even one that is under way: the row lock waits
 * for it. The returned position is therefore final. Order of a take-over: fence, then load, then consume.
 */
import type { Sql } from "./Database.ts"

export interface Ownership {
  readonly partition: number
  readonly epoch: number
  readonly appliedSeq: number
  readonly commitNo: number
  readonly announcedNo: number
}

/**
 * Fences the partition for `owner`. A STOCK stream created anew has other sequences: the position then starts at 0, and
 * the dedup ids keep what was applied from being applied again.
 */
export const takeOver = async (sql: Sql, partition: number, owner: string, streamCreated: string): Promise<Ownership> => {
  const [row] = await sql`
    insert into partition_owner as o (partition, epoch, owner, applied_seq, commit_no, announced_no, stream_created)
    values (${partition}, 1, ${owner}, 0, 0, 0, ${streamCreated})
    on conflict (partition) do update set epoch = o.epoch + 1, owner = excluded.owner,
      applied_seq = case when o.stream_created = excluded.stream_created then o.applied_seq else 0 end,
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

/** Announcements of commits that nobody may have heard of, oldest first. */
export const unannounced = async (sql: Sql, owned: Ownership): Promise<ReadonlyArray<{ sku: string; body: string }>> => {
  const rows = await sql`
    select sku, body from outbox where partition = ${owned.partition} and commit_no > ${owned.announcedNo} order by commit_no`
  return rows as unknown as ReadonlyArray<{ sku: string; body: string }>
}

/** Open holds whose time has come, by the database's clock: at most `limit` SKUs. */
export const skusWithDueHolds = async (sql: Sql, limit: number): Promise<ReadonlyArray<{ sku: string; partition: number }>> => {
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
