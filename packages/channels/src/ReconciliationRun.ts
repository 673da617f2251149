/**
 * One reconciliation of a channel, without I/O: which listings are read next, and what their readings come to.
 *
 * Guarantee: every listing is counted once, in one class. A listing that is not comparable is looked at again, for
 * `reconcilePatienceMillis` after the others; it ends as well when for `reconcileStallMillis` nothing could be compared. What differs is kept until the end: the share decides.
 */
import type { ReadBack } from "./ChannelConnector.ts"
import { reconcilePatienceMillis, reconcileStallMillis } from "./ChannelLimit.ts"
import type { Listing } from "./Listing.ts"
import { zeroVerdicts, type ListingDiscrepancy } from "./ReconciliationReport.ts"
import { type Discrepancy, type Expectation, expectationOf, stillHolds, verdictOf } from "./ReconciliationVerdict.ts"

/** A listing that differs, as it was read. */
export interface Found {
  readonly expectation: Expectation
  readonly verdict: Discrepancy
  readonly shown: number | undefined
  readonly readAt: number
}

export class ReconciliationRun {
  readonly counts = zeroVerdicts()
  readonly found: Array<Found> = []
  readonly listings: number
  reads = 0
  detail: string | undefined
  private readonly settleMillis: number
  private readonly notBefore: number
  private todo: Array<Listing>
  private later: Array<Listing> = []
  private progressAt: number
  /** when each listing had its turn, milliseconds since the epoch */
  private passedAt: number | undefined

  /** @param notBefore milliseconds since the epoch: until then a write of a process before this one may land */
  constructor(listings: ReadonlyArray<Listing>, now: number, settleMillis: number, notBefore: number) {
    this.listings = listings.length
    this.todo = listings.toReversed()
    this.settleMillis = settleMillis
    this.notBefore = notBefore
    this.progressAt = now
  }

  get left(): number {
    return this.todo.length + this.later.length
  }

  isOver(now: number): boolean {
    if (this.left === 0 || now - this.progressAt >= reconcileStallMillis) return true
    return this.passedAt !== undefined && now - this.passedAt >= reconcilePatienceMillis + this.settleMillis
  }

  /** Listings to read now, at most `max`; none: nothing is comparable now. */
  take(now: number, max: number): ReadonlyArray<Expectation> {
    if (now < this.notBefore) return []
    const batch: Array<Expectation> = []
    for (let round = 0; round < 2 && batch.length === 0; round++) {
      if (this.todo.length === 0) {
        this.passedAt ??= now
        ;[this.todo, this.later] = [this.later.toReversed(), []]
      }
      while (batch.length < max && this.todo.length > 0) {
        const listing = this.todo.pop()!
        const expectation = expectationOf(listing, now, this.settleMillis)
        if (expectation === undefined) this.later.push(listing)
        else batch.push(expectation)
      }
    }
    return batch
  }

  /** The reading gave way to a push. */
  putBack(batch: ReadonlyArray<Expectation>): void {
    for (const { listing } of batch) this.todo.push(listing)
  }

  /** The reading ended. @param readAt when it began */
  landed(batch: ReadonlyArray<Expectation>, answer: ReadBack, readAt: number, now: number): void {
    if (answer._tag === "unreachable") {
      this.detail = answer.detail
      for (const { listing } of batch) this.later.push(listing)
      return
    }
    for (const expectation of batch) {
      const { listing } = expectation
      const shown = answer.quantities.get(listing.sku)
      const verdict = verdictOf(expectation, shown)
      if (verdict === "inFlight") {
        this.later.push(listing)
        continue
      }
      this.progressAt = now
      this.counts[verdict] += 1
      if (verdict !== "agrees") this.found.push({ expectation, verdict, shown, readAt })
    }
  }

  /** Counts what is left: what could have been compared now was not read. */
  end(now: number): void {
    for (const listing of [...this.todo, ...this.later]) {
      const isComparable = now >= this.notBefore && expectationOf(listing, now, this.settleMillis) !== undefined
      this.counts[isComparable ? "unknown" : "inFlight"] += 1
    }
    this.todo = []
    this.later = []
  }

  discrepancies(): ReadonlyArray<ListingDiscrepancy> {
    return this.found.map(({ expectation: { listing, should, since }, verdict, shown }) => ({
      sku: listing.sku,
      verdict,
      shown: shown ?? null,
      should,
      since
    }))
  }

  /** Those that nothing was written to since they were read: a newer write repaired the others. */
  repairable(): ReadonlyArray<Found> {
    return this.found.filter(({ expectation }) => stillHolds(expectation))
  }
}
