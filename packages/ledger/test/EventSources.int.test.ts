/** What is kept of sources, locations, names and verifications on a real PostgreSQL. */
import type { DeclaredEmitter } from "@holdfast/domain/SourceRegistry"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Effect, ManagedRuntime } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { Database, type Sql } from "../src/Database.ts"
import { forgetSource, loadRegistry, loadSeen, recordSeen, saveRegistry } from "../src/EventSources.ts"
import { listLocations, saveLocations, unregisteredLocations } from "../src/Locations.ts"
import { migrate } from "../src/Migrations.ts"
import { reservationUse } from "../src/ReservationUse.ts"
import { lastVerification, recordVerification } from "../src/Verification.ts"

const emitter = (source: string, type: DeclaredEmitter["type"], changes: Partial<DeclaredEmitter> = {}) => ({
  source,
  type,
  silenceMinutes: undefined,
  note: undefined,
  ...changes
})

const seen = (source: string, firstSeenAt: number, lastSeenAt: number, events = 1) => ({
  source,
  type: "order.placed",
  firstSeenAt,
  lastSeenAt,
  events
})

describe("sources and locations", () => {
  let servers: RunningTestServers
  let runtime: ManagedRuntime.ManagedRuntime<Database, never>
  let sql: Sql

  beforeAll(async () => {
    servers = await startTestServers()
    await Effect.runPromise(migrate(servers.databaseUrl))
    runtime = ManagedRuntime.make(Database.layer(servers.databaseUrl))
    sql = (await runtime.runPromise(Database)).sql
  })
  afterAll(async () => {
    await runtime.dispose()
    await servers.stop()
  })
  beforeEach(async () => {
    await sql`truncate event_source, event_type_unused, event_source_seen, location, ledger, stock_level, verification`
  })

  it("keeps the first and the last time that a source was heard, in whatever order it is told", async () => {
    await recordSeen(sql, [seen("shop", 2_000, 3_000, 4), seen('a "b" \\', 1_000, 1_000)])
    await recordSeen(sql, [seen("shop", 1_000, 2_500)])
    await recordSeen(sql, [])
    expect(await loadSeen(sql)).toEqual([seen('a "b" \\', 1_000, 1_000), seen("shop", 1_000, 3_000, 5)])
  })

  it("is not filled by a publisher who invents sources; those that are known or declared are kept", async () => {
    const invented = (n: number) => Array.from({ length: 2_000 }, (_, i) => seen(`s${n * 2_000 + i}`, 1_000, 1_000))
    for (let n = 0; n < 5; n++) await recordSeen(sql, invented(n))
    await saveRegistry(sql, [emitter("shop", "order.placed")], undefined)
    await recordSeen(sql, [seen("new", 1_000, 1_000), seen("shop", 1_000, 1_000), seen("s1", 1_000, 2_000)])
    const rows = new Map((await loadSeen(sql)).map((row) => [row.source, row]))
    expect(rows.size).toBe(10_001)
    expect(rows.has("new")).toBe(false)
    expect(rows.get("s1")).toMatchObject({ lastSeenAt: 2_000, events: 2 })
  })

  it("replaces what was declared of the sources that are named", async () => {
    await saveRegistry(
      sql,
      [emitter("erp", "goods.received"), emitter("shop", "order.placed", { silenceMinutes: 5, note: "n" })],
      [{ type: "count.cycle", note: "never" }]
    )
    await saveRegistry(sql, [emitter("shop", "order.changed")], undefined)
    expect(await loadRegistry(sql)).toEqual({
      emitters: [emitter("erp", "goods.received"), emitter("shop", "order.changed")],
      unused: [{ type: "count.cycle", note: "never" }]
    })
    await saveRegistry(sql, [], [])
    expect(await loadRegistry(sql)).toMatchObject({ emitters: [{ source: "erp" }, { source: "shop" }], unused: [] })
  })

  it("forgets a source that was declared or heard", async () => {
    await saveRegistry(sql, [emitter("shop", "order.placed")], undefined)
    await recordSeen(sql, [seen("till", 1_000, 1_000)])
    expect([await forgetSource(sql, "shop"), await forgetSource(sql, "till"), await forgetSource(sql, "till")]).toEqual(
      [true, true, false]
    )
    expect(await loadRegistry(sql)).toMatchObject({ emitters: [] })
    expect(await loadSeen(sql)).toEqual([])
  })

  it("knows where stock is kept that nobody registered", async () => {
    await sql`insert into stock_level (sku, location_id, partition, on_hand, committed, held, version)
      values ('A', 'main', 0, 0, 0, 0, 1), ('A', 'nroth', 0, 0, 0, 0, 1), ('B', 'nroth', 0, 0, 0, 0, 1)`
    await saveLocations(sql, [{ id: "main", name: "Main" }])
    await saveLocations(sql, [{ id: "main", name: "Main hall" }])
    expect(await listLocations(sql)).toMatchObject([{ id: "main", name: "Main hall", createdAt: expect.any(Number) }])
    expect(await unregisteredLocations(sql, 10)).toEqual(["nroth"])
  })

  it("counts an order once, as reserved when any of its holds was consumed or confirmed", async () => {
    const row = (kind: string, order: string, channel: string | null, version: number) => sql`
      insert into ledger (sku, version, kind, location_id, on_hand, committed, held, oversold, cause_source, cause_id, channel, document_id,
        occurred_at, committed_at)
      values ('A', ${version}, ${kind}, 'main', 0, 0, 0, 0, 's', ${`e${version}`}, ${channel}, ${order}, now(), now())`
    await Promise.all([
      row("order.placed", "o1", "shop", 1),
      row("order.placed", "o1", "shop", 2),
      row("reservation.consumed", "o1", "shop", 3),
      row("reservation.confirmed", "o2", null, 4),
      row("order.placed", "o2", "shop", 5),
      row("order.placed", "o3", "shop", 6),
      row("order.placed", "o4", null, 7),
      row("reservation.granted", "o3", null, 8)
    ])
    expect(await reservationUse(sql, 7)).toEqual([
      { channel: "shop", orders: 3, reserved: 2 },
      { channel: null, orders: 1, reserved: 0 }
    ])
  })

  it("remembers the last verification", async () => {
    expect(await lastVerification(sql)).toBeUndefined()
    const report = { changes: 7, skus: 1, openHolds: 0, oversoldUnits: 0, findings: [] }
    await recordVerification(sql, { ...report, findings: [{ check: "c", count: 1, examples: [] }] })
    await recordVerification(sql, report)
    expect(await lastVerification(sql)).toEqual({ verifiedAt: expect.any(Number), changes: 7, findings: 0 })
  })
})
