/**
 * What bundles are made of, as ingest heard it: written once, never changed.
 *
 * Guarantee: writing the same line of the same event again changes nothing. Rows are read in the order in which they were
 * written. Every function rejects with what postgres.js threw.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { BundleDefinition } from "@holdfast/domain/Bundle"
import { numberArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** One line of an event, and where it is in EVENTS. Times are milliseconds since the epoch. */
export interface DefinitionRow {
  readonly streamCreated: string
  readonly sequence: number
  readonly line: number
  readonly bundle: Sku
  readonly components: BundleDefinition["components"]
  readonly source: string
  readonly id: string
  readonly at: number
}

/** A row as it is stored: `serial` grows with every row. */
export type StoredDefinition = DefinitionRow & { readonly serial: number }

export const saveDefinitions = async (sql: Sql, rows: ReadonlyArray<DefinitionRow>): Promise<void> => {
  await sql`
    insert into bundle_definition (stream_created, sequence, line, bundle, components, event_source, event_id, occurred_at)
    select t.stream_created, t.sequence, t.line, t.bundle, t.components::jsonb, t.event_source, t.event_id, to_timestamp(t.at)
    from unnest(${textArray(rows.map((r) => r.streamCreated))}::text[], ${numberArray(rows.map((r) => r.sequence))}::bigint[],
      ${numberArray(rows.map((r) => r.line))}::smallint[], ${textArray(rows.map((r) => r.bundle))}::text[],
      ${textArray(rows.map((r) => JSON.stringify(r.components)))}::text[], ${textArray(rows.map((r) => r.source))}::text[],
      ${textArray(rows.map((r) => r.id))}::text[], ${numberArray(rows.map((r) => r.at / 1000))}::float8[])
      as t (stream_created, sequence, line, bundle, components, event_source, event_id, at)
    order by t.sequence, t.line
    on conflict do nothing`
}

/** @param after serial beyond which rows are read */
export const readDefinitions = (sql: Sql, after = 0): Promise<ReadonlyArray<StoredDefinition>> =>
  sql<Array<StoredDefinition>>`
    select id as serial, stream_created as "streamCreated", sequence, line, bundle, components, event_source as source,
      event_id as id, round(extract(epoch from occurred_at) * 1000)::float8 as at
    from bundle_definition where id > ${after} order by id`
