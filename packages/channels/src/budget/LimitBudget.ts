/**
 * One limit of a channel at work: when it admits a call, and how many items the call may hold.
 *
 * Guarantee: no more is spent than the limit allows, over any span; a share is kept for updates to zero. The limits of single
 * listings are `ListingDays`.
 */
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { keptOf, outlivesMillis, windowSlots } from "../ChannelLimit.ts"
import type { AccountLease } from "../lease/AccountLease.ts"
import { TokenBucket } from "../TokenBucket.ts"
import type { BudgetObservation } from "./BudgetObservation.ts"
import { LeasedWindow } from "./LeasedWindow.ts"
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

/** A limit of the lane; those of single listings are not. */
export type LaneLimit = Exclude<RateLimit, { readonly kind: "listingDay" }>

/** What a limit is called among the processes of an account: a window that admits more or less than before stays the same. */
export const sharedNameOf = (limit: LaneLimit): string =>
  limit.kind === "cost" ? JSON.stringify(limit) : `${limit.kind} per ${limit.windowMillis} ms`

/** Whether what was spent of it is to be known when a process begins. */
export const outlives = (limit: LaneLimit): boolean =>
  (limit.kind === "cost" ? (1000 * limit.bucket) / limit.restorePerSecond : limit.windowMillis) >= outlivesMillis

const windowOf = (limit: LimitOf<"requests" | "items">, lease: AccountLease | undefined) => {
  const { max, windowMillis } = limit
  return lease === undefined
    ? new SlidingWindow(max, windowMillis, windowSlots)
    : new LeasedWindow(lease, lease.holdings.count(sharedNameOf(limit), { max, windowMillis, kept: keptOf(max) }))
}

const requestsOf = (limit: LimitOf<"requests">, lease: AccountLease | undefined): LimitBudget => {
  const { max, windowMillis } = limit
  const window = windowOf(limit, lease)
  return {
    admitAt: (now, kind) => window.admitAt(now, kind === "toZero"),
    room: () => anyRoom,
    spend: (now, { kind }) => window.take(now, 1, kind === "toZero" ? 0 : 1),
    sustained: (1000 * max) / windowMillis
  }
}

const itemsOf = (limit: LimitOf<"items">, lease: AccountLease | undefined): LimitBudget => {
  const { max, windowMillis } = limit
  const window = windowOf(limit, lease)
  return {
    admitAt: (now, kind) => window.admitAt(now, kind === "toZero"),
    room: (now) => window.room(now),
    spend: (now, { writes, items, others }) => writes && window.take(now, items, others),
    sustained: (1000 * max) / windowMillis
  }
}

const costOf = (limit: LimitOf<"cost">, lease: AccountLease | undefined): LimitBudget => {
  const { bucket, restorePerSecond, perRequest = 0, perItem = 0 } = limit
  const least = perRequest + perItem
  const points = new TokenBucket({ burst: bucket, perSecond: restorePerSecond })
  let kept = 0
  let burst = bucket
  let perSecond = restorePerSecond
  let part = 1
  const apply = (now: number) => {
    kept = Math.max(0, Math.min(keptOf(burst * part), burst * part - least))
    points.rebudget({ burst: burst * part, perSecond: perSecond * part }, now)
  }
  apply(Number.NEGATIVE_INFINITY)
  const regrant = (next: number, level: number, now: number) => {
    part = next
    apply(now)
    points.give(now, level * burst)
  }
  if (lease !== undefined) {
    const terms = { units: Math.floor(bucket / least), refillMillis: (1000 * bucket) / restorePerSecond }
    part = lease.holdings.share(sharedNameOf(limit), terms, {
      regrant,
      levelAt: (now) => points.left(now) / burst
    }).part
    apply(Number.NEGATIVE_INFINITY)
  }
  const itemsFor = (left: number) =>
    perItem === 0 ? Number.POSITIVE_INFINITY : Math.floor((left - perRequest) / perItem)
  return {
    admitAt: (now, kind) => points.availableAt(now, kind === "other" ? kept : 0, least),
    room: (now) => ({ items: itemsFor(points.left(now)), others: itemsFor(points.left(now) - kept) }),
    spend: (now, { items }) => points.take(now, perRequest + perItem * items),
    learn: ({ kind, max, remaining, restorePerSecond: restored }, now, underWay) => {
      if (kind !== "cost" || restored === 0) return
      burst = Math.max(least, Math.min(bucket, max ?? bucket))
      perSecond = Math.min(restorePerSecond, restored ?? perSecond)
      apply(now)
      if (remaining !== undefined) points.leave(now, (remaining - underWay * least) * part)
    },
    get sustained() {
      return perSecond / least
    }
  }
}

/** @param lease by which processes share it; undefined: it is ours alone */
export const limitBudgetOf = (limit: LaneLimit, lease?: AccountLease): LimitBudget => {
  switch (limit.kind) {
    case "requests":
      return requestsOf(limit, lease)
    case "items":
      return itemsOf(limit, lease)
    case "cost":
      return costOf(limit, lease)
  }
}
