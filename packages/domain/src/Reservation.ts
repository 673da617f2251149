/**
 * Requests about reservations and their answers: reserve, confirm, release.
 *
 * Guarantee: an answer is durable before anybody hears it, and the same idempotency key gives the same answer for at
 * least a day. `unknown` is not decided here: it is what a client must assume when no answer came.
 */
import { Schema } from "effect"
import { IdempotencyKey, LocationId, OrderId, ReservationId, Sku } from "./Identity.ts"
import { holdTtlMillisMax, holdTtlMillisMin } from "./Limit.ts"
import { Quantity } from "./StockEvent.ts"

const TtlMillis = Schema.Number.check(
  Schema.makeFilter((n: number) =>
    Number.isInteger(n) && n >= holdTtlMillisMin && n <= holdTtlMillisMax
      ? undefined
      : `must be whole milliseconds from ${holdTtlMillisMin} to ${holdTtlMillisMax}, got ${n}`
  )
)

/** Ask for a time-limited claim on units of one SKU. */
export const ReserveRequest = Schema.Struct({
  key: IdempotencyKey,
  sku: Sku,
  quantity: Quantity,
  locationId: Schema.optionalKey(LocationId),
  /** milliseconds the hold lives, by the database's clock */
  ttlMillis: Schema.optionalKey(TtlMillis),
  orderId: Schema.optionalKey(OrderId)
})
export type ReserveRequest = typeof ReserveRequest.Type

/** Turn a hold into committed units of an order. */
export const ConfirmRequest = Schema.Struct({
  key: IdempotencyKey,
  reservationId: ReservationId,
  orderId: Schema.optionalKey(OrderId)
})
export type ConfirmRequest = typeof ConfirmRequest.Type

/** Give a hold back. */
export const ReleaseRequest = Schema.Struct({ key: IdempotencyKey, reservationId: ReservationId })
export type ReleaseRequest = typeof ReleaseRequest.Type

export type ReservationRequest =
  | ({ readonly verb: "reserve" } & ReserveRequest)
  | ({ readonly verb: "confirm" } & ConfirmRequest)
  | ({ readonly verb: "release" } & ReleaseRequest)

export const requestSchemas = {
  reserve: ReserveRequest,
  confirm: ConfirmRequest,
  release: ReleaseRequest
} as const

export type RequestVerb = keyof typeof requestSchemas

/** Why a request was denied. `available` is the signed number of units at that moment. */
export type DenialReason =
  | "insufficient_stock"
  | "unknown_sku"
  | "unknown_reservation"
  | "reservation_expired"
  | "reservation_ended"
  | "order_required"
  | "quantity_out_of_range"
  | "quarantined"

/** The answer to a request. `version` is the SKU's version after the decision. Times are milliseconds since the epoch. */
export type ReservationAnswer =
  | {
      readonly status: "granted"
      readonly reservationId: ReservationId
      readonly sku: Sku
      readonly quantity: number
      readonly version: number
      readonly expiresAt: number
    }
  | {
      readonly status: "confirmed" | "released"
      readonly reservationId: ReservationId
      readonly sku: Sku
      readonly quantity: number
      readonly version: number
    }
  | {
      readonly status: "denied"
      readonly reason: DenialReason
      readonly sku?: Sku
      readonly available?: number
      readonly version?: number
    }

/** What a client may hear besides an answer: nothing was decided, or nobody knows. Neither is stored. */
export type NoAnswer =
  | { readonly status: "busy"; readonly retryAfterMillis: number }
  | { readonly status: "unknown"; readonly message: string }
  | { readonly status: "invalid"; readonly errors: ReadonlyArray<{ readonly field: string; readonly message: string }> }
  | { readonly status: "key_reused"; readonly message: string }
