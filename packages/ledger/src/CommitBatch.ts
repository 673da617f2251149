/**
 * What one group commit writes, gathered as columns.
 *
 * Guarantee: it only gathers; `commitBatch` writes it in one transaction or not at all. Rows that several decisions of one
 * batch touch (a level, a hold, an order's line) are written once, as they stand at the end.
 */
import { encodeLine, openUnits, type DocumentLine } from "@holdfast/domain/DocumentLine"
import { encodeTerms } from "@holdfast/domain/SkuTerms"
import type { StockChange } from "@holdfast/domain/StockChange"
import type { Hold, HoldEnd, StockLevel } from "@holdfast/domain/StockState"
import { escaped, NumberColumn, SparseColumn, TextColumn } from "./ArrayLiteral.ts"

/** Move of one partition's position, valid only in `epoch` and from `fromSeq`. */
export interface PartitionMove {
  readonly partition: number
  readonly epoch: number
  readonly fromSeq: number
  readonly toSeq: number
  readonly commitNo: number
  readonly announcedNo: number
}

/** Why a change happened. Times are milliseconds since the epoch. */
export interface Cause {
  readonly source: string
  readonly id: string
  /** dedup id: 32 hex digits; of an event only, and only of its last change */
  readonly key?: string | undefined
  readonly channel?: string | undefined
  readonly occurredAt: number
  readonly traceparent?: string | undefined
}

/** A level as it stands after the batch, and the version its row must have had before; 0 means that there is no row yet. */
export interface LevelRow {
  readonly partition: number
  readonly sku: string
  readonly level: Readonly<StockLevel>
  readonly version: number
  readonly expected: number
}

/** A message that is set aside instead of applied. */
export interface ParkedRow {
  readonly stream: string
  readonly streamCreated: string
  readonly sequence: number
  /** which fact of a message of STOCK, from 0 */
  readonly item?: number
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array
  readonly reason: string
  readonly detail: string
  readonly source?: string | undefined
  readonly id?: string | undefined
  readonly sku?: string | undefined
  readonly traceparent?: string | undefined
  readonly storedAt: number
}

const secondsOf = (millis: number | undefined): number | undefined => (millis === undefined ? undefined : millis / 1000)

class LedgerColumns {
  readonly sku = new TextColumn()
  readonly version = new NumberColumn()
  readonly kind = new TextColumn()
  readonly locationId = new TextColumn()
  readonly onHand = new NumberColumn()
  readonly committed = new NumberColumn()
  readonly held = new NumberColumn()
  readonly oversold = new NumberColumn()
  readonly causeSource = new TextColumn()
  readonly causeId = new TextColumn()
  readonly causeKey = new SparseColumn()
  readonly channel = new SparseColumn()
  readonly documentId = new SparseColumn()
  readonly line = new SparseColumn()
  readonly reservationId = new SparseColumn()
  readonly expiresAt = new SparseColumn()
  readonly reason = new SparseColumn()
  readonly occurredAt = new NumberColumn()
  readonly traceparent = new SparseColumn()
}

/** What few changes have: the column, and its value where a change has one. Times are seconds since the epoch. */
export const rareColumns = {
  receiving: (change: StockChange) => change.receiving,
  inspection: (change: StockChange) => change.inspection,
  damaged: (change: StockChange) => change.damaged,
  quality: (change: StockChange) => change.quality,
  incoming: (change: StockChange) => change.incoming,
  in_transit: (change: StockChange) => change.inTransit,
  safety_stock: (change: StockChange) => change.safetyStock,
  counted: (change: StockChange) => change.counted,
  counted_at: (change: StockChange) => secondsOf(change.countedAt),
  safety_stock_at: (change: StockChange) => secondsOf(change.safetyStockAt),
  done_by: (change: StockChange) => change.by,
  reference: (change: StockChange) => change.reference,
  terms: (change: StockChange) => (change.terms === undefined ? undefined : encodeTerms(change.terms))
} as const

const rareValues = Object.values(rareColumns)

const isRare = (change: StockChange): boolean => rareValues.some((valueOf) => valueOf(change) !== undefined)

export interface HoldRow {
  readonly sku: string
  readonly partition: number
  readonly hold: Hold
  readonly ended: HoldEnd | null
}

/** A document's line as it stands after the batch. */
export interface DocumentLineRow {
  readonly kind: DocumentLine["kind"]
  readonly documentId: string
  readonly sku: string
  readonly open: number
  /** as `encodeLine` writes it, escaped for an array literal */
  readonly line: string
}

export class CommitBatch {
  readonly moves: Array<PartitionMove> = []
  readonly ledger = new LedgerColumns()
  /** changes that have one of `rareColumns`, by their row in `ledger`: where there are none, nothing of these columns is sent */
  readonly rare: Array<readonly [row: number, change: StockChange]> = []
  readonly levels: Array<LevelRow> = []
  readonly holds = new Map<string, HoldRow>()
  readonly newLines = new Map<string, DocumentLineRow>()
  readonly changedLines = new Map<string, DocumentLineRow>()
  /** by SKU: terms of sale as they stand after the batch */
  readonly terms = new Map<string, string>()
  readonly answers: Array<{ readonly key: string; readonly body: string; readonly answer: string }> = []
  readonly outbox: Array<{
    readonly partition: number
    readonly commitNo: number
    readonly skus: ReadonlyArray<string>
  }> = []
  readonly parked: Array<ParkedRow> = []

  /** @param isNewLine whether the document's line that the change touches has no row yet */
  addChange(sku: string, version: number, change: StockChange, cause: Cause, isNewLine: boolean): void {
    const { ledger } = this
    ledger.sku.add(sku)
    ledger.version.add(version)
    ledger.kind.add(change.kind)
    ledger.locationId.add(change.locationId)
    ledger.onHand.add(change.onHand)
    ledger.committed.add(change.committed)
    ledger.held.add(change.held)
    ledger.oversold.add(change.oversold)
    if (isRare(change)) this.rare.push([ledger.sku.length - 1, change])
    ledger.causeSource.add(cause.source)
    ledger.causeId.add(cause.id)
    ledger.causeKey.add(cause.key)
    if (change.terms !== undefined) this.terms.set(sku, encodeTerms(change.terms))
    ledger.channel.add(cause.channel ?? change.channel)
    ledger.documentId.add(change.documentId)
    const line = change.line === undefined ? undefined : escaped(encodeLine(change.line))
    ledger.line.addEscaped(line)
    ledger.reservationId.add(change.reservationId)
    ledger.expiresAt.add(secondsOf(change.expiresAt))
    ledger.reason.add(change.reason)
    ledger.occurredAt.add(cause.occurredAt / 1000)
    ledger.traceparent.add(cause.traceparent)
    if (line !== undefined) this.addLine(sku, change.line!, change.documentId!, line, isNewLine)
  }

  private addLine(sku: string, change: DocumentLine, documentId: string, line: string, isNew: boolean): void {
    const { kind } = change
    const key = `${sku}\u0000${kind}\u0000${documentId}`
    const row = { kind, documentId, sku, open: openUnits(change), line }
    if (isNew || this.newLines.has(key)) this.newLines.set(key, row)
    else this.changedLines.set(key, row)
  }

  /** Changes and answers and parked messages in this batch. */
  get size(): number {
    return this.ledger.sku.length + this.answers.length + this.parked.length
  }
}
