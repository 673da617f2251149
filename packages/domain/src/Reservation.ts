/**
 * Requests about reservations of one SKU and their answers: reserve, confirm, release, extend, pin, unpin; and the question
 * what there is of a SKU; what happened to one: `StockHistory`. Reservations of several SKUs: `ReservationGroup`.
 *
 * Guarantee: an answer is durable before anybody hears it, and the same idempotency key gives the same answer for at
 * least a day. `unknown` is not decided here: it is what a client must assume when no answer came.
 */
import { Schema } from "effect"
import type { AnnouncedLevel } from "./Availability.ts"
import type { PromiseStep } from "./AvailableToPromise.ts"
import { ChannelId, IdempotencyKey, LocationId, OrderId, ReservationId, Sku } from "./Identity.ts"
import { holdTtlMillisMax, holdTtlMillisMin } from "./Limit.ts"
import { Instant, Quantity } from "./StockEvent.ts"
import { HistoryRequest } from "./StockHistory.ts"

export const TtlMillis = Schema.Number.check(
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
  orderId: Schema.optionalKey(OrderId),
  /** for whose quota and ring-fence it counts; absent: it draws on what is left for everybody */
  channel: Schema.optionalKey(ChannelId),
  /** whether every channel is told that these units are under guard, for as long as they are held */
  guard: Schema.optionalKey(Schema.Boolean)
})
export type ReserveRequest = typeof ReserveRequest.Type

/** Turn units of a hold into committed units of an order: all of them, or as many as are named; the rest stays held. */
export const ConfirmRequest = Schema.Struct({
  key: IdempotencyKey,
  reservationId: ReservationId,
  orderId: Schema.optionalKey(OrderId),
  quantity: Schema.optionalKey(Quantity)
})
export type ConfirmRequest = typeof ConfirmRequest.Type

/** Give a hold back. */
export const ReleaseRequest = Schema.Struct({ key: IdempotencyKey, reservationId: ReservationId })
export type ReleaseRequest = typeof ReleaseRequest.Type

/** Let a hold live `ttlMillis` from now on, if that is longer than it would. */
export const ExtendRequest = Schema.Struct({ key: IdempotencyKey, reservationId: ReservationId, ttlMillis: TtlMillis })
export type ExtendRequest = typeof ExtendRequest.Type

/** Let a hold live until it is unpinned, confirmed or released: somebody looks into its order. */
export const PinRequest = Schema.Struct({ key: IdempotencyKey, reservationId: ReservationId })
export type PinRequest = typeof PinRequest.Type

/** Let a pinned hold end by itself again, `ttlMillis` from now on. */
export const UnpinRequest = Schema.Struct({
  key: IdempotencyKey,
  reservationId: ReservationId,
  ttlMillis: Schema.optionalKey(TtlMillis)
})
export type UnpinRequest = typeof UnpinRequest.Type

/** Ask what there is of a SKU. It changes nothing, so it has no key. */
export const AvailabilityRequest = Schema.Struct({
  sku: Sku,
  /** how many may be promised for then */
  by: Schema.optionalKey(Instant),
  /** whether to say from when on how many may be promised */
  promise: Schema.optionalKey(Schema.Boolean)
})
export type AvailabilityRequest = typeof AvailabilityRequest.Type

/** A request about one hold: of units, or of the hold with that id. */
export type ReservationRequest =
  | ({ readonly verb: "reserve" } & ReserveRequest)
  | ({ readonly verb: "confirm" } & ConfirmRequest)
  | ({ readonly verb: "release" } & ReleaseRequest)
  | ({ readonly verb: "extend" } & ExtendRequest)
  | ({ readonly verb: "pin" } & PinRequest)
  | ({ readonly verb: "unpin" } & UnpinRequest)

export const requestSchemas = {
  reserve: ReserveRequest,
  confirm: ConfirmRequest,
  release: ReleaseRequest,
  extend: ExtendRequest,
  pin: PinRequest,
  unpin: UnpinRequest,
  availability: AvailabilityRequest,
  history: HistoryRequest
} as const

export type RequestVerb = keyof typeof requestSchemas

/** Why a request was denied. `available` is the signed number of units that this one could have had at that moment. */
export type DenialReason =
  | "insufficient_stock"
  /** what is there is kept for other channels */
  | "ring_fenced"
  /** the channel's orders and holds have used up its quota */
  | "quota_exhausted"
  | "unknown_sku"
  | "unknown_reservation"
  | "reservation_expired"
  | "reservation_ended"
  | "order_required"
  /** more units are to be confirmed than are held */
  | "exceeds_hold"
  /** the hold is a line of a reservation of several: that one is confirmed, released, extended or pinned as a whole */
  | "part_of_group"
  /** the answer would come after the time by which it was wanted */
  | "too_late"
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
      /** of these, units that are not there yet, where an allowance covers them; absent: none */
      readonly backordered?: number
      /** when those are to come */
      readonly expectedAt?: number
    }
  | {
      readonly status: "confirmed" | "released"
      readonly reservationId: ReservationId
      readonly sku: Sku
      readonly quantity: number
      readonly version: number
      /** units that are still held after a part was confirmed; absent: none */
      readonly left?: number
    }
  | {
      readonly status: "extended" | "pinned" | "unpinned"
      readonly reservationId: ReservationId
      readonly sku: Sku
      readonly quantity: number
      readonly version: number
      /** absent while it is pinned */
      readonly expiresAt?: number
    }
  | {
      readonly status: "denied"
      readonly reason: DenialReason
      readonly sku?: Sku
      readonly available?: number
      readonly version?: number
    }

/** What there is of one SKU. Quantities are units; `available` is signed. */
export interface AvailabilityAnswer {
  readonly status: "available"
  readonly sku: Sku
  readonly version: number
  /** over all locations */
  readonly available: number
  readonly locations: ReadonlyArray<AnnouncedLevel & { readonly available: number }>
  /** only of a bundle: units of each component in one, and what there is of it; what can be built is then on hand */
  readonly components?: ReadonlyArray<{ readonly sku: Sku; readonly each: number; readonly available: number }>
  /** only where it was asked for: units that may be promised for that time */
  readonly availableBy?: number
  /** only where it was asked for: from when on how many may be promised, now first; purchases without a date do not count */
  readonly promise?: ReadonlyArray<PromiseStep>
}

/** What a client may hear besides an answer: nothing was decided, or nobody knows. Neither is stored. */
export type NoAnswer =
  | { readonly status: "busy"; readonly retryAfterMillis: number }
  | { readonly status: "unknown"; readonly message: string }
  | { readonly status: "invalid"; readonly errors: ReadonlyArray<{ readonly field: string; readonly message: string }> }
  | { readonly status: "key_reused"; readonly message: string }
