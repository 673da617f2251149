/**
 * Which system emits which events, as it was declared, and as it was heard.
 *
 * Guarantee: what a file says of a source replaces what was said of it, in one transaction; last seen never goes back. Every
 * function rejects with what postgres.js threw.
 */
import type { StockEventType } from "@holdfast/domain/StockEvent"
import type { DeclaredEmitter, SeenEmitter, SourceRegistry, UnusedType } from "@holdfast/domain/SourceRegistry"
import { numberArray, sparseArray, textArray } from "./ArrayLiteral.ts"
import type { Sql } from "./Database.ts"

/**
 * Pairs of source and type that are kept although nobody declared them: publishers choose the names of sources, and a broken
 * one must not fill the database.
 */
const seenMax = 10_000

/** What was declared, in order of source and type. */
export const loadRegistry = async (sql: Sql): Promise<SourceRegistry> => {
  const [emitters, unused] = await Promise.all([
    sql<Array<{ source: string; type: StockEventType; silenceMinutes: number | null; note: string | null }>>`
      select source, type, silence_minutes as "silenceMinutes", note from event_source order by source, type`,
    sql<Array<{ type: StockEventType; note: string | null }>>`select type, note from event_type_unused order by type`
  ])
  return {
    emitters: emitters.map((row) => ({
      ...row,
      silenceMinutes: row.silenceMinutes ?? undefined,
      note: row.note ?? undefined
    })),
    unused: unused.map(({ type, note }) => ({ type, note: note ?? undefined }))
  }
}

/** Replaces what was declared of the sources that are named; and all that is not used, if `unused` is given. */
export const saveRegistry = async (
  sql: Sql,
  emitters: ReadonlyArray<DeclaredEmitter>,
  unused: ReadonlyArray<UnusedType> | undefined
): Promise<void> => {
  await sql.begin(async (transaction) => {
    const sources = textArray(emitters.map(({ source }) => source))
    await transaction`delete from event_source where source = any(${sources}::text[])`
    await transaction`
      insert into event_source (source, type, silence_minutes, note)
      select source, type, silence_minutes, note from (select unnest(${sources}::text[]) as source,
        unnest(${textArray(emitters.map(({ type }) => type))}::text[]) as type,
        unnest(${sparseArray(emitters.map(({ silenceMinutes }) => silenceMinutes))}::int[]) as silence_minutes,
        unnest(${sparseArray(emitters.map(({ note }) => note))}::text[]) as note) as t`
    if (unused === undefined) return
    await transaction`delete from event_type_unused`
    await transaction`
      insert into event_type_unused (type, note)
      select type, note from (select unnest(${textArray(unused.map(({ type }) => type))}::text[]) as type,
        unnest(${sparseArray(unused.map(({ note }) => note))}::text[]) as note) as t`
  })
}

/** Takes back what was declared of a source, and that it was ever heard. Resolves with whether there was anything. */
export const forgetSource = async (sql: Sql, source: string): Promise<boolean> => {
  const rows = await sql`
    with declared as (delete from event_source where source = ${source} returning 1),
      seen as (delete from event_source_seen where source = ${source} returning 1)
    select * from declared union all select * from seen`
  return rows.length > 0
}

export const loadSeen = (sql: Sql): Promise<ReadonlyArray<SeenEmitter>> =>
  sql<Array<SeenEmitter>>`
    select source, type, round(extract(epoch from first_seen_at) * 1000)::float8 as "firstSeenAt",
      round(extract(epoch from last_seen_at) * 1000)::float8 as "lastSeenAt", events
    from event_source_seen order by source, type`

/** Adds what was heard since the last time. Each pair of source and type at most once. */
export const recordSeen = async (sql: Sql, seen: ReadonlyArray<SeenEmitter>): Promise<void> => {
  if (seen.length === 0) return
  await sql`
    with heard as (
      select unnest(${textArray(seen.map(({ source }) => source))}::text[]) as source,
        unnest(${textArray(seen.map(({ type }) => type))}::text[]) as type,
        to_timestamp(unnest(${numberArray(seen.map((row) => row.firstSeenAt / 1000))}::float8[])) as first_seen_at,
        to_timestamp(unnest(${numberArray(seen.map((row) => row.lastSeenAt / 1000))}::float8[])) as last_seen_at,
        unnest(${numberArray(seen.map(({ events }) => events))}::bigint[]) as events),
    kept as (
      select * from heard h
      where exists (select 1 from event_source_seen s where s.source = h.source and s.type = h.type)
        or exists (select 1 from event_source d where d.source = h.source and d.type = h.type)
        or (select count(*) from event_source_seen) < ${seenMax})
    insert into event_source_seen as s (source, type, first_seen_at, last_seen_at, events)
    select source, type, first_seen_at, last_seen_at, events from kept
    on conflict (source, type) do update set events = s.events + excluded.events,
      first_seen_at = least(s.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(s.last_seen_at, excluded.last_seen_at)`
}
