import type { ChannelId, LocationId, Sku } from "@holdfast/domain/Identity"
import { available, levelAt, type LevelUnits } from "@holdfast/domain/StockState"
import { startTestServers, type RunningTestServers } from "@holdfast/infra/testing/TestServers"
import { Effect, ManagedRuntime } from "effect"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { rulesAt, saveDefinitions } from "../src/ChannelDefinitions.ts"
import { Database, type Sql } from "../src/Database.ts"
import { saveListings } from "../src/Listing.ts"
import { listingThen } from "../src/ListingThen.ts"
import { migrate } from "../src/Migrations.ts"
import { park } from "../src/Parked.ts"
import { takeOver } from "../src/PartitionOwner.ts"
import { shortOrders } from "../src/ShortOrders.ts"
import { similarSkus, skuReport, type VersionedLevel } from "../src/SkuReport.ts"
import { levelsAt } from "../src/SkuVersions.ts"
import { verify } from "../src/Verify.ts"
import { StoredShelf } from "./StoredShelf.ts"

const mug = "MUG" as Sku
const t = Date.parse("2026-11-27T09:30:00Z")
const berlin = { locationId: "berlin" }

describe("what is read of a SKU", () => {
  let servers: RunningTestServers
  let runtime: ManagedRuntime.ManagedRuntime<Database, never>
  let sql: Sql
  let shelf: StoredShelf

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
    await sql`truncate partition_owner, ledger, stock_level, hold, document_line, outbox, parked, quarantine,
      listing, listing_history, channel_definition, sku_terms`
    shelf = new StoredShelf(sql, await takeOver(sql, 7, "test", { created: "2026-01-01T00:00:00Z", lastSequence: 0 }))
  })

  const received = (sku: string, id: string, quantity: number, more: object = {}) =>
    shelf.fact(sku, "goods.received", id, { putaway: "done" }, [{ quantity, ...more }], t)
  const placed = (sku: string, orderId: string, quantity: number, time: number, more: object = {}, data: object = {}) =>
    shelf.fact(sku, "order.placed", `placed-${orderId}`, { orderId, ...data }, [{ quantity, ...more }], time)

  const report = async (asked: { limit?: number; since?: number; orderId?: string } = {}) =>
    (await skuReport(sql, mug, { limit: 50, ...asked }))!

  it("knows nothing of what nobody spoke of, and says what is spelled alike", async () => {
    await received("MUG", "r-1", 1)
    await received("mug", "r-2", 1)
    expect(await skuReport(sql, "CUP" as Sku, { limit: 50 })).toBeUndefined()
    expect(await similarSkus(sql, " Mug ")).toEqual(["MUG", "mug"])
    expect(await similarSkus(sql, "CUP")).toEqual([])
  })

  it("has the levels, the open holds and the open documents", async () => {
    await received("MUG", "r-1", 10)
    await shelf.fact("MUG", "goods.received", "r-2", {}, [{ quantity: 4, ...berlin }], t)
    await placed("MUG", "o-2", 2, t + 2_000, {}, { channel: "webshop" })
    await placed("MUG", "o-1", 3, t + 1_000, berlin)
    const expectedAt = t + 86_400_000
    await shelf.fact("MUG", "purchase.ordered", "p", { purchaseId: "P-1" }, [{ quantity: 6, expectedAt }], t)
    const transfer = { transferId: "T-1", fromLocationId: "main", toLocationId: "berlin" }
    await shelf.fact("MUG", "transfer.dispatched", "t", transfer, [{ quantity: 5 }], t + 3_000)
    const reservationId = await shelf.reserve("MUG", 1, "cart-1", "o-3")
    await received("BOWL", "r-3", 1)
    await placed("BOWL", "o-2", 1, t)

    const { levels, holds, documents, version, quarantine, parked } = await report()
    expect(version).toBe(shelf.state("MUG").version)
    expect(levels).toEqual([
      { ...levelAt(shelf.state("MUG"), "berlin" as LocationId), version: 7 },
      { ...levelAt(shelf.state("MUG"), "main" as LocationId), version: 8 }
    ])
    expect(holds).toMatchObject([{ reservationId, locationId: "main", quantity: 1, orderId: "o-3" }])
    expect(holds[0]!.expiresInMillis).toBeGreaterThan(500_000)
    expect(documents.map(({ line, open, beganAt }) => [line.kind, open, beganAt - t])).toEqual([
      ["purchase", 6, 0],
      ["order", 3, 1_000],
      ["order", 2, 2_000],
      ["transfer", 5, 3_000]
    ])
    expect([quarantine, parked]).toEqual([null, []])
  })

  it("does not make an order younger when it is changed", async () => {
    await received("MUG", "r-1", 10)
    await placed("MUG", "o-1", 3, t)
    const changed = { orderId: "o-1" }
    await shelf.fact("MUG", "order.changed", "c-1", changed, [{ quantity: 2 }], t + 60_000)
    expect((await report()).documents).toMatchObject([{ open: 2, beganAt: t }])
  })

  it("tells what each change found and left, whatever came after it", async () => {
    const after: Array<unknown> = []
    const then = async (change: Promise<unknown>) => {
      await change
      const level = levelAt(shelf.state("MUG"), "main" as LocationId)!
      const { onHand, committed, held } = level
      after.push({ onHand, committed, held, available: available(level) })
    }
    await then(received("MUG", "r-1", 10))
    await then(shelf.fact("MUG", "sku.registered", "s", {}, [{ safetyStock: 2 }], t))
    await then(shelf.fact("MUG", "return.received", "b", {}, [{ quantity: 3 }], t))
    const scrapped = [{ quantity: 1, disposition: "scrapped" }]
    await then(shelf.fact("MUG", "return.restocked", "b-2", {}, scrapped, t))
    const why = { reason: "fell off", by: "Kim", reference: "note 7" }
    await then(shelf.fact("MUG", "stock.adjusted", "a", why, [{ delta: 1, status: "damaged" }], t))
    await then(shelf.reserve("MUG", 4, "cart-1"))
    await then(placed("MUG", "o-1", 9, t))
    await received("MUG", "r-9", 100, berlin)

    const { history, documents } = await report()
    const atMain = history.rows.filter(({ locationId }) => locationId === "main")
    expect(atMain.map((row) => row.after)).toEqual(after)
    expect(atMain.map((row) => row.before)).toEqual([
      { onHand: 0, committed: 0, held: 0, available: 0 },
      ...after.slice(0, -1)
    ])
    expect(atMain.map(({ deltas }) => deltas)).toEqual([
      { onHand: 10 },
      { safetyStock: 2 },
      { onHand: 3, inspection: 3 },
      { onHand: -1, inspection: -1 },
      { onHand: 1, damaged: 1 },
      { held: 4 },
      { committed: 9, oversold: 3 }
    ])
    expect(atMain[4]).toMatchObject({ source: "wms", id: "a", reason: "fell off", by: "Kim", reference: "note 7" })
    expect(atMain[5]).toMatchObject({ source: "request", id: "cart-1", kind: "reservation.granted" })
    expect(atMain[6]).toMatchObject({ source: "shop", documentId: "o-1", occurredAt: t })
    expect(history.matching).toBe(8)
    expect(documents).toHaveLength(1)
  })

  it("shows the newest, since a time, and of one order, with the same numbers", async () => {
    await received("MUG", "r-1", 10)
    await placed("MUG", "o-1", 1, t)
    await placed("MUG", "o-2", 2, t)
    const [{ at } = { at: 0 }] = await sql<Array<{ at: number }>>`
      select extract(epoch from clock_timestamp())::float8 * 1000 as at`
    await shelf.fact("MUG", "order.cancelled", "x", { orderId: "o-1" }, [{}], t)
    // a transfer of the same name is none of the order's
    const transfer = { transferId: "o-1", fromLocationId: "main", toLocationId: "berlin" }
    await shelf.fact("MUG", "transfer.dispatched", "t", transfer, [{ quantity: 5 }], t)

    const all = (await report()).history.rows
    const versions = async (asked: Parameters<typeof report>[0]) => {
      const { rows, matching } = (await report(asked)).history
      for (const row of rows) expect(row).toEqual(all.find(({ version }) => version === row.version))
      return { shown: rows.map(({ version }) => version), matching }
    }
    expect(await versions({ limit: 2 })).toEqual({ shown: [5, 6], matching: 6 })
    expect(await versions({ orderId: "o-1" })).toEqual({ shown: [2, 4], matching: 2 })
    expect(await versions({ since: at })).toEqual({ shown: [4, 5, 6], matching: 3 })
    expect(await versions({ orderId: "o-9" })).toEqual({ shown: [], matching: 0 })
  })

  describe("as it was", () => {
    const main = "main" as LocationId
    const unitsOf = (level: LevelUnits) => {
      const { countedAt: _, safetyStockAt: __, version: ___, ...units } = level as VersionedLevel
      return units
    }
    const fall = async () => {
      await received("MUG", "r-1", 10)
      await shelf.fact("MUG", "sku.registered", "s", {}, [{ safetyStock: 2 }], t)
      await shelf.fact("MUG", "return.received", "b", {}, [{ quantity: 3 }], t)
      await received("MUG", "r-2", 5, berlin)
      await shelf.reserve("MUG", 4, "cart-1")
      await placed("MUG", "o-1", 9, t)
    }

    it("has the levels of every version, exactly", async () => {
      const then: Array<ReadonlyArray<LevelUnits>> = []
      const remember = () =>
        then.push(
          shelf
            .state("MUG")
            .levels.map(unitsOf)
            .toSorted((a, b) => (a.locationId < b.locationId ? -1 : 1))
        )
      const changes = [
        () => received("MUG", "r-1", 10),
        () => shelf.fact("MUG", "sku.registered", "s", {}, [{ safetyStock: 2 }], t),
        () => shelf.fact("MUG", "return.received", "b", {}, [{ quantity: 3 }], t),
        () => shelf.fact("MUG", "stock.adjusted", "a", { reason: "fell" }, [{ delta: 1, status: "damaged" }], t),
        () => shelf.reserve("MUG", 4, "cart-1"),
        () => received("MUG", "r-2", 5, berlin),
        () => placed("MUG", "o-1", 9, t),
        () => shelf.fact("MUG", "purchase.ordered", "p", { purchaseId: "p-1" }, [{ quantity: 6 }], t)
      ]
      for (const change of changes) {
        await change()
        expect(shelf.state("MUG").version).toBe(then.length + 1)
        remember()
      }
      for (const [i, levels] of then.entries()) expect(await levelsAt(sql, mug, i + 1)).toEqual(levels)
      expect(await levelsAt(sql, mug, 0)).toEqual([])
    })

    it("says nothing of levels whose changes are not kept any more", async () => {
      await fall()
      await sql`delete from ledger where version = 4`
      expect(await levelsAt(sql, mug, 3)).toBeUndefined()
      expect(await levelsAt(sql, mug, 4)).toBeDefined()
    })

    const channel = "shop"
    const rules = { buffer: 1 }
    const definition = (buffer: number) => ({
      id: channel as ChannelId,
      name: "Shop",
      connector: "webhook" as const,
      endpoint: "http://localhost:1",
      buffer,
      timing: { model: "realtime" as const },
      budgetMillis: 1_000,
      objective: 0.99,
      rate: { perSecond: 1, burst: 1, concurrency: 1 },
      timeoutMillis: 100
    })
    const entry = (version: number, quantity: number, answeredAt: number, more: object = {}) => ({
      sku: mug,
      quantity,
      version,
      outcome: "applied" as const,
      requestedAt: answeredAt - 20,
      answeredAt,
      attempts: 1,
      ...more
    })
    const ask = async (at: number) => (await listingThen(sql, { channel, sku: mug, at, limit: 10 }))!

    it("is what the channel answered last, whatever was stored twice, is missing, or was rejected", async () => {
      await fall()
      const now = Date.now()
      const told = [
        entry(1, 9, now - 9_000),
        entry(2, 7, now - 8_000),
        entry(3, 6, now - 7_000, { outcome: "rejected", detail: 'no "such\0" thing' }),
        entry(4, 12, now - 6_000, { lost: 2, attempts: 3 })
      ]
      const rows = [{ sku: mug, quantity: 12, version: 4, confirmedAt: now - 6_000 }]
      await saveListings(sql, channel, rows, told)
      await saveListings(sql, channel, [], told.slice(1, 3))
      await saveListings(sql, "other", [], [entry(5, 99, now - 5_000)])

      const last = await ask(now)
      expect(last.told.map(({ version, lost }) => [version, lost])).toEqual([
        [1, 0],
        [2, 0],
        [3, 0],
        [4, 2]
      ])
      expect(last).toMatchObject({ shown: { quantity: 12, attempts: 3 }, next: null, caughtUp: null })
      expect(await ask(now - 6_500)).toMatchObject({
        shown: { version: 2, quantity: 7, requestedAt: now - 8_020, answeredAt: now - 8_000 },
        next: { version: 4, lost: 2 },
        told: [{ version: 1 }, { version: 2 }, { outcome: "rejected", detail: 'no "such" thing' }]
      })
      expect((await ask(now - 8_000)).shown).toMatchObject({ version: 2 })
      expect((await ask(now - 8_001)).shown).toMatchObject({ version: 1 })
      expect(await ask(now - 10_000)).toMatchObject({ shown: null, shownBefore: null, basis: null, newest: null })
    })

    it("has the levels, the rules and the changes of what was shown, and what was newer", async () => {
      const began = Date.now() - 60_000
      await saveDefinitions(sql, [definition(1)], began)
      await fall()
      const now = Date.now() + 1
      await saveListings(sql, channel, [], [entry(3, 7, now)])
      const then = await ask(now)
      expect(then.basis).toMatchObject({
        version: 3,
        rules: { rules, since: began },
        levels: [{ locationId: main, onHand: 13, inspection: 3, safetyStock: 2, committed: 0 }]
      })
      expect(then.newest).toMatchObject({
        version: 6,
        levels: [
          { locationId: "berlin", onHand: 5 },
          { committed: 9, held: 4 }
        ]
      })
      expect(then.since.map(({ version }) => version)).toEqual([6, 5, 4])
      expect(then.isWhole).toBe(true)
      expect(then.history.rows.map(({ version }) => version)).toEqual([1, 2, 3])
      expect(then.history.matching).toBe(3)
    })

    it("knows from the summary alone what was told before the history began", async () => {
      await fall()
      const confirmedAt = Date.now() - 1_000
      await saveListings(sql, channel, [{ sku: mug, quantity: 9, version: 1, confirmedAt }], [])
      expect(await ask(Date.now() + 1)).toMatchObject({
        shown: null,
        shownBefore: { quantity: 9, version: 1 },
        basis: { version: 1 }
      })
      expect(await ask(confirmedAt - 1)).toMatchObject({ shown: null, shownBefore: null })
    })

    it("stores a definition only where it differs, and finds the one that was in force", async () => {
      await saveDefinitions(sql, [definition(1)], t)
      await saveDefinitions(sql, [definition(1)], t + 1_000)
      await saveDefinitions(sql, [definition(5)], t + 2_000)
      await saveDefinitions(sql, [definition(1)], t + 3_000)
      expect(await sql`select 1 from channel_definition`).toHaveLength(3)
      const at = async (time: number) => {
        const found = await rulesAt(sql, channel, time)
        return found === undefined ? undefined : [found.rules.buffer, found.since - t]
      }
      expect(await at(t - 1)).toBeUndefined()
      expect(await at(t + 1_500)).toEqual([1, 0])
      expect(await at(t + 2_000)).toEqual([5, 2_000])
      expect(await at(t + 9_000)).toEqual([1, 3_000])
    })
  })

  it("says what is set aside", async () => {
    await received("MUG", "r-1", 10)
    await sql`insert into quarantine (sku, detail) values ('MUG', 'committed would be -1'), ('BOWL', 'x')`
    const row = {
      stream: "STOCK",
      streamCreated: "c",
      subject: "s",
      headers: {},
      payload: Buffer.from("{}"),
      detail: "d"
    }
    const waiting = (sequence: number, reason: string, sku: string) => ({ ...row, sequence, reason, sku, storedAt: t })
    await park(sql, [
      waiting(1, "quarantined", "MUG"),
      waiting(2, "quarantined", "MUG"),
      waiting(3, "unknown_sku", "CUP")
    ])
    const { quarantine, parked } = await report()
    expect(quarantine).toMatchObject({ detail: "committed would be -1" })
    expect(parked).toEqual([{ reason: "quarantined", count: 2, firstId: expect.any(Number) }])
  })

  describe("which orders are short", () => {
    it("is nobody when nothing is oversold", async () => {
      await received("MUG", "r-1", 10)
      await placed("MUG", "o-1", 10, t)
      expect(await shortOrders(sql)).toEqual({ orders: [], backordered: [], uncovered: [] })
    })

    it("is who ordered last at each location, oldest first over all SKUs", async () => {
      await received("MUG", "r-1", 5)
      await received("MUG", "r-2", 1, berlin)
      await placed("MUG", "late", 4, t + 9_000, {}, { channel: "webshop" })
      await placed("MUG", "early", 4, t + 1_000, {}, { channel: "marketplace" })
      await placed("MUG", "elsewhere", 1, t + 10_000, berlin)
      await shelf.fact("BOWL", "goods.received", "r-3", {}, [{ quantity: 7 }], t)
      await placed("BOWL", "older", 2, t + 500)

      const { orders, uncovered } = await shortOrders(sql)
      expect(orders).toMatchObject([
        { placedAt: t + 500, orderId: "older", channel: null, sku: "BOWL", locationId: "main", units: 2, short: 2 },
        { placedAt: t + 9_000, orderId: "late", channel: "webshop", sku: "MUG", locationId: "main", units: 4, short: 3 }
      ])
      expect(uncovered).toEqual([])
      const { oversoldUnits, findings } = await Effect.runPromise(verify(sql))
      expect([oversoldUnits, findings]).toEqual([5, []])
    })

    it("is not who waits inside an allowance, which is one of all locations together", async () => {
      await received("MUG", "r-1", 5)
      await placed("MUG", "first", 7, t + 1_000)
      await placed("MUG", "second", 2, t + 2_000, berlin)
      await placed("MUG", "third", 4, t + 3_000)
      const expectedAt = t + 86_400_000
      await shelf.fact("MUG", "backorder.set", "b-1", {}, [{ limit: 5, kind: "preorder", expectedAt }], t + 4_000)

      // 5 are there for the 11 at main, none for the 2 in Berlin: 8 are missing, 5 of them are allowed
      const { orders, backordered, uncovered } = await shortOrders(sql)
      expect(backordered).toMatchObject([
        { orderId: "first", locationId: "main", units: 7, backordered: 2, kind: "preorder", expectedAt },
        { orderId: "second", locationId: "berlin", units: 2, backordered: 2 },
        { orderId: "third", locationId: "main", units: 4, backordered: 1 }
      ])
      expect(orders).toMatchObject([{ orderId: "third", units: 4, short: 3 }])
      expect(uncovered).toEqual([])
      const { oversoldUnits, findings } = await Effect.runPromise(verify(sql))
      expect([oversoldUnits, findings]).toEqual([3, []])
    })

    it("says what no order asked for", async () => {
      await received("MUG", "r-1", 5)
      await shelf.reserve("MUG", 4, "cart-1")
      await placed("MUG", "o-1", 1, t)
      await shelf.fact("MUG", "stock.adjusted", "a", { reason: "shrinkage" }, [{ delta: -4 }], t)
      const { orders, uncovered } = await shortOrders(sql)
      expect(orders).toMatchObject([{ orderId: "o-1", units: 1, short: 1 }])
      expect(uncovered).toEqual([{ sku: "MUG", locationId: "main", units: 3, held: 4 }])
    })
  })
})
