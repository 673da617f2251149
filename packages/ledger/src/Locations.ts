/**
 * Places that hold stock, as an operator registered them.
 *
 * Guarantee: nothing here refuses a fact about another place; `unregisteredLocations` finds them. Every function rejects
 * with what postgres.js threw.
 */
import { textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

export interface LocationRow {
  readonly id: string
  readonly name: string
  /** milliseconds since the epoch */
  readonly createdAt: number
}

export const listLocations = (sql: Sql): Promise<ReadonlyArray<LocationRow>> =>
  sql<Array<LocationRow>>`
    select id, name, round(extract(epoch from created_at) * 1000)::float8 as "createdAt" from location order by id`

/** Adds locations and renames those that are there; the others stay. */
export const saveLocations = async (
  sql: Sql,
  locations: ReadonlyArray<Pick<LocationRow, "id" | "name">>
): Promise<void> => {
  await sql`
    insert into location as l (id, name)
    select * from unnest(${textArray(locations.map(({ id }) => id))}::text[], ${textArray(locations.map(({ name }) => name))}::text[])
    on conflict (id) do update set name = excluded.name where l.name is distinct from excluded.name`
}

/** Locations that facts named and nobody registered. @param limit most of them */
export const unregisteredLocations = async (sql: Sql, limit: number): Promise<ReadonlyArray<string>> => {
  const rows = await sql<Array<{ readonly id: string }>>`
    select distinct location_id as id from stock_level s
    where not exists (select 1 from location l where l.id = s.location_id) order by id limit ${limit}`
  return rows.map(({ id }) => id)
}
