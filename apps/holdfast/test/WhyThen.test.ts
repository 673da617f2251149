import { ChannelId } from "@holdfast/domain/Identity"
import { LocationId, type Sku } from "@holdfast/domain/Identity"
import { emptyLevel, type LevelUnits } from "@holdfast/domain/StockState"
import type { ListingEntry } from "@holdfast/ledger/ListingHistory"
import type { ListingThen, StockThen } from "@holdfast/ledger/ListingThen"
import type { UnitsChange } from "@holdfast/ledger/SkuVersions"
import { describe, expect, it } from "vitest"
import { atMoment } from "../src/why/AtFlag.ts"
import { whyThen } from "../src/why/WhyThen.ts"
import { whyThenText } from "../src/why/WhyThenText.ts"

const at = Date.parse("2026-11-25T14:03:00Z")
const main = LocationId.make("main")
const id = ChannelId.make("shop")
const rulesNow = { id, buffer: 9 }
const rules = { rules: { id, buffer: 2 }, since: at - 3_600_000 }

const stock = (onHand: number, committed = 0): LevelUnits => ({ ...emptyLevel(main), onHand, committed })

const entry = (
  quantity: number,
  version: number,
  answeredAt: number,
  more: Partial<ListingEntry> = {}
): ListingEntry => ({
  quantity,
  version,
  outcome: "applied",
  requestedAt: answeredAt - 40,
  answeredAt,
  attempts: 1,
  detail: null,
  lost: 0,
  ...more
})

const version = (number: number, levels: ReadonlyArray<LevelUnits> | null, committedAt: number | null): StockThen => ({
  version: number,
  committedAt,
  levels,
  terms: undefined,
  rules
})

const ordered = (number: number, units: number, committedAt: number): UnitsChange => ({
  ...emptyLevel(main),
  committed: units,
  version: number,
  committedAt,
  terms: null
})

const shown = entry(7, 12, at - 60_000)

/** Showed 7 of version 12, the newest. */
const usual: ListingThen = {
  sku: "MUG" as Sku,
  at,
  newest: version(12, [stock(10, 1)], at - 60_100),
  shown,
  shownBefore: null,
  basis: version(12, [stock(10, 1)], at - 60_100),
  next: entry(5, 14, at + 30_000),
  caughtUp: entry(5, 14, at + 30_000),
  since: [],
  isWhole: true,
  told: [entry(8, 11, at - 90_000), shown],
  history: { matching: 0, rows: [] }
}

/** As the usual one, with newer changes, of which the channel has not heard. */
const behind = (
  committed: number,
  since: ReadonlyArray<UnitsChange>,
  more: Partial<ListingThen> = {}
): ListingThen => ({
  ...usual,
  newest: version(since[0]!.version, [stock(10, committed)], since[0]!.committedAt),
  since,
  ...more
})

const linesOf = (then: ListingThen) =>
  whyThenText({ id: "shop" as never, name: "A shop" }, then, whyThen(then, rulesNow), {
    columns: 100,
    color: false
  }).split("\n")

describe("why a channel showed a number at a time", () => {
  it("is told from what it showed to how that came about", () => {
    expect(linesOf(usual)).toEqual([
      "MUG on shop, A shop, at 2026-11-25T14:03:00.000Z",
      "",
      "it showed 7, since 2026-11-25T14:02:00.000Z",
      "pushed at 2026-11-25T14:01:59.960Z, 60 ms after change #12 was committed; it confirmed 40 ms later",
      "nothing newer was committed by then: it showed what it should",
      "next it confirmed 5 at 2026-11-25T14:03:30.000Z",
      "",
      "how version 12 makes that number, by the channel's rules in force since 2026-11-25T13:03:00Z",
      "  location  on hand  committed  held  available",
      "  main           10          1     0          9",
      "",
      "      9  available at all locations",
      "      7  less its buffer of 2",
      "      7  is what it is told of that version",
      "",
      "what it was told, newest last",
      "  answered                  units  version  answer",
      "  2026-11-25T14:01:30.000Z      8      #11  confirmed in 40 ms",
      "  2026-11-25T14:02:00.000Z      7      #12  confirmed in 40 ms"
    ])
    expect(whyThen(usual, rulesNow)).toMatchObject({ quantity: 7, agrees: true, behind: null, rules: { buffer: 2 } })
  })

  it("says what it should have shown, since the change that made it so, and when it was told", () => {
    // 13 and 14 are of one commit; 16 takes back what 15 did
    const changes = [
      ordered(16, -1, at - 100),
      ordered(15, 1, at - 200),
      ordered(14, 1, at - 900),
      ordered(13, 1, at - 900)
    ]
    const then = behind(3, changes, { caughtUp: entry(4, 17, at + 500) })
    expect(whyThen(then, rulesNow).behind).toEqual({ quantity: 5, version: 16, since: at - 100, isLeast: false })
    expect(whyThen(behind(3, changes.slice(2)), rulesNow).behind).toMatchObject({ since: at - 900 })
    const lines = linesOf(then)
    expect(lines).toContain("it should have shown 5, of version 16, since 2026-11-25T14:02:59.900Z;")
    expect(lines).toContain("it confirmed 4 at 2026-11-25T14:03:00.500Z, 600 ms after that")
    expect(linesOf({ ...then, caughtUp: null }).join("\n")).toContain("nothing newer up to now")
  })

  it("has no complaint where newer changes left the number as it was", () => {
    const then = behind(1, [ordered(14, -1, at - 100), ordered(13, 1, at - 200)])
    expect(whyThen(then, rulesNow).behind).toBeNull()
    expect(linesOf(then)).toContain("2 later changes left that number as it was: it showed what it should")
  })

  it("counts from the change of the rules where that made another number right", () => {
    const other = { rules: { id, buffer: 4 }, since: at - 50 }
    const then = { ...usual, newest: { ...usual.newest!, rules: other } }
    expect(whyThen(then, rulesNow).behind).toEqual({ quantity: 5, version: 12, since: at - 50, isLeast: false })
    const pushed = { ...usual, basis: { ...usual.basis!, rules: { ...rules, since: at - 60_050 } } }
    expect(linesOf(pushed)[3]).toContain("10 ms after its rules had changed")
  })

  it("does not say more than the changes that were read", () => {
    const then = behind(4, [ordered(999, 0, at - 10)], { isWhole: false })
    expect(whyThen(then, rulesNow).behind).toMatchObject({ isLeast: true, since: at - 10 })
    expect(linesOf(then).join("\n")).toContain("at least since 2026-11-25T14:02:59.990Z")
  })

  it("counts a number as shown since it was first confirmed, over pushes that repeated it", () => {
    const told = [entry(7, 9, at - 90_000), entry(8, 10, at - 80_000), entry(7, 11, at - 70_000), shown]
    expect(whyThen({ ...usual, told }, rulesNow).since).toBe(at - 70_000)
    const rejected = entry(3, 13, at - 50_000, { outcome: "rejected", detail: "listing is closed" })
    const refused = { ...usual, told: [...told, rejected] }
    expect(whyThen(refused, rulesNow).since).toBe(at - 70_000)
    expect(linesOf(refused)).toContain("at 2026-11-25T14:02:10.000Z it rejected 3: listing is closed")
  })

  it("says so where the computation does not give the number", () => {
    const drifted = entry(3, 12, at - 1_000, { outcome: "found" })
    const then = { ...usual, shown: drifted, told: [...usual.told, drifted] }
    expect(whyThen(then, rulesNow)).toMatchObject({
      agrees: false,
      cause: null,
      behind: { quantity: 7, since: at - 1_000 }
    })
    const lines = linesOf(then)
    expect(lines).toContain("that is what it was found to show, not what it was told; it had confirmed 7")
    expect(lines).toContain("it does not: it makes 7, and 3 was shown")
    expect(lines.at(-1)).toContain("was found to show 3")
  })

  it("says what is not kept", () => {
    const noLedger = { ...usual, basis: version(12, null, null), newest: version(12, null, null) }
    expect(whyThen(noLedger, rulesNow)).toMatchObject({ agrees: null, reckoning: null, cause: null })
    expect(linesOf(noLedger).join("\n")).toContain("the ledger of that time is not kept any more")
    const noRules = { ...usual, basis: { ...usual.basis!, rules: null } }
    expect(whyThen(noRules, rulesNow)).toMatchObject({ rules: rulesNow, rulesSince: null, agrees: false })
    expect(linesOf(noRules).join("\n")).toContain("rules of now: those of then are not stored")
    const summary = { quantity: 7, version: 12, confirmedAt: at - 60_000 }
    expect(linesOf({ ...usual, shown: null, shownBefore: summary, told: [] })[2]).toContain("is not kept any more")
    const gap = { ...usual, next: entry(5, 14, at + 30_000, { lost: 3 }) }
    expect(linesOf(gap)).toContain(
      "next it confirmed 5 at 2026-11-25T14:03:30.000Z; 3 answers in between could not be stored"
    )
    const nothing = { ...usual, shown: null, basis: null, newest: null, next: null, caughtUp: null, told: [] }
    expect(linesOf(nothing)).toEqual([
      "MUG on shop, A shop, at 2026-11-25T14:03:00.000Z",
      "",
      "nothing is kept of what it showed: it had not confirmed anything of this SKU",
      "nothing that the ledger keeps of this SKU was committed by then"
    ])
  })
})

describe("the time that is asked for", () => {
  const now = new Date(2026, 10, 25, 15, 30).getTime()
  const said = (text: string) => new Date(atMoment(text)(now))

  it("is given as people write it, by the clock of the machine where it names no zone", () => {
    expect(said("2026-11-25T14:03:00Z").getTime()).toBe(at)
    expect(said("2026-11-25T15:03:00.250+01:00").getTime()).toBe(at + 250)
    expect(said("14:03")).toEqual(new Date(2026, 10, 25, 14, 3))
    expect(said("9:03:05.5")).toEqual(new Date(2026, 10, 25, 9, 3, 5, 500))
    expect(said("2026-10-31 14:03")).toEqual(new Date(2026, 9, 31, 14, 3))
    expect(said("2026-10-31T14:03:09")).toEqual(new Date(2026, 9, 31, 14, 3, 9))
    expect(said("10m").getTime()).toBe(now - 600_000)
  })

  it("is refused where there is no such time", () => {
    for (const text of [
      "",
      "soon",
      "25:00",
      "14:60",
      "14",
      "2026-11-25",
      "2026-02-30 14:03",
      "2026-13-01T10:00",
      "2026-11-25T25:03:00Z"
    ])
      expect(() => atMoment(text), text).toThrow("must be a time such as 14:03")
  })
})
