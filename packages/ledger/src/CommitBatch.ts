/**
 * What one group commit writes, gathered as columns.
 *
 * Guarantee: it only gathers; `commitBatch` writes it in one transaction or not at all. Rows that several decisions of one
 * batch touch (a level, a hold, an order's line) are written once, as they stand at the end.
 */
import type { StockChange } from "@holdfast/domain/StockChange"
import type { Hold, HoldEnd, StockLevel } from "@holdfast/domain/StockState"
import { NumberColumn, SparseColumn, TextColumn } from "./ArrayLiteral.ts"

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
  readonly orderId = new SparseColumn()
  readonly lineOpen = new SparseColumn()
  readonly lineConfirmedAhead = new SparseColumn()
  readonly lineCancelledAhead = new SparseColumn()
  readonly reservationId = new SparseColumn()
  readonly expiresAt = new SparseColumn()
  readonly reason = new SparseColumn()
  readonly occurredAt = new NumberColumn()
  readonly traceparent = new SparseColumn()
}

export interface HoldRow {
  readonly sku: string
  readonly partition: number
  readonly hold: Hold
  readonly ended: HoldEnd | null
}

export interface OrderLineRow {
  readonly sku: string
  readonly orderId: string
  readonly locationId: string
  readonly open: number
  readonly confirmedAhead: number
  readonly cancelledAhead: number
}

export class CommitBatch {
  readonly moves: Array<PartitionMove> = []
  readonly ledger = new LedgerColumns()
  readonly levels: Array<LevelRow> = []
  readonly holds = new Map<string, HoldRow>()
  readonly newLines = new Map<string, OrderLineRow>()
  readonly changedLines = new Map<string, OrderLineRow>()
  readonly answers: Array<{ readonly key: string; readonly body: string; readonly answer: string }> = []
  readonly outbox: Array<{
    readonly partition: number
    readonly commitNo: number
    readonly skus: ReadonlyArray<string>
  }> = []
  readonly parked: Array<ParkedRow> = []

  /** @param isNewLine whether the order's line that the change touches has no row yet */
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
    ledger.causeSource.add(cause.source)
    ledger.causeId.add(cause.id)
    ledger.causeKey.add(cause.key)
    ledger.channel.add(cause.channel)
    ledger.orderId.add(change.orderId)
    ledger.lineOpen.add(change.orderLine?.open)
    ledger.lineConfirmedAhead.add(change.orderLine?.confirmedAhead)
    ledger.lineCancelledAhead.add(change.orderLine?.cancelledAhead)
    ledger.reservationId.add(change.reservationId)
    ledger.expiresAt.add(secondsOf(change.expiresAt))
    ledger.reason.add(change.reason)
    ledger.occurredAt.add(cause.occurredAt / 1000)
    ledger.traceparent.add(cause.traceparent)
    this.addOrderLine(sku, change, isNewLine)
  }

  private addOrderLine(sku: string, change: StockChange, isNew: boolean): void {
    const { orderId, orderLine, locationId } = change
    if (orderId === undefined || orderLine === undefined) return
    const key = `${sku}\u0000${orderId}\u0000${locationId}`
    const { open, confirmedAhead, cancelledAhead } = orderLine
    const added = this.newLines.get(key)
    const row = { sku, orderId, locationId, open, confirmedAhead, cancelledAhead }
    if (isNew || added !== undefined) this.newLines.set(key, row)
    else this.changedLines.set(key, row)
  }

  /** Changes and answers and parked messages in this batch. */
  get size(): number {
    return this.ledger.sku.length + this.answers.length + this.parked.length
  }
}
