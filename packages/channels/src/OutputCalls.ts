/**
 * The calls of a channel's output stream that are under way: what a call takes along, and what is made of its end.
 *
 * Guarantee: a listing is in one call at most. Whether one may begin is the core's to say; what an answer means for a listing:
 * `Landing`, for the channel: `LaneAnswers`. No I/O: ports make the calls.
 */
import type { ChannelId } from "@holdfast/domain/Identity"
import { skuToken } from "@holdfast/domain/Partition"
import type { ListingDays } from "./budget/ListingDays.ts"
import type { PushItem, PushOutcome, ReadBack } from "./ChannelConnector.ts"
import type { Landing, LandingParts } from "./Landing.ts"
import { hearPush, hearUnreachable } from "./LaneAnswers.ts"
import { expectedOf, type Listing, type Step } from "./Listing.ts"
import type { Admission } from "./OutputLane.ts"
import type { Flight } from "./OutputPorts.ts"
import type { QueueOrder } from "./QueueOrder.ts"
import type { Remappings } from "./Remappings.ts"
import type { Restraint } from "./Restraint.ts"

interface CallParts extends Omit<LandingParts, "account"> {
  readonly channel: ChannelId
  readonly days: ListingDays
  readonly landing: Landing
  readonly order: QueueOrder
  readonly remappings: Remappings
  readonly restraint: Restraint
  /** the channel is well again */
  readonly recovered: (now: number) => void
  /** to be called when a call has ended: others may begin */
  readonly ended: () => void
}

/** Outcomes of which the channel was not told for its own sake. */
const isUntold: ReadonlySet<PushOutcome["_tag"]> = new Set(["notApplied", "unknown", "blocked"])

export class OutputCalls {
  /** listings that a call is under way for */
  inFlight = 0
  private readonly parts: CallParts

  constructor(parts: CallParts) {
    this.parts = parts
  }

  /** Begins one call for the most urgent listings: something has been admitted. */
  launch(now: number, admission: Admission): void {
    const { counts, days, lane, order, ports, queue, reached, restraint } = this.parts
    const room = lane.room(now, admission)
    const probe = lane.begin()
    const { batchMax, readMax = batchMax } = reached.descriptor
    const maxOf = (step: Step) => (probe ? 1 : Math.min(step === "push" ? batchMax : readMax, room.items))
    const listings = queue.take(maxOf, admission.toZero, room.others)
    restraint.called(now, maxOf(listings[0]!.step))
    this.inFlight += listings.length
    for (const listing of listings) {
      listing.attempts += 1
      listing.touchedAt = now
    }
    const head = { listings, probe, requestAt: now }
    if (listings[0]!.step === "push") {
      counts.pushes += listings.length
      for (const listing of listings) if (listing.failures > 0) counts.retries += 1
      ports.launch({ ...head, _tag: "push", items: listings.map((listing) => this.itemOf(listing)) })
    } else {
      counts.readBacks += listings.length
      ports.launch({ ...head, _tag: "readBack", skus: listings.map((listing) => listing.sku) })
    }
    const writes = listings[0]!.step === "push"
    let others = 0
    for (const listing of listings) {
      const jumps = order.jumps(listing)
      if (!jumps) others += 1
      if (writes) days.note(listing.sku, now, jumps)
    }
    lane.spend(now, admission, { writes, items: listings.length, others })
  }

  private itemOf(listing: Listing): PushItem {
    const { sku, generation } = listing
    const { quantity, version } = this.parts.restraint.allowedOf(listing)
    const key = `${skuToken(this.parts.channel)}:${skuToken(sku)}:${version}:${quantity}:${generation}`
    return { sku, quantity, version, key, expected: expectedOf(listing) }
  }

  /** A push ended. @param outcomes one per item, in their order */
  landPush(flight: Flight & { readonly _tag: "push" }, outcomes: ReadonlyArray<PushOutcome>): void {
    const now = this.parts.ports.now()
    this.leave(flight)
    this.parts.restraint.ladder.failed(outcomes.filter(({ _tag }) => isUntold.has(_tag)).length)
    if (hearPush(this.parts.lane, outcomes, this.answered(flight, now))) this.parts.recovered(now)
    for (let i = 0; i < flight.items.length; i++) {
      const { quantity, version } = flight.items[i]!
      const outcome = outcomes[i] ?? { _tag: "unknown", detail: "the connector gave no answer for this item" }
      const listing = flight.listings[i]!
      this.parts.landing.item(listing, { quantity, version, requestAt: flight.requestAt }, outcome, now)
      if (this.parts.remappings.landed(listing)) this.parts.reconsider(listing, now)
    }
    this.parts.ended()
  }

  /** A read-back ended. */
  landReadBack(flight: Flight & { readonly _tag: "readBack" }, answer: ReadBack): void {
    const now = this.parts.ports.now()
    this.leave(flight)
    if (answer.observed !== undefined) this.parts.lane.learn(answer.observed, now)
    if (answer._tag === "unreachable") {
      const pause = hearUnreachable(this.parts.lane, answer, this.answered(flight, now))
      for (const listing of flight.listings)
        this.parts.landing.retry(listing, this.parts.reached.canReadBack ? listing.step : "push", now, pause)
    } else {
      if (this.parts.lane.circuit.succeeded(flight.probe)) this.parts.recovered(now)
      for (const listing of flight.listings)
        this.parts.landing.seen(listing, answer.quantities.get(listing.sku), flight.requestAt, now)
    }
    this.parts.ended()
  }

  private leave(flight: Flight): void {
    this.parts.lane.end()
    this.inFlight -= flight.listings.length
    const now = this.parts.ports.now()
    for (const listing of flight.listings) {
      listing.place = "idle"
      listing.touchedAt = now
    }
  }

  private answered({ probe }: Flight, now: number) {
    return { probe, now, random: this.parts.ports.random }
  }
}
