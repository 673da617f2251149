/**
 * What one group commit writes, gathered as columns.
 *
 * Guarantee: it only gathers; `commitBatch` writes it in one transaction or not at all. Rows that several decisions of one
 * batch touch (a level, a hold, an order's line) are written once, as they stand at the end.
 */
import type { StockChange } from "@holdfast/domain/StockChange"
import type { Hold, HoldEnd, StockLevel } from "@holdfast/domain/StockState"

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

type Column<T> = Array<T>
const nullable = <T>(value: T | undefined): T | null => (value === undefined ? null : value)

const instantOf = (millis: number | undefined): number | null => (millis === undefined ? null : millis / 1000)

class LedgerColumns {
  readonly sku: Column<string> = []
  readonly version: Column<number> = []
  readonly partition: Column<number> = []
  readonly epoch: Column<number> = []
  readonly kind: Column<string> = []
  readonly locationId: Column<string> = []
  readonly onHand: Column<number> = []
  readonly committed: Column<number> = []
  readonly held: Column<number> = []
  readonly oversold: Column<number> = []
  readonly causeSource: Column<string> = []
  readonly causeId: Column<string> = []
  readonly channel: Column<string | null> = []
  readonly orderId: Column<string | null> = []
  readonly lineOpen: Column<number | null> = []
  readonly lineConfirmedAhead: Column<number | null> = []
  readonly lineCancelledAhead: Column<number | null> = []
  readonly reservationId: Column<string | null> = []
  readonly expiresAt: Column<number | null> = []
  readonly reason: Column<string | null> = []
  readonly occurredAt: Column<number> = []
  readonly traceparent: Column<string | null> = []
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
  readonly orderLines = new Map<string, OrderLineRow>()
  readonly seen: Array<string> = []
  readonly answers: Array<{ readonly key: string; readonly body: string; readonly answer: string }> = []
  readonly outbox: Array<{ readonly partition: number; readonly commitNo: number; readonly sku: string; readonly body: string }> = []
  readonly parked: Array<ParkedRow> = []

  addChange(partition: number, epoch: number, sku: string, version: number, change: StockChange, cause: Cause): void {
    const { ledger } = this
    ledger.sku.push(sku)
    ledger.version.push(version)
    ledger.partition.push(partition)
    ledger.epoch.push(epoch)
    ledger.kind.push(change.kind)
    ledger.locationId.push(change.locationId)
    ledger.onHand.push(change.onHand)
    ledger.committed.push(change.committed)
    ledger.held.push(change.held)
    ledger.oversold.push(change.oversold)
    ledger.causeSource.push(cause.source)
    ledger.causeId.push(cause.id)
    ledger.channel.push(nullable(cause.channel))
    ledger.orderId.push(nullable(change.orderId))
    ledger.lineOpen.push(nullable(change.orderLine?.open))
    ledger.lineConfirmedAhead.push(nullable(change.orderLine?.confirmedAhead))
    ledger.lineCancelledAhead.push(nullable(change.orderLine?.cancelledAhead))
    ledger.reservationId.push(nullable(change.reservationId))
    ledger.expiresAt.push(instantOf(change.expiresAt))
    ledger.reason.push(nullable(change.reason))
    ledger.occurredAt.push(cause.occurredAt / 1000)
    ledger.traceparent.push(nullable(cause.traceparent))
    this.addOrderLine(sku, change)
  }

  private addOrderLine(sku: string, change: StockChange): void {
    const { orderId, orderLine, locationId } = change
    if (orderId === undefined || orderLine === undefined) return
    this.orderLines.set(`${sku}\u0000${orderId}\u0000${locationId}`, { sku, orderId, locationId, ...orderLine })
  }

  /** Changes and answers and parked messages in this batch. */
  get size(): number {
    return this.ledger.sku.length + this.answers.length + this.parked.length
  }
}
