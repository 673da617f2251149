/**
 * What is stored of the catalogue: safety stocks as the events set them, names as somebody wrote them.
 *
 * Guarantee: only names are written here; a safety stock is changed by a `sku.registered` event alone. Every function rejects
 * with what postgres.js threw.
 */
import type { CatalogueLine, KnownCatalogue, KnownPlace } from "@holdfast/domain/Catalogue"
import { locationOf } from "@holdfast/domain/Catalogue"
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/** A SKU at one of its locations. Times are milliseconds since the epoch. */
export interface CatalogueRow {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly safetyStock: number
  /** as of when it was set; null when it never was */
  readonly safetyStockAt: number | null
  readonly name: string | null
}

export interface CatalogueQuery {
  readonly locationId?: string
  /** most SKUs of a page, all their locations included */
  readonly limit: number
  /** only SKUs after this one: the last of the page before */
  readonly after?: string
}

/** Lines that are looked up in one statement: an array of so many ids stays below a megabyte or two. */
const pageLines = 5_000

const placeKey = (sku: string, locationId: string): string => `${sku}\u0000${locationId}`

interface PlaceRow extends KnownPlace {
  readonly sku: string
  readonly locationId: string
}

const placesOf = (sql: Sql, lines: ReadonlyArray<CatalogueLine>) =>
  sql<Array<Omit<PlaceRow, "safetyStockAt"> & { readonly safetyStockAt: number | null }>>`
    select l.sku, l.location_id as "locationId", l.safety_stock as "safetyStock",
      round(extract(epoch from l.safety_stock_at) * 1000)::float8 as "safetyStockAt"
    from unnest(${textArray(lines.map(({ item }) => item.sku))}::text[],
      ${textArray(lines.map(({ item }) => locationOf(item)))}::text[]) as t (sku, location_id)
    join stock_level l using (sku, location_id)`

const namesOf = (sql: Sql, lines: ReadonlyArray<CatalogueLine>) =>
  sql<Array<{ readonly sku: string; readonly name: string }>>`
    select sku, name from catalogue_item where sku = any(${textArray(lines.map(({ item }) => item.sku))}::text[])`

/** What is stored of the places and SKUs of these lines. */
export const knownOf = async (sql: Sql, lines: ReadonlyArray<CatalogueLine>): Promise<KnownCatalogue> => {
  const places = new Map<string, KnownPlace>()
  const names = new Map<string, string>()
  for (let from = 0; from < lines.length; from += pageLines) {
    const page = lines.slice(from, from + pageLines)
    const [levels, named] = await Promise.all([placesOf(sql, page), namesOf(sql, page)])
    for (const { sku, locationId, safetyStock, safetyStockAt } of levels)
      places.set(placeKey(sku, locationId), { safetyStock, safetyStockAt: safetyStockAt ?? undefined })
    for (const { sku, name } of named) names.set(sku, name)
  }
  return {
    place: (sku, locationId) => places.get(placeKey(sku, locationId)),
    name: (sku) => names.get(sku)
  }
}

/** Writes names; the SKU need not be known to the stock yet. */
export const saveNames = async (sql: Sql, names: ReadonlyMap<string, string>): Promise<void> => {
  const all = [...names]
  for (let from = 0; from < all.length; from += pageLines) {
    const page = all.slice(from, from + pageLines)
    await sql`
      insert into catalogue_item as c (sku, name)
      select * from unnest(${textArray(page.map(([sku]) => sku))}::text[], ${textArray(page.map(([, name]) => name))}::text[])
      on conflict (sku) do update set name = excluded.name, changed_at = clock_timestamp()
        where c.name is distinct from excluded.name`
  }
}

/** A page of the catalogue: SKUs in order, each with all its locations (or the one that is asked for). */
export const listCatalogue = (
  sql: Sql,
  { locationId, limit, after }: CatalogueQuery
): Promise<ReadonlyArray<CatalogueRow>> =>
  sql<Array<CatalogueRow>>`
    with page as (
      select sku from stock_level
      where (${after ?? null}::text is null or sku > ${after ?? null}) and (${locationId ?? null}::text is null or location_id = ${locationId ?? null})
      group by sku order by sku limit ${limit})
    select sku, l.location_id as "locationId", l.safety_stock as "safetyStock",
      round(extract(epoch from l.safety_stock_at) * 1000)::float8 as "safetyStockAt", c.name
    from page join stock_level l using (sku) left join catalogue_item c using (sku)
    where ${locationId ?? null}::text is null or l.location_id = ${locationId ?? null}
    order by sku, l.location_id`
