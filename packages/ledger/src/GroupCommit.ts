/**
 * The group commit: one statement, one transaction, one round trip, one fsync.
 *
 * Guarantee: ledger with dedup ids, levels, holds, document lines, answers, outbox, parked messages and the positions of all
 * partitions in the batch become durable together, and only if every partition is still ours (epoch) and where we left it
 * (applied_seq), and every level is at the version we decided from. Otherwise nothing is written and it fails with
 * `fenced`. After any failure the caller must reload what it held of those partitions. It decides nothing.
 *
 * Arrays are unnested in select lists: as a table function each of them would be stored and read back row by row.
 */
import { numberArray, sparseArray, textArray, TextColumn } from "./ArrayLiteral.ts"
import { rareColumns, type CommitBatch, type DocumentLineRow, type HoldRow } from "./CommitBatch.ts"
import type { Sql } from "./Database.ts"
import { insertParked } from "./Parked.ts"

/** Columns of a level that only a change with rare columns moves. */
const rareLevels = {
  receiving: "receiving",
  inspection: "inspection",
  damaged: "damaged",
  quality: "quality",
  incoming: "incoming",
  in_transit: "inTransit",
  safety_stock: "safetyStock",
  counted_at: "countedAt",
  safety_stock_at: "safetyStockAt"
} as const

const typeOf = (column: string): string =>
  column.endsWith("_at")
    ? "float8"
    : column === "done_by" || column === "reference" || column === "terms"
      ? "text"
      : "int"

const isTime = (column: string): boolean => column.endsWith("_at")

const rareLiteral = ({ rare, ledger }: CommitBatch, column: keyof typeof rareColumns): string => {
  const values: Array<string | number | undefined> = []
  for (const [row, change] of rare) values[row] = rareColumns[column](change)
  return sparseArray(Array.from({ length: Math.min(values.length, ledger.sku.length) }, (_, row) => values[row]))
}

const levelLiteral = ({ levels }: CommitBatch, column: keyof typeof rareLevels): string => {
  const name = rareLevels[column]
  const secondsOf = (millis: number) => (millis < 0 ? null : millis / 1000)
  const unitsOf = (units: number) => (units === 0 ? null : units)
  return sparseArray(levels.map(({ level }) => (isTime(column) ? secondsOf(level[name]) : unitsOf(level[name]))))
}

/** The rare columns as parts of the statement; empty where no change of the batch has one, which is nearly always. */
const rareParts = (sql: Sql, batch: CommitBatch) => {
  const nothing = sql``
  if (batch.rare.length === 0)
    return {
      names: nothing,
      values: nothing,
      columns: nothing,
      levels: nothing,
      update: nothing,
      levelNames: nothing,
      levelValues: nothing
    }
  const columns = Object.keys(rareColumns) as Array<keyof typeof rareColumns>
  const ofLevels = Object.keys(rareLevels) as Array<keyof typeof rareLevels>
  const list = <C extends string>(all: ReadonlyArray<C>, each: (column: C) => string) =>
    sql.unsafe(all.map((column) => `, ${each(column)}`).join(""))
  const asTime = (column: string, value: string) => (isTime(column) ? `to_timestamp(${value})` : value)
  const levelValue = (column: string, value: string) =>
    isTime(column) ? `to_timestamp(${value})` : `coalesce(${value}, 0)`
  const fragments = <C extends string>(all: ReadonlyArray<C>, literal: (column: C) => string) =>
    all.reduce(
      (before, column) =>
        sql`${before}, unnest(${literal(column)}::${sql.unsafe(typeOf(column))}[]) as ${sql.unsafe(column)}`,
      nothing
    )
  return {
    names: list(columns, (column) => column),
    values: list(columns, (column) => asTime(column, `t.${column}`)),
    columns: fragments(columns, (column) => rareLiteral(batch, column)),
    levels: fragments(ofLevels, (column) => levelLiteral(batch, column)),
    update: list(ofLevels, (column) => `${column} = ${levelValue(column, `t.${column}`)}`),
    levelNames: list(ofLevels, (column) => column),
    levelValues: list(ofLevels, (column) => levelValue(column, column))
  }
}

/** Where terms of sale change, their fold is a part of the statement. */
const termsPart = (sql: Sql, { terms }: CommitBatch) =>
  terms.size === 0
    ? sql``
    : sql`
terms as (
  insert into sku_terms (sku, terms)
  select unnest(${textArray(terms.keys())}::text[]), unnest(${textArray(terms.values())}::text[])
  on conflict (sku) do update set terms = excluded.terms),`

/** Few holds are for a channel's quota. */
const holdChannels = (sql: Sql, holds: ReadonlyArray<HoldRow>) => {
  const nothing = sql``
  if (holds.every(({ hold }) => hold.channel === undefined)) return { name: nothing, value: nothing, column: nothing }
  const channels = sparseArray(holds.map(({ hold }) => hold.channel))
  return { name: sql`, channel`, value: sql`, t.channel`, column: sql`, unnest(${channels}::text[]) as channel` }
}

const lineColumns = (sql: Sql, rows: ReadonlyArray<DocumentLineRow>) => {
  const lines = new TextColumn()
  for (const { line } of rows) lines.addEscaped(line)
  return sql`unnest(${textArray(rows.map((r) => r.kind))}::text[]) as kind,
    unnest(${textArray(rows.map((r) => r.documentId))}::text[]) as document_id, unnest(${textArray(rows.map((r) => r.sku))}::text[]) as sku,
    unnest(${numberArray(rows.map((r) => r.open))}::int[]) as open, unnest(${lines.literal}::text[]) as line`
}

/** Writes the batch. Resolves with the database's clock in milliseconds since the epoch. Rejects with what postgres.js threw. */
export const commitBatch = async (sql: Sql, batch: CommitBatch): Promise<number> => {
  const { moves, ledger: l, levels, answers, outbox, parked } = batch
  const holds = [...batch.holds.values()]
  const added = [...batch.newLines.values()]
  const changed = [...batch.changedLines.values()]
  const rare = rareParts(sql, batch)
  const forChannel = holdChannels(sql, holds)
  const rows = await sql`
with clock as materialized (select clock_timestamp() as now),
want as (
  select unnest(${numberArray(moves.map((m) => m.partition))}::smallint[]) as partition, unnest(${numberArray(moves.map((m) => m.epoch))}::bigint[]) as epoch,
    unnest(${numberArray(moves.map((m) => m.fromSeq))}::bigint[]) as from_seq, unnest(${numberArray(moves.map((m) => m.toSeq))}::bigint[]) as to_seq,
    unnest(${numberArray(moves.map((m) => m.commitNo))}::bigint[]) as commit_no,
    unnest(${numberArray(moves.map((m) => m.announcedNo))}::bigint[]) as announced_no),
fence as (
  update partition_owner o set applied_seq = w.to_seq, commit_no = w.commit_no, announced_no = w.announced_no
  from want w where o.partition = w.partition and o.epoch = w.epoch and o.applied_seq = w.from_seq returning 1),
changes as (
  insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold, cause_source, cause_id, cause_key,
    channel, document_id, line, reservation_id, expires_at, reason, occurred_at, traceparent, committed_at${rare.names})
  select t.sku, t.version, t.kind, t.location_id, t.on_hand, t.committed, t.held, t.oversold,
    t.cause_source, t.cause_id, t.cause_key, t.channel, t.document_id, t.line, t.reservation_id, to_timestamp(t.expires_at),
    t.reason, to_timestamp(t.occurred_at), t.traceparent, clock.now${rare.values}
  from clock, (select unnest(${l.sku.literal}::text[]) as sku, unnest(${l.version.literal}::bigint[]) as version,
    unnest(${l.kind.literal}::text[]) as kind, unnest(${l.locationId.literal}::text[]) as location_id,
    unnest(${l.onHand.literal}::int[]) as on_hand, unnest(${l.committed.literal}::int[]) as committed,
    unnest(${l.held.literal}::int[]) as held, unnest(${l.oversold.literal}::int[]) as oversold,
    unnest(${l.causeSource.literal}::text[]) as cause_source, unnest(${l.causeId.literal}::text[]) as cause_id,
    unnest(${l.causeKey.literal}::uuid[]) as cause_key, unnest(${l.channel.literal}::text[]) as channel,
    unnest(${l.documentId.literal}::text[]) as document_id, unnest(${l.line.literal}::text[]) as line,
    unnest(${l.reservationId.literal}::text[]) as reservation_id, unnest(${l.expiresAt.literal}::float8[]) as expires_at,
    unnest(${l.reason.literal}::text[]) as reason, unnest(${l.occurredAt.literal}::float8[]) as occurred_at,
    unnest(${l.traceparent.literal}::text[]) as traceparent${rare.columns}) as t),
level as (
  select unnest(${textArray(levels.map((r) => r.sku))}::text[]) as sku,
    unnest(${textArray(levels.map((r) => r.level.locationId))}::text[]) as location_id,
    unnest(${numberArray(levels.map((r) => r.partition))}::smallint[]) as partition,
    unnest(${numberArray(levels.map((r) => r.level.onHand))}::int[]) as on_hand,
    unnest(${numberArray(levels.map((r) => r.level.committed))}::int[]) as committed,
    unnest(${numberArray(levels.map((r) => r.level.held))}::int[]) as held, unnest(${numberArray(levels.map((r) => r.version))}::bigint[]) as version,
    unnest(${numberArray(levels.map((r) => r.expected))}::bigint[]) as expected${rare.levels}),
level_update as (
  update stock_level x set on_hand = t.on_hand, committed = t.committed, held = t.held, version = t.version${rare.update}
  from level t where t.expected > 0 and x.sku = t.sku and x.location_id = t.location_id and x.version = t.expected returning 1),
level_insert as (
  insert into stock_level (sku, location_id, partition, on_hand, committed, held, version${rare.levelNames})
  select sku, location_id, partition, on_hand, committed, held, version${rare.levelValues} from level where expected = 0
  on conflict do nothing returning 1),
holds as (
  insert into hold (reservation_id, sku, location_id, partition, quantity, order_id, expires_at, ended${forChannel.name})
  select t.reservation_id, t.sku, t.location_id, t.partition, t.quantity, t.order_id, to_timestamp(t.expires_at), t.ended${forChannel.value}
  from (select unnest(${textArray(holds.map((r) => r.hold.reservationId))}::text[]) as reservation_id,
    unnest(${textArray(holds.map((r) => r.sku))}::text[]) as sku, unnest(${textArray(holds.map((r) => r.hold.locationId))}::text[]) as location_id,
    unnest(${numberArray(holds.map((r) => r.partition))}::smallint[]) as partition,
    unnest(${numberArray(holds.map((r) => r.hold.quantity))}::int[]) as quantity,
    unnest(${sparseArray(holds.map((r) => r.hold.orderId ?? null))}::text[]) as order_id,
    unnest(${numberArray(holds.map((r) => r.hold.expiresAt / 1000))}::float8[]) as expires_at,
    unnest(${sparseArray(holds.map((r) => r.ended))}::text[]) as ended${forChannel.column}) as t
  on conflict (reservation_id) do update set ended = excluded.ended, quantity = excluded.quantity, expires_at = excluded.expires_at),${termsPart(sql, batch)}
line_insert as (
  insert into document_line (kind, document_id, sku, open, line)
  select ${lineColumns(sql, added)}),
line_update as (
  update document_line x set open = t.open, line = t.line
  from (select ${lineColumns(sql, changed)}) as t
  where x.document_id = t.document_id and x.sku = t.sku and x.kind = t.kind returning 1),
answers as (
  insert into request_answer (key, body, answer, committed_at)
  select t.key, t.body, t.answer, clock.now
  from clock, (select unnest(${textArray(answers.map((r) => r.key))}::uuid[]) as key, unnest(${textArray(answers.map((r) => r.body))}::uuid[]) as body,
    unnest(${textArray(answers.map((r) => r.answer))}::text[]) as answer) as t),
announcements as (
  insert into outbox (partition, commit_no, skus, committed_at)
  select t.partition, t.commit_no, string_to_array(t.skus, E'\\n'), clock.now
  from clock, (select unnest(${numberArray(outbox.map((r) => r.partition))}::smallint[]) as partition,
    unnest(${numberArray(outbox.map((r) => r.commitNo))}::bigint[]) as commit_no,
    unnest(${textArray(outbox.map((r) => r.skus.join("\n")))}::text[]) as skus) as t),
set_aside as (${insertParked(sql, parked)})
select 1 / ((select count(*) from fence) = ${moves.length}
  and (select count(*) from level_update) + (select count(*) from level_insert) = ${levels.length}
  and (select count(*) from line_update) = ${changed.length})::int as ok,
  (extract(epoch from clock.now) * 1000)::float8 as now from clock`
  return Number(rows[0]!["now"])
}
