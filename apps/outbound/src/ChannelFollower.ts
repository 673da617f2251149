/**
 * Makes running channels what the ledger says they are: looks for changes and releases several times a second.
 *
 * Guarantee: a change takes effect within a second while the ledger answers, in the order in which changes were made, without
 * a restart; what waits or is under way is neither lost nor told twice for it. A ledger that is away is asked again for ever: until
 * then channels go on as they are. A channel whose new connector cannot be made (a secret that is not set) goes on as it was,
 * and says so.
 */
import type { OutputStream } from "@holdfast/channels/OutputStream"
import { isReachedAlike } from "@holdfast/domain/ChannelChange"
import type { ChannelId } from "@holdfast/domain/Identity"
import {
  currentChannels,
  currentRevisions,
  reviseChannel,
  type ChannelRevision
} from "@holdfast/ledger/ChannelDefinitions"
import { remappedAfter } from "@holdfast/ledger/ChannelMapping"
import { openReleases, takeRelease, type OpenRelease } from "@holdfast/ledger/ChannelRuns"
import { Database, query } from "@holdfast/ledger/Database"
import { Clock, Effect, Scope } from "effect"
import { connectorOf } from "./ConnectorOf.ts"
import type { OutboundError } from "./OutboundError.ts"
import { followMillis } from "./OutboundLimit.ts"

export interface Followed {
  readonly channels: ReadonlyMap<ChannelId, OutputStream>
  /** the last change of every channel that was known when these were made */
  readonly known: ReadonlyMap<string, number>
  /** runs a channel that was not known then */
  readonly open: (revision: ChannelRevision) => Effect.Effect<void, OutboundError>
  /** the newest stock of every SKU is to be offered again */
  readonly offerAgain: () => void
  /** whether the newest stock of every SKU was offered: a release before that would let go too little */
  readonly isCaughtUp: () => boolean
}

/** For ever. Connectors that it makes live as long as the scope. */
export const followChannels = ({ channels, known, open, offerAgain, isCaughtUp }: Followed) =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const { sql } = yield* Database
    const seen = new Map(known)
    const isNews = (channel: string, id: number) =>
      seen.get(channel) !== id && (channels.has(channel as ChannelId) || !known.has(channel))
    const follow = (revision: ChannelRevision) => {
      const stream = channels.get(revision.definition.id)
      const change = stream === undefined ? opened(open, revision) : applyTo(stream, revision)
      return Effect.tap(change, (offers) => Effect.sync(() => void (offers && offerAgain())))
    }
    let mapped = 0
    const remap = Effect.gen(function* () {
      const changes = yield* query(() => remappedAfter(sql, mapped))
      for (const [channel, some] of Map.groupBy(changes, (change) => change.channel))
        channels.get(channel as ChannelId)?.remapped(some.map(({ sku }) => sku))
      mapped = changes.at(-1)?.change ?? mapped
    })
    const look = Effect.gen(function* () {
      const revisions = yield* query(() => currentRevisions(sql))
      if ([...revisions].some(([channel, id]) => isNews(channel, id)))
        for (const revision of yield* query(() => currentChannels(sql))) {
          const { id: channel } = revision.definition
          if (!isNews(channel, revision.id)) continue
          yield* Scope.provide(follow(revision), scope)
          seen.set(channel, revision.id)
        }
      yield* remap
      if (isCaughtUp()) for (const release of yield* query(() => openReleases(sql))) yield* letGo(channels, release)
    })
    yield* look.pipe(
      Effect.catch((error) => Effect.logWarning(`changes of channels are not seen: ${error.message}`)),
      Effect.andThen(Effect.sleep(followMillis)),
      Effect.forever
    )
  })

/** @returns whether the newest stock of every SKU is to be offered again */
const applyTo = (stream: OutputStream, { definition, operation, by }: ChannelRevision) =>
  Effect.gen(function* () {
    const isReached = isReachedAlike(stream.definition(), definition)
    const connector = isReached ? undefined : yield* connectorOf(definition)
    const offers = stream.redefine(definition, connector)
    stream.operate(operation)
    yield* Effect.logInfo(`channel ${definition.id} is changed by ${by}`)
    return offers
  }).pipe(
    Effect.catch((error) =>
      Effect.as(Effect.logError(`channel ${definition.id} goes on as it was: ${error.message}`), false)
    )
  )

const opened = (open: Followed["open"], revision: ChannelRevision) =>
  open(revision).pipe(
    Effect.andThen(Effect.logInfo(`channel ${revision.definition.id} is run from now on`)),
    Effect.as(true),
    Effect.catch((error) =>
      Effect.as(Effect.logError(`channel ${revision.definition.id} is not run: ${error.message}`), false)
    )
  )

const letGo = Effect.fnUntraced(function* (channels: Followed["channels"], { id, channel, skus }: OpenRelease) {
  const stream = channels.get(channel as ChannelId)
  if (stream === undefined) return
  const { sql } = yield* Database
  // let go first: a crash in between lets go again what has come since, which is what the operator asked for
  const listings = stream.release(skus === null ? undefined : new Set(skus))
  yield* query(() => takeRelease(sql, id, listings))
})

/** Notes that what waited was sent, so that a later process does not begin to drain again. */
export const noteDrained = (channel: ChannelId) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const now = yield* Clock.currentTimeMillis
    const current = (yield* query(() => currentChannels(sql))).find(({ definition }) => definition.id === channel)
    if (current === undefined || current.operation !== "draining") return
    const { definition, id: upon } = current
    yield* query(() =>
      reviseChannel(sql, { definition, operation: "paused", by: "holdfast", reason: "drained", upon }, now)
    )
  }).pipe(
    Effect.catch((error) => Effect.logWarning(`channel ${channel} is drained, which is not noted: ${error.message}`))
  )
