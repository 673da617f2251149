/**
 * What a test sees of a running stack from outside: its NATS, its PostgreSQL, and whether all is drained.
 *
 * Guarantee: `close` ends the connections at once, also when nobody is at the other end.
 */
import { decodeFactBatch } from "@holdfast/bus/FactBatch"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream, stockStream } from "@holdfast/bus/StreamTopology"
import { factSubject } from "@holdfast/bus/Subject"
import { partitions } from "@holdfast/domain/Limit"
import { readPosition } from "@holdfast/ingest/Position"
import { Database, type Sql } from "@holdfast/ledger/Database"
import { Context, Effect, Exit, Layer, Result, Scope } from "effect"
import { vi } from "vitest"
import type { RunningInstance } from "../src/RunningInstance.ts"

export interface StackClient {
  readonly nats: NatsConnection["Service"]
  readonly sql: Sql
  readonly httpUrl: string
  readonly close: () => Promise<void>
}

export const connectTo = async ({ natsUrl, databaseUrl, httpUrl }: RunningInstance): Promise<StackClient> => {
  const scope = Scope.makeUnsafe()
  const layer = Layer.merge(NatsConnection.layer(natsUrl, "stack test"), Database.layer(databaseUrl))
  const context = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const nats = Context.get(context, NatsConnection)
  const close = async () => {
    await nats.connection.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
  return { nats, sql: Context.get(context, Database).sql, httpUrl, close }
}

/** Waits until every event that is stored was ingested, and every fact committed. */
export const untilDrained = (client: StackClient, timeout = 60_000): Promise<void> =>
  vi.waitFor(() => isDrained(client), { timeout, interval: 50 })

const isDrained = async ({ nats, sql }: StackClient): Promise<void> => {
  const { state } = await nats.manager.streams.info(eventsStream)
  const [parked] = await sql`
    select greatest((select max(sequence) from parked where stream = ${eventsStream}),
      (select max(sequence) from bundle_definition), 0)::bigint as last`
  // an event that was parked leaves no trace in STOCK, nor does one that says what a bundle is made of
  const ingested = Math.max((await readPosition(nats)).sequence, Number(parked!["last"]))
  if (ingested < state.last_seq) throw new Error(`ingested ${ingested} of ${state.last_seq} events`)
  const applied = await sql`select partition, applied_seq from partition_owner`
  const last = await Promise.all(Array.from({ length: partitions }, (_, partition) => lastFact(nats, partition)))
  for (const row of applied) {
    const [partition, sequence] = [Number(row["partition"]), Number(row["applied_seq"])]
    if (sequence < last[partition]!) throw new Error(`partition ${partition} is at ${sequence} of ${last[partition]}`)
  }
}

const lastFact = async (nats: NatsConnection["Service"], partition: number): Promise<number> =>
  (await nats.manager.streams.getMessage(stockStream, { last_by_subj: factSubject(partition) }))?.seq ?? 0

/** How many facts are in STOCK. */
export const storedFacts = async ({ nats }: StackClient): Promise<number> => {
  const { state } = await nats.manager.streams.info(stockStream)
  const consumer = await nats.jetstream.consumers.get(stockStream, { opt_start_seq: state.first_seq })
  let count = 0
  for await (const message of await consumer.consume({ max_messages: 500 })) {
    count += Result.getOrThrow(decodeFactBatch(message.string())).facts.length
    if (message.seq >= state.last_seq) break
  }
  return count
}

/** Units of a SKU at its one location. */
export interface Units {
  readonly onHand: number
  readonly committed: number
  readonly held: number
}

/** Every SKU's units, over all locations. */
export const storedUnits = async (sql: Sql): Promise<Map<string, Units>> => {
  const rows = await sql`
    select sku, sum(on_hand)::int as on_hand, sum(committed)::int as committed, sum(held)::int as held
    from stock_level group by sku`
  return new Map(
    rows.map((row) => [String(row["sku"]), { onHand: row["on_hand"], committed: row["committed"], held: row["held"] }])
  )
}
