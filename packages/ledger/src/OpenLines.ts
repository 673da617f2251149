/**
 * Lines of orders, transfers and purchases that are open, for people who ask about a SKU.
 *
 * Guarantee: every open line of the SKUs, with the moment at which its document began for this SKU. They are found through
 * the ledger's rows of the SKU, since `document_line` is kept by document. Rejects with what postgres.js threw.
 */
import { decodeLine, documentKey, type DocumentLine } from "@holdfast/domain/DocumentLine"
import type { Sku } from "@holdfast/domain/Identity"
import { textArray } from "./ArrayLiteral.ts"
import type { Reader } from "./Snapshot.ts"

export interface OpenLine {
  readonly sku: Sku
  readonly line: DocumentLine
  /** units that are committed, in transit or incoming */
  readonly open: number
  /** when the order was first placed, else when the document was first heard of: milliseconds since the epoch */
  readonly beganAt: number
  /** version of the SKU at which the document was first heard of */
  readonly version: number
}

/** To which kind of document a row of the ledger belongs. Counts have ids too, and no line. */
export const documentKind = (sql: Reader) => sql`
  case when kind like 'transfer.%' then 'transfer' when kind in ('purchase.ordered', 'goods.received') then 'purchase'
    when kind <> 'count.cycle' then 'order' end`

interface Row {
  readonly sku: Sku
  readonly kind: DocumentLine["kind"]
  readonly documentId: string
  readonly open: number
  readonly line: string
  readonly beganAt: number
  readonly version: number
}

/** Oldest first. An order's changes do not make it younger. */
export const openLines = async (sql: Reader, skus: ReadonlyArray<string>): Promise<ReadonlyArray<OpenLine>> => {
  const rows = await sql<Array<Row>>`
    with heard as (
      select sku, document_id, ${documentKind(sql)} as kind, min(version) as version,
        coalesce(min(occurred_at) filter (where kind = 'order.placed'), min(occurred_at)) as began
      from ledger where sku = any(${textArray(skus)}::text[]) and document_id is not null group by 1, 2, 3)
    select d.sku, d.kind, d.document_id as "documentId", d.open, d.line, h.version,
      round(extract(epoch from h.began) * 1000)::float8 as "beganAt"
    from heard h join document_line d using (sku, document_id, kind) where d.open > 0
    order by h.began, h.version`
  return rows.map(({ kind, documentId, line, ...rest }) => ({
    ...rest,
    line: decodeLine(documentKey(kind, documentId), line)
  }))
}
