/**
 * That units of a SKU were promised beyond what is there, as a fact of its own.
 *
 * Guarantee: one notice for each change that raised what is oversold, of whatever kind; the units of all notices and the healings in
 * between add up to what is oversold. A fact is never refused for it.
 */
import type { LocationId, Sku } from "./Identity.ts"

export interface OversoldNotice {
  readonly sku: Sku
  /** of the SKU after the change */
  readonly version: number
  readonly locationId: LocationId
  /** units by which the change raised what is oversold there */
  readonly units: number
  /** the kind of the change: an order beyond what is available, or stock that turned out not to be there */
  readonly kind: string
  readonly channel?: string
  readonly orderId?: string
  /** the event or request that caused it */
  readonly cause: { readonly source: string; readonly id: string }
  /** milliseconds since the epoch at which it was durable */
  readonly committedAt: number
  readonly traceparent?: string
}
