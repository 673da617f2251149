import { announcedLevel, type BundlePart } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, LocationId, Sku } from "@holdfast/domain/Identity"
import { publishable } from "@holdfast/domain/Publishable"
import type { AnnouncedTerms } from "@holdfast/domain/SkuTerms"
import { emptyLevel } from "@holdfast/domain/StockState"
import type { ConfirmedListing, ListingReport } from "@holdfast/ledger/ListingReport"
import type { HistoryRow } from "@holdfast/domain/StockHistory"
import { describe, expect, it } from "vitest"
import { reckon, reckonBundle, type ChannelPolicy } from "../src/why/Reckoning.ts"
import { standing, stepLines, whyText } from "../src/why/WhyText.ts"

const t = Date.parse("2026-11-27T09:30:00Z")
const main = LocationId.make("main")
const berlin = LocationId.make("berlin")

const level = (locationId: LocationId, onHand: number, committed = 0) => ({
  ...emptyLevel(locationId),
  onHand,
  committed,
  version: 12
})

const shop = ChannelId.make("shop")

const stepsOf = (policy: Omit<ChannelPolicy, "id">, onHand: number) =>
  reckon({ id: shop, ...policy }, [level(main, onHand)], undefined).steps.map(({ what, units }) => `${units} ${what}`)

describe("how a channel's quantity comes about", () => {
  it("names only the rules that did something", () => {
    expect(stepsOf({ buffer: 0 }, 5)).toEqual(["5 available at all locations"])
    expect(stepsOf({ buffer: 2, cap: 10 }, 20)).toEqual([
      "20 available at all locations",
      "18 less its buffer of 2",
      "10 not more than its cap of 10"
    ])
    expect(stepsOf({ buffer: 2 }, 1)).toEqual([
      "1 available at all locations",
      "-1 less its buffer of 2",
      "0 never less than none"
    ])
    expect(stepsOf({ buffer: 1, threshold: 3 }, 3)).toEqual([
      "3 available at all locations",
      "0 none is shown at or below its threshold of 3"
    ])
    expect(stepsOf({ buffer: 0, locations: [berlin] }, 3)).toEqual(["0 available where it sells from"])
  })

  it("ends in what the channel is told, whatever its rules and levels are", () => {
    const few = [-3, 0, 1, 2, 5, 9]
    const maybe = [undefined, ...few.filter((n) => n >= 0)]
    let judged = 0
    for (const atMain of few)
      for (const atBerlin of few)
        for (const buffer of few.filter((n) => n >= 0))
          for (const cap of maybe)
            for (const threshold of maybe)
              for (const locations of [undefined, [], [main], [main, berlin]]) {
                const levels = [level(main, atMain), level(berlin, atBerlin)]
                const policy = {
                  id: shop,
                  buffer,
                  ...(cap === undefined ? {} : { cap }),
                  ...(threshold === undefined ? {} : { threshold }),
                  ...(locations === undefined ? {} : { locations })
                }
                const told = publishable(policy, { levels: levels.map(announcedLevel) })
                const reckoning = reckon(policy, levels, undefined)
                expect(reckoning.publishable).toBe(told)
                expect(Math.max(0, reckoning.steps.at(-1)!.units), JSON.stringify({ policy, atMain, atBerlin })).toBe(
                  told
                )
                judged += 1
              }
    expect(judged).toBe(6 * 6 * 5 * 6 * 6 * 4)
  })
})

describe("how a channel's quantity of a bundle comes about", () => {
  const part = (sku: string, each: number, onHand: number, terms?: AnnouncedTerms): BundlePart => {
    const own = { sku: Sku.make(sku), each, levels: [announcedLevel(level(main, onHand))] }
    return terms === undefined ? own : { ...own, terms }
  }

  it.each([
    {
      parts: [part("MUG", 2, 9), part("TRAY", 1, 8)],
      steps: ["4 available at all locations", "3 less its buffer of 1"]
    },
    {
      parts: [
        part("MUG", 2, 9, { allotments: [], backorder: 7 }),
        part("TRAY", 1, 20, { allotments: [{ channel: "market", ringFence: 5, used: 1 }] }),
        part("LID", 1, 20, { allotments: [{ channel: "shop", quota: 9, used: 2 }] })
      ],
      steps: [
        "4 available at all locations",
        "8 with what may be promised beyond what is there",
        "7 not more than the terms of LID leave",
        "6 less its buffer of 1"
      ]
    }
  ])("names the components whose terms did something, and ends in what it is told: $steps", ({ parts, steps }) => {
    const reckoning = reckonBundle({ id: shop, buffer: 1 }, parts)
    expect(reckoning.steps.map(({ what, units }) => `${units} ${what}`)).toEqual(steps)
    expect(reckoning.publishable).toBe(reckoning.steps.at(-1)!.units)
  })
})

const channel: ChannelDefinition = {
  id: ChannelId.make("marketplace"),
  name: "A marketplace",
  connector: "simulated",
  endpoint: "http://localhost:1",
  locations: [main],
  buffer: 2,
  timing: { model: "realtime" },
  budgetMillis: 1_000,
  objective: 0.99,
  rate: { perSecond: 1, burst: 1, concurrency: 1 },
  timeoutMillis: 100
}

const row = (version: number): HistoryRow => ({
  version,
  kind: "goods.received",
  locationId: "main",
  occurredAt: t,
  committedAt: t,
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
  deltas: { onHand: 1 },
  seenByCount: null,
  before: { onHand: 9, committed: 0, held: 0, available: 9 },
  after: { onHand: 10, committed: 0, held: 0, available: 10 }
})

const report = (confirmed: ConfirmedListing | null): ListingReport => ({
  sku: "MUG" as Sku,
  version: 12,
  terms: undefined,
  levels: [level(berlin, 4), level(main, 10, 3)],
  confirmed,
  told: [],
  history: { matching: 12, rows: [row(11), row(12)] }
})

const confirmed = (quantity: number, version: number) => report({ quantity, version, confirmedAt: t })

describe("why a channel is told a quantity", () => {
  it("is shown from the levels to what the channel confirmed", () => {
    const stock = confirmed(5, 12)
    expect(
      whyText(channel, stock, reckon(channel, stock.levels, undefined), { columns: 100, color: false }).split("\n")
    ).toEqual([
      "MUG on marketplace, A marketplace, version 12",
      "",
      "location  on hand  committed  held  available",
      "main           10          3     0          7",
      "not sold from by this channel: berlin",
      "",
      "      7  available where it sells from",
      "      5  less its buffer of 2",
      "      5  is what it is told",
      "",
      "it confirmed 5 at 2026-11-27T09:30:00Z, as of version 12, the newest",
      "",
      "history, newest last, times in UTC: 12 changes, the newest 2 of them; more with --limit",
      "  2026-11-27",
      "  #11  09:30:00  goods.received  main  on hand 9 -> 10 (+1)  available 9 -> 10 (+1)",
      "                 event r-11 of wms",
      "  #12  09:30:00  goods.received  main  on hand 9 -> 10 (+1)  available 9 -> 10 (+1)",
      "                 event r-12 of wms"
    ])
  })

  it("says whether the channel has heard of it", () => {
    const five = { steps: [], publishable: 5 }
    expect(standing(report(null), five)).toBe("it has not confirmed anything of this SKU yet")
    expect(standing(confirmed(5, 9), five)).toContain("as of version 9; what it is told has not changed since")
    expect(standing(confirmed(4, 11), five)).toContain("behind by 1 change, the first at 2026-11-27T09:30:00Z")
    expect(standing(confirmed(4, 3), five)).toMatch(/it is behind by 9 changes$/)
  })

  it("does not call a channel behind that is told fewer because it hears late, up to the cap of its lag buffer", () => {
    const policy = { id: shop, buffer: 1, lagBuffer: { target: 0.01, cap: 3 } }
    const late = reckon(policy, [level(main, 6)], undefined)
    expect(late).toMatchObject({ publishable: 5, least: 2 })
    expect(stepLines(late, "is what it is told", { color: false, columns: 120 }).at(-1)).toContain(
      "is what it is told, or down to 3 fewer, as it hears late"
    )
    expect(standing(confirmed(2, 9), late)).not.toContain("behind")
    expect(standing(confirmed(1, 9), late)).toContain("behind")
    expect(standing(confirmed(6, 9), late)).toContain("behind")
  })
})
