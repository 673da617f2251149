/**
 * The decisions of one channel's output stream, without I/O: which listing is told what, when, and what an answer means.
 *
 * Guarantee: one call at most is under way per listing, so that an older version never overwrites a newer; only the
 * newest quantity waits; a quantity that the channel already shows is not sent; a write of unknown fate is resolved
 * before the next. It is synchronous: the caller brings the time, makes the calls and wakes it.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { skuToken } from "@holdfast/domain/Partition"
import { publishable } from "@holdfast/domain/Publishable"
import { backoffMillis } from "./Backoff.ts"
import type { ConnectorDescriptor, PushItem, PushOutcome, ReadBack } from "./ChannelConnector.ts"
import { detailMax, retryAfterMaxMillis, retryBaseMillis, retryMaxMillis, throttleMillis } from "./ChannelLimit.ts"
import { EventAccount, type EventOutcome } from "./EventAccount.ts"
import { emptyListing, isShown, type Listing, storedListing, type Write } from "./Listing.ts"
import type { StoredListing } from "./ListingStore.ts"
import { zeroCounts } from "./OutputCounts.ts"
import { OutputLane } from "./OutputLane.ts"
import { OutputQueue } from "./OutputQueue.ts"
import type { Flight, OutputPorts } from "./OutputPorts.ts"
import { windowClosesAt } from "./TimingWindow.ts"

export class OutputCore {
  readonly account: EventAccount
  readonly lane: OutputLane
  readonly queue = new OutputQueue()
  readonly listings = new Map<Sku, Listing>()
  readonly counts = zeroCounts()
  inFlight = 0
  private readonly definition: ChannelDefinition
  private readonly descriptor: ConnectorDescriptor
  private readonly canReadBack: boolean
  private readonly ports: OutputPorts
  private pumping = false
  private pumpAgain = false
  private throttles = 0

  constructor(
    definition: ChannelDefinition,
    descriptor: ConnectorDescriptor,
    canReadBack: boolean,
    ports: OutputPorts
  ) {
    this.definition = definition
    this.descriptor = descriptor
    this.canReadBack = canReadBack
    this.ports = ports
    this.account = new EventAccount(definition.id, definition.budgetMillis, ports.settled)
    this.lane = new OutputLane(definition.rate)
  }

  /** What the channel confirmed before this process began; before the first offer. */
  restore(rows: ReadonlyArray<StoredListing>): void {
    for (const row of rows) this.listings.set(row.sku, storedListing(row))
  }

  /** Takes note of the newest stock of a SKU. A version that is not newer than the newest seen is ignored. */
  offer(stock: Availability): void {
    const listing = this.listingOf(stock.sku)
    if (stock.version <= listing.version) {
      this.counts.ignored += 1
      return
    }
    const now = this.ports.now()
    this.counts.offers += 1
    if ((listing.place === "ready" || listing.place === "delayed") && listing.step === "push")
      this.counts.coalesced += 1
    listing.version = stock.version
    listing.wanted = publishable(this.definition, stock)
    listing.quarantine = undefined
    if (listing.restored && stock.version > listing.confirmedVersion) listing.confirmed = undefined
    listing.restored = false
    if (stock.version > listing.confirmedVersion) {
      const earliest = this.account.offer(listing, stock, now)
      const deadline =
        earliest === Number.POSITIVE_INFINITY ? stock.committedAt + this.definition.budgetMillis : earliest
      listing.deadline = Math.min(listing.deadline, deadline)
    }
    if (listing.place !== "inFlight") this.reconsider(listing, now)
    this.pump()
  }

  /** Time has passed. */
  tick(): void {
    this.pump()
  }

  private listingOf(sku: Sku): Listing {
    let listing = this.listings.get(sku)
    if (listing === undefined) {
      listing = emptyListing(sku)
      this.listings.set(sku, listing)
    }
    return listing
  }

  /** Puts a listing that is not in flight where it belongs now. */
  private reconsider(listing: Listing, now: number): void {
    if (isShown(listing)) {
      this.settleShown(listing, now)
      if (listing.place === "delayed" && listing.step === "verify") return
      this.queue.remove(listing)
      if (listing.suspect && this.canReadBack) this.delay(listing, "verify", now + this.descriptor.settleMillis)
      return
    }
    if (listing.quarantine !== undefined) return
    if (listing.deadline === Number.POSITIVE_INFINITY) listing.deadline = now + this.definition.budgetMillis
    if (listing.place === "ready") {
      this.queue.putReady(listing)
      return
    }
    if (listing.place === "delayed" && listing.step !== "verify") return
    listing.step = "push"
    const closesAt = windowClosesAt(this.definition.timing, now)
    if (closesAt <= now) this.queue.putReady(listing)
    else this.queue.putDelayed(listing, closesAt)
  }

  private delay(listing: Listing, step: Listing["step"], at: number): void {
    listing.step = step
    this.queue.putDelayed(listing, at)
  }

  /** Starts the calls that may start, and says when to look again. */
  private pump(): void {
    if (this.pumping) {
      this.pumpAgain = true
      return
    }
    this.pumping = true
    do {
      this.pumpAgain = false
      const now = this.ports.now()
      this.account.pass(now)
      this.queue.release(now)
      while (this.queue.hasReady && this.lane.admitAt(now) <= now) this.launch(now)
    } while (this.pumpAgain)
    this.pumping = false
    const admitAt = this.queue.hasReady ? this.lane.admitAt(this.ports.now()) : Number.POSITIVE_INFINITY
    this.ports.wakeAt(Math.min(admitAt, this.queue.nextAt, this.account.nextAt))
  }

  private launch(now: number): void {
    const probe = this.lane.begin(now)
    const listings = this.queue.take(probe ? 1 : this.descriptor.batchMax)
    this.inFlight += listings.length
    for (const listing of listings) listing.attempts += 1
    const head = { listings, probe, requestAt: now }
    if (listings[0]!.step === "push") {
      this.counts.pushes += listings.length
      for (const listing of listings) if (listing.failures > 0) this.counts.retries += 1
      this.ports.launch({ ...head, _tag: "push", items: listings.map((listing) => this.itemOf(listing)) })
    } else {
      this.counts.readBacks += listings.length
      this.ports.launch({ ...head, _tag: "readBack", skus: listings.map((listing) => listing.sku) })
    }
  }

  private itemOf(listing: Listing): PushItem {
    const { sku, wanted, version, generation } = listing
    const key = `${skuToken(this.definition.id)}:${skuToken(sku)}:${version}:${wanted}:${generation}`
    return { sku, quantity: wanted, version, key }
  }

  /** A push ended. @param outcomes one per item, in their order */
  landPush(flight: Flight & { readonly _tag: "push" }, outcomes: ReadonlyArray<PushOutcome>): void {
    const now = this.ports.now()
    this.leave(flight)
    this.informLane(flight, outcomes, now)
    for (let i = 0; i < flight.items.length; i++) {
      const { quantity, version } = flight.items[i]!
      const outcome = outcomes[i] ?? { _tag: "unknown", detail: "the connector gave no answer for this item" }
      this.landItem(flight.listings[i]!, { quantity, version, requestAt: flight.requestAt }, outcome, now)
    }
    this.pump()
  }

  private leave(flight: Flight): void {
    this.lane.end()
    this.inFlight -= flight.listings.length
    for (const listing of flight.listings) listing.place = "idle"
  }

  private informLane(flight: Flight, outcomes: ReadonlyArray<PushOutcome>, now: number): void {
    const { circuit } = this.lane
    const blocked = outcomes.find((outcome) => outcome._tag === "blocked")
    if (blocked !== undefined) return circuit.refused(flight.probe, now, blocked.detail)
    const failed = outcomes.find((outcome) => outcome._tag === "unknown" || isTransient(outcome))
    if (failed !== undefined) return circuit.failed(flight.probe, now, failed.detail, this.ports.random())
    if (circuit.succeeded(flight.probe)) this.queue.releaseFailed()
  }

  private landItem(listing: Listing, write: Write, outcome: PushOutcome, now: number): void {
    switch (outcome._tag) {
      case "applied":
        return this.applied(listing, write, now)
      case "accepted":
        listing.unresolved = write
        if (!this.canReadBack) return this.applied(listing, write, now)
        return this.delay(listing, "resolve", now + this.descriptor.settleMillis)
      case "stale":
        this.counts.stale += 1
        return this.stale(listing, write, outcome.actual, now)
      case "rejected":
        this.counts.rejected += 1
        listing.unresolved = undefined
        listing.failures = 0
        listing.quarantine = { because: outcome.because, detail: outcome.detail, version: write.version, since: now }
        this.settle(listing, write, "failed", now, outcome.detail)
        if (listing.version > write.version) listing.quarantine = undefined
        return this.reconsider(listing, now)
      case "notApplied":
        return this.notApplied(listing, outcome, now)
      case "blocked":
        this.counts.blocked += 1
        return this.reconsider(listing, now)
      case "unknown":
        this.counts.unknown += 1
        listing.unresolved = write
        return this.retry(listing, this.canReadBack ? "resolve" : "push", now, 0)
    }
  }

  private applied(listing: Listing, write: Write, now: number): void {
    this.counts.applied += 1
    listing.unresolved = undefined
    listing.failures = 0
    this.throttles = 0
    listing.confirmed = write.quantity
    this.settle(listing, write, "delivered", now, undefined)
    this.reconsider(listing, now)
  }

  private stale(listing: Listing, write: Write, actual: number | undefined, now: number): void {
    listing.generation += 1
    if (actual === undefined && this.canReadBack) {
      listing.unresolved = write
      return this.retry(listing, "resolve", now, 0)
    }
    listing.unresolved = undefined
    this.found(listing, actual, write.requestAt, now)
    if (isShown(listing)) return this.reconsider(listing, now)
    this.retry(listing, "push", now, 0)
  }

  private notApplied(listing: Listing, outcome: PushOutcome & { readonly _tag: "notApplied" }, now: number): void {
    const asked = outcome.retryAfterMillis
    if (asked !== undefined) this.lane.pauseUntil(now + Math.min(asked, retryAfterMaxMillis))
    if (outcome.because === "transient") {
      this.counts.transient += 1
      return this.retry(listing, "push", now, 0)
    }
    if (outcome.because === "throttled") {
      this.counts.throttled += 1
      this.throttles += 1
      listing.failures += 1
      const policy = { base: throttleMillis, max: 30 * throttleMillis }
      if (asked === undefined) this.lane.pauseUntil(now + backoffMillis(policy, this.throttles, this.ports.random()))
    }
    this.reconsider(listing, now)
  }

  private retry(listing: Listing, step: Listing["step"], now: number, atLeast: number): void {
    listing.failures += 1
    if (step === "push" && isShown(listing)) return this.reconsider(listing, now)
    const policy = { base: retryBaseMillis, max: retryMaxMillis }
    this.delay(listing, step, now + Math.max(atLeast, backoffMillis(policy, listing.failures, this.ports.random())))
  }

  /** A read-back ended. */
  landReadBack(flight: Flight & { readonly _tag: "readBack" }, answer: ReadBack): void {
    const now = this.ports.now()
    this.leave(flight)
    const { circuit } = this.lane
    if (answer._tag === "unreachable") {
      const pause = Math.min(answer.retryAfterMillis ?? 0, retryAfterMaxMillis)
      if (pause > 0) {
        this.lane.pauseUntil(now + pause)
        circuit.succeeded(flight.probe)
      } else circuit.failed(flight.probe, now, answer.detail, this.ports.random())
      for (const listing of flight.listings) this.retry(listing, listing.step, now, pause)
    } else {
      if (circuit.succeeded(flight.probe)) this.queue.releaseFailed()
      for (const listing of flight.listings)
        this.sawShown(listing, answer.quantities.get(listing.sku), flight.requestAt, now)
    }
    this.pump()
  }

  private sawShown(listing: Listing, shown: number | undefined, requestAt: number, now: number): void {
    const { unresolved } = listing
    if (unresolved !== undefined && shown === unresolved.quantity) return this.applied(listing, unresolved, now)
    if (unresolved !== undefined) {
      listing.unresolved = undefined
      listing.suspect = true
    } else if (shown === listing.confirmed) {
      listing.suspect = false
      listing.failures = 0
    } else {
      this.counts.healed += 1
      listing.generation += 1
    }
    this.found(listing, shown, requestAt, now)
    this.reconsider(listing, now)
  }

  /** The channel shows this, whatever it confirmed. */
  private found(listing: Listing, quantity: number | undefined, requestedAt: number, now: number): void {
    const { sku, confirmed, confirmedVersion, attempts } = listing
    listing.confirmed = quantity
    if (quantity === undefined || quantity === confirmed) return
    const version = Math.max(0, confirmedVersion)
    this.ports.changed({ sku, quantity, version, outcome: "found", requestedAt, answeredAt: now, attempts })
  }

  /** The channel shows what is wanted, though nothing was sent for the events that still wait. */
  private settleShown(listing: Listing, now: number): void {
    if (listing.version <= listing.confirmedVersion) return
    const write = { quantity: listing.wanted, version: listing.version, requestAt: undefined }
    this.settle(listing, write, "unchanged", now, undefined)
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
    if (requestAt !== undefined) {
      const call = { sku: listing.sku, quantity, version, requestedAt: requestAt, answeredAt: now, attempts }
      const refusal = { outcome: "rejected", detail: detail?.slice(0, detailMax) ?? "" } as const
      this.ports.changed({ ...call, ...(outcome === "failed" ? refusal : { outcome: "applied" }) })
    }
    this.account.settle(listing, version, { outcome, requestAt, ackAt: now, attempts, quantity, detail })
    listing.attempts = 0
    listing.deadline = listing.events.reduce(
      (least, pending) => Math.min(least, pending.deadline),
      Number.POSITIVE_INFINITY
    )
    if (outcome === "failed") return
    listing.confirmedVersion = Math.max(listing.confirmedVersion, version)
    this.ports.confirmed({ sku: listing.sku, quantity, version: listing.confirmedVersion, confirmedAt: now })
  }
}

const isTransient = (outcome: PushOutcome): outcome is PushOutcome & { readonly _tag: "notApplied" } =>
  outcome._tag === "notApplied" && outcome.because === "transient"
