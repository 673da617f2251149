/** Files of what a channel calls our SKUs: what is read, what is wrong with them, and what they change. */
import { listingFormats } from "@holdfast/channels/ListingFormat"
import { Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import { readMappingCsv } from "../src/mapping/MappingFile.ts"
import { mappingPlanOf } from "../src/mapping/MappingPlan.ts"
import { mappingPlanText } from "../src/mapping/MappingText.ts"

const id = (number: number) => `gid://shopify/InventoryItem/${number}`
const read = (...lines: ReadonlyArray<string>) =>
  readMappingCsv([Buffer.from(["sku,inventory_item_id", ...lines].join("\n"))], listingFormats.shopify!)
const problemsOf = async (...lines: ReadonlyArray<string>) =>
  (await read(...lines)).problems.first.map(({ line, field, message }) => `${line} ${field}: ${message}`)

const stored = new Map([
  [Sku.make("MUG"), id(1)],
  [Sku.make("CUP"), id(2)]
])
const owners = new Map([...stored].map(([sku, key]) => [key, sku]))
const planOf = async (...lines: ReadonlyArray<string>) =>
  mappingPlanOf((await read(...lines)).lines, "inventory_item_id", stored, owners)

describe("a file of mappings of a Shopify shop", () => {
  it("names inventory items by number or by id, and removes with a dash", async () => {
    const { lines, problems } = await read("MUG,7", `"a, b",${id(8)}`, "CUP,-")
    expect(problems.count).toBe(0)
    expect(lines).toEqual([
      { line: 2, sku: "MUG", listing: { external: { inventoryItemId: id(7) }, key: id(7) } },
      { line: 3, sku: "a, b", listing: { external: { inventoryItemId: id(8) }, key: id(8) } },
      { line: 4, sku: "CUP", listing: undefined }
    ])
  })

  it("is refused with line and column", async () => {
    expect(await problemsOf("MUG,seven", "CUP,0", "BOWL,", `${"x".repeat(129)},3`)).toEqual([
      "2 column inventory_item_id: must be the number of an inventory item, or gid://shopify/InventoryItem/<number>",
      "3 column inventory_item_id: must be the number of an inventory item, or gid://shopify/InventoryItem/<number>",
      "4 column inventory_item_id: must not be empty",
      expect.stringMatching(/^5 column sku: .*at most 128 bytes/)
    ])
    expect(await problemsOf("MUG,7", `CUP,${id(7)}`, "MUG,8")).toEqual([
      "3 column inventory_item_id: must be there once, it is on line 2 already",
      "4 column sku: must be there once, it is on line 2 already"
    ])
    expect(await problemsOf()).toEqual(["1 line: must be at least one"])
  })
})

describe("a file of mappings of a WooCommerce shop", () => {
  const readWoo = (...lines: ReadonlyArray<string>) =>
    readMappingCsv([Buffer.from(["sku,product_id,variation_id", ...lines].join("\n"))], listingFormats.woocommerce!)

  it("names products and variations by number, and removes with dashes", async () => {
    const { lines, problems } = await readWoo("MUG,93,0", "SHIRT-M,20,21", "CUP,-,-")
    expect(problems.count).toBe(0)
    expect(lines.map(({ sku, listing }) => [sku, listing])).toEqual([
      ["MUG", { external: { productId: 93 }, key: "93" }],
      ["SHIRT-M", { external: { productId: 20, variationId: 21 }, key: "21" }],
      ["CUP", undefined]
    ])
  })

  it("is refused with line and column, and where it names a variation twice, under whatever product", async () => {
    const { problems } = await readWoo("MUG,93,0", "CUP,93,none", "A,20,21", "B,30,21")
    expect(problems.first.map(({ line, field, message }) => `${line} ${field}: ${message}`)).toEqual([
      "3 column variation_id: must be the number of a variation, or 0 for the product itself",
      "5 column product_id: must be there once, it is on line 4 already"
    ])
  })
})

describe("what it changes", () => {
  it("is what differs from what is stored, and SKUs may exchange their listings", async () => {
    const { changes, unchanged, problems } = await planOf("MUG,2", "CUP,1", "BOWL,3", "GONE,-")
    expect(problems).toEqual([])
    expect(unchanged).toBe(1)
    expect(changes.map(({ sku, kind, before, after }) => [sku, kind, before, after])).toEqual([
      ["MUG", "changed", id(1), id(2)],
      ["CUP", "changed", id(2), id(1)],
      ["BOWL", "new", null, id(3)]
    ])
    expect(await planOf("MUG,1", "CUP,2")).toEqual({ changes: [], unchanged: 2, problems: [] })
  })

  it("never gives a listing to two SKUs", async () => {
    expect((await planOf("BOWL,1")).problems).toEqual([
      {
        line: 2,
        field: "column inventory_item_id",
        message: "is mapped to MUG already: a line with MUG and - removes that",
        value: id(1)
      }
    ])
    expect((await planOf("BOWL,1", "MUG,-")).problems).toEqual([])
  })

  it("is said in a few lines", async () => {
    const plan = await planOf("MUG,-", "BOWL,3")
    const style = { columns: 120, color: false }
    const text = mappingPlanText(plan, true, style)
    expect(text).toContain("new 1, changed 0, removed 1, unchanged 0; nothing was applied (dry run)")
    expect(text).toMatch(/3 +new +BOWL +gid:\/\/shopify\/InventoryItem\/3 +-/)
  })
})
