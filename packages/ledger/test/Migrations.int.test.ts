/** What migrations do to rows that were there before them. */
import { decodeLine, openUnits } from "@holdfast/domain/DocumentLine"
import { startTestServers } from "@holdfast/infra/testing/TestServers"
import { readFileSync } from "node:fs"
import { ManagedRuntime } from "effect"
import { expect, it } from "vitest"
import { Database } from "../src/Database.ts"

const migration = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`../migrations/${name}.sql`, import.meta.url), "utf8").split("--> statement-breakpoint")

it("makes one line of an order out of its lines by location, and the ledger says the same", async () => {
  const servers = await startTestServers()
  const runtime = ManagedRuntime.make(Database.layer(servers.databaseUrl))
  const { sql } = await runtime.runPromise(Database)
  const run = async (name: string) => {
    for (const statement of migration(name)) await sql.unsafe(statement)
  }
  try {
    await run("0000_stock")
    await run("0001_one_memory")
    await sql`create table ledger_all partition of ledger default`
    const row = (version: number, order: string, at: string, open: number, confirmed: number, cancelled: number) => [
      sql`insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold, cause_source, cause_id, order_id,
          line_open, line_confirmed_ahead, line_cancelled_ahead, occurred_at, committed_at)
        values ('MUG', ${version}, 'order.placed', ${at}, 0, ${open}, 0, 0, 'shop', ${`e${version}`}, ${order}, ${open}, ${confirmed},
          ${cancelled}, now(), now())`,
      sql`insert into order_line (sku, order_id, location_id, open, confirmed_ahead, cancelled_ahead)
        values ('MUG', ${order}, ${at}, ${open}, ${confirmed}, ${cancelled})`
    ]
    const rows = [
      ...row(1, "two places", "main", 3, 0, 0),
      ...row(2, "two places", "east", 2, 0, 0),
      ...row(3, "confirmed", "main", 4, 4, 0),
      ...row(4, "cancelled in part", "main", 0, 0, 2),
      ...row(5, "cancelled", "main", 0, 0, -1)
    ]
    await Promise.all(rows)
    await run("0002_document_lines")
    await run("0003_order_lines_gone")
    const lines = await sql`select d.document_id, d.open, d.line, l.line as said, l.version from document_line d
      left join ledger l on l.document_id = d.document_id and l.sku = d.sku and l.line is not null order by l.version`
    expect(lines.map(({ open, version }) => [version, open])).toEqual([
      [2, 5],
      [3, 4],
      [4, 0],
      [5, 0]
    ])
    for (const { document_id: id, open, line, said } of lines) {
      expect(said).toBe(line)
      expect(openUnits(decodeLine(`order:${id}`, line))).toBe(open)
    }
    expect(lines.map(({ document_id: id, line }) => decodeLine(`order:${id}`, line))).toMatchObject([
      { placed: [{ at: 0, units: 5 }], confirmed: 0 },
      { placed: [], confirmed: 4 },
      { placed: [], cancelled: [{ at: 0, units: 2 }] },
      { voidAt: 0, cancelled: [] }
    ])
  } finally {
    await runtime.dispose()
    await servers.stop()
  }
})
