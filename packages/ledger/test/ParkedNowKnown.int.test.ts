import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Effect, ManagedRuntime } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { ParkedRow } from "../src/CommitBatch.ts"
import { Database, type Sql } from "../src/Database.ts"
import { migrate } from "../src/Migrations.ts"
import { discard, markReplayed, park } from "../src/Parked.ts"
import { parkedNowKnown } from "../src/ParkedNowKnown.ts"

const row = (sequence: number, sku: string, rest: Partial<ParkedRow> = {}): ParkedRow => ({
  stream: "STOCK",
  streamCreated: "2026-11-27T00:00:00Z",
  sequence,
  subject: "stock.facts.7",
  headers: {},
  payload: Buffer.from(`fact ${sequence}`),
  reason: "unknown_sku",
  detail: `no stock of ${sku}`,
  source: "shop",
  id: `e-${sequence}`,
  sku,
  storedAt: Date.parse("2026-11-27T09:30:00Z"),
  ...rest
})

describe("facts whose SKU is known by now", () => {
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
    await sql`truncate stock_level, quarantine, bundle_definition`
    await sql`truncate parked restart identity`
    await park(sql, [
      row(1, "MUG"),
      row(2, "POST"),
      row(3, "BOWL"),
      row(4, "MUG"),
      row(5, "MUG", { reason: "quantity_out_of_range" })
    ])
  })

  const nowKnown = async (...skus: ReadonlyArray<string>) => {
    for (const sku of skus)
      await sql`insert into stock_level (sku, location_id, partition, on_hand, committed, held, version)
        values (${sku}, 'main', 0, 1, 0, 0, 1), (${sku}, 'berlin', 0, 1, 0, 0, 1)`
  }
  const found = async (limit = 10, except: ReadonlyArray<number> = []) =>
    (await parkedNowKnown(sql, limit, except)).map(({ id, sku }) => `${id} ${sku}`)

  it("are none while it is not", async () => {
    expect(await found()).toEqual([])
  })

  it("are found in the order in which they came, with what their replay needs", async () => {
    await nowKnown("MUG", "BOWL", "CUP")
    expect(await found()).toEqual(["1 MUG", "3 BOWL", "4 MUG"])
    expect(await found(2)).toEqual(["1 MUG", "3 BOWL"])
    expect(await found(10, [1, 3])).toEqual(["4 MUG"])
    expect((await parkedNowKnown(sql, 1, []))[0]).toEqual({
      id: 1,
      sku: "MUG",
      hasStock: true,
      subject: "stock.facts.7",
      headers: {},
      payload: Buffer.from("fact 1"),
      traceparent: null,
      storedAt: Date.parse("2026-11-27T09:30:00Z"),
      replayedAt: null
    })
  })

  it("are those of a SKU that is a bundle now, by the last word of it", async () => {
    const define = (line: number, components: ReadonlyArray<object>, at: string) => sql`
      insert into bundle_definition (stream_created, sequence, line, bundle, components, event_source, event_id, occurred_at)
      values ('now', 1, ${line}, 'MUG', ${sql.json(components as never)}, 'test', 'e', ${at})`
    await define(0, [{ sku: "CUP", quantity: 2 }], "2026-11-27T10:00:00Z")
    expect(await found()).toEqual(["1 MUG", "4 MUG"])
    expect((await parkedNowKnown(sql, 1, []))[0]!.hasStock).toBe(false)
    // told late, of before
    await define(1, [], "2026-11-27T09:00:00Z")
    expect(await found()).toEqual(["1 MUG", "4 MUG"])
    await define(2, [], "2026-11-27T10:00:00Z")
    expect(await found()).toEqual([])
    await nowKnown("MUG")
    expect(await found()).toEqual(["1 MUG", "4 MUG"])
  })

  it("are not those that somebody has dealt with", async () => {
    await nowKnown("MUG", "BOWL")
    await markReplayed(sql, [1])
    await discard(sql, [3])
    expect(await found()).toEqual(["4 MUG"])
  })

  it("are not those of a SKU that is quarantined, until that is lifted", async () => {
    await nowKnown("MUG", "BOWL")
    await sql`insert into quarantine (sku, detail) values ('MUG', 'committed would be -1')`
    expect(await found()).toEqual(["3 BOWL"])
    await sql`update quarantine set lifted = true`
    expect(await found()).toEqual(["1 MUG", "3 BOWL", "4 MUG"])
  })
})
