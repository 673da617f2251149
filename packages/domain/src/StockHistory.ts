/**
 * The question what happened to a SKU, and its answer: the newest rows of its ledger, each with what it was before and after, beside
 * what there is now.
 *
 * Guarantee: an answer has at most `historyRowsMax` rows, and says how many more there are. It changes nothing, so it has no key.
 */
import { Schema } from "effect"
import type { AnnouncedLevel } from "./Availability.ts"
import { OrderId, Sku } from "./Identity.ts"
import { historyRowsMax } from "./Limit.ts"
import type { RareDeltas, StockChange, StockChangeKind } from "./StockChange.ts"
import { Instant } from "./StockEvent.ts"
import { wholeFrom } from "./WholeNumber.ts"

/** How many rows. */
export const RowCount = wholeFrom(1, historyRowsMax)

/** Ask what happened to a SKU. */
export const HistoryRequest = Schema.Struct({
  sku: Sku,
  /** most rows: the newest */
  newest: Schema.optionalKey(RowCount),
  /** only what was committed from then on */
  committedSince: Schema.optionalKey(Instant),
  /** only what belongs to this order */
  orderId: Schema.optionalKey(OrderId)
})
export type HistoryRequest = typeof HistoryRequest.Type

/** What an operator follows from row to row. */
export interface HistoryUnits {
  readonly onHand: number
  readonly committed: number
  readonly held: number
  readonly available: number
}

/** Signed units by which a row changed each quantity; what it left alone is absent. */
type HistoryDeltas = RareDeltas & Partial<Pick<StockChange, "onHand" | "committed" | "held" | "oversold">>

/** Times are milliseconds since the epoch. */
export interface HistoryRow {
  readonly version: number
  readonly kind: StockChangeKind
  readonly locationId: string
  readonly occurredAt: number
  readonly committedAt: number
  /** the event's source and id; `request` and its key; `clock` */
  readonly source: string
  readonly id: string
  readonly channel: string | null
  readonly documentId: string | null
  readonly reservationId: string | null
  /** null also where it is never */
  readonly expiresAt: number | null
  readonly countedAt: number | null
  readonly reason: string | null
  readonly by: string | null
  readonly reference: string | null
  readonly deltas: HistoryDeltas
  /** units on hand that the row did not move, since a later count had seen them */
  readonly seenByCount: number | null
  readonly before: HistoryUnits
  readonly after: HistoryUnits
}

/** What happened to a SKU, and what there is of it, of one moment. Quantities are units; `available` is signed. */
export interface HistoryAnswer {
  readonly status: "history"
  readonly sku: Sku
  readonly version: number
  /** over all locations */
  readonly available: number
  readonly locations: ReadonlyArray<AnnouncedLevel & { readonly available: number }>
  /** rows that were asked for, those beyond the limit included */
  readonly matching: number
  /** newest last */
  readonly rows: ReadonlyArray<HistoryRow>
}
