/**
 * Brings the schema up to date.
 *
 * Guarantee: safe to run by several processes at once (an advisory lock on its own connection), and again and again.
 */
import { drizzle } from "drizzle-orm/postgres-js"
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import postgres from "postgres"
import { LedgerError } from "./LedgerError.ts"
import { ensureTimePartitions } from "./TimePartition.ts"

const folder = fileURLToPath(new URL("../migrations", import.meta.url))

/** Any number that nothing else in the database locks. */
const lockKey = 4_826_101

const run = async (url: string): Promise<void> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${lockKey})`
    await applyMigrations(drizzle({ client: sql }), { migrationsFolder: folder })
    await ensureTimePartitions(sql)
  } finally {
    await sql.end({ timeout: 2 })
  }
}

/** Applies what is missing. @param url of the database; its role must own the schema */
export const migrate = (url: string): Effect.Effect<void, LedgerError> =>
  Effect.tryPromise({
    try: () => run(url),
    catch: (cause) =>
      new LedgerError({
        reason: "migration_failed",
        detail: `${cause instanceof Error ? cause.message : cause}; is DATABASE_URL right and may its role create tables?`,
        cause
      })
  })
