/**
 * One limit of a channel at work: when it admits a call, and how many items the call may hold.
 *
 * Guarantee: no more is spent than the limit allows, over any span; a share is kept for updates to zero. The limits of single
 * listings are `ListingDays`.
 */
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { keptOf, windowSlots } from "../ChannelLimit.ts"
import { TokenBucket } from "../TokenBucket.ts"
import type { BudgetObservation } from "./BudgetObservation.ts"
import { SlidingWindow } from "./SlidingWindow.ts"

/** Which call is to begin: one for an update to zero, one for what has waited too long, or another. */
export type CallKind = "toZero" | "aged" | "other"

/** A call that begins. */
export interface Call {
  readonly kind: CallKind
  readonly writes: boolean
  readonly items: number
  /** items that are not to zero */
  readonly others: number
}

/** Items of one call: of all kinds, and those that are not to zero. */
export interface Room {
  readonly items: number
  readonly others: number
}

export const anyRoom: Room = { items: Number.POSITIVE_INFINITY, others: Number.POSITIVE_INFINITY }

export interface LimitBudget {
  /** When it admits a call with one item: `now` or later. */
  admitAt(now: number, kind: CallKind): number
  room(now: number): Room
  spend(now: number, call: Call): void
  /** @param underWay calls whose part in what was observed is not known */
  learn?(observed: BudgetObservation, now: number, underWay: number): void
  /** calls with one item each per second that it bears for ever */
  readonly sustained: number
}

type LimitOf<Kind extends RateLimit["kind"]> = RateLimit & { readonly kind: Kind }

const requestsOf = ({ max, windowMillis }: LimitOf<"requests">): LimitBudget => {
  const window = new SlidingWindow(max, windowMillis, windowSlots)
  return {
    admitAt: (now, kind) => window.admitAt(now, kind === "toZero"),
    room: () => anyRoom,
    spend: (now, { kind }) => window.take(now, 1, kind === "toZero" ? 0 : 1),
    sustained: (1000 * max) / windowMillis
  }
}

const itemsOf = ({ max, windowMillis }: LimitOf<"items">): LimitBudget => {
  const window = new SlidingWindow(max, windowMillis, windowSlots)
  return {
    admitAt: (now, kind) => window.admitAt(now, kind === "toZero"),
    room: (now) => window.room(now),
    spend: (now, { writes, items, others }) => writes && window.take(now, items, others),
    sustained: (1000 * max) / windowMillis
  }
}

const costOf = ({ bucket, restorePerSecond, perRequest = 0, perItem = 0 }: LimitOf<"cost">): LimitBudget => {
  const least = perRequest + perItem
  const points = new TokenBucket({ burst: bucket, perSecond: restorePerSecond })
  let kept = Math.min(keptOf(bucket), bucket - least)
  let perSecond = restorePerSecond
  const itemsFor = (left: number) =>
    perItem === 0 ? Number.POSITIVE_INFINITY : Math.floor((left - perRequest) / perItem)
  return {
    admitAt: (now, kind) => points.availableAt(now, kind === "other" ? kept : 0, least),
    room: (now) => ({ items: itemsFor(points.left(now)), others: itemsFor(points.left(now) - kept) }),
    spend: (now, { items }) => points.take(now, perRequest + perItem * items),
    learn: ({ kind, max, remaining, restorePerSecond: restored }, now, underWay) => {
      if (kind !== "cost" || restored === 0) return
      const burst = Math.max(least, Math.min(bucket, max ?? bucket))
      kept = Math.min(keptOf(burst), burst - least)
      perSecond = Math.min(restorePerSecond, restored ?? perSecond)
      points.rebudget({ burst, perSecond }, now)
      if (remaining !== undefined) points.leave(now, remaining - underWay * least)
    },
    get sustained() {
      return perSecond / least
    }
  }
}

export const limitBudgetOf = (limit: Exclude<RateLimit, { readonly kind: "listingDay" }>): LimitBudget => {
  switch (limit.kind) {
    case "requests":
      return requestsOf(limit)
    case "items":
      return itemsOf(limit)
    case "cost":
      return costOf(limit)
  }
}
