/**
 * All that limits the calls to one account: requests per second, every declared limit, what the channel said is left, and the
 * pause that it asked for.
 *
 * Guarantee: all must admit. A limit that stays in the definition when that changes goes on counting as it did.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { allowancesMax, zeroShare } from "../ChannelLimit.ts"
import type { AccountLease } from "../lease/AccountLease.ts"
import { TokenBucket } from "../TokenBucket.ts"
import type { BudgetObservation } from "./BudgetObservation.ts"
import { LearnedAllowance } from "./LearnedAllowance.ts"
import {
  anyRoom,
  type Call,
  type CallKind,
  type LaneLimit,
  type LimitBudget,
  limitBudgetOf,
  outlives,
  type Room,
  sharedNameOf
} from "./LimitBudget.ts"

const isOfLane = (limit: RateLimit): limit is LaneLimit => limit.kind !== "listingDay"

/** The strictest of what several definitions declare: the least rate, and every limit that one of them has. */
export const strictest = (rates: ReadonlyArray<RateBudget>): RateBudget => ({
  perSecond: Math.min(...rates.map(({ perSecond }) => perSecond)),
  burst: Math.min(...rates.map(({ burst }) => burst)),
  concurrency: Math.min(...rates.map(({ concurrency }) => concurrency)),
  limits: rates.flatMap(({ limits }) => limits ?? [])
})

/** Of windows that are counted together, the one that admits the least. */
const leastOf = (limits: ReadonlyArray<LaneLimit>): ReadonlyArray<LaneLimit> => {
  const least = new Map<string, LaneLimit>()
  for (const limit of limits) {
    const known = least.get(sharedNameOf(limit))
    if (known === undefined || (known.kind !== "cost" && limit.kind !== "cost" && limit.max < known.max))
      least.set(sharedNameOf(limit), limit)
  }
  return [...least.values()]
}

export class Budgets {
  private rate: RateBudget
  private readonly bucket: TokenBucket
  private limits: ReadonlyMap<string, LimitBudget> = new Map()
  private readonly learned = new Map<string, LearnedAllowance>()
  private learnedPerSecond = Number.POSITIVE_INFINITY
  private readonly lease: AccountLease | undefined
  private paused = 0
  /** of the bucket: another process may have the rest */
  private part = 1

  /** @param lease by which processes share what outlives one, or all of it where the account is named; undefined: all is ours */
  constructor(rate: RateBudget, lease?: AccountLease) {
    this.rate = rate
    this.lease = lease
    this.bucket = new TokenBucket(rate)
    this.redeclare(rate, Number.NEGATIVE_INFINITY)
  }

  private limitsOf({ limits = [] }: RateBudget, before: ReadonlyMap<string, LimitBudget>) {
    const { lease } = this
    const isShared = (limit: LaneLimit) => lease !== undefined && (lease.isNamed || outlives(limit))
    const [own, shared] = [limits.filter(isOfLane), limits.filter(isOfLane).filter(isShared)]
    return new Map(
      own.flatMap((limit) => {
        const name = JSON.stringify(limit)
        if (!isShared(limit)) return [[name, before.get(name) ?? limitBudgetOf(limit)] as const]
        if (!leastOf(shared).includes(limit)) return []
        // what is leased is counted by the lease: made anew it goes on as it was
        const isKept = limit.kind === "cost" && before.has(name)
        return [[name, isKept ? before.get(name)! : limitBudgetOf(limit, lease)] as const]
      })
    )
  }

  redeclare(rate: RateBudget, now: number): void {
    this.rate = rate
    this.declareShares(rate)
    this.limits = this.limitsOf(rate, this.limits)
    this.applyRate(now)
  }

  /** What this process asks for of the account. */
  private declareShares({ burst, concurrency, perSecond, limits = [] }: RateBudget): void {
    const { lease } = this
    if (lease === undefined) return
    const shared = limits.filter(isOfLane).filter((limit) => lease.isNamed || outlives(limit))
    lease.holdings.retain(new Set(["rate", "calls", ...shared.map(sharedNameOf)]))
    if (!lease.isNamed) return
    const regrant = (part: number, level: number, now: number) => {
      this.part = part
      this.applyRate(now)
      this.bucket.give(now, level * this.rate.burst)
    }
    const levelAt = (now: number) => this.bucket.left(now) / this.rate.burst
    const terms = { units: burst, refillMillis: (1000 * burst) / perSecond }
    this.part = lease.holdings.share("rate", terms, { regrant, levelAt }).part
    lease.holdings.share("calls", { units: concurrency, refillMillis: 0 })
  }

  private applyRate(now: number): void {
    const { part } = this
    const { burst, perSecond } = this.rate
    const rate = { burst: burst * part, perSecond: Math.min(perSecond, this.learnedPerSecond) * part }
    this.bucket.rebudget(rate, now)
  }

  get pausedUntil(): number {
    return this.paused
  }

  /** The channel asked to be left alone: other processes hear of it. */
  set pausedUntil(until: number) {
    this.paused = until
    this.lease?.pause(until)
  }

  /** Another process was asked to leave the channel alone. */
  hearPause(until: number): void {
    this.paused = Math.max(this.paused, until)
  }

  /** Whether nothing limits how many items a call holds. */
  get isBare(): boolean {
    return this.limits.size === 0
  }

  /** Calls per second that all of them bear for ever. */
  get sustained(): number {
    let least = Math.min(this.rate.perSecond, this.learnedPerSecond)
    for (const { sustained } of this.limits.values()) least = Math.min(least, sustained)
    return least
  }

  /** When a call with one item may begin: `now` or later. */
  admitAt(now: number, kind: CallKind): number {
    const { lease } = this
    const kept = kind === "other" ? Math.floor(this.rate.burst * this.part * zeroShare) : 0
    let at = Math.max(this.paused, this.bucket.availableAt(now, kept))
    for (const limit of this.limits.values()) at = Math.max(at, limit.admitAt(now, kind))
    for (const allowance of this.learned.values()) at = Math.max(at, allowance.admitAt(now, kind))
    if (lease === undefined) return at
    at = Math.max(at, lease.admitAt(now))
    if (at > now) lease.want(now)
    return at === Number.POSITIVE_INFINITY ? lease.retryAt(now) : at
  }

  /** When a call may begin that is to delay no other: the whole burst is there, and every limit admits it. */
  leftoverAt(now: number): number {
    return Math.max(
      this.admitAt(now, "other"),
      this.bucket.availableAt(now, Math.max(0, this.rate.burst * this.part - 1))
    )
  }

  /** Which limit a call that is not to zero waits for longest, and until when; undefined: none. */
  waitsFor(now: number): { readonly limit: string; readonly until: number } | undefined {
    let limit: string | undefined
    let until = now
    const look = (name: string, at: number) => {
      if (at > until) [limit, until] = [name, at]
    }
    const { lease } = this
    const isWaiting = lease === undefined || lease.isWanting || lease.trouble !== undefined
    if (!isWaiting) return undefined
    for (const [name, each] of this.limits) look(name, each.admitAt(now, "other"))
    if (lease?.trouble !== undefined && lease.admitAt(now) > now)
      return {
        limit: `shared with other processes, and their store is away: ${lease.trouble}`,
        until: lease.retryAt(now)
      }
    for (const [name, each] of this.learned) look(`said by the channel: ${name}`, each.admitAt(now, "other"))
    return limit === undefined ? undefined : { limit, until }
  }

  /** Items that a call that was admitted now may hold: one at least. */
  room(now: number, kind: CallKind): Room {
    let { items, others } = anyRoom
    for (const limit of this.limits.values()) {
      const room = limit.room(now)
      items = Math.min(items, room.items)
      others = Math.min(others, room.others)
    }
    return { items: Math.max(1, items), others: Math.max(kind === "toZero" ? 0 : 1, others) }
  }

  spend(now: number, call: Call): void {
    this.bucket.take(now)
    for (const limit of this.limits.values()) limit.spend(now, call)
    for (const allowance of this.learned.values()) allowance.spend()
  }

  /** @param underWay calls of this process that are not answered yet */
  learn(observed: BudgetObservation, now: number, underWay: number): void {
    this.lease?.speak(observed)
    this.hear(observed, now, underWay)
  }

  /** What the channel said, to us or to another process. */
  hear(observed: BudgetObservation, now: number, ours: number): void {
    const underWay = ours + (this.lease?.callsElsewhere ?? 0)
    for (const limit of this.limits.values()) limit.learn?.(observed, now, underWay)
    if (observed.kind !== "requests") return
    if (observed.restorePerSecond !== undefined && observed.restorePerSecond > 0) {
      this.learnedPerSecond = observed.restorePerSecond
      this.applyRate(now)
    }
    if (observed.remaining === undefined) return
    const name = observed.windowMillis === undefined ? "requests" : `requests per ${observed.windowMillis} ms`
    const allowance = this.learned.get(name) ?? new LearnedAllowance()
    if (this.learned.size >= allowancesMax && !this.learned.has(name)) return
    this.learned.set(name, allowance)
    allowance.learn(observed, now, underWay)
  }
}
