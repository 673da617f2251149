/** What a watcher is told of an announcement. */
import { encodeAvailability } from "@holdfast/bus/AvailabilityMessage"
import type { Availability } from "@holdfast/domain/Availability"
import { LocationId, Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import { stockOf } from "../src/Stock.ts"

const announced: Availability = {
  sku: Sku.make("MUG"),
  version: 4,
  levels: [{ locationId: LocationId.make("main"), onHand: 10, committed: 2, held: 1 }],
  committedAt: 1_795_768_200_000,
  events: [],
  more: 0
}

describe("the stock of an announcement", () => {
  it("has what is available, and no terms where there are none", () => {
    const stock = stockOf(encodeAvailability(announced))
    expect(stock).toMatchObject({ sku: "MUG", version: 4, available: 7 })
    expect(stock).not.toHaveProperty("terms")
  })

  it("has the terms of sale", () => {
    const terms = { allotments: [{ channel: "shop", quota: 5, used: 2 }], backorder: 3 }
    expect(stockOf(encodeAvailability({ ...announced, terms }))?.terms).toEqual(terms)
  })

  it("is none when it is no announcement", () => {
    expect(stockOf("nonsense")).toBeUndefined()
    expect(stockOf("{}")).toBeUndefined()
  })
})
