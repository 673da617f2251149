/**
 * The baselines of `hot-reserve` and `multi-reserve`: how reservations are usually made, with row locks, on the same PostgreSQL and tables.
 *
 * They are given every advantage: prepared statements, TCP_NODELAY, no idempotency keys, no answers to remember, no
 * announcements, and in the transaction all writes in one round trip. Durability is the same (fsync, synchronous commit).
 */
import net from "node:net"
import postgres from "postgres"
import { Random } from "@holdfast/domain/testing/Random"
import { orderOf, skuOf } from "./Backlog.ts"
import { baselineConnections, reserveSeconds, warmUpSeconds } from "./BenchLimit.ts"
import type { BenchServers } from "./BenchServers.ts"
import { tailOf } from "./Distribution.ts"
import type { OrderShape } from "./RequesterProcess.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import type { Run } from "./Scenario.ts"

type Reserve = (sql: postgres.Sql, sku: string, id: string) => Promise<boolean>

/** One reservation, whatever it is of; false when there is no stock for it. */
type Attempt = (sql: postgres.Sql, id: string) => Promise<boolean>

const connect = (url: string): postgres.Sql =>
  postgres(url, {
    max: baselineConnections,
    onnotice: () => {},
    // postgres.js never sets TCP_NODELAY by itself
    socket: ({ host, port }: { host: ReadonlyArray<string>; port: ReadonlyArray<number> }) =>
      net.connect({ host: host[0]!, port: port[0]!, noDelay: true, keepAlive: true })
  } as postgres.Options<{}>)

const prepare = async (sql: postgres.Sql, skus: ReadonlyArray<string>, units: number): Promise<void> => {
  await sql`insert into stock_level (sku, location_id, partition, on_hand, committed, held, version)
    select sku, 'main', 0, ${units}, 0, 0, 1 from unnest(${[...skus]}::text[]) as t (sku)`
  await sql.unsafe(`
    create function bench_reserve(p_sku text, p_quantity int, p_id text) returns boolean language plpgsql as $$
    declare
      v bigint;
    begin
      update stock_level set held = held + p_quantity, version = version + 1
      where sku = p_sku and location_id = 'main' and on_hand - committed - held >= p_quantity
      returning version into v;
      if not found then
        return false;
      end if;
      insert into hold (reservation_id, sku, location_id, partition, quantity, expires_at)
      values (p_id, p_sku, 'main', 0, p_quantity, now() + interval '1 hour');
      insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold,
        cause_source, cause_id, reservation_id, expires_at, occurred_at, committed_at)
      values (p_sku, v, 'reservation.granted', 'main', 0, 0, p_quantity, 0, 'request', p_id, p_id,
        now() + interval '1 hour', now(), now());
      return true;
    end $$`)
}

/** Lock the row, look, write: a transaction of four round trips. */
const inTransaction: Reserve = (sql, sku, id) =>
  sql.begin(async (tx) => {
    const [row] = await tx`select on_hand - committed - held as available, version from stock_level
      where sku = ${sku} and location_id = 'main' for update`
    if (row === undefined || Number(row["available"]) < 1) return false
    const version = Number(row["version"]) + 1
    await Promise.all([
      tx`update stock_level set held = held + 1, version = ${version} where sku = ${sku} and location_id = 'main'`,
      tx`insert into hold (reservation_id, sku, location_id, partition, quantity, expires_at)
        values (${id}, ${sku}, 'main', 0, 1, now() + interval '1 hour')`,
      tx`insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold,
          cause_source, cause_id, reservation_id, expires_at, occurred_at, committed_at)
        values (${sku}, ${version}, 'reservation.granted', 'main', 0, 0, 1, 0, 'request', ${id}, ${id},
          now() + interval '1 hour', now(), now())`
    ])
    return true
  }) as Promise<boolean>

/** One round trip: a conditional update and the same inserts inside the database. */
const inFunction: Reserve = async (sql, sku, id) => {
  const [row] = await sql`select bench_reserve(${sku}, 1, ${id}) as granted`
  return row?.["granted"] === true
}

/** Lock the rows in the order of their SKUs, look, write: all writes in one round trip. */
const linesInTransaction = (sql: postgres.Sql, skus: ReadonlyArray<string>, id: string): Promise<boolean> =>
  sql.begin(async (tx) => {
    const rows = await tx`select sku, on_hand - committed - held as available, version from stock_level
      where sku in ${tx(skus)} and location_id = 'main' order by sku for update`
    if (rows.length < skus.length || rows.some((row) => Number(row["available"]) < 1)) return false
    const locked = rows.map((row) => ({ sku: String(row["sku"]), version: Number(row["version"]) + 1 }))
    const names = locked.map(({ sku }) => sku)
    const versions = locked.map(({ version }) => version)
    await Promise.all([
      tx`update stock_level l set held = held + 1, version = t.version
        from unnest(${names}::text[], ${versions}::bigint[]) as t (sku, version) where l.sku = t.sku and l.location_id = 'main'`,
      tx`insert into hold (reservation_id, sku, location_id, partition, quantity, expires_at)
        select ${id} || '-' || sku, sku, 'main', 0, 1, now() + interval '1 hour' from unnest(${names}::text[]) as t (sku)`,
      tx`insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold,
          cause_source, cause_id, reservation_id, expires_at, occurred_at, committed_at)
        select sku, version, 'reservation.granted', 'main', 0, 0, 1, 0, 'request', ${id}, ${id} || '-' || sku,
          now() + interval '1 hour', now(), now() from unnest(${names}::text[], ${versions}::bigint[]) as t (sku, version)`
    ])
    return true
  }) as Promise<boolean>

const measured =
  (reserve: Attempt, skus: ReadonlyArray<string>, units: number) =>
  async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
    const sql = connect(await servers.fresh())
    await prepare(sql, skus, units)
    const countsFrom = monotonicMillis() + warmUpSeconds * 1_000
    const endsAt = countsFrom + reserveSeconds * 1_000
    const latencies: Array<number> = []
    let next = 0
    const worker = async (): Promise<void> => {
      for (let asked = monotonicMillis(); asked < endsAt;) {
        if (!(await reserve(sql, `bench-reservation-${next++}`))) throw new Error("the baseline ran out of stock")
        const answered = monotonicMillis()
        if (answered >= countsFrom && answered < endsAt) latencies.push(answered - asked)
        asked = answered
      }
    }
    await Promise.all(Array.from({ length: baselineConnections }, worker))
    await sql.end()
    const tail = tailOf(latencies)
    const perSecond = latencies.length / reserveSeconds
    note(`${Math.round(perSecond)} reservations/s, p50 ${tail.p50.toFixed(1)} p99 ${tail.p99.toFixed(1)} ms`)
    return { value: perSecond }
  }

const ofOne = (reserve: Reserve, sku: string, units: number) =>
  measured((sql, id) => reserve(sql, sku, id), [sku], units)

export const reserveForUpdate = (sku: string, units: number) => ofOne(inTransaction, sku, units)
export const reserveByFunction = (sku: string, units: number) => ofOne(inFunction, sku, units)

export const reserveLinesForUpdate = (shape: OrderShape, units: number) => {
  const random = new Random(1)
  const skus = Array.from({ length: shape.skus }, (_, index) => skuOf(index))
  return measured((sql, id) => linesInTransaction(sql, orderOf(random, shape), id), skus, units)
}
