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
import { Cause, Clock, Effect, type Fiber, FiberSet, Random, type Scope } from "effect"
import type { ChannelConnector, PushOutcome, ReadBack } from "./ChannelConnector.ts"
import { connectorGraceMillis } from "./ChannelLimit.ts"
import { type ChannelSnapshot, type ListingView, snapshotOf, viewOf } from "./ChannelSnapshot.ts"
import type { SettledEvent } from "./EventAccount.ts"
import { ListingStore, type ListingStoreError } from "./ListingStore.ts"
import { OutputCore } from "./OutputCore.ts"
import type { Flight } from "./OutputPorts.ts"
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
  readonly operate: (operation: Operation) => void
  /** Lets go what waits for a window, or these listings of it. @returns how many */
  readonly release: (skus?: ReadonlySet<Sku>) => number
  /** The channel's ids of these are others now: what it rejected for its mapping is told again. */
  readonly remapped: (skus: Iterable<Sku>) => void
  /** Listings that wait for the window, with what the channel shows and what it is to show. */
  readonly differences: () => ReadonlyArray<ListingView>
  readonly snapshot: () => ChannelSnapshot
  readonly listing: (sku: Sku) => ListingView | undefined
  /** Listings that the channel rejected and that wait for a change of their stock. */
  readonly quarantined: () => ReadonlyArray<ListingView>
}

export interface OutputStreamOptions {
  readonly definition: ChannelDefinition
  readonly connector: ChannelConnector
  /** Told of every event that settled; must be cheap. What it throws is logged once and otherwise ignored. */
  readonly onSettled?: ((settled: SettledEvent) => void) | undefined
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
      changed: writeBack.record,
      settled: options.onSettled === undefined ? undefined : guarded(options.onSettled, fork)
    })
    core.restore(known, yield* store.lastRun(definition.id))
    return {
      definition: () => core.definition,
      offer: (stock) => core.offer(stock),
      caughtUp: () => core.caughtUp(),
      redefine: (next, connector) => {
        current = connector ?? current
        return core.redefine(next)
      },
      operate: (operation) => core.operate(operation),
      release: (skus) => core.release(skus),
      remapped: (skus) => core.remapped(skus),
      differences: () => [...core.queue.window.values()].map(viewOf),
      snapshot: () => snapshotOf(core, now()),
      listing: (sku) => {
        const listing = core.listings.get(sku)
        return listing === undefined ? undefined : viewOf(listing)
      },
      quarantined: () => [...core.listings.values()].filter((listing) => listing.quarantine !== undefined).map(viewOf)
    }
  })

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
    ).pipe(Effect.map((outcomes) => core.landPush(flight, outcomes)))
  }
  return answered(connector.readBack!(flight.skus), limit, (detail): ReadBack => ({
    _tag: "unreachable",
    detail,
    retryAfterMillis: undefined
  })).pipe(Effect.map((answer) => core.landReadBack(flight, answer)))
}

const answered = <A>(call: Effect.Effect<A>, limitMillis: number, otherwise: (detail: string) => A): Effect.Effect<A> =>
  call.pipe(
    Effect.timeoutOrElse({
      duration: limitMillis,
      orElse: () => Effect.succeed(otherwise(`the connector did not answer within ${limitMillis} ms`))
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.as(
            Effect.logError("a connector failed", cause),
            otherwise(`the connector failed: ${Cause.squash(cause)}`)
          )
    )
  )

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
