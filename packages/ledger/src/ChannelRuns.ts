/**
 * Queries on `channel_run` and `channel_release`: when a scheduled channel ran, and an operator's word that what waits may go.
 *
 * Guarantee: a release is taken once. Every function rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { ChangeAuthor } from "./ChannelDefinitions.ts"
import type { Sql } from "./Database.ts"

/** Milliseconds since the epoch; undefined: the channel never ran. */
export const lastRun = async (sql: Sql, channel: string): Promise<number | undefined> => {
  const [row] = await sql<Array<{ at: number | null }>>`
    select round(extract(epoch from max(ran_at)) * 1000)::float8 as at from channel_run where channel = ${channel}`
  return row?.at ?? undefined
}

/** @param ranAt milliseconds since the epoch */
export const saveRun = async (sql: Sql, channel: string, ranAt: number, listings: number): Promise<void> => {
  await sql`
    insert into channel_run (channel, ran_at, listings) values (${channel}, to_timestamp(${ranAt}::float8 / 1000), ${listings})
    on conflict (channel, ran_at) do nothing`
}

/** A release that was not taken yet. */
export interface OpenRelease {
  readonly id: number
  readonly channel: string
  /** null: all that waits */
  readonly skus: ReadonlyArray<Sku> | null
}

/** @param skus undefined: all that waits. @returns its id */
export const requestRelease = async (
  sql: Sql,
  channel: string,
  skus: ReadonlyArray<string> | undefined,
  { by, reason }: ChangeAuthor
): Promise<number> => {
  const some = skus === undefined ? null : textArray(skus)
  const [row] = await sql<Array<{ id: number }>>`
    insert into channel_release (channel, skus, released_by, reason) values (${channel}, ${some}::text[], ${by}, ${reason ?? null})
    returning id`
  return row!.id
}

export const openReleases = (sql: Sql): Promise<ReadonlyArray<OpenRelease>> =>
  sql<Array<OpenRelease>>`select id, channel, skus from channel_release where taken_at is null order by id`

/** @returns whether nobody took it before */
export const takeRelease = async (sql: Sql, id: number, listings: number): Promise<boolean> => {
  const rows = await sql`
    update channel_release set taken_at = clock_timestamp(), listings = ${listings} where id = ${id} and taken_at is null
    returning id`
  return rows.length > 0
}

/** How many listings a release let go; null: it was not taken yet; undefined: there is none. */
export const releasedListings = async (sql: Sql, id: number): Promise<number | null | undefined> => {
  const [row] = await sql<Array<{ listings: number | null }>>`select listings from channel_release where id = ${id}`
  return row?.listings
}
