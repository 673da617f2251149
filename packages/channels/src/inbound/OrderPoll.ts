/**
 * How a channel that does not call us is asked for its orders, page by page.
 *
 * Guarantee: what a poll tells of an order has an id made of the channel's content only, so that the same page read again is the
 * same events. A poll keeps no place of its own: the cursor of the last page is given back to it, over restarts too, once every
 * event of that page is stored. It does not judge what it says: the front door does.
 */
import type { Effect } from "effect"
import type { ToldEvent } from "./InboundCall.ts"

/** Where a channel's orders go on: whatever its connector wants to be told again. At most 4,096 characters. */
export type OrderCursor = string

export interface OrderPage {
  readonly events: ReadonlyArray<ToldEvent>
  readonly cursor: OrderCursor
  /** ms since the epoch, on the channel's clock: every order placed there before is among the events up to this page */
  readonly seenUntil: number
  /** the channel has further pages now */
  readonly more: boolean
}

/** Nothing of the page was taken; the same cursor is asked again. */
export interface PollRefused {
  readonly _tag: "refused"
  readonly detail: string
  readonly retryAfterMillis: number | undefined
}

export interface OrderPoll {
  /** @param cursor undefined: never asked before */
  readonly page: (cursor: OrderCursor | undefined) => Effect.Effect<OrderPage, PollRefused>
}
