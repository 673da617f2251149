import { Database } from "../src/Database.ts"
import { startTestServers } from "@holdfast/infra/testing/TestServers"
import { readFileSync } from "node:fs"
import { ManagedRuntime } from "effect"
import { expect, it } from "vitest"
import { eventKey } from "../src/DedupKey.ts"

const migration = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`../migrations/${name}.sql`, import.meta.url), "utf8").split("--> statement-breakpoint")

it("remembers, after the migration that merged seen_event into the ledger, every event that was applied before", async () => {
  const servers = await startTestServers()
  const runtime = ManagedRuntime.make(Database.layer(servers.databaseUrl))
  const { sql } = await runtime.runPromise(Database)
  try {
    for (const statement of migration("0000_stock")) await sql.unsafe(statement)
    await sql`create table ledger_all partition of ledger default`
    const row = (sku: string, version: number, source: string, id: string) => sql`
      insert into ledger (sku, version, partition, epoch, kind, location_id, on_hand, committed, held, oversold, cause_source,
        cause_id, occurred_at, committed_at)
      values (${sku}, ${version}, 1, 1, 'goods.received', 'main', 1, 0, 0, 0, ${source}, ${id}, now(), now())`
    await row("naïve 🧦", 1, "erp/é", 'id "1"\\')
    await row("naïve 🧦", 2, "erp/é", 'id "1"\\')
    await row("naïve 🧦", 3, "request", "k")
    for (const statement of migration("0001_one_memory")) await sql.unsafe(statement)
    const keys = await sql`select replace(cause_key::text, '-', '') as key from ledger order by version`
    expect(keys.map(({ key }) => key)).toEqual([null, eventKey("erp/é", 'id "1"\\', "naïve 🧦"), null])
  } finally {
    await runtime.dispose()
    await servers.stop()
  }
})
