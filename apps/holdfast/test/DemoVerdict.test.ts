import { describe, expect, it } from "vitest"
import { demoVerdict, type ChannelEvidence, type DemoEvidence } from "../src/demo/DemoVerdict.ts"
import { row } from "./DemoFixture.ts"

const shelf = new Map([
  ["MUG", 5],
  ["PLATE", 0]
])
const channel = (rest: Partial<ChannelEvidence> = {}): ChannelEvidence => ({
  row: row("webshop"),
  expected: shelf,
  shown: new Map(shelf),
  ...rest
})
const evidence = (rest: Partial<DemoEvidence> = {}): DemoEvidence => ({
  seconds: 41.5,
  events: 151,
  parked: 7,
  channels: [channel()],
  audit: { skus: 2, findings: [] },
  ...rest
})
const findings = (rest: Partial<DemoEvidence>) => demoVerdict(evidence(rest)).findings

describe("the verdict of the demo", () => {
  it("is good when every channel shows what it should, in time, and the audit agrees", () => {
    const { ok, result, ...verdict } = demoVerdict(evidence())
    expect(ok).toBe(true)
    expect(verdict.findings).toEqual([])
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      ok: true,
      seconds: 41.5,
      events: 151,
      channels: [
        {
          id: "webshop",
          events: 933,
          pushes: 870,
          pending: 0,
          p50: 19.4,
          p99: 61.2,
          budgetMs: 500,
          withinBudget: 1,
          oversoldUnits: 0,
          mismatches: 0
        }
      ],
      audit: { skus: 2, findings: [] },
      parked: 7
    })
  })

  it("names the listings on which a channel disagrees, also those that it does not show or should not", () => {
    const shown = new Map([
      ["MUG", 6],
      ["BOWL", 1]
    ])
    const { ok, findings: said, result } = demoVerdict(evidence({ channels: [channel({ shown })] }))
    expect(ok).toBe(false)
    expect(said).toEqual([
      "webshop disagrees on 3 of 2 listings: MUG shows 6 instead of 5, PLATE shows nothing instead of 0, BOWL shows 1 instead of nothing"
    ])
    expect(result.ok).toBe(false)
    expect(result.channels[0]!.mismatches).toBe(3)
  })

  it("names no more than a few of many", () => {
    const expected = new Map(Array.from({ length: 50 }, (_, n) => [`S${n}`, n] as const))
    expect(findings({ channels: [channel({ expected, shown: new Map() })] })[0]).toMatch(
      /50 of 50 listings: S0 .*S2 .*and 47 more$/
    )
  })

  it("is bad when a budget was missed", () => {
    expect(findings({ channels: [channel({ row: row("webshop", { withinBudget: 0.9899 }) })] })).toEqual([
      "webshop heard of 98.99% of its events within 500 ms, 99.00% are promised"
    ])
    expect(findings({ channels: [channel({ row: row("webshop", { withinBudget: 0.99 }) })] })).toEqual([])
  })

  it("is bad when something still waits", () => {
    expect(findings({ channels: [channel({ row: row("webshop", { pending: 2 }) })] })).toEqual([
      "webshop still waits for 2 listings"
    ])
  })

  it("is bad when the audit found something", () => {
    const audit = { skus: 2, findings: ["MUG folds to 4 on hand, stored are 5"] }
    expect(findings({ audit })).toEqual(["audit: MUG folds to 4 on hand, stored are 5"])
  })

  it("is never good because nothing happened", () => {
    expect(findings({ events: 0 })).toEqual(["no event was played"])
    expect(findings({ channels: [] })).toEqual(["there is no channel"])
    expect(findings({ audit: { skus: 0, findings: [] } })).toEqual(["the audit looked at no SKU"])
    expect(findings({ channels: [channel({ row: row("webshop", { events: 0 }) })] })).toEqual([
      "webshop heard of no event"
    ])
  })

  it("is not bad because events were parked: they are visible", () => {
    expect(findings({ parked: 1_000 })).toEqual([])
  })
})
