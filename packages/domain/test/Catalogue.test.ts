import { describe, expect, it } from "vitest"
import {
  contradictionsIn,
  effectiveTime,
  planOf,
  type CatalogueItem,
  type CatalogueLine,
  type KnownCatalogue,
  type KnownPlace
} from "../src/Catalogue.ts"
import type { LocationId, Sku } from "../src/Identity.ts"

const item = (sku: string, rest: object = {}) => ({ sku, ...rest }) as unknown as CatalogueItem

const lines = (...items: ReadonlyArray<CatalogueItem>): ReadonlyArray<CatalogueLine> =>
  items.map((one, i) => ({ line: i + 2, item: one }))

const known = (places: Record<string, KnownPlace> = {}, names: Record<string, string> = {}): KnownCatalogue => ({
  place: (sku: Sku, locationId: LocationId) => places[`${sku} ${locationId}`],
  name: (sku: Sku) => names[sku]
})

const place = (safetyStock: number, safetyStockAt?: number): KnownPlace => ({ safetyStock, safetyStockAt })

describe("what a catalogue changes", () => {
  it("calls a place new that nothing is stored of, with no safety stock unless one is named", () => {
    const { changes, unchanged } = planOf(lines(item("MUG"), item("CUP", { safetyStock: 5 })), known())
    expect(unchanged).toBe(0)
    expect(changes).toEqual([
      { line: 2, sku: "MUG", locationId: "main", kind: "new", stock: { safetyStock: 0, before: undefined } },
      { line: 3, sku: "CUP", locationId: "main", kind: "new", stock: { safetyStock: 5, before: undefined } }
    ])
  })

  it("changes a safety stock that differs, and keeps one that is not named", () => {
    const stored = known({ "MUG main": place(5, 7), "CUP main": place(5, 7), "JUG main": place(0) })
    const given = lines(item("MUG", { safetyStock: 6 }), item("CUP"), item("JUG", { safetyStock: 0 }))
    const { changes, unchanged } = planOf(given, stored)
    expect(unchanged).toBe(2)
    expect(changes).toMatchObject([
      { sku: "MUG", kind: "changed", stock: { safetyStock: 6, before: { safetyStock: 5 } } }
    ])
  })

  it("changes a name without saying anything of the stock", () => {
    const stored = known({ "MUG main": place(5, 7) }, { MUG: "Mug" })
    expect(planOf(lines(item("MUG", { name: "Mug" })), stored).changes).toEqual([])
    expect(planOf(lines(item("MUG", { name: "Big mug" })), stored).changes).toEqual([
      { line: 2, sku: "MUG", locationId: "main", kind: "changed", name: { text: "Big mug", before: "Mug" } }
    ])
  })

  it("finds a place that is there twice, main by its name or without, and a SKU with two names", () => {
    const given = lines(
      item("MUG", { name: "Mug" }),
      item("MUG", { locationId: "main" }),
      item("MUG", { locationId: "north", name: "Cup" })
    )
    expect(contradictionsIn(given)).toEqual([
      { line: 3, field: "sku", message: "must be once per location, main is on line 2 already", value: "MUG" },
      { line: 4, field: "name", message: "must be the same as on line 2", value: "Cup" }
    ])
    expect(contradictionsIn(lines(item("MUG"), item("MUG", { locationId: "north" })))).toEqual([])
  })

  it("takes effect now, or just after what a source said whose clock is ahead", () => {
    const changed = (at: number | undefined) =>
      planOf(lines(item("MUG", { safetyStock: 6 })), known({ "MUG main": place(5, at) })).changes[0]!
    expect(effectiveTime(changed(undefined), 1_000)).toBe(1_000)
    expect(effectiveTime(changed(999), 1_000)).toBe(1_000)
    expect(effectiveTime(changed(5_000), 1_000)).toBe(5_001)
  })
})
