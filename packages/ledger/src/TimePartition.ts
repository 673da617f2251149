/**
 * The time partitions of the tables that only grow: one per week and table, made ahead, dropped whole when old.
 *
 * Guarantee: rows of this week and the next two always have a place. Answers are kept longer than they are promised. The
 * ledger, which is also the memory of which events were applied, is never dropped here.
 */
import { Effect, Layer } from "effect"
import type postgres from "postgres"
import { Database, query } from "./Database.ts"
import { forgetGroups } from "./ReservationGroups.ts"

type Client = Pick<postgres.Sql, "unsafe">

const week = 7 * 24 * 60 * 60 * 1000

/** Weeks made ahead: the service may run this long without a restart or a daily maintenance that fails. */
const weeksAhead = 2

/**
 * Weeks kept, null for ever. Answers are promised for a day. Marketplaces take up a buyer's complaint for some 90 days after the
 * sale, and whoever answers it asks what was shown then: the history is kept for a quarter. An entry takes 145 bytes with its
 * index: 20 pushes a second, day and night, are 23 GB by then.
 */
const weeksKept: Readonly<Record<string, number | null>> = {
  ledger: null,
  request_answer: 2,
  outbox: 1,
  listing_history: 13
}

const startOfWeek = (millis: number): number => Math.floor(millis / week) * week

const nameOf = (table: string, start: number): string =>
  `${table}_${new Date(start).toISOString().slice(0, 10).replaceAll("-", "")}`

const createSql = (table: string, start: number): string =>
  `create table if not exists ${nameOf(table, start)} partition of ${table}
   for values from ('${new Date(start).toISOString()}') to ('${new Date(start + week).toISOString()}')`

const children = async (sql: Client, table: string): Promise<ReadonlyArray<string>> => {
  const rows = await sql.unsafe(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${table}'::regclass`
  )
  return rows.map((row) => String(row["name"]))
}

/** Creates what is missing and drops what is old, by the database's clock. */
export const ensureTimePartitions = async (sql: Client): Promise<void> => {
  const [row] = await sql.unsafe("select (extract(epoch from clock_timestamp()) * 1000)::float8 as now")
  const current = startOfWeek(Number(row!["now"]))
  for (const [table, kept] of Object.entries(weeksKept)) {
    for (let ahead = 0; ahead <= weeksAhead; ahead++) await sql.unsafe(createSql(table, current + ahead * week))
    if (kept === null) continue
    const oldest = nameOf(table, current - kept * week)
    for (const child of await children(sql, table)) if (child < oldest) await sql.unsafe(`drop table ${child}`)
  }
}

/** Once a day, with what is forgotten of reservations of several SKUs, for as long as the layer lives; the first time is the migration's. */
export const maintainTimePartitions = Layer.effectDiscard(
  Effect.gen(function* () {
    const { sql } = yield* Database
    yield* query(() => Promise.all([ensureTimePartitions(sql), forgetGroups(sql)])).pipe(
      Effect.catch((error) => Effect.logError("time partitions could not be made ahead", error.message)),
      Effect.delay("1 day"),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
