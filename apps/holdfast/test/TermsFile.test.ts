/** Files of terms of sale: what is read, what is wrong with them, and what they change. */
import { ChannelId, Sku } from "@holdfast/domain/Identity"
import type { SkuTerms } from "@holdfast/domain/SkuTerms"
import { termsPlanOf, termsTime } from "@holdfast/domain/TermsPlan"
import { describe, expect, it } from "vitest"
import { readTermsCsv } from "../src/catalogue/TermsReader.ts"
import { termsPlanText } from "../src/catalogue/TermsText.ts"

const header = "sku,channel,quota,ring_fence,backorder_limit,kind,expected_at"
const read = (...lines: ReadonlyArray<string>) => readTermsCsv([Buffer.from([header, ...lines].join("\n"))])
const problemsOf = async (...lines: ReadonlyArray<string>) =>
  (await read(...lines)).problems.first.map(({ line, field, message }) => `${line} ${field}: ${message}`)

const stored = new Map<Sku, SkuTerms>([
  [
    Sku.make("MUG"),
    {
      allotments: [
        {
          channel: ChannelId.make("shop"),
          quota: { units: 10, at: 900 },
          ringFence: { units: 2, at: 950 },
          consumed: 0,
          held: 0
        }
      ],
      backorder: { limit: 5, kind: "backorder", expectedAt: 7_000, at: 800 }
    }
  ]
])
const planOf = async (...lines: ReadonlyArray<string>) => termsPlanOf((await read(...lines)).lines, stored)

describe("a file of terms of sale", () => {
  it("says a channel's allotment, or an allowance; a dash lifts, an empty cell leaves", async () => {
    const { lines, problems } = await read("MUG,shop,5,-,,,", "CUP,,,,20,preorder,2026-12-15T08:00:00Z", "BOWL,,,,-,,")
    expect(problems.count).toBe(0)
    expect(lines.map(({ item }) => item)).toEqual([
      { kind: "allotment", sku: "MUG", channel: "shop", quota: 5, ringFence: null },
      { kind: "backorder", sku: "CUP", limit: 20, as: "preorder", expectedAt: Date.parse("2026-12-15T08:00:00Z") },
      { kind: "backorder", sku: "BOWL", limit: 0 }
    ])
  })

  it("is refused with every line that is wrong", async () => {
    expect(
      await problemsOf(
        "MUG,shop,x,,,,",
        "MUG,shop,,,,,",
        "MUG,shop,1,,3,,",
        "MUG,,,,,,",
        "MUG,,1,,,,",
        "MUG,,,,3,later,"
      )
    ).toEqual([
      "2 column quota: must be a whole number from 0 to 1000000, or -",
      "3 line: must have a quota or a ring_fence",
      "4 column backorder_limit: must be on a line without a channel",
      "5 line: must have a channel, or a backorder_limit",
      "6 column channel: must not be empty",
      expect.stringContaining("7 column kind: ")
    ])
    expect(await problemsOf("MUG,shop,1,,,,", "MUG,shop,,2,,,")).toEqual([
      "3 sku: must be once per channel, it is on line 2 already"
    ])
  })

  it("changes only what differs, as of a time that counts", async () => {
    const plan = await planOf("MUG,shop,10,3,,,", "MUG,,,,5,,", "MUG,amazon,4,,,,")
    expect(plan.unchanged).toBe(1)
    expect(plan.changes.map(({ say, was }) => [say, was])).toEqual([
      [{ sku: "MUG", channel: "shop", ringFence: 3 }, "quota 10, ring-fence 2"],
      [{ sku: "MUG", channel: "amazon", quota: 4 }, "quota none, ring-fence none"]
    ])
    expect(plan.changes.map((change) => termsTime(change, 920))).toEqual([951, 920])
    expect(termsPlanText(plan, { columns: 100, color: false })).toContain("changed 2, unchanged 1")
  })

  it("keeps of an allowance what a line does not name", async () => {
    const [change] = (await planOf("MUG,,,,8,,")).changes
    expect(change!.say).toEqual({ sku: "MUG", limit: 8, kind: "backorder", expectedAt: 7_000 })
    expect((await planOf("MUG,,,,8,,-")).changes[0]!.say).toEqual({ sku: "MUG", limit: 8, kind: "backorder" })
    expect((await planOf("MUG,,,,-,,")).changes[0]!.say).toEqual({ sku: "MUG", limit: 0 })
  })
})
