/**
 * What channels call our SKUs: listings by SKU, and the SKU by the channel's own key.
 *
 * Guarantee: a key of a channel is one SKU's. Changes become visible in their order, so that whoever reads on from the last misses
 * none. Every function rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

export interface MappingRow {
  readonly sku: Sku
  /** ids of the channel, as its connector wants them */
  readonly external: unknown
  /** the one that is looked for when the channel names a listing */
  readonly key: string
}

/** Rows of one statement: a megabyte or two. */
const pageRows = 5_000

const pagesOf = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / pageRows) }, (_, i) => all.slice(i * pageRows, (i + 1) * pageRows))

/** Those of these SKUs that are mapped. */
export const mappingsOf = async (
  sql: Sql,
  channel: string,
  skus: ReadonlyArray<string>
): Promise<ReadonlyArray<MappingRow>> => {
  const rows: Array<MappingRow> = []
  for (const page of pagesOf(skus))
    rows.push(
      ...(await sql<Array<MappingRow>>`
        select sku, external, key from channel_mapping where channel = ${channel} and sku = any(${textArray(page)}::text[])`)
    )
  return rows
}

/** SKUs by the channel's keys, of those that are mapped. */
export const mappedKeys = async (
  sql: Sql,
  channel: string,
  keys: ReadonlyArray<string>
): Promise<ReadonlyMap<string, Sku>> => {
  const skus = new Map<string, Sku>()
  for (const page of pagesOf(keys)) {
    const rows = await sql<Array<{ key: string; sku: Sku }>>`
      select key, sku from channel_mapping where channel = ${channel} and key = any(${textArray(page)}::text[])`
    for (const { key, sku } of rows) skus.set(key, sku)
  }
  return skus
}

/** @param after only SKUs after this one */
export const listMappings = (
  sql: Sql,
  channel: string,
  limit: number,
  after: string | undefined
): Promise<ReadonlyArray<MappingRow>> =>
  sql<Array<MappingRow>>`
    select sku, external, key from channel_mapping
    where channel = ${channel} and (${after ?? null}::text is null or sku > ${after ?? null})
    order by sku limit ${limit}`

/**
 * Maps SKUs, or maps them otherwise; all or nothing.
 * @param removed SKUs that are mapped no more
 */
export const saveMappings = async (
  sql: Sql,
  channel: string,
  rows: ReadonlyArray<MappingRow>,
  removed: ReadonlyArray<string>
): Promise<void> => {
  await sql.begin(async (transaction) => {
    // one writer at a time: the serials of one that commits later must not be below those that were seen
    await transaction`lock table channel_mapping in share row exclusive mode`
    // gone first: SKUs may exchange their keys
    for (const page of pagesOf([...removed, ...rows.map(({ sku }) => sku)]))
      await transaction`delete from channel_mapping where channel = ${channel} and sku = any(${textArray(page)}::text[])`
    for (const page of pagesOf(rows))
      await transaction`
        insert into channel_mapping (channel, sku, external, key)
        select ${channel}, t.sku, t.external::jsonb, t.key
        from unnest(${textArray(page.map(({ sku }) => sku))}::text[],
          ${textArray(page.map(({ external }) => JSON.stringify(external)))}::text[],
          ${textArray(page.map(({ key }) => key))}::text[]) as t (sku, external, key)`
  })
}

/** A SKU that a channel knows by other ids than before. */
export interface Remapped {
  readonly change: number
  readonly channel: string
  readonly sku: Sku
}

/** Changes after one, in their order, at most a page of them. */
export const remappedAfter = (sql: Sql, change: number): Promise<ReadonlyArray<Remapped>> =>
  sql<Array<Remapped>>`
    select change, channel, sku from channel_mapping where change > ${change} order by change limit ${pageRows}`
