/**
 * Tells channels how far their own orders were seen, so that no raise goes over one that was not.
 *
 * Guarantee: a cursor counts only some time after it was read, and while announcements are read as they come: an order that was stored
 * has been told to the output streams by then, unless the engine is further behind than that. Only channels that are asked for their orders
 * have one; without it no raise waits. A ledger that is away moves nothing: raises that wait go on waiting.
 */
import type { OutputStream } from "@holdfast/channels/OutputStream"
import type { ChannelId } from "@holdfast/domain/Identity"
import { Database, query } from "@holdfast/ledger/Database"
import type { LedgerError } from "@holdfast/ledger/LedgerError"
import { type HeardOrders, readOrderCursors } from "@holdfast/ledger/OrderCursors"
import { Clock, Effect } from "effect"
import { orderCursorMillis, orderCursorSettleMillis } from "./OutboundLimit.ts"

/** What is known of channels' cursors. Times are milliseconds since the epoch. */
export interface SeenOrders {
  /** every order placed at the channel before was seen; undefined: it is not asked for its orders */
  readonly until: (channel: ChannelId) => number | undefined
  /** Looks now and then, for ever. */
  readonly follow: (followed: FollowedOrders) => Effect.Effect<never, never, Database>
}

interface FollowedOrders {
  readonly channels: ReadonlyMap<ChannelId, OutputStream>
  /** whether announcements are read as they come */
  readonly isCurrent: () => boolean
}

interface Reading {
  readonly readAt: number
  readonly until: ReadonlyMap<ChannelId, number>
}

const read = Effect.gen(function* () {
  const { sql } = yield* Database
  const readAt = yield* Clock.currentTimeMillis
  const rows = yield* query(() => readOrderCursors(sql))
  // one without a cursor is not asked: it calls us, whenever it has something to say
  const asked: ReadonlyArray<HeardOrders> = rows.filter(({ cursor }) => cursor !== null)
  const reading: Reading = { readAt, until: new Map(asked.map(({ channel, seenUntil }) => [channel, seenUntil])) }
  return reading
})

/** Reads where the cursors stand, so that no raise goes before that is known. */
export const makeSeenOrders: Effect.Effect<SeenOrders, LedgerError, Database> = Effect.gen(function* () {
  let until = (yield* read).until
  const settling: Array<Reading> = []
  const adopt = (next: Reading["until"], channels: FollowedOrders["channels"]) => {
    const before = until
    until = next
    for (const [id, stream] of channels) if (before.get(id) !== next.get(id)) stream.ordersSeen()
  }
  const look = ({ channels, isCurrent }: FollowedOrders) =>
    Effect.map(read, (reading) => {
      settling.push(reading)
      if (!isCurrent()) return void settling.splice(0, settling.length - 1)
      const settled = settling.findLastIndex(({ readAt }) => readAt <= reading.readAt - orderCursorSettleMillis)
      if (settled < 0) return
      adopt(settling[settled]!.until, channels)
      settling.splice(0, settled + 1)
    })
  return {
    until: (channel) => until.get(channel),
    follow: (followed) =>
      look(followed).pipe(
        Effect.catch((error) =>
          Effect.logWarning(`how far orders of channels were seen is not known: ${error.message}`)
        ),
        Effect.andThen(Effect.sleep(orderCursorMillis)),
        Effect.forever
      )
  }
})
