/**
 * What purchases are still to bring, by SKU.
 *
 * Guarantee: every open purchase that says when it is expected, and no other. Rejects with what postgres.js threw.
 */
import type { ExpectedUnits } from "@holdfast/domain/AvailableToPromise"
import { decodeLine, documentKey, incomingAt } from "@holdfast/domain/DocumentLine"
import type { Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { Reader } from "./Snapshot.ts"

export interface ExpectedOfSku extends ExpectedUnits {
  readonly sku: Sku
}

/** In no order. */
export const expectedUnits = async (
  sql: Reader,
  skus: ReadonlyArray<string>
): Promise<ReadonlyArray<ExpectedOfSku>> => {
  const rows = await sql<Array<{ readonly sku: Sku; readonly documentId: string; readonly line: string }>>`
    select sku, document_id as "documentId", line from document_line
    where kind = 'purchase' and open > 0 and sku = any(${textArray(skus)}::text[])`
  return rows.flatMap(({ sku, documentId, line: text }) => {
    const line = decodeLine(documentKey("purchase", documentId), text)
    if (line.kind !== "purchase") return []
    return line.locations.flatMap((at) => {
      const units = incomingAt(at)
      return units === 0 || at.expectedAt === undefined
        ? []
        : [{ sku, locationId: at.locationId, units, at: at.expectedAt }]
    })
  })
}
