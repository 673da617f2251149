/** Which SKUs a location has, or had. Rejects with what postgres.js threw. */
import type { LocationId, Sku } from "@holdfast/domain/Identity"
import type { Sql } from "./Database.ts"

/** Every SKU that has a level at the location, whatever its quantities. */
export const skusAt = async (sql: Sql, locationId: LocationId): Promise<ReadonlyArray<Sku>> => {
  const rows = await sql<
    Array<{ sku: Sku }>
  >`select sku from stock_level where location_id = ${locationId} order by sku`
  return rows.map(({ sku }) => sku)
}
