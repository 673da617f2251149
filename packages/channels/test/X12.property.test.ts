/**
 * X12 as it is written and read: our text is read by `node-x12`, and its text by us; whatever the SKUs and separators are. From a seed:
 * `HOLDFAST_SEED` runs one seed.
 */
import { Sku } from "@holdfast/domain/Identity"
import type { Inventory846 } from "@holdfast/domain/SftpSettings"
import x12 from "node-x12"
import { describe, expect, it } from "vitest"
import { inventory846, skuObjection } from "../src/sftp/Inventory846.ts"
import { readX12 } from "../src/sftp/X12Reader.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { linesOf846 } from "../src/testing/sftp/LegacyErp.ts"
import { file846 } from "./SftpSample.ts"

const given = process.env["HOLDFAST_SEED"]
const seeds = given === undefined ? Array.from({ length: 200 }, (_, i) => i + 1) : [Number(given)]

/** A failure names its seed. */
const forEverySeed = (check: (seed: number) => void) => (): void => {
  for (const seed of seeds) {
    try {
      check(seed)
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause })
    }
  }
}

const chars = [...'ABCabc019 -_.#*^>~|:+"!/%&(),;=?@[]{}<'.split(""), "'", "\u00e4", "\ud83e\udde6", "\u007f", "\n"]

const sampleOf = (seed: number) => {
  const random = seededRandom(seed)
  const below = (max: number) => Math.floor(random() * max)
  const text = (max: number) => Array.from({ length: 1 + below(max) }, () => chars[below(chars.length)]).join("")
  const marks = "*|+:>^!~'%".split("")
  const separators = Array.from({ length: 4 }, () => marks.splice(below(marks.length), 1)[0]).join("")
  const settings: Inventory846 = {
    ...file846,
    version: below(2) === 0 ? "004010" : "005010",
    lineBreaks: below(2) === 0,
    ...(below(3) === 0 ? {} : { separators }),
    ...(below(2) === 0 ? {} : { warehouse: "WH-A" })
  }
  const names = [...new Set(Array.from({ length: below(40) }, () => text(50)))]
  const items = names.map((name, i) => ({
    sku: Sku.make(name, { disableChecks: true }),
    quantity: below(1_000_000),
    version: i,
    key: `k${i}`,
    expected: undefined
  }))
  return { settings, items, number: 1 + below(999_999_999) }
}

describe("an 846", () => {
  it(
    "says to another parser what was to be said, and objects to the rest",
    forEverySeed((seed) => {
      const { settings, items, number } = sampleOf(seed)
      const said = items.filter(({ sku }) => skuObjection(settings, sku) === undefined)
      const text = inventory846(settings, said, number)
      expect(linesOf846(text)).toEqual(said.map(({ sku, quantity }) => ({ sku, quantity })))
      const { sets, faults } = readX12(text)
      expect(faults).toEqual([])
      expect(Number(sets[0]!.isa[13])).toBe(number)
      expect(sets[0]!.segments.flatMap(({ tag, elements }) => (tag === "LIN" ? [elements[3]] : []))).toEqual(
        said.map(({ sku }) => sku)
      )
      // an objection is true: written all the same, another parser reads something else. It splits no components
      const [element, , , segment] = settings.separators ?? "*^>~"
      for (const item of items.filter((each) => !said.includes(each)))
        if (item.sku.includes(element!) || item.sku.includes(segment!))
          expect(readBack(settings, item, number)).not.toEqual([item.sku])
    })
  )

  it("is the same bytes for the same push", () => {
    const { settings, items, number } = sampleOf(7)
    expect(inventory846(settings, items, number)).toBe(inventory846(settings, items, number))
  })
})

type Item = ReturnType<typeof sampleOf>["items"][number]

const readBack = (settings: Inventory846, item: Item, number: number): ReadonlyArray<unknown> => {
  try {
    return linesOf846(inventory846(settings, [item], number)).map(({ sku }) => sku)
  } catch {
    return []
  }
}

/** An interchange as `node-x12` writes it. */
const written = (
  sets: ReadonlyArray<ReadonlyArray<readonly [tag: string, elements: Array<string>]>>,
  control = "1"
) => {
  const interchange = new x12.X12Interchange()
  interchange.setHeader([
    "00",
    "",
    "00",
    "",
    "ZZ",
    "SHOP",
    "ZZ",
    "US",
    "261123",
    "0345",
    "U",
    "00401",
    control.padStart(9, "0"),
    "0",
    "P",
    ">"
  ])
  const group = interchange.addFunctionalGroup()
  group.setHeader(["PD", "SHOP", "US", "20261123", "0345", control, "X", "004010"])
  sets.forEach((segments, i) => {
    const set = group.addTransaction()
    set.setHeader(["852", String(i + 1).padStart(4, "0")])
    for (const [tag, elements] of segments) set.addSegment(tag, elements)
  })
  return interchange.toString()
}

describe("an interchange of somebody else", () => {
  it(
    "is read as it was written",
    forEverySeed((seed) => {
      const random = seededRandom(seed)
      const sets = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, s) =>
        Array.from(
          { length: Math.floor(random() * 20) },
          (__, i) => ["LIN", [`${s}`, "SK", `S${i}`]] as const satisfies readonly [string, Array<string>]
        )
      )
      const { sets: read, faults } = readX12(
        written(sets.map((set) => set.map(([tag, elements]) => [tag, [...elements]])))
      )
      expect(faults).toEqual([])
      expect(read.map(({ segments }) => segments.map(({ elements }) => elements))).toEqual(
        sets.map((set) => set.map(([tag, elements]) => [tag, ...elements]))
      )
    })
  )

  it(
    "that is cut off anywhere is not taken for a whole one",
    forEverySeed((seed) => {
      const whole = written([
        [
          ["LIN", ["1", "SK", "MUG"]],
          ["ZA", ["QS", "7", "EA"]]
        ],
        [["LIN", ["1", "SK", "LAMP"]]]
      ])
      const end = whole.lastIndexOf("~")
      const { sets, faults } = readX12(whole.slice(0, 1 + Math.floor(seededRandom(seed)() * (end - 1))))
      expect(faults.length).toBeGreaterThan(0)
      // what is given is given whole
      for (const { segments } of sets) expect([2, 1]).toContain(segments.length)
    })
  )

  const faulty = (from: string | RegExp, to: string) =>
    readX12(written([[["LIN", ["1", "SK", "MUG"]]], [["LIN", ["1", "SK", "LAMP"]]]]).replace(from, to))

  it("loses only the set whose trailer does not agree", () => {
    const { sets, faults } = faulty("SE*3*0001", "SE*9*0001")
    expect(sets.map(({ st }) => st[2])).toEqual(["0002"])
    expect(faults).toEqual([
      {
        segment: 3,
        text: "ST*852*0001\nLIN*1*SK*MUG",
        detail: "the transaction set is not read: SE01 says 9 segments, there are 3"
      }
    ])
  })

  it("names what stands outside of every set, and control numbers that differ", () => {
    expect(faulty("GS*PD", "ZZZ*1~GS*PD").faults).toEqual([
      { segment: 2, text: "ZZZ*1", detail: "it is in no transaction set" }
    ])
    expect(faulty(/IEA\*1\*\d+/, "IEA*1*000000009").faults.map(({ detail }) => detail)).toEqual([
      "control number 000000009, ISA13 000000001"
    ])
    expect(readX12("sku,quantity\nA,1\n").faults.map(({ segment }) => segment)).toEqual([1])
    expect(readX12(" \r\n")).toEqual({ sets: [], lost: [], faults: [] })
  })

  it("may follow another one, with separators of its own", () => {
    const first = written([[["LIN", ["1", "SK", "MUG"]]]])
    const second = written([[["LIN", ["1", "SK", "LAMP"]]]], "2")
      .replaceAll("*", "|")
      .replaceAll("~", "\n")
    const { sets, faults } = readX12(`${first}\r\n${second}`)
    expect(faults).toEqual([])
    expect(sets.map(({ isa, segments }) => [isa[13], segments[0]!.elements[3]])).toEqual([
      ["000000001", "MUG"],
      ["000000002", "LAMP"]
    ])
  })
})
