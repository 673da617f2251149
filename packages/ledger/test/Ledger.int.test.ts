import { openUnits } from "@holdfast/domain/DocumentLine"
import type { LocationId, ReservationId } from "@holdfast/domain/Identity"
import type { StockChange } from "@holdfast/domain/StockChange"
import { emptyLevel } from "@holdfast/domain/StockState"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Effect, ManagedRuntime } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { admit, findHolds } from "../src/Admission.ts"
import { sparseArray, textArray } from "../src/ArrayLiteral.ts"
import { CommitBatch } from "../src/CommitBatch.ts"
import { Database, type Sql } from "../src/Database.ts"
import { commitBatch } from "../src/GroupCommit.ts"
import { toLedgerError } from "../src/LedgerError.ts"
import { migrate } from "../src/Migrations.ts"
import { takeOver, unannounced, type Ownership } from "../src/PartitionOwner.ts"
import { verify, verifyChecks } from "../src/Verify.ts"

const main = "main" as LocationId
const order = 'o"1\\'
const levelOf = (batch: CommitBatch) => batch.levels[0]!.level
const stream = { created: "2026-01-01T00:00:00Z", lastSequence: 100 }

describe("the ledger on a real PostgreSQL", () => {
  let servers: RunningTestServers
  let runtime: ManagedRuntime.ManagedRuntime<Database, never>
  let sql: Sql
  let owned: Ownership

  beforeAll(async () => {
    servers = await startTestServers()
    await Promise.all([1, 2, 3].map(() => Effect.runPromise(migrate(servers.databaseUrl))))
    runtime = ManagedRuntime.make(Database.layer(servers.databaseUrl))
    sql = (await runtime.runPromise(Database)).sql
  }, 60_000)

  afterAll(async () => {
    await runtime.dispose()
    await servers.stop()
  })

  beforeEach(async () => {
    await sql`truncate partition_owner, ledger, stock_level, hold, document_line, request_answer, outbox, parked, reservation_group, sku_terms`
    owned = await takeOver(sql, 7, "test", stream)
  })

  /** A batch that receives 10 of A, grants a hold of 4 and commits 3 to an order. */
  const batchOf = ({ epoch, appliedSeq, commitNo }: Ownership): CommitBatch => {
    const batch = new CommitBatch()
    const change = (version: number, rest: Partial<StockChange> & Pick<StockChange, "kind">) =>
      batch.addChange(
        "A",
        version,
        { locationId: main, onHand: 0, committed: 0, held: 0, oversold: 0, ...rest },
        { source: "test", id: `e${version}`, key: `${version}`.padStart(32, "0"), occurredAt: 1_700_000_000_123 },
        true
      )
    change(1, { kind: "goods.received", onHand: 10 })
    change(2, {
      kind: "reservation.granted",
      held: 4,
      reservationId: "r07-x" as ReservationId,
      expiresAt: 1_700_000_060_000
    })
    change(3, {
      kind: "order.placed",
      committed: 3,
      documentId: order,
      line: {
        kind: "order",
        orderId: order,
        channel: "web \\ shop",
        placed: [{ at: 1_700_000_000_123, units: 3 }],
        confirmed: 0,
        cancelled: [],
        shipments: [],
        allocations: [{ locationId: main, units: 3 }]
      }
    })
    batch.moves.push({ partition: 7, epoch, fromSeq: appliedSeq, toSeq: 5, commitNo: commitNo + 1, announcedNo: 0 })
    change(4, {
      kind: "purchase.ordered",
      incoming: 6,
      safetyStock: 2,
      safetyStockAt: 0,
      countedAt: 1_700_000_000_002,
      documentId: "P-1",
      line: {
        kind: "purchase",
        purchaseId: "P-1",
        locations: [{ locationId: main, ordered: { at: 1, units: 6 }, received: 0 }]
      }
    })
    const level = {
      ...emptyLevel(main),
      onHand: 10,
      committed: 3,
      held: 4,
      incoming: 6,
      safetyStock: 2,
      safetyStockAt: 0,
      countedAt: 1_700_000_000_002
    }
    batch.levels.push({ partition: 7, sku: "A", level, version: 4, expected: 0 })
    const hold = {
      reservationId: "r07-x" as ReservationId,
      locationId: main,
      quantity: 4,
      expiresAt: 1_700_000_060_000
    }
    batch.holds.set("r07-x", { sku: "A", partition: 7, hold, ended: null })
    batch.outbox.push({ partition: 7, commitNo: commitNo + 1, skus: ["A", "Z"] })
    return batch
  }

  const rows = async () => Number((await sql`select count(*)::int as n from ledger`)[0]!["n"])
  const reasonOf = (refused: Promise<unknown>) =>
    refused.then(
      () => "committed",
      (cause) => toLedgerError(cause).reason
    )

  it("writes everything of a batch, and reads it back as it was decided", async () => {
    await commitBatch(sql, batchOf(owned))
    const read = await admit(sql, {
      eventKeys: ["00000000000000000000000000000001", "00000000000000000000000000000009"],
      requestKeys: [],
      skus: ["A", "B"],
      lines: [
        { sku: "A", kind: "order", id: order },
        { sku: "A", kind: "purchase", id: "P-1" },
        { sku: "A", kind: "transfer", id: order }
      ],
      ended: ["r07-x"],
      counts: [
        { sku: "A", since: 1_700_000_000_122 },
        { sku: "A", since: 1_700_000_000_123 }
      ]
    })
    expect([...read.seen]).toEqual(["00000000000000000000000000000001"])
    const { state } = read.states.get("A")!
    expect(state).toMatchObject({ version: 4, levels: [levelOf(batchOf(owned))] })
    expect(state.holds.get("r07-x" as ReservationId)).toMatchObject({ quantity: 4, expiresAt: 1_700_000_060_000 })
    expect(read.states.get("B")!.state.levels).toEqual([])
    expect(read.lines).toEqual([
      {
        sku: "A",
        line: expect.objectContaining({ orderId: order, channel: "web \\ shop", confirmed: 0, cancelled: [] })
      },
      { sku: "A", line: expect.objectContaining({ purchaseId: "P-1" }) }
    ])
    expect(read.movements).toEqual([{ sku: "A", locationId: main, units: 10, since: 1_700_000_000_122 }])
    expect([...read.movementVersions]).toEqual([["A", 4]])
    expect(read.lines.map(({ line }) => openUnits(line))).toEqual([3, 6])
    expect((await findHolds(sql, ["r07-x", "nothing"])).size).toBe(1)
    expect((await Effect.runPromise(verify(sql))).findings).toEqual([])
  })

  it("refuses a batch of an owner that was replaced, and writes nothing of it", async () => {
    await takeOver(sql, 7, "another", stream)
    expect(await reasonOf(commitBatch(sql, batchOf(owned)))).toBe("fenced")
    expect(await rows()).toBe(0)
  })

  it("refuses a batch that begins elsewhere than the last one ended", async () => {
    await commitBatch(sql, batchOf(owned))
    expect(await reasonOf(commitBatch(sql, batchOf(owned)))).toBe("fenced")
    expect(await rows()).toBe(4)
  })

  it("refuses a batch that was decided from another version of a level", async () => {
    const batch = batchOf(owned)
    batch.levels[0] = { ...batch.levels[0]!, expected: 2 }
    expect(await reasonOf(commitBatch(sql, batch))).toBe("fenced")
    expect(await rows()).toBe(0)
  })

  it("blames the data when the database refuses a value", async () => {
    const batch = batchOf(owned)
    batch.levels[0] = { ...batch.levels[0]!, level: { ...batch.levels[0]!.level, held: -1 } }
    expect(await reasonOf(commitBatch(sql, batch))).toBe("rejected")
    expect(await rows()).toBe(0)
  })

  it("starts at 0 again when the stream is another one", async () => {
    await commitBatch(sql, batchOf(owned))
    expect((await takeOver(sql, 7, "test", stream)).appliedSeq).toBe(5)
    expect((await takeOver(sql, 7, "test", { ...stream, created: "2026-02-02T00:00:00Z" })).appliedSeq).toBe(0)
  })

  it("starts at 0 again when the stream lost what was applied", async () => {
    await commitBatch(sql, batchOf(owned))
    expect((await takeOver(sql, 7, "test", { ...stream, lastSequence: 5 })).appliedSeq).toBe(5)
    expect((await takeOver(sql, 7, "test", { ...stream, lastSequence: 4 })).appliedSeq).toBe(0)
  })

  it("tells the next owner what nobody may have heard of", async () => {
    await commitBatch(sql, batchOf(owned))
    const { availabilities: left, oversold } = await unannounced(sql, await takeOver(sql, 7, "test", stream))
    expect(left).toMatchObject([{ sku: "A", version: 4, levels: [{ onHand: 10, committed: 3, held: 4 }] }])
    expect(left[0]!.events.map((event) => event.id)).toEqual(["e1", "e2", "e3", "e4"])
    expect(oversold).toEqual([])
  })

  it("keeps any text in an array literal", async () => {
    const texts = [
      "",
      "plain",
      'quo"te',
      "back\\slash",
      "comma,{brace}",
      "NULL",
      "naïve 日本 🧦",
      " spaces ",
      '\\"',
      "'"
    ]
    const [row] = await sql`select ${textArray(texts)}::text[] as texts`
    expect(row!["texts"]).toEqual(texts)
    const mixed = sparseArray([undefined, "NULL"])
    const [other] = await sql`select t[1] is null as absent, t[2] as word from (select ${mixed}::text[] as t) x`
    expect(other).toEqual({ absent: true, word: "NULL" })
  })

  const corruptions: Readonly<Record<string, string>> = {
    "levels are the fold of the ledger": "update stock_level set quality = 1",
    "counts and safety stocks are the last that the ledger says of them": "update stock_level set counted_at = null",
    "versions of a SKU have no gap and no double": "delete from ledger where version = 2",
    "held units are the open holds": "update hold set quantity = 5",
    "every hold began once and ended at most once":
      "update ledger set reservation_id = 'r07-y', kind = 'reservation.expired' where version = 1",
    "holds are what the ledger says of them": "update hold set ended = 'expired'",
    "lines of one reservation end as one":
      "update hold set reservation_id = 'r07-gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1-0'",
    "a granted reservation held all that it says": `
      insert into reservation_group (id, revision, body, lines, partial, ttl_millis, attempt, status, expires_at, due_at, settled)
      values (gen_random_uuid(), 2, gen_random_uuid(), '[["A","main",4,4]]', false, 1000, 1, 'granted', now(), now(), false)`,
    "document lines are the last that the ledger says of them": "update document_line set line = '{}'",
    "committed units are the open order lines": "delete from document_line",
    "an order's open units are what the ledger committed for it": "update document_line set open = 2",
    "units in transit and incoming are the open lines of transfers and purchases": "update document_line set open = 0",
    "terms of sale are the last that the ledger says of them": `insert into sku_terms values ('A', '{"allotments":[]}')`,
    "units that a channel holds are its open holds": `insert into sku_terms values
      ('A', '{"allotments":[{"channel":"shop","quota":{"units":5,"at":1},"consumed":0,"held":9}]}')`,
    "no event was applied twice": "update ledger set cause_key = (select cause_key from ledger where version = 1)",
    "no grant went beyond what was available": "update ledger set on_hand = 3 where version = 1",
    "no grant went beyond what was available and allowed": `
      insert into sku_terms values ('A', '{"allotments":[]}');
      update ledger set on_hand = 3 where version = 1`
  }

  it("knows a corruption for every check of verify", () => {
    expect(Object.keys(corruptions)).toEqual([...verifyChecks])
  })

  it.each(Object.entries(corruptions))("verify finds when it does not hold that %s", async (check, corrupt) => {
    await commitBatch(sql, batchOf(owned))
    await sql.unsafe(corrupt)
    const { findings } = await Effect.runPromise(verify(sql))
    expect(findings.map((finding) => finding.check)).toContain(check)
  })

  it("keeps rows of this week and the two after it", async () => {
    const made =
      await sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = 'ledger'::regclass`
    expect(made.length).toBeGreaterThanOrEqual(3)
  })
})
