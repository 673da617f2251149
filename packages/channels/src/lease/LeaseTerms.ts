/**
 * What a process asks of the budgets that it shares with others, what it is granted, and what is stored of an account. Plain data.
 *
 * Counts of a member only grow, so that a request or an answer that was lost, or came twice, changes nothing. Spans of time are
 * told as milliseconds from now: no clock is compared with another.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import type { BudgetObservation } from "../budget/BudgetObservation.ts"

/** Of requests or items: all of them, and those that are not to zero. */
export interface Amount {
  readonly all: number
  readonly others: number
}

/** So many over any `windowMillis`, of which `kept` are for updates to zero. */
export interface CountTerms {
  readonly max: number
  readonly kept: number
  readonly windowMillis: number
}

/** So many at once, in parts that one process holds at a time: tokens of a bucket, or calls under way. */
export interface ShareTerms {
  readonly units: number
  /** milliseconds until an empty unit is full again; 0: at once */
  readonly refillMillis: number
  /** milliseconds for which a unit may be in use when its lease is over */
  readonly lingerMillis: number
}

export interface CountAsk extends CountTerms {
  /** since the member began */
  readonly spent: Amount
  readonly returned: Amount
  /** more than it holds */
  readonly want: Amount
}

export interface ShareAsk extends ShareTerms {
  /** units that it goes by already: never more than it was granted */
  readonly hold: number
  /** how full are those that it gives up with this request, in units */
  readonly back: number
  /** units that it could use in all */
  readonly want: number
}

/** An observation whose window begins anew `resetMillis` from now. */
export type SpokenNow = Omit<BudgetObservation, "resetAt"> & { readonly resetMillis?: number }

export interface LeaseRequest {
  /** unique for ever; another one after each time that its leases ended */
  readonly member: string
  /** rises with each request of the member */
  readonly turn: number
  /** it was never answered */
  readonly fresh: boolean
  /** it ends: what it still holds is in `hold` of its shares */
  readonly leaves: boolean
  readonly rate: RateBudget
  readonly counts: Readonly<Record<string, CountAsk>>
  readonly shares: Readonly<Record<string, ShareAsk>>
  /** milliseconds for which the channel asked to be left alone; 0: it did not */
  readonly pauseMillis: number
  readonly spoken: ReadonlyArray<SpokenNow>
  /** number of the last observation that it was told */
  readonly heard: number
}

export interface CountGrant {
  /** since the member began */
  readonly granted: Amount
  /** milliseconds until asking for more may be worth it */
  readonly retryMillis: number
}

export interface ShareGrant {
  readonly units: number
  /** how full are those that it did not hold before, in units */
  readonly level: number
  /** to what it is to come down, since others lack some */
  readonly target: number
  /** units there are in all, and those that others hold */
  readonly of: number
  readonly elsewhere: number
}

export type LeaseAnswer =
  /** the leases of the member are over: it is to begin anew under another name */
  | { readonly _tag: "gone" }
  | {
      readonly _tag: "granted"
      readonly counts: Readonly<Record<string, CountGrant>>
      readonly shares: Readonly<Record<string, ShareGrant>>
      /** what the others declare, to be kept to as well; undefined: there are none */
      readonly others?: RateBudget | undefined
      readonly pauseMillis: number
      readonly spoken: ReadonlyArray<SpokenNow>
      readonly heard: number
    }

/** Of one member. Times are milliseconds since the epoch by the store's clock. */
export interface CountRecord extends CountTerms {
  granted: Amount
  spent: Amount
  returned: Amount
}

export interface ShareRecord extends ShareTerms {
  held: number
  want: number
}

export interface MemberRecord {
  until: number
  turn: number
  /** when it last held some of all that it shares, and since when it does; undefined: it does not */
  servedAt: number
  since?: number | undefined
  rate: RateBudget
  counts: Record<string, CountRecord>
  shares: Record<string, ShareRecord>
}

/** What was spent shortly after one another, and until when it counts. */
export interface SpentSlot {
  readonly until: number
  readonly all: number
  readonly others: number
}

export interface AccountState {
  at: number
  pausedUntil: number
  heard: number
  spoken: Record<string, { number: number; by: string; until: number; resetAt?: number; said: SpokenNow }>
  members: Record<string, MemberRecord>
  spent: Record<string, Array<SpentSlot>>
  /** units that no member holds, how full they are, in units, and when */
  free: Record<string, { units: number; level: number; at: number }>
}

export const emptyAccount = (): AccountState => ({
  at: 0,
  pausedUntil: 0,
  heard: 0,
  spoken: {},
  members: {},
  spent: {},
  free: {}
})
