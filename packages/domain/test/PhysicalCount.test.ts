/** Full physical inventories: given these parts, then it is closed or not, and comes to these counts. */
import { describe, expect, it } from "vitest"
import { DocumentId, LocationId, Sku } from "../src/Identity.ts"
import { countsOf, missingParts } from "../src/PhysicalCount.ts"
import type { PhysicalCounted } from "../src/StockEvent.ts"

const main = LocationId.make("main")
const [mug, plate, bowl] = ["MUG", "PLATE", "BOWL"].map((sku) => Sku.make(sku)) as [Sku, Sku, Sku]

const part = (
  number: number,
  countedAt: number,
  units: Readonly<Record<string, number>>,
  parts?: number
): PhysicalCounted => ({
  countId: DocumentId.make("C-1"),
  locationId: main,
  countedAt,
  part: number,
  ...(parts === undefined ? {} : { parts }),
  lines: Object.entries(units).map(([sku, quantity]) => ({ sku: Sku.make(sku), quantity }))
})

/** Counted units and times, by SKU. */
const counted = (parts: ReadonlyArray<PhysicalCounted>, kept: ReadonlyArray<Sku> = []) =>
  Object.fromEntries(
    countsOf(parts, kept).flatMap(({ countedAt, lines }) =>
      lines.map(({ sku, quantity }) => [sku, [quantity, countedAt]])
    )
  )

describe("an inventory", () => {
  it("is open until somebody says how many parts there are, and all are there", () => {
    expect(missingParts([part(1, 1, {}), part(2, 1, {})])).toBeUndefined()
    expect(missingParts([part(3, 1, {}, 4), part(1, 1, {})])).toEqual([2, 4])
    expect(missingParts([part(2, 1, {}), part(1, 1, {}, 2)])).toEqual([])
  })

  it("counts what nobody found as not there, as of its first part", () => {
    expect(counted([part(1, 10, { MUG: 3 }), part(2, 20, { PLATE: 5 }, 2)], [mug, bowl])).toEqual({
      MUG: [3, 10],
      PLATE: [5, 20],
      BOWL: [0, 10]
    })
  })

  it("sums what was found in several parts, as of the last of them", () => {
    expect(counted([part(1, 10, { MUG: 3 }), part(2, 20, { MUG: 4 }, 2)])).toEqual({ MUG: [7, 20] })
  })

  it("takes a part that was told again as it was counted last, in any order", () => {
    const parts = [part(1, 10, { MUG: 3 }, 1), part(1, 30, { MUG: 4 }, 1)]
    for (const told of [parts, parts.toReversed()])
      expect(counted(told, [plate])).toEqual({ MUG: [4, 30], PLATE: [0, 30] })
  })

  it("takes of two counts of a part at one moment the one that found more, in any order", () => {
    const parts = [part(1, 10, { MUG: 3 }, 1), part(1, 10, { PLATE: 4 }, 1)]
    for (const told of [parts, parts.toReversed()]) expect(counted(told)).toEqual({ PLATE: [4, 10] })
  })

  it("of a large location comes to counts of a bearable size", () => {
    const kept = Array.from({ length: 1_200 }, (_, i) => Sku.make(`S-${i}`))
    const counts = countsOf([part(1, 10, { MUG: 1 }, 1)], kept)
    expect(counts.map(({ lines }) => lines.length)).toEqual([500, 500, 201])
  })
})
