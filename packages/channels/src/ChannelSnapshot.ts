/** What an output stream says of itself, for metrics, the console and the replay tool. Plain data, JSON-safe. */
import type { ChannelId, Sku } from "@holdfast/domain/Identity"
import type { CircuitState } from "./CircuitBreaker.ts"
import type { EventOutcome } from "./EventAccount.ts"
import type { KeptForLag } from "./LagBuffers.ts"
import type { Rung } from "./Ladder.ts"
import type { LatencySummary } from "./LatencyHistogram.ts"
import type { Listing, Quarantine } from "./Listing.ts"
import type { RaiseHeldBecause } from "./RaiseFence.ts"
import type { OutputCore } from "./OutputCore.ts"
import type { OutputCounts } from "./OutputCounts.ts"
import type { ReconciliationReport } from "./ReconciliationReport.ts"
import type { ChannelDefinition, Operation } from "@holdfast/domain/Channel"

/** Counters run from the start of the process; events are weighted. Times are milliseconds, quantiles too. */
export interface ChannelSnapshot extends Readonly<OutputCounts>, Readonly<Record<EventOutcome, number>> {
  readonly channel: ChannelId
  readonly name: string
  readonly timing: ChannelDefinition["timing"]["model"]
  readonly budgetMillis: number
  readonly objective: number
  readonly circuit: CircuitState
  /** why the circuit is not closed */
  readonly circuitDetail: string | undefined
  /** the channel asked to be left alone until then, milliseconds since the epoch; undefined when that is over */
  readonly pausedUntil: number | undefined
  /** the limit that what waits waits for longest, and until when: milliseconds since the epoch; undefined: none */
  readonly waitsFor: { readonly limit: string; readonly until: number } | undefined
  /** listings that have spent the revisions of their day, and when the first may be written again, milliseconds since the epoch */
  readonly held: number
  readonly heldUntil: number | undefined
  /** raises that are not told yet: an order of the channel may be unseen, or its deadlines are at risk */
  readonly raisesHeld: Readonly<Record<RaiseHeldBecause, number>>
  /** every order placed at the channel before was seen, milliseconds since the epoch; undefined: it is not asked for its orders */
  readonly ordersSeenUntil: number | undefined
  /** what is given up while more is due than the channel takes in time, and since when, milliseconds since the epoch; undefined: nothing is */
  readonly rung: Rung
  readonly rungSince: number | undefined
  /** listings that show less for that, and are told again once nothing is given up */
  readonly shownLess: number
  readonly operation: Operation
  /** listings that collect until their window closes, and when that is: milliseconds since the epoch, undefined when not by itself */
  readonly collecting: number
  readonly closesAt: number | undefined
  readonly listings: number
  readonly quarantined: number
  /** listings that wait for a call, and those that a call is under way for */
  readonly pending: number
  readonly inFlight: number
  /** milliseconds since the oldest event that still waits; 0 when none does */
  readonly oldestPendingMillis: number
  /** events offered, settled in time, and late: `good + breaches` are those judged */
  readonly events: number
  readonly good: number
  readonly breaches: number
  /** share of the judged events that were in time, 1 when none was judged */
  readonly attained: number
  /** event to acknowledgement over the last minute */
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly p999: number | undefined
  /** the same since the start of the process */
  readonly total: LatencySummary
  /** the last comparison of what it shows with what it confirmed; undefined: none since the start of the process */
  readonly reconciliation: ReconciliationReport | undefined
}

/** One listing as the console shows it. */
export interface ListingView {
  readonly sku: Sku
  readonly version: number
  /** units that the channel should show, and those it last confirmed */
  readonly wanted: number
  readonly confirmed: number | undefined
  /** units kept back because the channel hears late, and why so many; undefined without a lag buffer */
  readonly kept: KeptForLag | undefined
  readonly place: Listing["place"]
  /**
   * why it waits though the channel is not shown what it should be. `unseenOrders`: until every order placed at the channel before
   * that time was seen; `ladder`: until its deadlines are no longer at risk. Times are milliseconds since the epoch
   */
  readonly held:
    | { readonly because: "listingDay" | "unseenOrders"; readonly until: number }
    | { readonly because: "ladder" }
    | undefined
  readonly pendingEvents: number
  readonly quarantine: Quarantine | undefined
}

const isHeld = ({ heldUntil, place, step }: Listing): boolean =>
  place === "delayed" && step === "push" && heldUntil !== undefined

const heldOf = (core: OutputCore, listing: Listing): ListingView["held"] => {
  if (isHeld(listing)) return { because: "listingDay", until: listing.heldUntil! }
  const because = listing.place === "held" ? core.restraint.heldBecause(listing) : undefined
  if (because !== "unseenOrders") return because === undefined ? undefined : { because }
  return { because, until: listing.raise!.at }
}

export const viewOf = (core: OutputCore, listing: Listing): ListingView => ({
  sku: listing.sku,
  version: listing.version,
  wanted: listing.wanted,
  confirmed: listing.confirmed,
  kept: listing.kept,
  place: listing.place,
  held: heldOf(core, listing),
  pendingEvents: listing.events.length,
  quarantine: listing.quarantine
})

const raisesHeld = (core: OutputCore): Record<RaiseHeldBecause, number> => {
  const counts = { unseenOrders: 0, ladder: 0 }
  for (const listing of core.queue.heldRaises()) counts[core.restraint.heldBecause(listing) ?? "ladder"] += 1
  return counts
}

export const snapshotOf = (core: OutputCore, now: number): Omit<ChannelSnapshot, "reconciliation"> => {
  const { account, definition, lane, queue } = core
  const { p50, p99, p999 } = account.window.summary(now)
  const judged = account.good + account.late
  let quarantined = 0
  const held = queue.held()
  let oldest = Number.POSITIVE_INFINITY
  for (const listing of core.listings.values()) {
    if (listing.quarantine !== undefined) quarantined += 1
    else if (listing.place !== "idle") oldest = Math.min(oldest, listing.deadline)
  }
  return {
    channel: definition.id,
    name: definition.name,
    timing: definition.timing.model,
    budgetMillis: definition.budgetMillis,
    objective: definition.objective,
    circuit: lane.circuit.state,
    circuitDetail: lane.circuit.detail,
    pausedUntil: lane.pausedUntil > now ? lane.pausedUntil : undefined,
    waitsFor: queue.waiting - queue.heldRaiseCount > held.length ? lane.waitsFor(now) : undefined,
    held: held.length,
    heldUntil: held.reduce<number | undefined>(
      (least, { heldUntil }) => Math.min(least ?? heldUntil!, heldUntil!),
      undefined
    ),
    raisesHeld: raisesHeld(core),
    ordersSeenUntil: core.restraint.seenUntil,
    rung: core.restraint.ladder.rung,
    rungSince: core.restraint.ladder.rung === "none" ? undefined : core.restraint.ladder.since,
    shownLess: core.restraint.shownLess,
    operation: core.operation,
    collecting: queue.window.size,
    closesAt: core.closesAt === Number.POSITIVE_INFINITY ? undefined : core.closesAt,
    listings: core.listings.size,
    quarantined,
    pending: queue.waiting,
    inFlight: core.calls.inFlight,
    oldestPendingMillis:
      oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now - (oldest - definition.budgetMillis)),
    events: account.offered,
    good: account.good,
    breaches: account.late,
    attained: judged === 0 ? 1 : account.good / judged,
    ...account.settled,
    ...core.counts,
    p50,
    p99,
    p999,
    total: account.total.summary()
  }
}
