import { ChannelId, type LocationId, type Sku } from "@holdfast/domain/Identity"
import { emptyLevel } from "@holdfast/domain/StockState"
import type { OpenLine } from "@holdfast/ledger/OpenLines"
import type { HistoryRow } from "@holdfast/domain/StockHistory"
import type { SkuReport, VersionedLevel } from "@holdfast/ledger/SkuReport"
import { describe, expect, it } from "vitest"
import { skuText, unknownText } from "../src/sku/SkuText.ts"

const t = Date.parse("2026-11-27T09:30:00Z")
const plain = { columns: 100, color: false }

const level = (locationId: string, units: Partial<VersionedLevel>): VersionedLevel => ({
  ...emptyLevel(locationId as LocationId),
  version: 1,
  ...units
})

const report = (rest: Partial<SkuReport> = {}): SkuReport => ({
  sku: "MUG" as Sku,
  version: 1_204,
  levels: [level("main", { onHand: 10, committed: 2, held: 3 })],
  terms: null,
  quarantine: null,
  parked: [],
  holds: [],
  documents: [],
  history: { matching: 0, rows: [] },
  ...rest
})

const none = { onHand: 0, committed: 0, held: 0, available: 0 }

const change = (version: number, rest: Partial<HistoryRow> = {}): HistoryRow => ({
  version,
  kind: "goods.received",
  locationId: "main",
  occurredAt: t,
  committedAt: t + 20,
  source: "wms",
  id: `r-${version}`,
  channel: null,
  documentId: null,
  reservationId: null,
  expiresAt: null,
  countedAt: null,
  reason: null,
  by: null,
  reference: null,
  deltas: { onHand: 10 },
  seenByCount: null,
  before: none,
  after: { ...none, onHand: 10, available: 10 },
  ...rest
})

const textOf = (rest: Partial<SkuReport>) => skuText(report(rest), plain).split("\n")

const order = (orderId: string, beganAt: number, at: ReadonlyArray<readonly [string, number]>): OpenLine => ({
  sku: "MUG" as Sku,
  open: at.reduce((sum, [, units]) => sum + units, 0),
  beganAt,
  version: 1,
  line: {
    kind: "order",
    orderId,
    channel: "webshop",
    placed: [],
    confirmed: 0,
    cancelled: [],
    shipments: [],
    allocations: at.map(([locationId, units]) => ({ locationId: locationId as LocationId, units }))
  }
})

describe("the levels of a SKU", () => {
  it("show the usual quantities, and no more when nothing else is there", () => {
    expect(textOf({}).slice(0, 4)).toEqual([
      "MUG  version 1,204",
      "",
      "location  on hand  committed  held  available",
      "main           10          2     3          5"
    ])
  })

  it("show what else is there, how it is reckoned, and the sum over all locations", () => {
    const levels = [
      level("berlin", { onHand: 4, damaged: 1, inTransit: 5 }),
      level("main", { onHand: 1_300, committed: 1_400, safetyStock: 20 })
    ]
    expect(textOf({ levels }).slice(2, 7)).toEqual([
      "location  on hand  damaged  committed  held  safety  available  oversold  in transit",
      "berlin          4        1          0     0       0          3         0           5",
      "main        1,300        0      1,400     0      20       -120       100           0",
      "all         1,304        1      1,400     0      20       -117       100           5",
      "available = on hand - damaged - committed - held - safety"
    ])
  })

  it("go on below when the terminal is too narrow for all of them", () => {
    const everything = { receiving: 1, inspection: 1, damaged: 1, quality: 1, committed: 30, incoming: 1, inTransit: 1 }
    const levels = [level("main", { onHand: 10, safetyStock: 1, ...everything })]
    const lines = textOf({ levels }).slice(2)
    expect(lines.slice(0, 5)).toEqual([
      "location  on hand  receiving  inspection  damaged  quality  committed  held  safety  available",
      "main           10          1           1        1        1         30     0       1        -25",
      "",
      "location  oversold  incoming  in transit",
      "main            24         1           1"
    ])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it("are red where something is wrong, on a terminal only", () => {
    const levels = [level("main", { onHand: 1, committed: 3 })]
    expect(skuText(report({ levels }), { columns: 100, color: true })).toContain("\u001b[31m       -2\u001b[0m")
    expect(skuText(report({ levels }), plain)).not.toContain("\u001b")
  })
})

describe("what is open of a SKU", () => {
  it("says which holds there are, and when they end", () => {
    const hold = { reservationId: "r-1", locationId: "main", quantity: 3, orderId: null, expiresInMillis: 552_000 }
    const due = { ...hold, reservationId: "r-2", orderId: "4711", quantity: 1, expiresInMillis: -3 }
    const pinned = { ...hold, reservationId: "r-3", expiresInMillis: null }
    expect(textOf({ holds: [hold, due, pinned] }).slice(4, 10)).toEqual([
      "",
      "3 open holds, 7 units",
      "  hold  units  location  order  expires in",
      "  r-1       3  main      -      9 min 12 s",
      "  r-2       1  main      4711          now",
      "  r-3       3  main      -           never"
    ])
  })

  it("says which orders, transfers and purchases", () => {
    const sku = "MUG" as Sku
    const main = "main" as LocationId
    const transfer = {
      kind: "transfer",
      transferId: "T-1",
      to: main,
      dispatched: 9,
      received: 4,
      closed: false
    } as const
    const bought = { locationId: main, ordered: { at: t, units: 50 }, expectedAt: t, received: 10 }
    const purchase = { kind: "purchase", purchaseId: "P-1", locations: [bought] } as const
    const documents = [
      order("4711", t, [["main", 2]]),
      order("4712", t + 1_000, [
        ["main", 3],
        ["berlin", 1]
      ]),
      { sku, open: 5, beganAt: t, version: 3, line: transfer },
      { sku, open: 40, beganAt: t, version: 4, line: purchase }
    ]
    expect(textOf({ documents }).slice(4, 17)).toEqual([
      "",
      "2 open orders, 6 units",
      "  placed                order  channel  open  at",
      "  2026-11-27T09:30:00Z  4711   webshop     2  main",
      "  2026-11-27T09:30:01Z  4712   webshop     4  3 main, 1 berlin",
      "",
      "in transit: 5 units",
      "  transfer  to    in transit  dispatched  received",
      "  T-1       main           5           9         4",
      "",
      "incoming: 40 units",
      "  purchase  to    incoming  ordered  received  expected",
      "  P-1       main        40       50        10  2026-11-27T09:30:00Z"
    ])
  })

  it("leaves out what would not be read, and says so", () => {
    const documents = Array.from({ length: 25 }, (_, i) => order(`o-${i}`, t, [["main", 1]]))
    const lines = textOf({ documents })
    expect(lines).toContain("25 open orders, 25 units")
    expect(lines).toContain("  and 5 more; --json has all")
    expect(lines.filter((line) => line.includes("webshop"))).toHaveLength(20)
  })

  it("says first what is set aside", () => {
    const quarantine = { since: t, detail: "committed would be -1" }
    expect(textOf({ quarantine, parked: [{ reason: "quarantined", count: 2, firstId: 12 }] }).slice(2, 6)).toEqual([
      "quarantined since 2026-11-27T09:30:00Z: committed would be -1",
      "nothing is applied to it until: holdfast quarantine lift MUG",
      "2 facts of it are parked as quarantined, the oldest with id 12: holdfast parked show 12",
      ""
    ])
  })
})

describe("the history of a SKU", () => {
  const historyOf = (...rows: ReadonlyArray<HistoryRow>) =>
    textOf({ history: { matching: rows.length, rows } }).slice(5)

  it("says from what to what, and who said so", () => {
    const rows = [
      change(1, { reference: "note 7" }),
      change(2, {
        kind: "order.placed",
        source: "shop",
        id: "e-9",
        documentId: "4711",
        channel: "webshop",
        deltas: { committed: 12, oversold: 2 },
        before: { ...none, onHand: 10, available: 10 },
        after: { onHand: 10, committed: 12, held: 0, available: -2 }
      })
    ]
    expect(historyOf(...rows)).toEqual([
      "history, newest last, times in UTC: 2 changes",
      "  2026-11-27",
      "  #1  09:30:00  goods.received  main  on hand 0 -> 10 (+10)  available 0 -> 10 (+10)",
      "                event r-1 of wms, reference note 7",
      "  #2  09:30:00  order.placed    main  committed 0 -> 12 (+12)  available 10 -> -2 (-12)  oversold +2",
      "                event e-9 of shop, order 4711, channel webshop"
    ])
  })

  it("tells requests, expiries, counts and late news from each other", () => {
    const still = { deltas: {}, before: none, after: none }
    const rows = [
      change(8, { ...still, kind: "reservation.granted", source: "request", id: "cart-1", expiresAt: t + 60_000 }),
      change(9, { ...still, kind: "reservation.expired", source: "clock", id: "expiry", reservationId: "r-1" }),
      change(10, { ...still, kind: "count.cycle", documentId: "C-1", by: "Kim", countedAt: t, occurredAt: t - 90_000 }),
      change(11, { ...still, kind: "transfer.received", documentId: "T-1", seenByCount: 1, deltas: { inTransit: -1 } })
    ]
    expect(historyOf(...rows).filter((line) => !line.includes("#"))).toEqual([
      "history, newest last, times in UTC: 4 changes",
      "  2026-11-27",
      "                 request cart-1, until 2026-11-27T09:31:00Z",
      "                 its time was over, hold r-1",
      "                 event r-10 of wms, count C-1, by Kim, counted 2026-11-27T09:30:00Z,",
      "                 happened 2026-11-27T09:28:30Z",
      "                 event r-11 of wms, transfer T-1, a later count had seen 1 unit of it"
    ])
    expect(historyOf(...rows).at(-2)).toBe("  #11  09:30:00  transfer.received    main  in transit -1")
    expect(historyOf(rows[0]!)[2]).toContain("nothing changes")
  })

  it("keeps to the width, whatever changes at once, and shows the day when it changes", () => {
    const deltas = {
      onHand: 1_000_000,
      receiving: 1_000_000,
      committed: 2_000_000,
      inspection: -5,
      oversold: 3_000_000
    }
    const after = { onHand: 1_000_000, committed: 2_000_000, held: 0, available: -2_000_000 }
    const lines = historyOf(change(1, { deltas, after }), change(2, { committedAt: t + 86_400_000 }))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(lines.filter((line) => line.startsWith("  2026"))).toEqual(["  2026-11-27", "  2026-11-28"])
  })

  it("says when there is more of it, or none that was asked for", () => {
    expect(textOf({ history: { matching: 60, rows: [change(60)] } })).toContain(
      "history, newest last, times in UTC: 60 changes, the newest 1 of them; more with --limit"
    )
    expect(textOf({}).at(-1)).toBe("no change of it is like that; leave out --since or --order to see more")
  })

  it("prints no control characters of a publisher", () => {
    const lines = historyOf(change(1, { id: "x\u001b[2J\n", reason: "a\tb" }))
    expect(lines.at(-1)).toBe("                event x\\u001b[2J  of wms, reason: a b")
  })
})

describe("a SKU that is not known", () => {
  it("says so, what waits for it, and what is spelled alike", () => {
    expect(unknownText("Mug", [{ reason: "unknown_sku", count: 1, firstId: 7 }], ["MUG"]).split("\n")).toEqual([
      "Mug is not known: it was never received, purchased or registered",
      "1 fact waits for it and will be applied by itself once it is known: holdfast parked show 7",
      "there is MUG"
    ])
    expect(unknownText("X", [{ reason: "unknown_sku", count: 3, firstId: 7 }], [])).toContain(
      "3 facts wait for it and will be applied by themselves"
    )
  })

  it("says on what terms it is sold", () => {
    const at = 1
    const allotments = [
      { channel: ChannelId.make("webshop"), quota: { units: 10, at }, consumed: 7, held: 3 },
      { channel: ChannelId.make("amazon"), ringFence: { units: 4, at }, consumed: 0, held: 0 },
      { channel: ChannelId.make("lifted"), quota: { units: null, at }, consumed: 5, held: 0 }
    ]
    const expectedAt = Date.parse("2026-12-15T08:00:00Z")
    const backorder = { limit: 5, kind: "preorder", expectedAt, at } as const
    const text = skuText({ ...report(), terms: { allotments, backorder } }, { columns: 100, color: false })
    expect(text).toContain(
      [
        "terms of sale",
        "  channel  quota  ring-fence  ordered  held  left of quota",
        "  webshop     10           -        7     3              0",
        "  amazon       -           4        0     0              -",
        "",
        "preorder: 5 units may be promised beyond what is there, expected at 2026-12-15T08:00:00Z"
      ].join("\n")
    )
  })
})
