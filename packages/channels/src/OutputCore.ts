/**
 * The decisions of one channel's output stream, without I/O: which listing is told what, and when.
 *
 * Guarantee: one call at most is under way per listing, so that an older version never overwrites a newer; only the
 * newest quantity waits; a quantity that the channel already shows is not sent. Its definition may change while it runs:
 * nothing is lost or told twice for that. It is synchronous: the caller brings the time, makes the calls and wakes it. What
 * an answer means: `Landing`.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition, Operation } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { isReckonedAlike } from "@holdfast/domain/Publishable"
import { ListingDays } from "./budget/ListingDays.ts"
import type { ConnectorDescriptor } from "./ChannelConnector.ts"
import { EventAccount } from "./EventAccount.ts"
import { Landing, type Reached } from "./Landing.ts"
import { Leftover } from "./Leftover.ts"
import { emptyListing, isShown, type Listing, storedListing } from "./Listing.ts"
import { ListingReckoning } from "./ListingReckoning.ts"
import type { StoredListing } from "./ListingStore.ts"
import { OutputCalls } from "./OutputCalls.ts"
import { zeroCounts } from "./OutputCounts.ts"
import type { LadderView } from "./OutputLadder.ts"
import { type Admission, OutputLane } from "./OutputLane.ts"
import type { OutputPorts } from "./OutputPorts.ts"
import { OutputQueue } from "./OutputQueue.ts"
import { riskFirst, type QueueOrder } from "./QueueOrder.ts"
import { OutputWindow } from "./OutputWindow.ts"
import { Remappings } from "./Remappings.ts"
import { Restraint } from "./Restraint.ts"

const nothing: Admission = { at: Number.POSITIVE_INFINITY, toZero: false }

export class OutputCore {
  readonly account: EventAccount
  readonly lane: OutputLane
  readonly queue: OutputQueue
  readonly restraint: Restraint
  readonly days: ListingDays
  readonly listings = new Map<Sku, Listing>()
  readonly counts = zeroCounts()
  operation: Operation = "running"
  private current: ChannelDefinition
  private readonly reached: Reached
  private readonly ports: OutputPorts
  private readonly order: QueueOrder
  private readonly landing: Landing
  /** begins and ends those that the core admits */
  readonly calls: OutputCalls
  /** until the newest stock of every SKU was offered, a run would miss some of it */
  private isCaughtUp = false
  private readonly reckoning: ListingReckoning
  private readonly remappings = new Remappings()
  /** what reconciliation reads with */
  readonly leftover: Leftover
  private pumping = false
  private pumpAgain = false

  /** @param climbs whether it has a ladder: to compare with */
  constructor(
    definition: ChannelDefinition,
    descriptor: ConnectorDescriptor,
    canReadBack: boolean,
    ports: OutputPorts,
    order: QueueOrder = riskFirst,
    climbs = true
  ) {
    this.current = definition
    this.reached = { descriptor, canReadBack }
    this.ports = ports
    this.order = order
    this.account = new EventAccount(definition.id, definition, ports.settled, ports.promisedFrom)
    const { accountOf } = ports
    this.lane = new OutputLane(definition.rate, { now: ports.now(), accountOf, wake: () => this.tick() })
    this.days = new ListingDays(definition.rate.limits)
    this.queue = new OutputQueue(new OutputWindow(definition.timing, ports.now()))
    this.reckoning = new ListingReckoning(definition, this.account)
    const { account, counts, lane, queue, reckoning } = this
    const isRunning = () => this.operation === "running"
    this.leftover = new Leftover({ lane, queue, isRunning, ended: () => this.pump() })
    this.restraint = new Restraint({ lane, queue, reckoning, climbs, now: ports.now() })
    account.rungsBetween = (from, to) => this.restraint.ladder.between(from, to)
    const reconsider = (listing: Listing, now: number, letGo?: boolean) => this.reconsider(listing, now, letGo)
    const { reached, remappings, restraint, days } = this
    this.landing = new Landing({ account, counts, lane, queue, reached, ports, reconsider })
    this.calls = new OutputCalls({
      channel: definition.id,
      counts,
      days,
      lane,
      landing: this.landing,
      order,
      ports,
      queue,
      reached,
      remappings,
      restraint,
      reconsider,
      recovered: (now) => this.releaseFailed(now),
      ended: () => this.pump()
    })
  }

  get definition(): ChannelDefinition {
    return this.current
  }

  /**
   * What the channel confirmed before this process began; before the first offer.
   * @param ranAt milliseconds since the epoch at which its last scheduled run was begun: one that was missed since is made up for
   */
  restore(rows: ReadonlyArray<StoredListing>, ranAt?: number): void {
    for (const row of rows) this.listings.set(row.sku, storedListing(row))
    if (ranAt !== undefined) this.queue.window.restore(ranAt)
  }

  /** Takes note of the newest stock of a SKU. A version that is not newer than the newest seen is ignored. */
  offer(stock: Availability): void {
    const listing = this.listingOf(stock.sku)
    if (stock.version < listing.version || (stock.version === listing.version && !listing.outdated)) {
      this.counts.ignored += 1
      return
    }
    const now = this.ports.now()
    this.counts.offers += 1
    if (listing.place !== "idle" && listing.place !== "inFlight" && listing.step === "push") this.counts.coalesced += 1
    this.reckoning.reckon(listing, stock, now)
    listing.version = stock.version
    listing.outdated = false
    listing.quarantine = undefined
    if (listing.restored && stock.version > listing.confirmedVersion) listing.confirmed = undefined
    listing.restored = false
    if (stock.version > listing.confirmedVersion) this.follow(listing, stock, now)
    if (listing.place === "inFlight") this.restraint.note(listing, now)
    else this.reconsider(listing, now)
    this.pump()
  }

  private follow(listing: Listing, stock: Availability, now: number): void {
    const earliest = this.account.offer(listing, stock, now)
    const deadline = earliest === Number.POSITIVE_INFINITY ? stock.committedAt + this.current.budgetMillis : earliest
    listing.deadline = Math.min(listing.deadline, deadline)
    if (earliest < (listing.due ?? Number.POSITIVE_INFINITY)) listing.due = earliest
  }

  /** The newest stock of every SKU was offered: from now on windows close. */
  caughtUp(): void {
    this.isCaughtUp = true
    this.pump()
  }

  /** Time has passed. */
  tick(): void {
    this.pump()
  }

  /**
   * Goes by another definition of the same channel from now on.
   * @returns whether quantities are reckoned otherwise: then the newest stock of every SKU is to be offered again
   */
  redefine(next: ChannelDefinition): boolean {
    const { current: before } = this
    const now = this.ports.now()
    this.current = next
    this.account.redefine(next)
    this.reckoning.redefine(next, this.listings.values())
    this.lane.rebudget(next.rate, now)
    this.days.redeclare(next.rate.limits)
    for (const listing of this.queue.held()) this.putReady(listing, now)
    if (JSON.stringify(before.timing) !== JSON.stringify(next.timing)) this.retime(next, now)
    const isOutdated = !isReckonedAlike(before, next)
    if (isOutdated) for (const listing of this.listings.values()) listing.outdated = true
    this.pump()
    return isOutdated
  }

  private retime({ timing }: ChannelDefinition, now: number): void {
    const { window } = this.queue
    window.retime(timing, now)
    if (!window.collects) this.closeNow(now)
  }

  /** Another connector takes over; calls that are under way end as they began. */
  reach(descriptor: ConnectorDescriptor, canReadBack: boolean): void {
    Object.assign(this.reached, { descriptor, canReadBack })
    const now = this.ports.now()
    // what was to be read back and cannot be any more is told again, under the same key
    for (const listing of canReadBack ? [] : this.listings.values()) {
      if (listing.step === "push" || listing.place === "inFlight") continue
      listing.step = "push"
      this.reconsider(listing, now)
    }
    this.pump()
  }

  /** @param operation what it does from now on */
  operate(operation: Operation): void {
    this.operation = operation
    this.pump()
  }

  /** Lets go what waits for a window: all of it, or these listings. @returns how many */
  release(skus?: ReadonlySet<Sku>): number {
    const { queue } = this
    const now = this.ports.now()
    let released = 0
    if (skus === undefined) released = this.closeNow(now)
    else
      for (const listing of queue.window.release(skus)) {
        this.putReady(listing, now)
        released += 1
      }
    this.pump()
    return released
  }

  /** The channel's ids of these are others now: what it did not know by the old ones is told again. */
  remapped(skus: Iterable<Sku>): void {
    const now = this.ports.now()
    for (const sku of skus) {
      const listing = this.listings.get(sku)
      if (listing !== undefined && this.remappings.remapped(listing)) this.reconsider(listing, now)
    }
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

  /** Puts a listing that is not in flight where it belongs now. @param letGo it waits for no window: one has closed for it */
  private reconsider(listing: Listing, now: number, letGo = false): void {
    this.restraint.note(listing, now)
    if (isShown(listing)) {
      this.landing.shown(listing, now)
      if (listing.place === "delayed" && listing.step === "verify") return
      this.queue.remove(listing)
      if (listing.suspect && this.reached.canReadBack) {
        listing.step = "verify"
        this.queue.putDelayed(listing, now + this.reached.descriptor.settleMillis)
      }
      return
    }
    if (listing.quarantine !== undefined) return
    if (listing.deadline === Number.POSITIVE_INFINITY) listing.deadline = now + this.current.budgetMillis
    if (listing.place === "collecting") return
    if (listing.place === "ready" || listing.place === "held") return this.putReady(listing, now)
    if (listing.place === "delayed" && listing.step !== "verify" && listing.heldUntil === undefined) return
    listing.step = "push"
    if (this.queue.window.collects && !letGo) this.queue.putCollecting(listing, now)
    else this.putReady(listing, now)
  }

  /** Where it waits for the lane depends on what is at risk meanwhile; one that has spent its day waits for the next. */
  private putReady(listing: Listing, now: number): void {
    const { order, current, queue } = this
    this.restraint.note(listing, now)
    if (this.restraint.heldBecause(listing) !== undefined) return queue.putHeld(listing)
    if (listing.place === "held") listing.agesFrom = now
    const jumps = order.jumps(listing)
    const at = listing.step === "push" ? this.days.admitAt(listing.sku, now, jumps) : now
    listing.heldUntil = at > now ? at : undefined
    if (at > now) return queue.putDelayed(listing, at)
    queue.putReady(
      listing,
      order.place(listing, now, current.budgetMillis, this.restraint.ladder.has("onlyRisky")),
      jumps
    )
  }

  /** Orders of the channel were seen: raises that waited for them may go. */
  private seeOrders(now: number): void {
    const seenUntil = this.ports.ordersSeenUntil?.()
    if (seenUntil === this.restraint.seenUntil) return
    this.restraint.seenUntil = seenUntil
    // what waits for the lane was not held for want of a cursor
    this.putAgain(now)
  }

  /** Finds a place anew for all that waits for the lane, or is held. */
  private putAgain(now: number): void {
    for (const listing of [...this.queue.awaited(), ...this.queue.heldRaises()]) this.putReady(listing, now)
  }

  private get view(): LadderView {
    const { batchMax } = this.reached.descriptor
    return { definition: this.current, batchMax, isRunning: this.operation !== "paused" }
  }

  /** Looks at what the lane left to wait. */
  private climb(now: number): void {
    const { restraint } = this
    if (restraint.nextAt(this.current.budgetMillis, now) > now && restraint.shownLess === 0) return
    const change = restraint.climb(this.view, now)
    if (change !== undefined) {
      this.putAgain(now)
      this.ports.rungChanged?.(change)
      this.pumpAgain = true
    }
    for (const listing of restraint.narrow(this.view, now)) {
      if (listing.place === "inFlight") this.restraint.note(listing, now)
      else this.reconsider(listing, now)
      this.pumpAgain = true
    }
  }

  /** The next write of these is stored: they need not wait for that any longer. */
  daysStored(skus: Iterable<Sku>): void {
    const now = this.ports.now()
    for (const sku of skus) {
      const listing = this.listings.get(sku)
      if (listing?.place === "delayed" && listing.heldUntil !== undefined) this.putReady(listing, now)
    }
    this.pump()
  }

  private closeNow(now: number): number {
    const listings = this.queue.window.close(now)
    for (const listing of listings) this.putReady(listing, now)
    return listings.length
  }

  /** What only waited out a failure need not: it was the channel's, and the channel is well again. */
  private releaseFailed(now: number): void {
    for (const listing of this.queue.failed()) this.putReady(listing, now)
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
      this.seeOrders(now)
      for (const listing of this.reckoning.review(this.listings, now))
        if (listing.place !== "inFlight") this.reconsider(listing, now)
      for (const listing of this.queue.due(now)) this.putReady(listing, now)
      this.closeWindow(now)
      for (let next = this.admission(now); next.at <= now; next = this.admission(now)) this.calls.launch(now, next)
      this.climb(now)
      if (this.leftover.makeRoom()) this.pumpAgain = true
    } while (this.pumpAgain)
    this.pumping = false
    this.ports.wakeAt(
      Math.min(
        this.admission(this.ports.now()).at,
        this.queue.nextAt,
        this.account.nextAt,
        this.closesAt,
        this.reckoning.reviewAt,
        this.restraint.nextAt(this.current.budgetMillis, this.ports.now())
      )
    )
  }

  /** When the window closes by itself, milliseconds since the epoch. */
  get closesAt(): number {
    return this.isCaughtUp ? this.queue.window.closesAt : Number.POSITIVE_INFINITY
  }

  private closeWindow(now: number): void {
    const { queue } = this
    if (this.operation === "draining") {
      if (queue.window.size > 0) this.closeNow(now)
      if (!this.isCaughtUp || queue.waiting > 0 || this.calls.inFlight > 0) return
      this.operation = "paused"
      this.ports.drained?.()
    } else if (this.closesAt <= now) {
      const listings = this.closeNow(now)
      if (!queue.window.runs) return
      this.counts.runs += 1
      this.ports.ran?.({ ranAt: now, listings })
    }
  }

  private admission(now: number): Admission {
    if (this.operation === "paused") return nothing
    const admission = this.lane.admit(now, this.queue.first)
    if (this.restraint.ladder.rung === "none") return admission
    return { ...admission, at: Math.max(admission.at, this.restraint.fullBy(this.view)) }
  }

  /** Whether the newest stock of every SKU was offered. */
  get hasCaughtUp(): boolean {
    return this.isCaughtUp
  }

  /** The channel shows another quantity than it confirmed. @param shown undefined: it does not list it */
  heal(listing: Listing, shown: number | undefined, readAt: number): void {
    this.landing.seen(listing, shown, readAt, this.ports.now())
    this.pump()
  }
}
