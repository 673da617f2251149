/**
 * All that limits the calls to one account: requests per second, every declared limit, what the channel said is left, and the
 * pause that it asked for.
 *
 * Guarantee: all must admit. A limit that stays in the definition when that changes goes on counting as it did.
 */
import type { RateBudget } from "@holdfast/domain/Channel"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { allowancesMax, zeroShare } from "../ChannelLimit.ts"
import { TokenBucket } from "../TokenBucket.ts"
import type { BudgetObservation } from "./BudgetObservation.ts"
import { LearnedAllowance } from "./LearnedAllowance.ts"
import { anyRoom, type Call, type CallKind, type LimitBudget, limitBudgetOf, type Room } from "./LimitBudget.ts"

type LaneLimit = Exclude<RateLimit, { readonly kind: "listingDay" }>

const isOfLane = (limit: RateLimit): limit is LaneLimit => limit.kind !== "listingDay"

/** The strictest of what several definitions declare: the least rate, and every limit that one of them has. */
export const strictest = (rates: ReadonlyArray<RateBudget>): RateBudget => ({
  perSecond: Math.min(...rates.map(({ perSecond }) => perSecond)),
  burst: Math.min(...rates.map(({ burst }) => burst)),
  concurrency: Math.min(...rates.map(({ concurrency }) => concurrency)),
  limits: rates.flatMap(({ limits }) => limits ?? [])
})

export class Budgets {
  pausedUntil = 0
  private rate: RateBudget
  private readonly bucket: TokenBucket
  private limits: ReadonlyMap<string, LimitBudget>
  private readonly learned = new Map<string, LearnedAllowance>()
  private learnedPerSecond = Number.POSITIVE_INFINITY

  constructor(rate: RateBudget) {
    this.rate = rate
    this.bucket = new TokenBucket(rate)
    this.limits = this.limitsOf(rate, new Map())
  }

  private limitsOf({ limits = [] }: RateBudget, before: ReadonlyMap<string, LimitBudget>) {
    return new Map(
      limits.filter(isOfLane).map((limit) => {
        const name = JSON.stringify(limit)
        return [name, before.get(name) ?? limitBudgetOf(limit)] as const
      })
    )
  }

  redeclare(rate: RateBudget, now: number): void {
    this.rate = rate
    this.limits = this.limitsOf(rate, this.limits)
    this.applyRate(now)
  }

  private applyRate(now: number): void {
    const { burst, perSecond } = this.rate
    this.bucket.rebudget({ burst, perSecond: Math.min(perSecond, this.learnedPerSecond) }, now)
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
    const kept = kind === "other" ? Math.floor(this.rate.burst * zeroShare) : 0
    let at = Math.max(this.pausedUntil, this.bucket.availableAt(now, kept))
    for (const limit of this.limits.values()) at = Math.max(at, limit.admitAt(now, kind))
    for (const allowance of this.learned.values()) at = Math.max(at, allowance.admitAt(now, kind))
    return at
  }

  /** When a call may begin that is to delay no other: the whole burst is there, and every limit admits it. */
  leftoverAt(now: number): number {
    return Math.max(this.admitAt(now, "other"), this.bucket.availableAt(now, this.rate.burst - 1))
  }

  /** Which limit a call that is not to zero waits for longest, and until when; undefined: none. */
  waitsFor(now: number): { readonly limit: string; readonly until: number } | undefined {
    let limit: string | undefined
    let until = now
    const look = (name: string, at: number) => {
      if (at > until) [limit, until] = [name, at]
    }
    for (const [name, each] of this.limits) look(name, each.admitAt(now, "other"))
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

  /** @param underWay calls that are not answered yet */
  learn(observed: BudgetObservation, now: number, underWay: number): void {
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
