/**
 * Whether everything that was published has gone all the way: ingested, committed, announced, settled on every channel.
 *
 * It is an observation of one moment: whoever waits for it must know that nobody publishes any more.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import { StockOwnership } from "@holdfast/engine/StockOwnership"
import { readPosition } from "@holdfast/ingest/Position"
import { Database } from "@holdfast/ledger/Database"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Effect } from "effect"

/** Milliseconds between two looks, and how many quiet looks in a row are believed. */
const lookMillis = 100
const quietLooks = 3

const isQuiet = Effect.gen(function* () {
  const nats = yield* NatsConnection
  const ownership = yield* StockOwnership
  const outbound = yield* Outbound
  const { sql } = yield* Database
  const [events, stock, position, parked] = yield* Effect.promise(() =>
    Promise.all([
      nats.manager.streams.info(eventsStream),
      nats.manager.streams.info(stockStream),
      readPosition(nats),
      sql`select greatest((select max(sequence) from parked where stream = ${eventsStream}),
        (select max(sequence) from bundle_definition), 0) as last`
    ])
  )
  // an event that was parked leaves no trace in STOCK, nor does one that says what a bundle is made of
  const ingested = Math.max(position.sequence, Number(parked[0]!["last"]))
  const partitions = [...ownership.values()]
  const applied = Math.max(0, ...partitions.map((partition) => partition.committedSeq))
  const isCommitted = applied >= stock.state.last_seq && partitions.every((partition) => partition.waiting === 0)
  const isAnnounced = partitions.every((partition) => partition.announcedNo >= partition.commitNo)
  const isSettled =
    outbound.consumer().caughtUp &&
    outbound.snapshots().every(({ pending, inFlight, shownLess }) => pending + inFlight + shownLess === 0)
  return ingested >= events.state.last_seq && isCommitted && isAnnounced && isSettled
})

/** Resolves when all is quiet; true, or false when that takes longer than `limitMillis`. */
export const untilQuiet = (limitMillis: number) =>
  Effect.gen(function* () {
    let quiet = 0
    while (quiet < quietLooks) {
      quiet = (yield* isQuiet) ? quiet + 1 : 0
      yield* Effect.sleep(lookMillis)
    }
    return true
  }).pipe(Effect.timeoutOrElse({ duration: limitMillis, orElse: () => Effect.succeed(false) }))
