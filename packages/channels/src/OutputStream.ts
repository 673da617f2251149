/**
 * A channel's output stream: takes every announcement, tells the channel what it must show, in time.
 *
 * Guarantee: `offer` returns at once whatever state the channel is in; the channel converges to the newest offered
 * quantity of every listing. What it confirmed is remembered over restarts. A connector that fails, hangs or throws
 * costs only its own channel. The decisions are in `OutputCore`; this is its life: fibers, timers, calls.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition, Operation } from "@holdfast/domain/Channel"
import type { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, type Fiber, FiberSet, Random, type Scope } from "effect"
import type { AccountOf } from "./budget/AccountBudgets.ts"
import { keepListingDays } from "./budget/ListingDayKeeper.ts"
import type { ChannelConnector, PushOutcome } from "./ChannelConnector.ts"
import { connectorGraceMillis } from "./ChannelLimit.ts"
import { type ChannelSnapshot, type ListingView, snapshotOf, viewOf } from "./ChannelSnapshot.ts"
import { answered, unreachable } from "./ConnectorCall.ts"
import type { SettledEvent } from "./EventAccount.ts"
import type { LatencyBuckets } from "./LatencyHistogram.ts"
import { ListingStore, type ListingStoreError } from "./ListingStore.ts"
import { OutputCore } from "./OutputCore.ts"
import { isAtLeast } from "./Ladder.ts"
import type { RungChange } from "./OutputLadder.ts"
import type { Flight } from "./OutputPorts.ts"
import { makeReconciler, type ReconciliationStart } from "./Reconciler.ts"
import type { ReconciliationRequest } from "./ReconciliationReport.ts"
import { makeWriteBack } from "./WriteBack.ts"

export interface OutputStream {
  /** what it goes by now */
  readonly definition: () => ChannelDefinition
  /** Versions that are not newer than the newest seen of their SKU are ignored. */
  readonly offer: (stock: Availability) => void
  /** The newest stock of every SKU was offered: from now on the windows of a schedule close. */
  readonly caughtUp: () => void
  /**
   * Goes by another definition from now on. Calls that are under way end as they began.
   * @param connector through which the channel is reached from now on; the one before when absent
   * @returns whether quantities are reckoned otherwise: then the newest stock of every SKU is to be offered again
   */
  readonly redefine: (definition: ChannelDefinition, connector?: ChannelConnector) => boolean
  /** Orders of the channel were seen further than before: raises that waited for them may go. */
  readonly ordersSeen: () => void
  readonly operate: (operation: Operation) => void
  /** Lets go what waits for a window, or these listings of it. @returns how many */
  readonly release: (skus?: ReadonlySet<Sku>) => number
  /** The channel's ids of these are others now: what it rejected for its mapping is told again. */
  readonly remapped: (skus: Iterable<Sku>) => void
  /** Listings that wait for the window, and raises that are held, with what the channel shows and what it is to show. */
  readonly differences: () => ReadonlyArray<ListingView>
  /** Begins to compare what the channel shows with what it confirmed; how that goes is in the snapshot. */
  readonly reconcile: (request: ReconciliationRequest) => ReconciliationStart
  /** Why no such comparison can begin now; undefined: one can. */
  readonly reconcileRefusal: () => string | undefined
  readonly snapshot: () => ChannelSnapshot
  /** Event to its end, since the start of the process. @param bounds inclusive upper bounds in milliseconds, ascending */
  readonly latencies: (bounds: ReadonlyArray<number>) => LatencyBuckets
  readonly listing: (sku: Sku) => ListingView | undefined
  /** Listings that the channel rejected and that wait for a change of their stock. */
  readonly quarantined: () => ReadonlyArray<ListingView>
}

export interface OutputStreamOptions {
  readonly definition: ChannelDefinition
  readonly connector: ChannelConnector
  /** milliseconds since the epoch: the channel was promised nothing of events that were durable before */
  readonly promisedFrom?: number | undefined
  /** Told of every event that settled; must be cheap. What it throws is logged once and otherwise ignored. */
  readonly onSettled?: ((settled: SettledEvent) => void) | undefined
  /**
   * Milliseconds since the epoch: every order placed at the channel before was seen. Undefined: nobody asks it for its orders, and no
   * raise waits for them. When it grew, `ordersSeen` is to be called.
   */
  readonly ordersSeenUntil?: (() => number | undefined) | undefined
  /** The budgets of a named account, which other channels may share; the channel's own when absent. */
  readonly accountOf?: AccountOf | undefined
  /** Told that a channel that was to be drained is: it is paused from now on. Must not throw. */
  readonly onDrained?: (() => void) | undefined
}

type Fork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

/** The stream lives as long as the scope. Fails when what the channel last confirmed cannot be loaded. */
export const makeOutputStream = (
  options: OutputStreamOptions
): Effect.Effect<OutputStream, ListingStoreError, ListingStore | Scope.Scope> =>
  Effect.gen(function* () {
    const { definition, connector } = options
    let current = connector
    const clock = yield* Clock.Clock
    const random = yield* Random.Random
    const store = yield* ListingStore
    const known = yield* store.load(definition.id)
    const writeBack = yield* makeWriteBack(definition.id)
    const fork: Fork = yield* FiberSet.makeRuntime<never, void, never>()
    const now = () => clock.currentTimeMillisUnsafe()
    const core: OutputCore = new OutputCore(definition, connector.descriptor, connector.readBack !== undefined, {
      now,
      random: () => random.nextDoubleUnsafe(),
      launch: (flight) => void fork(fly(current, core.definition.timeoutMillis, flight, core)),
      wakeAt: makeAlarm(fork, now, () => core.tick()),
      confirmed: writeBack.note,
      ran: writeBack.ran,
      drained: options.onDrained,
      promisedFrom: options.promisedFrom,
      accountOf: options.accountOf,
      ordersSeenUntil: options.ordersSeenUntil,
      rungChanged: (change) => void fork(sayRung(definition.id, change)),
      changed: writeBack.record,
      settled: options.onSettled === undefined ? undefined : guarded(options.onSettled, fork)
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => core.lane.leave(now())))
    yield* keepListingDays(definition.id, core.days, (skus) => core.daysStored(skus))
    core.restore(known, yield* store.lastRun(definition.id))
    const reconciler = yield* makeReconciler({ core, connector: () => current })
    return {
      definition: () => core.definition,
      offer: (stock) => core.offer(stock),
      caughtUp: () => core.caughtUp(),
      redefine: (next, connector) => {
        if (connector !== undefined) {
          current = connector
          core.reach(connector.descriptor, connector.readBack !== undefined)
        }
        const isOutdated = core.redefine(next)
        reconciler.redefined()
        return isOutdated
      },
      ordersSeen: () => core.tick(),
      operate: (operation) => core.operate(operation),
      release: (skus) => core.release(skus),
      remapped: (skus) => core.remapped(skus),
      differences: () =>
        [...core.queue.window.values(), ...core.queue.heldRaises()].map((listing) => viewOf(core, listing)),
      reconcile: reconciler.begin,
      reconcileRefusal: reconciler.refused,
      snapshot: () => ({ ...snapshotOf(core, now()), reconciliation: reconciler.report() }),
      latencies: (bounds) => core.account.total.bucketsBy(bounds),
      listing: (sku) => {
        const listing = core.listings.get(sku)
        return listing === undefined ? undefined : viewOf(core, listing)
      },
      quarantined: () =>
        [...core.listings.values()]
          .filter((listing) => listing.quarantine !== undefined)
          .map((listing) => viewOf(core, listing))
    }
  })

/** One line for each step of the ladder. */
const sayRung = (channel: string, { before, rung }: RungChange): Effect.Effect<void> =>
  isAtLeast(before, rung)
    ? Effect.logInfo(`channel ${channel}: its deadlines are no longer at risk: from ${before} back to ${rung}`)
    : Effect.logWarning(`channel ${channel}: more is due than it takes in time: ${rung}`)

/** One call and its landing, whatever the connector does. */
const fly = (
  connector: ChannelConnector,
  timeoutMillis: number,
  flight: Flight,
  core: OutputCore
): Effect.Effect<void> => {
  const limit = timeoutMillis + connectorGraceMillis
  if (flight._tag === "push") {
    return answered(connector.push(flight.items), limit, (detail): ReadonlyArray<PushOutcome> =>
      flight.items.map(() => ({ _tag: "unknown", detail }))
    ).pipe(Effect.map((outcomes) => core.calls.landPush(flight, outcomes)))
  }
  return answered(connector.readBack!(flight.skus), limit, unreachable).pipe(
    Effect.map((answer) => core.calls.landReadBack(flight, answer))
  )
}

/** One timer: rings at the earliest time it was set to. A later setting while it runs costs nothing but one early ring. */
const makeAlarm = (fork: Fork, now: () => number, ring: () => void) => {
  let setTo = Number.POSITIVE_INFINITY
  let fiber: Fiber.Fiber<void> | undefined
  return (at: number): void => {
    if (at >= setTo) return
    fiber?.interruptUnsafe()
    setTo = at
    fiber = fork(
      Effect.map(Effect.sleep(Math.max(0, at - now())), () => {
        setTo = Number.POSITIVE_INFINITY
        fiber = undefined
        ring()
      })
    )
  }
}

const guarded = (hook: (settled: SettledEvent) => void, fork: Fork) => {
  let told = false
  return (settled: SettledEvent): void => {
    try {
      hook(settled)
    } catch (cause) {
      if (!told) fork(Effect.logError("the hook for settled events failed; further failures are not logged", cause))
      told = true
    }
  }
}
