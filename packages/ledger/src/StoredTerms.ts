/** Terms of sale as they are stored, for people and for plans. Rejects with what postgres.js threw. */
import type { Sku } from "@holdfast/domain/Identity"
import { decodeTerms, type SkuTerms } from "@holdfast/domain/SkuTerms"
import { textArray } from "./ArrayLiteral.ts"
import type { Reader } from "./Snapshot.ts"

/** Terms by SKU, of those of which anything was said. */
export const storedTerms = async (sql: Reader, skus: ReadonlyArray<Sku>): Promise<ReadonlyMap<Sku, SkuTerms>> => {
  const rows = await sql<Array<{ sku: Sku; terms: string }>>`
    select sku, terms from sku_terms where sku = any(${textArray(skus)}::text[])`
  return new Map(rows.map(({ sku, terms }) => [sku, decodeTerms(terms)]))
}
