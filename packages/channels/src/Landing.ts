/**
 * What an answer of the channel means for the listing it is about: shown, try again, read back, leave alone.
 *
 * Guarantee: a write of unknown fate is resolved before the next; an older version never settles a newer one's events. It
 * decides; where the listing waits next is `reconsider`'s. No I/O.
 */
import { backoffMillis } from "./Backoff.ts"
import type { ConnectorDescriptor, PushOutcome } from "./ChannelConnector.ts"
import {
  detailMax,
  gatherShare,
  retryAfterMaxMillis,
  retryBaseMillis,
  retryMaxMillis,
  throttleMillis
} from "./ChannelLimit.ts"
import type { EventAccount, EventOutcome } from "./EventAccount.ts"
import { isShown, type Listing, type Step, type Write } from "./Listing.ts"
import type { OutputCounts } from "./OutputCounts.ts"
import type { OutputLane } from "./OutputLane.ts"
import type { OutputPorts } from "./OutputPorts.ts"
import type { OutputQueue } from "./OutputQueue.ts"

/** How the channel is reached now; another connector may take over. */
export interface Reached {
  descriptor: ConnectorDescriptor
  canReadBack: boolean
}

export interface LandingParts {
  readonly account: EventAccount
  readonly counts: OutputCounts
  readonly lane: OutputLane
  readonly queue: OutputQueue
  readonly reached: Reached
  readonly ports: OutputPorts
  /**
   * puts a listing that is not in flight where it belongs now
   * @param letGo its window has closed already: it waits for no other
   */
  readonly reconsider: (listing: Listing, now: number, letGo?: boolean) => void
}

/** When what was accepted now is looked for, milliseconds since the epoch. */
const settledAt = ({ settleMillis, batchMax, readMax = batchMax }: ConnectorDescriptor, now: number): number => {
  const gather = settleMillis * gatherShare
  const at = now + settleMillis
  return readMax > 1 && gather >= 1 ? Math.ceil(at / gather) * gather : at
}

export class Landing {
  private readonly parts: LandingParts
  private throttles = 0

  constructor(parts: LandingParts) {
    this.parts = parts
  }

  /** One item of a push ended. */
  item(listing: Listing, write: Write, outcome: PushOutcome, now: number): void {
    const { counts, reconsider } = this.parts
    const { canReadBack, descriptor } = this.parts.reached
    switch (outcome._tag) {
      case "applied":
        return this.applied(listing, write, now)
      case "accepted":
        listing.unresolved = write
        if (!canReadBack) return this.applied(listing, write, now)
        return this.delay(listing, "resolve", settledAt(descriptor, now))
      case "stale":
        counts.stale += 1
        return this.stale(listing, write, outcome.actual, now)
      case "rejected":
        return this.rejected(listing, write, outcome, now)
      case "notApplied":
        return this.notApplied(listing, outcome, now)
      case "blocked":
        counts.blocked += 1
        return reconsider(listing, now)
      case "unknown":
        counts.unknown += 1
        listing.unresolved = write
        return this.retry(listing, canReadBack ? "resolve" : "push", now, 0)
    }
  }

  /** The channel was read back. @param shown undefined: it does not list it */
  seen(listing: Listing, shown: number | undefined, requestAt: number, now: number): void {
    const { unresolved } = listing
    if (unresolved !== undefined && shown === unresolved.quantity) return this.applied(listing, unresolved, now)
    if (unresolved !== undefined) {
      listing.unresolved = undefined
      listing.suspect = true
    } else if (shown === listing.confirmed) {
      listing.suspect = false
      listing.failures = 0
    } else {
      this.parts.counts.healed += 1
      listing.generation += 1
    }
    this.found(listing, shown, requestAt, now)
    this.parts.reconsider(listing, now)
  }

  /** The channel shows this, whatever it confirmed. */
  private found(listing: Listing, quantity: number | undefined, requestedAt: number, now: number): void {
    const { sku, confirmed, confirmedVersion, attempts } = listing
    listing.confirmed = quantity
    // it may have sold what we have not heard of: whatever is a raise now is one from now on
    if (quantity !== listing.told) listing.raise = undefined
    listing.told = quantity
    listing.confirmedAt = now
    if (quantity === undefined || quantity === confirmed) return
    const version = Math.max(0, confirmedVersion)
    const found = { sku, quantity, version, outcome: "found", requestedAt, answeredAt: now, attempts } as const
    this.parts.ports.changed(found)
  }

  /** The channel shows what is wanted, though nothing was sent for the events that still wait. */
  shown(listing: Listing, now: number): void {
    if (listing.version <= listing.confirmedVersion) return
    const write = { quantity: listing.wanted, version: listing.version, requestAt: undefined }
    this.settle(listing, write, "unchanged", now, undefined)
  }

  retry(listing: Listing, step: Step, now: number, atLeast: number): void {
    listing.failures += 1
    if (step === "push" && isShown(listing)) return this.parts.reconsider(listing, now)
    const policy = { base: retryBaseMillis, max: retryMaxMillis }
    const pause = backoffMillis(policy, listing.failures, this.parts.ports.random())
    this.delay(listing, step, now + Math.max(atLeast, pause))
  }

  private delay(listing: Listing, step: Step, at: number): void {
    listing.step = step
    this.parts.queue.putDelayed(listing, at)
  }

  private applied(listing: Listing, write: Write, now: number): void {
    this.parts.counts.applied += 1
    listing.unresolved = undefined
    listing.failures = 0
    this.throttles = 0
    if (listing.confirmed !== write.quantity) listing.before = listing.confirmed
    listing.confirmed = write.quantity
    listing.told = write.quantity
    listing.confirmedAt = now
    this.settle(listing, write, "delivered", now, undefined)
    this.parts.reconsider(listing, now)
  }

  private rejected(listing: Listing, write: Write, outcome: PushOutcome & { _tag: "rejected" }, now: number): void {
    const { because, detail } = outcome
    this.parts.counts.rejected += 1
    listing.unresolved = undefined
    listing.failures = 0
    listing.quarantine = { because, detail, version: write.version, since: now }
    this.settle(listing, write, "failed", now, detail)
    if (listing.version > write.version) listing.quarantine = undefined
    this.parts.reconsider(listing, now)
  }

  private stale(listing: Listing, write: Write, actual: number | undefined, now: number): void {
    listing.generation += 1
    if (actual === undefined && this.parts.reached.canReadBack) {
      listing.unresolved = write
      return this.retry(listing, "resolve", now, 0)
    }
    listing.unresolved = undefined
    this.found(listing, actual, write.requestAt, now)
    if (isShown(listing)) return this.parts.reconsider(listing, now)
    this.retry(listing, "push", now, 0)
  }

  private notApplied(listing: Listing, outcome: PushOutcome & { _tag: "notApplied" }, now: number): void {
    const { counts, lane, ports } = this.parts
    const asked = outcome.retryAfterMillis
    if (asked !== undefined) lane.pauseUntil(now + Math.min(asked, retryAfterMaxMillis))
    if (outcome.because === "transient") {
      counts.transient += 1
      return this.retry(listing, "push", now, 0)
    }
    if (outcome.because === "throttled") {
      counts.throttled += 1
      this.throttles += 1
      listing.failures += 1
      const policy = { base: throttleMillis, max: 30 * throttleMillis }
      if (asked === undefined) lane.pauseUntil(now + backoffMillis(policy, this.throttles, ports.random()))
    }
    this.parts.reconsider(listing, now, true)
  }

  private settle(
    listing: Listing,
    write: Omit<Write, "requestAt"> & { readonly requestAt: number | undefined },
    outcome: EventOutcome,
    now: number,
    detail: string | undefined
  ): void {
    const { attempts } = listing
    const { quantity, version, requestAt } = write
    const { account, ports } = this.parts
    if (requestAt !== undefined) {
      const call = { sku: listing.sku, quantity, version, requestedAt: requestAt, answeredAt: now, attempts }
      const refusal = { outcome: "rejected", detail: detail?.slice(0, detailMax) ?? "" } as const
      ports.changed({ ...call, ...(outcome === "failed" ? refusal : { outcome: "applied" }) })
    }
    account.settle(listing, version, { outcome, requestAt, ackAt: now, attempts, quantity, detail })
    listing.attempts = 0
    listing.deadline = listing.events.reduce(
      (least, pending) => Math.min(least, pending.deadline),
      Number.POSITIVE_INFINITY
    )
    listing.due = listing.deadline === Number.POSITIVE_INFINITY ? undefined : listing.deadline
    listing.agesFrom = undefined
    if (outcome === "failed") return
    listing.confirmedVersion = Math.max(listing.confirmedVersion, version)
    ports.confirmed({ sku: listing.sku, quantity, version: listing.confirmedVersion, confirmedAt: now })
  }
}

export const isTransient = (outcome: PushOutcome): outcome is PushOutcome & { readonly _tag: "notApplied" } =>
  outcome._tag === "notApplied" && outcome.because === "transient"
