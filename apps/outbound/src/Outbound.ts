/**
 * Outbound: reads announcements once, and lets the output stream of every channel do its work.
 *
 * Guarantee: after any outage every channel converges to the newest announcement of every SKU; a slow or dead channel
 * delays neither the reading nor another channel. What was confirmed to us survives in PostgreSQL, and so does with which
 * definitions: they are stored before the first push. While it runs, a channel is what the ledger says: see `ChannelFollower`.
 */
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import type { SettledEvent } from "@holdfast/channels/EventAccount"
import { type AccountsFor, makeLeasedAccounts } from "@holdfast/channels/lease/LeasedAccounts"
import type { ListingStore, ListingStoreError } from "@holdfast/channels/ListingStore"
import { makeOutputStream, type OutputStream } from "@holdfast/channels/OutputStream"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import type { ChannelId } from "@holdfast/domain/Identity"
import { Bundles } from "@holdfast/ledger/Bundles"
import {
  currentChannels,
  definedSince,
  saveDefinitions,
  type ChannelRevision
} from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Context, Effect, FiberSet, Latch, Layer, Schedule, type Scope } from "effect"
import { type ConsumerState, consumeAvailability, initialConsumerState } from "./AvailabilityConsumer.ts"
import * as BudgetLedger from "./BudgetLedger.ts"
import { makeBundleListings } from "./BundleListings.ts"
import { followChannels, noteDrained } from "./ChannelFollower.ts"
import { connectorOf } from "./ConnectorOf.ts"
import * as ListingLedger from "./ListingLedger.ts"
import { OutboundError } from "./OutboundError.ts"
import { makeSeenOrders, type SeenOrders } from "./OrderCursorFollower.ts"
import { currentBacklogMax, loadAttemptsMax } from "./OutboundLimit.ts"

export interface OutboundOptions {
  /** each with an id of its own */
  readonly channels: ReadonlyArray<ChannelDefinition>
  /** Told of every event that settled on a channel; must be cheap and should not throw. */
  readonly onSettled?: (settled: SettledEvent) => void
  /**
   * Milliseconds since the epoch: events that were durable before are not counted against the budgets. Without it they count from
   * when their channel was first defined.
   */
  readonly promisedFrom?: number | undefined
}

export class Outbound extends Context.Service<
  Outbound,
  {
    /** in the order of the definitions */
    readonly channels: ReadonlyArray<OutputStream>
    readonly channel: (id: ChannelId) => OutputStream | undefined
    readonly snapshots: () => ReadonlyArray<ChannelSnapshot>
    readonly consumer: () => Readonly<ConsumerState>
  }
>()("@holdfast/outbound/Outbound") {
  /** Channels' secrets are read from the configuration, by the names that the definitions give. */
  static readonly layer = (options: OutboundOptions): Layer.Layer<Outbound, OutboundError, NatsConnection | Database> =>
    Layer.effect(Outbound, make(options)).pipe(Layer.provide([ListingLedger.layer, BudgetLedger.layer, bundles]))
}

const bundles = Bundles.layer.pipe(
  Layer.catch((error) =>
    Layer.effect(Bundles, Effect.fail(new OutboundError({ reason: "bundles_unreadable", detail: error.message })))
  )
)

const make = Effect.fnUntraced(function* (options: OutboundOptions) {
  yield* refuseRepeatedIds(options.channels)
  const known = yield* knownChannels(options.channels)
  const channels: Array<OutputStream> = []
  const byId = new Map<ChannelId, OutputStream>()
  const state = initialConsumerState()
  const accountsFor = yield* makeLeasedAccounts
  const seenOrders = yield* makeSeenOrders.pipe(
    untilLedger,
    Effect.mapError((error) => new OutboundError({ reason: "orders_unreadable", detail: error.message }))
  )
  const open = (revision: ChannelRevision) =>
    Effect.map(openChannel(revision, options, { accountsFor, seenOrders }), (channel) => {
      channels.push(channel)
      byId.set(revision.definition.id, channel)
    })
  // in their order, whichever is read first
  for (const { id } of options.channels) yield* open(known.get(id)!)
  const reader = yield* makeBundleListings({
    offer: (stock: Availability) => {
      for (const channel of channels) channel.offer(stock)
    },
    caughtUp: () => {
      for (const channel of channels) channel.caughtUp()
    }
  })
  const again = Latch.makeUnsafe()
  yield* Effect.forkScoped(consumeAvailability(state, reader, again))
  const isCurrent = () => state.caughtUp && state.backlog <= currentBacklogMax
  yield* Effect.forkScoped(seenOrders.follow({ channels: byId, isCurrent }))
  const context = yield* Effect.context<Database | ListingStore | Scope.Scope>()
  yield* Effect.forkScoped(
    followChannels({
      channels: byId,
      known: new Map([...known].map(([channel, { id }]) => [channel, id])),
      open: (revision) => Effect.provideContext(open(revision), context),
      offerAgain: () => again.openUnsafe(),
      isCaughtUp: () => state.caughtUp
    })
  )
  return {
    channels,
    channel: (id: ChannelId) => byId.get(id),
    snapshots: () => channels.map((channel) => channel.snapshot()),
    consumer: () => state
  }
})

const refuseRepeatedIds = (definitions: ReadonlyArray<ChannelDefinition>): Effect.Effect<void, OutboundError> => {
  const repeated = definitions.find((one, index) => definitions.findIndex((other) => other.id === one.id) !== index)
  if (repeated === undefined) return Effect.void
  return Effect.fail(new OutboundError({ reason: "channel_invalid", detail: `id ${repeated.id} names two channels` }))
}

/** Since when there is this channel, milliseconds since the epoch. */
const definedAt = (id: ChannelId) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    return yield* query(() => definedSince(sql, id))
  }).pipe(
    untilLedger,
    Effect.mapError((error) => new OutboundError({ reason: "definitions_unreadable", detail: error.message }))
  )

/** All channels that the ledger knows, these as they are defined here. */
const knownChannels = (definitions: ReadonlyArray<ChannelDefinition>) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const now = yield* Clock.currentTimeMillis
    yield* query(() => saveDefinitions(sql, definitions, now))
    const current = yield* query(() => currentChannels(sql))
    return new Map<ChannelId, ChannelRevision>(current.map((each) => [each.definition.id, each]))
  }).pipe(
    untilLedger,
    Effect.mapError((error) => new OutboundError({ reason: "definitions_unwritable", detail: error.message }))
  )

/** Waits some time for a database that starts later than we. */
const untilLedger = <A, E extends Error, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning(`waits for the ledger: ${error.message}`)),
    Effect.retry({ schedule: Schedule.spaced(1_000), times: loadAttemptsMax })
  )

const openChannel = (
  { definition, operation }: ChannelRevision,
  options: OutboundOptions,
  { accountsFor, seenOrders }: { readonly accountsFor: AccountsFor; readonly seenOrders: SeenOrders }
): Effect.Effect<OutputStream, OutboundError, ListingStore | Database | Scope.Scope> =>
  Effect.gen(function* () {
    const connector = yield* connectorOf(definition)
    const fork = yield* FiberSet.makeRuntime<Database>()
    const onDrained = () => void fork(noteDrained(definition.id))
    const { onSettled } = options
    const promisedFrom = options.promisedFrom ?? (yield* definedAt(definition.id))
    const current = { definition: () => definition }
    const stream = yield* makeOutputStream({
      definition,
      connector,
      onSettled,
      onDrained,
      promisedFrom,
      accountOf: accountsFor(() => current.definition()),
      ordersSeenUntil: () => seenOrders.until(definition.id)
    }).pipe(
      untilLedger,
      Effect.mapError(
        (error: ListingStoreError) => new OutboundError({ reason: "listings_unreadable", detail: error.message })
      )
    )
    current.definition = stream.definition
    stream.operate(operation)
    return stream
  })
