/**
 * The floor under `drain`: the same backlog through the same broker and database with no rules in between.
 *
 * An ordered consumer per partition adds a number to a row in memory; a writer per lane commits position, journal, dedup id,
 * level and outbox in one statement. It knows no order lines, no look-ups, no holds, no answers, no announcements, no limits, and
 * cannot recover. What it reaches says how fast this machine is today, so that a figure of `drain` can be read anywhere.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { DeliverPolicy, StorageType } from "@nats-io/jetstream"
import { Effect } from "effect"
import net from "node:net"
import postgres from "postgres"
import { backlogEvents, publishWindow, skus } from "./BenchLimit.ts"
import { skuOf } from "./Backlog.ts"
import type { BenchServers } from "./BenchServers.ts"

const stream = "BARE"
const partitions = 64
const lanes = 2
const batchMax = 512

interface Sale {
  readonly id: string
  readonly sku: string
  readonly delta: number
}

interface Level {
  readonly sku: string
  onHand: number
  version: number
}

const tables = `
  create table bare_position (partition int primary key, epoch bigint not null, applied_seq bigint not null);
  create table bare_journal (partition int, seq bigint, sku text, delta int, event_id text, epoch bigint,
    committed_at timestamptz not null default now(), primary key (partition, seq));
  create table bare_dedup (event_id text primary key, partition int, seq bigint);
  create table bare_level (sku text primary key, on_hand int not null, version bigint not null);
  create table bare_outbox (id bigserial primary key, partition int, seq bigint, sku text, on_hand int, version bigint);`

const partitionOf = (index: number): number => index % partitions

/** A SKU is always in the same partition: both are remainders of its number. */
const saleAt = (index: number): { readonly partition: number; readonly sale: Sale } => {
  const number = (index * 7919) % skus
  return {
    partition: partitionOf(number),
    sale: { id: `bare-${index}-0123456789abcdef`, sku: skuOf(number), delta: -1 }
  }
}

const prepare = async (sql: postgres.Sql): Promise<void> => {
  await sql.unsafe(tables)
  await sql`insert into bare_position select p, 1, 0 from generate_series(0, ${partitions - 1}) p`
  const names = Array.from({ length: skus }, (_, i) => skuOf(i))
  await sql`insert into bare_level select unnest(${names}::text[]), 1000000, 0`
}

type Nats = Effect.Success<typeof NatsConnection>

const fill = async ({ connection, manager }: Nats): Promise<void> => {
  await manager.streams.delete(stream).catch(() => false)
  await manager.streams.add({ name: stream, subjects: ["bare.*"], storage: StorageType.File })
  for (let from = 0; from < backlogEvents; from += publishWindow) {
    const acks = Array.from({ length: Math.min(publishWindow, backlogEvents - from) }, (_, i) => {
      const { partition, sale } = saleAt(from + i)
      return connection.request(`bare.${partition}`, JSON.stringify(sale), { timeout: 20_000 })
    })
    await Promise.all(acks)
  }
}

interface Waiting {
  readonly partition: number
  readonly sequence: number
  readonly sale: Sale
}

class Lane {
  private waiting: Array<Waiting> = []
  private readonly positions = new Map<number, number>()
  private readonly levels: Map<string, Level>
  private readonly sql: postgres.Sql
  private readonly onCommit: (count: number) => void
  private busy = false

  constructor(sql: postgres.Sql, levels: Map<string, Level>, onCommit: (count: number) => void) {
    this.sql = sql
    this.levels = levels
    this.onCommit = onCommit
  }

  apply(waiting: Waiting): void {
    const level = this.levels.get(waiting.sale.sku)!
    level.onHand += waiting.sale.delta
    level.version += 1
    this.waiting.push(waiting)
    if (!this.busy) void this.run()
  }

  private async run(): Promise<void> {
    this.busy = true
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, batchMax)
      await this.commit(batch)
      this.onCommit(batch.length)
    }
    this.busy = false
  }

  private async commit(batch: ReadonlyArray<Waiting>): Promise<void> {
    const upTo = new Map<number, number>()
    const touched = new Map<string, { readonly level: Level; readonly last: Waiting }>()
    for (const one of batch) {
      upTo.set(one.partition, one.sequence)
      touched.set(one.sale.sku, { level: this.levels.get(one.sale.sku)!, last: one })
    }
    const moved = [...upTo]
    const from = moved.map(([partition]) => this.positions.get(partition) ?? 0)
    for (const [partition, sequence] of moved) this.positions.set(partition, sequence)
    const changed = [...touched.values()]
    await this.sql`
with want as (select * from unnest(${moved.map(([p]) => p)}::int[], ${from}::bigint[], ${moved.map(([, s]) => s)}::bigint[]) t (p, f, s)),
fence as (update bare_position o set applied_seq = w.s from want w where o.partition = w.p and o.epoch = 1 and o.applied_seq = w.f returning 1),
journal as (insert into bare_journal (partition, seq, sku, delta, event_id, epoch)
  select *, 1 from unnest(${batch.map((b) => b.partition)}::int[], ${batch.map((b) => b.sequence)}::bigint[],
    ${batch.map((b) => b.sale.sku)}::text[], ${batch.map((b) => b.sale.delta)}::int[], ${batch.map((b) => b.sale.id)}::text[])),
dedup as (insert into bare_dedup select * from unnest(${batch.map((b) => b.sale.id)}::text[],
  ${batch.map((b) => b.partition)}::int[], ${batch.map((b) => b.sequence)}::bigint[])),
level as (update bare_level x set on_hand = t.o, version = t.v from unnest(${changed.map((c) => c.level.sku)}::text[],
  ${changed.map((c) => c.level.onHand)}::int[], ${changed.map((c) => c.level.version)}::bigint[]) t (k, o, v) where x.sku = t.k),
news as (insert into bare_outbox (partition, seq, sku, on_hand, version) select * from unnest(${changed.map((c) => c.last.partition)}::int[],
  ${changed.map((c) => c.last.sequence)}::bigint[], ${changed.map((c) => c.level.sku)}::text[],
  ${changed.map((c) => c.level.onHand)}::int[], ${changed.map((c) => c.level.version)}::bigint[]))
select 1 / ((select count(*) from fence) = ${moved.length})::int`
  }
}

const connect = (url: string): postgres.Sql =>
  postgres(url, {
    max: 1,
    onnotice: () => {},
    socket: ({ host, port }: { host: ReadonlyArray<string>; port: ReadonlyArray<number> }) =>
      net.connect({ host: host[0]!, port: port[0]!, noDelay: true })
  } as postgres.Options<{}>)

const consume = async ({ jetstream }: Nats, partition: number, lane: Lane): Promise<{ readonly stop: () => void }> => {
  const consumer = await jetstream.consumers.get(stream, {
    filter_subjects: `bare.${partition}`,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: 1
  })
  const messages = await consumer.consume({ max_messages: 500 })
  void (async () => {
    for await (const message of messages) lane.apply({ partition, sequence: message.seq, sale: message.json<Sale>() })
  })()
  return messages
}

const drain = async (nats: Nats, sqls: ReadonlyArray<postgres.Sql>): Promise<number> => {
  const levels = new Map<string, Level>()
  for (let i = 0; i < skus; i++) levels.set(skuOf(i), { sku: skuOf(i), onHand: 1_000_000, version: 0 })
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let committed = 0
  const onCommit = (count: number): void => {
    committed += count
    if (committed === backlogEvents) resolve()
  }
  const writers = sqls.map((sql) => new Lane(sql, levels, onCommit))
  const began = performance.now()
  const consumers = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => consume(nats, partition, writers[partition % lanes]!))
  )
  await done
  const seconds = (performance.now() - began) / 1_000
  for (const consumer of consumers) consumer.stop()
  return backlogEvents / seconds
}

/** Events per second. */
export const bareLoop = async (servers: BenchServers, note: (text: string) => void): Promise<number> => {
  const databaseUrl = await servers.fresh()
  const sqls = Array.from({ length: lanes }, () => connect(databaseUrl))
  await prepare(sqls[0]!)
  const perSecond = await Effect.runPromise(
    NatsConnection.use((nats) =>
      Effect.promise(async () => {
        await fill(nats)
        const value = await drain(nats, sqls)
        await nats.manager.streams.delete(stream)
        return value
      })
    ).pipe(Effect.provide(NatsConnection.layer(servers.natsUrl, "bench bare loop")), Effect.orDie)
  )
  await Promise.all(sqls.map((sql) => sql.end()))
  note(`${Math.round(perSecond)} events/s`)
  return perSecond
}
