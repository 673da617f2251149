/**
 * The registers of reservations of several SKUs, many at a time.
 *
 * Guarantee: a row is begun once per idempotency key, and written only over the revision that was read; what is said with it
 * (the answer to the key of a confirmation) becomes durable together with it or not at all. Rows are locked in the order of
 * their ids, so that batches wait for each other and never in a circle. Every function rejects with what postgres.js threw.
 */
import type { ChannelId, LocationId, OrderId, Sku } from "@holdfast/domain/Identity"
import { attemptMillis } from "@holdfast/domain/GroupRules"
import type { GroupChange, GroupLine, ReservationGroup } from "@holdfast/domain/ReservationGroup"
import { numberArray, sparseArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"
import type { StoredAnswer } from "./Admission.ts"

/** A group that is to be begun. */
export type NewGroup = Pick<
  ReservationGroup,
  "id" | "body" | "lines" | "partial" | "guard" | "orderId" | "channel" | "ttlMillis"
>

/** An answer that is remembered for a key; with `change`, only if that one of the changes is written. */
export interface SaidAnswer extends StoredAnswer {
  readonly key: string
  readonly change?: number
}

type PackedLine = readonly [
  sku: string,
  locationId: string,
  requested: number,
  granted: number,
  bundles?: ReadonlyArray<string>
]

const packed = (lines: ReadonlyArray<GroupLine>): string =>
  JSON.stringify(
    lines.map(({ sku, locationId, requested, granted, bundles }): PackedLine =>
      bundles === undefined ? [sku, locationId, requested, granted] : [sku, locationId, requested, granted, bundles]
    )
  )

const unpacked = (text: string): ReadonlyArray<GroupLine> =>
  (JSON.parse(text) as ReadonlyArray<PackedLine>).map(([sku, locationId, requested, granted, bundles]) => ({
    sku: sku as Sku,
    locationId: locationId as LocationId,
    requested,
    granted,
    ...(bundles === undefined ? {} : { bundles: bundles as ReadonlyArray<Sku> })
  }))

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

/** Stands in the memory of answers for a key that is a group's: the answer itself is in the group's row. */
const elsewhere = JSON.stringify({ status: "key_reused", message: "this idempotency key was used for another request" })

/** Begins those whose key was never used. @returns when each that was begun expires and is due, milliseconds since the epoch */
export const beginGroups = async (
  sql: Sql,
  wanted: ReadonlyArray<NewGroup>
): Promise<ReadonlyMap<string, Pick<ReservationGroup, "expiresAt" | "dueAt">>> => {
  const rows = wanted.toSorted(byId)
  const begun = await sql<Array<{ id: string; expiresAt: number; dueAt: number }>>`
with clock as materialized (select date_trunc('milliseconds', clock_timestamp()) as now),
asked as (
  select unnest(${textArray(rows.map((r) => r.id))}::uuid[]) as id, unnest(${textArray(rows.map((r) => r.body))}::uuid[]) as body,
    unnest(${textArray(rows.map((r) => packed(r.lines)))}::text[]) as lines, unnest(${textArray(rows.map((r) => String(r.partial)))}::boolean[]) as partial,
    unnest(${textArray(rows.map((r) => String(r.guard)))}::boolean[]) as guard,
    unnest(${sparseArray(rows.map((r) => r.orderId))}::text[]) as order_id, unnest(${sparseArray(rows.map((r) => r.channel))}::text[]) as channel,
    unnest(${numberArray(rows.map((r) => r.ttlMillis))}::int[]) as ttl),
begun as (
  insert into reservation_group (id, revision, body, lines, partial, guard, order_id, channel, ttl_millis, attempt, status, expires_at, due_at, settled)
  select a.id, 1, a.body, a.lines, a.partial, a.guard, a.order_id, a.channel, a.ttl, 1, 'pending', clock.now + a.ttl * interval '1 ms',
    clock.now + least(a.ttl, ${attemptMillis}::int) * interval '1 ms', false
  from asked a, clock where not exists (select 1 from request_answer x where x.key = a.id)
  on conflict (id) do nothing returning id, body, expires_at, due_at),
said as (
  insert into request_answer (key, body, answer, committed_at) select b.id, b.body, ${elsewhere}, clock.now from begun b, clock)
select encode(uuid_send(id), 'hex') as id, (extract(epoch from expires_at) * 1000)::float8 as "expiresAt",
  (extract(epoch from due_at) * 1000)::float8 as "dueAt" from begun`
  return new Map(
    begun.map(({ id, expiresAt, dueAt }) => [id, { expiresAt: Math.round(expiresAt), dueAt: Math.round(dueAt) }])
  )
}

interface GroupRow {
  readonly id: string
  readonly revision: number
  readonly body: string
  readonly lines: string
  readonly partial: boolean
  readonly guard: boolean
  readonly order_id: string | null
  readonly channel: string | null
  readonly ttl_millis: number
  readonly attempt: number
  readonly status: ReservationGroup["status"]
  readonly ended: ReservationGroup["ended"] | null
  readonly expires: number
  readonly due: number
  readonly answer: string | null
  readonly settled: boolean
}

const groupOf = (row: GroupRow): ReservationGroup => ({
  id: row.id,
  revision: row.revision,
  body: row.body,
  lines: unpacked(row.lines),
  partial: row.partial,
  guard: row.guard,
  orderId: (row.order_id ?? undefined) as OrderId | undefined,
  channel: (row.channel ?? undefined) as ChannelId | undefined,
  ttlMillis: row.ttl_millis,
  attempt: row.attempt,
  status: row.status,
  ended: row.ended ?? undefined,
  expiresAt: Math.round(row.expires),
  dueAt: Math.round(row.due),
  answer: row.answer ?? undefined,
  settled: row.settled
})

const columns = (sql: Sql) => sql`
  encode(uuid_send(id), 'hex') as id, revision, encode(uuid_send(body), 'hex') as body, lines, partial, guard, order_id, channel, ttl_millis, attempt,
  status, ended, (extract(epoch from expires_at) * 1000)::float8 as expires, (extract(epoch from due_at) * 1000)::float8 as due, answer, settled`

/** What is stored of groups, and of the answers to other keys. */
export interface StoredGroups {
  /** not after anything of it was read; milliseconds since the epoch, by the database's clock */
  readonly now: number
  readonly groups: ReadonlyMap<string, ReservationGroup>
  readonly answers: ReadonlyMap<string, StoredAnswer>
}

export const readGroups = async (
  sql: Sql,
  ids: ReadonlyArray<string>,
  keys: ReadonlyArray<string> = []
): Promise<StoredGroups> => {
  // the clock first: what has expired by it had so when the rows are read
  const [clock] = await sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`
  const [rows, answers] = await Promise.all([
    sql<Array<GroupRow>>`select ${columns(sql)} from reservation_group where id = any(${textArray(ids)}::uuid[])`,
    keys.length === 0 ? [] : readAnswers(sql, keys)
  ])
  return {
    now: Math.floor(Number(clock!["now"])),
    groups: new Map(rows.map((row) => [row.id, groupOf(row)])),
    answers: new Map(answers.map(({ key, ...answer }) => [key, answer]))
  }
}

const readAnswers = (sql: Sql, keys: ReadonlyArray<string>) =>
  sql<Array<{ key: string; body: string; answer: string }>>`
    select encode(uuid_send(key), 'hex') as key, encode(uuid_send(body), 'hex') as body, answer
    from request_answer where key = any(${textArray(keys)}::uuid[])`

/** Groups that are due and have something left to do, the longest due first. */
export const dueGroups = async (sql: Sql, limit: number): Promise<ReadonlyArray<ReservationGroup>> => {
  const rows = await sql<Array<GroupRow>>`
    select ${columns(sql)} from reservation_group where not settled and due_at <= clock_timestamp() order by due_at limit ${limit}`
  return rows.map(groupOf)
}

/** Writes those whose conditions hold. @returns their places in `changes` */
export const changeGroups = async (
  sql: Sql,
  changes: ReadonlyArray<GroupChange>,
  said: ReadonlyArray<SaidAnswer> = []
): Promise<ReadonlySet<number>> => {
  const rows = changes.map(({ group, when }, n) => ({ ...group, when, n })).toSorted(byId)
  const changed = await sql<Array<{ n: number }>>`
with t as (
  select unnest(${numberArray(rows.map((r) => r.n))}::int[]) as n, unnest(${textArray(rows.map((r) => r.id))}::uuid[]) as id,
    unnest(${numberArray(rows.map((r) => r.revision))}::int[]) as revision, unnest(${numberArray(rows.map((r) => r.attempt))}::int[]) as attempt,
    unnest(${textArray(rows.map((r) => r.status))}::text[]) as status, unnest(${textArray(rows.map((r) => packed(r.lines)))}::text[]) as lines,
    unnest(${numberArray(rows.map((r) => r.expiresAt / 1000))}::float8[]) as expires_at,
    unnest(${numberArray(rows.map((r) => r.dueAt / 1000))}::float8[]) as due_at,
    unnest(${textArray(rows.map((r) => String(r.settled)))}::boolean[]) as settled, unnest(${sparseArray(rows.map((r) => r.ended))}::text[]) as ended,
    unnest(${sparseArray(rows.map((r) => r.orderId))}::text[]) as order_id, unnest(${sparseArray(rows.map((r) => r.answer))}::text[]) as answer,
    unnest(${sparseArray(rows.map((r) => r.when))}::text[]) as whence),
changed as (
  update reservation_group g set revision = t.revision, attempt = t.attempt, status = t.status, lines = t.lines, settled = t.settled,
    expires_at = to_timestamp(t.expires_at), due_at = to_timestamp(t.due_at), ended = t.ended, order_id = t.order_id, answer = t.answer
  from t where g.id = t.id and g.revision = t.revision - 1
    and (t.whence is null or (g.due_at > clock_timestamp()) = (t.whence = 'not due')) returning t.n),
said as (
  insert into request_answer (key, body, answer, committed_at) select key, body, answer, clock_timestamp()
  from (select unnest(${textArray(said.map((r) => r.key))}::uuid[]) as key, unnest(${textArray(said.map((r) => r.body))}::uuid[]) as body,
    unnest(${textArray(said.map((r) => r.answer))}::text[]) as answer, unnest(${sparseArray(said.map((r) => r.change))}::int[]) as change) as s
  where s.change is null or s.change in (select n from changed))
select n from changed`
  return new Set(changed.map(({ n }) => n))
}

/** Days for which the register of a group is kept that has nothing left to do: longer than its key's answer is promised. */
const keptDays = 14

export const forgetGroups = async (sql: Sql): Promise<void> => {
  await sql`delete from reservation_group where settled and due_at < now() - make_interval(days => ${keptDays})`
}
