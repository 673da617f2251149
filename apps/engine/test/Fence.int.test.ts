/**
 * Goal: whatever goes wrong with an owner, a row or a SKU harms nothing else, and nobody is told what is not so.
 * Method: a second engine takes over behind the back of the first; the database refuses one SKU; a row is changed by hand.
 */
import { partitions } from "@holdfast/domain/Limit"
import { partitionOf } from "@holdfast/domain/Partition"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { EngineHarness, type Answer, type RunningEngine } from "./EngineHarness.ts"

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 })

/** The first SKU with this prefix in the partition. */
const skuIn = (partition: number, prefix: string): string => {
  for (let i = 0; ; i++) if (partitionOf(`${prefix}-${i}`) === partition) return `${prefix}-${i}`
}

/** One SKU of every partition. */
const everywhere = Array.from({ length: partitions }, (_, partition) => skuIn(partition, "S"))

describe("the engine", () => {
  let harness: EngineHarness
  beforeEach(async () => {
    harness = await EngineHarness.start()
  })
  afterEach(() => harness.stop())

  const receive = (id: string, skus: ReadonlyArray<string>, quantity = 10) =>
    harness.publish({
      id,
      type: "goods.received",
      data: { putaway: "done", lines: skus.map((sku) => ({ sku, quantity })) }
    })

  const order = (id: string, sku: string) =>
    harness.publish({ id, type: "order.placed", data: { orderId: id, lines: [{ sku, quantity: 1 }] } })

  const levels = async (): Promise<Record<string, string>> => {
    const rows =
      await harness.sql`select sku, on_hand || '/' || committed || '/' || held as units from stock_level order by sku`
    return Object.fromEntries(rows.map((row) => [row["sku"], row["units"]]))
  }

  /** Asks until it is decided. */
  const insist = async (engine: RunningEngine, verb: "reserve" | "release", request: object): Promise<Answer> => {
    let answer: Answer = {}
    await until(async () => {
      answer = await engine.ask(verb, request)
      expect(["unknown", "busy"]).not.toContain(answer["status"])
    })
    return answer
  }

  const reserveOne = (sku: string) => ({ key: `k-${sku}`, sku, quantity: 1 })

  const expectAll = (units: string) =>
    until(async () =>
      expect(await levels()).toEqual(Object.fromEntries(everywhere.toSorted().map((sku) => [sku, units])))
    )

  it("commits nothing and grants nothing once another has taken over, not knowing of it", async () => {
    const first = await harness.startEngine()
    await receive("r", everywhere)
    await expectAll("10/0/0")
    const second = await harness.startEngine()
    const { commits } = first.counts

    const stale = await Promise.all(everywhere.map((sku) => first.ask("reserve", reserveOne(sku))))
    expect(new Set(stale.map((answer) => answer["status"]))).toEqual(new Set(["unknown"]))
    expect(await harness.sql`select * from hold`).toEqual([])

    for (const sku of everywhere) {
      expect(await insist(second, "reserve", reserveOne(sku))).toMatchObject({ status: "granted", sku })
      expect(["unknown", "busy"]).toContain((await first.ask("reserve", reserveOne(sku)))["status"])
    }
    for (const [i, sku] of everywhere.entries()) {
      // both consume it, and the publisher repeats itself
      await order(`o-${i}`, sku)
      await order(`o-${i}`, sku)
    }
    await expectAll("10/1/1")
    expect(first.counts.commits).toBe(commits)
    const owners = await harness.sql`select epoch::int, count(*)::int as partitions from partition_owner group by epoch`
    expect(owners).toEqual([{ epoch: 2, partitions: everywhere.length }])
    expect((await harness.verify()).findings).toEqual([])
  })

  it("stands by for one partition that another took, and goes on with those that shared its batch", async () => {
    const engine = await harness.startEngine()
    await receive("r", everywhere)
    await expectAll("10/0/0")
    await harness.sql`update partition_owner set epoch = epoch + 1, owner = 'another' where partition = 7`
    const shared = await Promise.all(everywhere.map((sku) => engine.ask("reserve", reserveOne(sku))))
    expect(shared.filter(({ status }) => status === "unknown").length).toBeGreaterThan(1)
    for (const [partition, sku] of everywhere.entries()) {
      if (partition === 7) continue
      expect(await insist(engine, "reserve", reserveOne(sku))).toMatchObject({ status: "granted", sku })
    }
    expect(await engine.ask("reserve", reserveOne(everywhere[7]!))).toMatchObject({ status: "busy" })
    expect(await harness.sql`select epoch::int, owner from partition_owner where partition = 7`).toEqual([
      { epoch: 2, owner: "another" }
    ])
    expect((await harness.verify()).findings).toEqual([])
  })

  it("answers after a take-over what was decided before it", async () => {
    const first = await harness.startEngine()
    await receive("r", everywhere)
    await expectAll("10/0/0")
    const granted = await Promise.all(everywhere.map((sku) => first.ask("reserve", reserveOne(sku))))
    await first.stop()
    const second = await harness.startEngine()
    for (const [i, sku] of everywhere.entries())
      expect(await second.ask("reserve", reserveOne(sku))).toEqual(granted[i])
    expect((await harness.verify()).findings).toEqual([])
  })

  it("parks only the facts that the database refuses, out of batches with many others", async () => {
    const refused = skuIn(7, "REFUSED")
    await harness.sql.unsafe(`alter table stock_level add constraint refuse_one check (sku <> '${refused}')`)
    await receive("r-0", everywhere)
    for (let i = 0; i < 3; i++) {
      await receive(`refused-${i}`, [refused])
      await Promise.all(everywhere.map((sku) => order(`o-${i}-${sku}`, sku)))
    }
    // all of it waits already when the engine starts: one batch
    const engine = await harness.startEngine()
    await expectAll("10/3/0")
    await until(async () =>
      expect(await harness.sql`select event_id, sku, reason from parked order by event_id`).toEqual(
        [0, 1, 2].map((i) => ({ event_id: `refused-${i}`, sku: refused, reason: "rejected_by_ledger" }))
      )
    )
    expect(await insist(engine, "reserve", reserveOne(everywhere[7]!))).toMatchObject({ status: "granted" })
    expect(await insist(engine, "reserve", reserveOne(refused))).toMatchObject({
      status: "denied",
      reason: "unknown_sku"
    })
    expect((await harness.verify()).findings).toEqual([])
  })

  it("quarantines the SKU whose invariant breaks, and goes on with its neighbour in the same partition", async () => {
    const broken = skuIn(11, "BROKEN")
    const neighbour = skuIn(11, "NEIGHBOUR")
    const first = await harness.startEngine()
    await receive("r", [broken, neighbour])
    await until(async () => expect(Object.keys(await levels())).toHaveLength(2))
    const { reservationId } = await insist(first, "reserve", { key: "k", sku: broken, quantity: 3 })
    await first.stop()
    await harness.sql`update stock_level set held = 0 where sku = ${broken}`

    const engine = await harness.startEngine()
    expect(["unknown", "busy"]).toContain((await engine.ask("release", { key: "k-end", reservationId }))["status"])
    expect(await insist(engine, "release", { key: "k-end", reservationId })).toMatchObject({
      status: "denied",
      reason: "quarantined"
    })
    expect(await insist(engine, "reserve", reserveOne(broken))).toMatchObject({
      status: "denied",
      reason: "quarantined"
    })
    expect(await insist(engine, "reserve", reserveOne(neighbour))).toMatchObject({ status: "granted" })
    await order("o-broken", broken)
    await order("o-neighbour", neighbour)
    await until(async () => expect(await levels()).toEqual({ [broken]: "10/0/0", [neighbour]: "10/1/1" }))
    await until(async () =>
      expect(await harness.sql`select event_id, sku, reason from parked`).toEqual([
        { event_id: "o-broken", sku: broken, reason: "quarantined" }
      ])
    )
    expect(await harness.sql`select sku, lifted from quarantine`).toEqual([{ sku: broken, lifted: false }])
    const named = (await harness.verify()).findings.flatMap(({ examples }) => examples)
    expect(named.length).toBeGreaterThan(0)
    for (const example of named) expect(example).toContain(broken)
  })
})
