/**
 * What becomes of holds whose time has come, before anything else is decided.
 *
 * 1. A hold that stands alone expires.
 * 2. A hold that belongs to a group asks: it expires, is confirmed, or lives on as its group does. Unasked, it is let be.
 *
 * Pure; the draft is changed. Who asks, and whom: the owner of the partition, before it decides.
 */
import type { Draft } from "./Draft.ts"
import type { OrderId, ReservationId } from "./Identity.ts"
import { confirmHold } from "./OrderRules.ts"
import { membershipOf } from "./Partition.ts"
import { endsAt, type Hold, type StockState } from "./StockState.ts"

/** What the group of a due hold says. */
export type GroupFate =
  | { readonly fate: "expire" }
  | { readonly fate: "confirm"; readonly orderId: OrderId }
  /** milliseconds since the epoch; Infinity: the group is pinned */
  | { readonly fate: "live"; readonly until: number }

/** By reservation id of the due hold. */
export type GroupFates = ReadonlyMap<string, GroupFate>

export const noFates: GroupFates = new Map()

const expired: GroupFate = { fate: "expire" }

/** @param now milliseconds since the epoch */
export const endDueHolds = (state: StockState, draft: Draft, now: number, fates: GroupFates): void => {
  for (const id of state.expiry.due(now, endsAt(state))) {
    const fate = fates.get(id) ?? (membershipOf(id) === undefined ? expired : undefined)
    if (fate !== undefined) follow(draft, state.holds.get(id)!, fate)
  }
}

const follow = (draft: Draft, hold: Hold, fate: GroupFate): void => {
  const { reservationId, locationId, quantity } = hold
  if (fate.fate === "expire") {
    draft.claim(hold.channel, { held: -quantity })
    draft.change("reservation.expired", locationId, { held: -quantity, reservationId })
  } else if (fate.fate === "confirm") confirmHold(draft, hold, quantity, fate.orderId)
  else if (fate.until !== hold.expiresAt) moveEnd(draft, hold, fate.until)
}

/** Gives a hold another end: a later one, none (Infinity) or one again. */
export const moveEnd = (draft: Draft, { reservationId, locationId, expiresAt: was }: Hold, expiresAt: number): void => {
  const kind =
    expiresAt === Infinity ? "reservation.pinned" : was === Infinity ? "reservation.unpinned" : "reservation.extended"
  draft.change(kind, locationId, { reservationId, expiresAt })
}

/** Due holds that belong to a group: those whose fate has to be asked. @param now milliseconds since the epoch */
export const dueMembers = (state: StockState, now: number): ReadonlyArray<ReservationId> =>
  state.expiry.isDue(now)
    ? [...state.expiry.due(now, endsAt(state))].filter((id) => membershipOf(id) !== undefined)
    : []
