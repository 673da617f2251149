/**
 * A reservation of several SKUs, as one: its requests, its answers, and what is remembered of it.
 *
 * 1. Demand is summed per SKU and location: two lines of one SKU are one demand.
 * 2. All lines are granted or none is; with `partial` what there is of each, but at least one unit overall.
 * 3. It ends once and as a whole: confirmed, released or expired.
 *
 * What is remembered is a register that is written under a condition (`GroupChange`), so that it says one thing only. How it
 * changes: `GroupRules`.
 */
import { Schema } from "effect"
import { ChannelId, defaultLocation, IdempotencyKey, LocationId, OrderId, type ReservationId, Sku } from "./Identity.ts"
import { reserveLinesMax } from "./Limit.ts"
import { TtlMillis, type DenialReason, type ReservationRequest } from "./Reservation.ts"
import { Quantity } from "./StockEvent.ts"

const RequestedLine = Schema.Struct({ sku: Sku, quantity: Quantity, locationId: Schema.optionalKey(LocationId) })

/** Ask for units of several SKUs at once. */
export const ReserveLinesRequest = Schema.Struct({
  key: IdempotencyKey,
  lines: Schema.Array(RequestedLine).check(Schema.isMinLength(1), Schema.isMaxLength(reserveLinesMax)),
  /** whether less than all is welcome */
  partial: Schema.optionalKey(Schema.Boolean),
  /** milliseconds the holds live, by the database's clock */
  ttlMillis: Schema.optionalKey(TtlMillis),
  orderId: Schema.optionalKey(OrderId),
  /** for whose quotas and ring-fences it counts; absent: it draws on what is left for everybody */
  channel: Schema.optionalKey(ChannelId),
  /** whether every channel is told that these units are under guard, for as long as they are held */
  guard: Schema.optionalKey(Schema.Boolean)
})
/** A line may come from a bundle that was asked for; no client says so. */
export type ReserveLinesRequest = Omit<typeof ReserveLinesRequest.Type, "lines"> & {
  readonly lines: ReadonlyArray<typeof RequestedLine.Type & { readonly bundle?: Sku }>
}

/** What may be asked of a group once it is granted. */
export type GroupRequest = Exclude<ReservationRequest, { readonly verb: "reserve" }>

/** The demand for one SKU at one location. */
export interface GroupLine {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly requested: number
  /** units that are held; 0 until it is decided */
  readonly granted: number
  /** the bundles that ask for it; absent: it is asked for by name only */
  readonly bundles?: ReadonlyArray<Sku>
}

/** What is remembered of a group. Times are milliseconds since the epoch, by the database's clock. */
export interface ReservationGroup {
  /** hash of the idempotency key, 32 hex digits */
  readonly id: string
  /** counts what was written */
  readonly revision: number
  /** hash of the request's content */
  readonly body: string
  readonly lines: ReadonlyArray<GroupLine>
  readonly partial: boolean
  readonly guard: boolean
  readonly orderId: OrderId | undefined
  readonly channel: ChannelId | undefined
  readonly ttlMillis: number
  /** an attempt that nobody finished is aborted; the same key may then try again */
  readonly attempt: number
  readonly status: "pending" | "granted" | "denied" | "aborted"
  readonly ended: "confirmed" | "released" | "expired" | undefined
  /** Infinity while it is pinned */
  readonly expiresAt: number
  /** when it is looked at if nobody did before: the deadline while pending, the expiry while open, else soon */
  readonly dueAt: number
  /** what was answered to the request, as JSON */
  readonly answer: string | undefined
  /** whether all lines know how it ended: nothing is left to do */
  readonly settled: boolean
}

/** A group as it is to be. It is written only over `revision - 1`, and only while or once it is due, where that is said. */
export interface GroupChange {
  readonly group: ReservationGroup
  readonly when?: "not due" | "due"
}

/** A line of a granted group. */
export interface GrantedLine {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly requested: number
  readonly quantity: number
  /** absent where nothing is held */
  readonly reservationId?: ReservationId
  /** bundles that were asked for and have it in them */
  readonly bundles?: ReadonlyArray<Sku>
}

/** A line that cannot be granted. */
export interface DeniedLine {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly requested: number
  readonly reason: DenialReason
  /** signed */
  readonly available?: number
  /** bundles that were asked for and have it in them */
  readonly bundles?: ReadonlyArray<Sku>
}

/** The answer to a request about a group. */
export type GroupAnswer =
  | {
      readonly status: "granted"
      readonly reservationId: ReservationId
      readonly expiresAt: number
      readonly lines: ReadonlyArray<GrantedLine>
    }
  | {
      readonly status: "confirmed" | "released"
      readonly reservationId: ReservationId
      readonly orderId?: OrderId
      readonly lines: ReadonlyArray<GrantedLine>
    }
  | {
      readonly status: "extended" | "pinned" | "unpinned"
      readonly reservationId: ReservationId
      /** absent while it is pinned */
      readonly expiresAt?: number
    }
  | { readonly status: "denied"; readonly reason: DenialReason; readonly lines?: ReadonlyArray<DeniedLine> }

/** Demand per SKU and location, in one order whatever the order of the lines. */
export const demandOf = ({ lines }: Pick<ReserveLinesRequest, "lines">): ReadonlyArray<GroupLine> => {
  const demands = new Map<string, GroupLine>()
  for (const { sku, locationId = defaultLocation, quantity, bundle } of lines) {
    const key = `${sku}\u0000${locationId}`
    const before = demands.get(key)
    const bundles = bundle === undefined ? before?.bundles : [...new Set([...(before?.bundles ?? []), bundle])].sort()
    const demand = { sku, locationId, requested: (before?.requested ?? 0) + quantity, granted: 0 }
    demands.set(key, bundles === undefined ? demand : { ...demand, bundles })
  }
  return [...demands].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
}
