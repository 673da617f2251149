/**
 * What a connector is: a description of a channel's API as plain data, one way to write to it, and perhaps one to read.
 *
 * Guarantee: `push` never fails and answers for every item exactly once, in order, with one of seven outcomes. Certainty
 * exists only before a request left or when the channel says so; everything else is `unknown`, never "failed".
 * A connector does not retry, queue, limit rates or decide: the output stream does, once for all channels.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { Effect } from "effect"
import type { BudgetObservation } from "./budget/BudgetObservation.ts"

/** What the output stream must know to plan its calls. Pure data. */
export interface ConnectorDescriptor {
  readonly kind: string
  /** items of one push at most */
  readonly batchMax: number
  /** SKUs of one read-back at most; `batchMax` when absent */
  readonly readMax?: number
  /** the channel applies a key once, however often it is sent */
  readonly idempotent: boolean
  /** milliseconds until a write that was accepted, or whose answer was lost, has surely landed or never will */
  readonly settleMillis: number
}

/** One absolute quantity for one listing. */
export interface PushItem {
  readonly sku: Sku
  /** units that the channel shall show */
  readonly quantity: number
  /** version of the SKU from which the quantity was computed */
  readonly version: number
  /** idempotency key: the same for every attempt to tell the same */
  readonly key: string
  /**
   * units that the channel shows, as far as it confirmed them: for channels that compare before they set. Undefined: nothing is
   * known for sure
   */
  readonly expected: number | undefined
}

/** Why a channel will never take this item as it is. */
export type RejectedBecause = "mapping" | "listingState" | "value" | "request"

/** Why an item was certainly not applied. */
export type NotAppliedBecause = "throttled" | "transient" | "batchMate"

export type PushOutcome = Outcome & Observed

/** What the channel said of its budgets along with its answer. */
interface Observed {
  readonly observed?: ReadonlyArray<BudgetObservation> | undefined
}

type Outcome =
  /** visible now */
  | { readonly _tag: "applied" }
  /** queued at the channel under a name */
  | { readonly _tag: "accepted"; readonly job: string }
  /** the channel holds something newer or other than expected: the quantity it shows, if it said */
  | { readonly _tag: "stale"; readonly actual: number | undefined }
  | { readonly _tag: "rejected"; readonly because: RejectedBecause; readonly detail: string }
  | {
      readonly _tag: "notApplied"
      readonly because: NotAppliedBecause
      /** milliseconds that the channel asked for */
      readonly retryAfterMillis: number | undefined
      readonly detail: string
    }
  /** may have happened */
  | { readonly _tag: "unknown"; readonly detail: string }
  /** the whole channel refuses us: credentials, suspension */
  | { readonly _tag: "blocked"; readonly detail: string }

/** What the channel shows, or why it cannot be asked. A SKU that is absent from `quantities` is not listed there. */
export type ReadBack = (
  | { readonly _tag: "shown"; readonly quantities: ReadonlyMap<Sku, number> }
  | { readonly _tag: "unreachable"; readonly detail: string; readonly retryAfterMillis: number | undefined }
) &
  Observed

export interface ChannelConnector {
  readonly descriptor: ConnectorDescriptor
  /** One outcome per item, in the order of the items. */
  readonly push: (items: ReadonlyArray<PushItem>) => Effect.Effect<ReadonlyArray<PushOutcome>>
  /** Present when the channel can be asked what it shows. At most `readMax` SKUs. */
  readonly readBack?: (skus: ReadonlyArray<Sku>) => Effect.Effect<ReadBack>
}
