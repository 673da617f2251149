/**
 * Asks every channel whose definition says so for its orders, as definitions say now.
 *
 * Guarantee: a channel that is defined, changed or paused is followed within a second while the ledger answers; one that runs again goes
 * on where it was. Each is asked by a fiber of its own: none waits for another. A channel that cannot be asked at all (a secret that
 * is not set) is said once for each of its changes. Several processes may ask the same channel: what both hear is stored once.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import type { OrderPage } from "@holdfast/channels/inbound/OrderPoll"
import { isPolled } from "@holdfast/domain/Channel"
import type { ChannelId } from "@holdfast/domain/Identity"
import { type ChannelRevision, currentChannels, currentRevisions } from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { moveOrderCursor, readOrderCursors } from "@holdfast/ledger/OrderCursors"
import { Effect, Fiber, Layer, Scope } from "effect"
import { channelsFreshMillis } from "./IngestLimit.ts"
import { askForOrders, type PollPorts, refused } from "./OrderPollLoop.ts"
import { orderPollFor, type OrderPollFor } from "./OrderPollFor.ts"
import { storeTold } from "./ToldEvents.ts"

/** Over the streams and the ledger. */
const portsOf = (channel: ChannelId) =>
  Effect.gen(function* () {
    const nats = yield* NatsConnection
    const { sql } = yield* Database
    const asked = <A>(run: () => PromiseLike<A>) => Effect.mapError(query(run), ({ message }) => refused(message))
    const ports: PollPorts = {
      cursor: Effect.map(
        asked(() => readOrderCursors(sql)),
        (all) => all.find((heard) => heard.channel === channel)?.cursor ?? undefined
      ),
      store: (event) =>
        Effect.flatMap(
          Effect.promise(() => storeTold(nats, channel, event, true)),
          (answer) => (answer._tag === "unconfirmed" ? Effect.fail(refused(answer.detail)) : Effect.void)
        ),
      move: ({ cursor, seenUntil }: OrderPage) => asked(() => moveOrderCursor(sql, { channel, cursor, seenUntil }))
    }
    return ports
  })

const ask = (pollFor: OrderPollFor, { definition }: ChannelRevision) =>
  Effect.gen(function* () {
    const { id: channel, inbound } = definition
    if (inbound === undefined || !isPolled(inbound)) return
    const poll = yield* pollFor(definition, inbound)
    const ports = yield* portsOf(channel)
    return yield* askForOrders({ channel, everyMillis: inbound.everyMillis, poll, ports })
  }).pipe(
    Effect.scoped,
    Effect.catch(({ message }) =>
      Effect.logError(`the orders of channel ${definition.id} are not asked for: ${message}`)
    )
  )

const isAsked = ({ definition: { inbound }, operation }: ChannelRevision): boolean =>
  inbound !== undefined && isPolled(inbound) && operation !== "paused"

/** For ever. */
const follow = (pollFor: OrderPollFor) =>
  Effect.gen(function* () {
    const { sql } = yield* Database
    const scope = yield* Scope.Scope
    const seen = new Map<string, number>()
    const asking = new Map<string, Fiber.Fiber<void>>()

    const change = Effect.fnUntraced(function* (revision: ChannelRevision) {
      const { id } = revision.definition
      // ended before another begins: one fiber moves the cursor
      const before = asking.get(id)
      if (before !== undefined) yield* Fiber.interrupt(before)
      asking.delete(id)
      if (isAsked(revision)) asking.set(id, yield* Effect.forkIn(ask(pollFor, revision), scope))
      seen.set(id, revision.id)
    })

    const look = Effect.gen(function* () {
      const revisions = yield* query(() => currentRevisions(sql))
      if ([...revisions].every(([channel, id]) => seen.get(channel) === id)) return
      for (const revision of yield* query(() => currentChannels(sql)))
        if (seen.get(revision.definition.id) !== revision.id) yield* change(revision)
    })

    return yield* look.pipe(
      Effect.catch((error) => Effect.logWarning(`changes of channels that are asked are not seen: ${error.message}`)),
      Effect.andThen(Effect.sleep(channelsFreshMillis)),
      Effect.forever
    )
  })

/** Runs until its scope closes. */
export const layer = (pollFor: OrderPollFor = orderPollFor): Layer.Layer<never, never, NatsConnection | Database> =>
  Layer.effectDiscard(Effect.forkScoped(follow(pollFor)))
