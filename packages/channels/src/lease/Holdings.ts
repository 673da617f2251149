/** All that a process holds of the budgets of one account, by the names of its limits. No clock, no I/O. */
import { leaseReportMillis, leaseReportMillisMin, leaseRetryMillis } from "../ChannelLimit.ts"
import { CountHolding, ShareHolding, type ShareUser } from "./Holding.ts"
import type { CountAsk, CountGrant, CountTerms, ShareAsk, ShareGrant, ShareTerms } from "./LeaseTerms.ts"

type Named<A> = Readonly<Record<string, A>>

/** Units that cannot be given up now: calls that are under way. */
const inUseOf = (name: string, underWay: number): number => (name === "calls" ? underWay : 0)

export class Holdings {
  private readonly counts = new Map<string, CountHolding>()
  private readonly shares = new Map<string, ShareHolding>()

  /** A limit of the account; the same holding each time. */
  count(name: string, terms: CountTerms): CountHolding {
    const holding = this.counts.get(name) ?? new CountHolding(terms)
    this.counts.set(name, holding)
    return Object.assign(holding, { terms, isDeclared: true })
  }

  /** The same of one that is had by share; `calls` are those at once. */
  share(name: string, terms: Omit<ShareTerms, "lingerMillis">, user?: ShareUser): ShareHolding {
    const holding = this.shares.get(name) ?? new ShareHolding({ ...terms, lingerMillis: 0 })
    this.shares.set(name, holding)
    return Object.assign(holding, { terms: { ...terms, lingerMillis: 0 }, isDeclared: true, user })
  }

  /** Only these limits are declared from now on. */
  retain(names: ReadonlySet<string>): void {
    for (const [name, holding] of [...this.counts, ...this.shares]) holding.isDeclared = names.has(name)
  }

  get isSome(): boolean {
    return this.counts.size + this.shares.size > 0
  }

  get calls(): ShareHolding | undefined {
    return this.shares.get("calls")
  }

  /** From when on it is worth asking for something of which nothing is held; undefined: there is some of everything. */
  lackingSince(askedAt: number): number | undefined {
    let at: number | undefined
    for (const { isDeclared, left, retryAt } of this.counts.values())
      if (isDeclared && (left.all < 1 || left.others < 1)) at = Math.min(at ?? retryAt, retryAt)
    for (const { isDeclared, units } of this.shares.values())
      if (isDeclared && units < 1) at = Math.min(at ?? Number.POSITIVE_INFINITY, askedAt + leaseRetryMillis)
    return at
  }

  get isLow(): boolean {
    for (const count of this.counts.values()) if (count.isLow) return true
    return false
  }

  /** Others wait for what it has come down by. */
  owes(underWay: number): boolean {
    for (const [name, share] of this.shares) if (share.owes(inUseOf(name, underWay))) return true
    return false
  }

  /** How often what was spent is to be told. */
  get reportMillis(): number {
    let least = leaseReportMillis
    for (const { terms } of this.counts.values()) least = Math.min(least, Math.ceil(terms.windowMillis / 10))
    return Math.max(least, leaseReportMillisMin)
  }

  askCounts(elapsedMillis: number, leaves: boolean): Named<CountAsk> {
    return Object.fromEntries([...this.counts].map(([name, each]) => [name, each.ask(elapsedMillis, leaves)]))
  }

  /** @param want units that it could use, of those that it holds; undefined: as many as there are */
  askShares(
    now: number,
    underWay: number,
    want: (units: number) => number | undefined,
    leaves: boolean
  ): Named<ShareAsk> {
    const ask = (name: string, each: ShareHolding) => each.ask(now, inUseOf(name, underWay), want(each.units), leaves)
    return Object.fromEntries([...this.shares].map(([name, each]) => [name, ask(name, each)]))
  }

  accept(counts: Named<CountGrant>, shares: Named<ShareGrant>, now: number): void {
    for (const [name, grant] of Object.entries(counts)) this.counts.get(name)?.accept(grant, now)
    for (const [name, grant] of Object.entries(shares)) this.shares.get(name)?.accept(grant, now)
  }

  /** The lease is over; what is no longer declared is forgotten. */
  reset(now: number): void {
    for (const holding of this.counts.values()) holding.reset()
    for (const holding of this.shares.values()) holding.reset(now)
    for (const holdings of [this.counts, this.shares])
      for (const [name, { isDeclared }] of holdings) if (!isDeclared) holdings.delete(name)
  }
}
