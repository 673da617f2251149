/** Where the units of an order go that name no location: given what is available where, then there. */
import { describe, expect, it } from "vitest"
import { allocationPolicyOf, strategyOf, type AllocationRule } from "../src/AllocationPolicy.ts"
import { ChannelId, LocationId } from "../src/Identity.ts"
import { decide, evolve } from "../src/StockRules.ts"
import { levelAt } from "../src/StockState.ts"
import { fact, lines, order, received, shelf } from "./Shelf.ts"

const [north, south, west] = ["north", "south", "west"].map((name) => LocationId.make(name)) as [
  LocationId,
  LocationId,
  LocationId
]
const locations = [north, south, west]
const stock =
  (units: Readonly<Record<string, number>>) =>
  (at: LocationId): number =>
    units[at] ?? 0

const allocated = (rule: AllocationRule, units: number, available: Readonly<Record<string, number>>, to?: string) =>
  strategyOf({ ...rule, locations }, stock(available), to)(units).map((part) => `${part.units} ${part.locationId}`)

describe("by priority", () => {
  const split = { strategy: "priority", split: true } as const
  const whole = { strategy: "priority", split: false } as const

  it("takes from the preferred location first and the rest from the next", () => {
    expect(allocated(split, 5, { north: 3, south: 9 })).toEqual(["3 north", "2 south"])
  })

  it("passes over a location that has nothing or less", () => {
    expect(allocated(split, 2, { north: -4, south: 0, west: 2 })).toEqual(["2 west"])
  })

  it("puts what nobody has where the least is missing", () => {
    expect(allocated(split, 9, { north: 3, south: 4 })).toEqual(["3 north", "6 south"])
    expect(allocated(split, 2, { north: -5, south: -1, west: -2 })).toEqual(["2 south"])
  })

  it("without a split takes the first location that has it all, else the one that lacks least", () => {
    expect(allocated(whole, 5, { north: 3, south: 9, west: 99 })).toEqual(["5 south"])
    expect(allocated(whole, 5, { north: 3, south: 4, west: 1 })).toEqual(["5 south"])
  })
})

describe("the nearest", () => {
  const rule = {
    strategy: "nearest",
    split: true,
    costs: { coast: { [west]: 1, [south]: 2, [north]: 3 }, hills: { [north]: 1 } }
  } as const

  it("is the cheapest for the order's destination", () => {
    expect(allocated(rule, 5, { north: 9, south: 9, west: 2 }, "coast")).toEqual(["2 west", "3 south"])
  })

  it("keeps the channel's own order where no cost is known", () => {
    expect(allocated(rule, 5, { north: 1, south: 9, west: 9 }, "hills")).toEqual(["1 north", "4 south"])
    expect(allocated(rule, 5, { north: 9, south: 9 }, "islands")).toEqual(["5 north"])
  })
})

describe("a channel", () => {
  it("that sells from everywhere has no policy; one that names locations serves them by priority", () => {
    expect(allocationPolicyOf({})).toBeUndefined()
    expect(allocationPolicyOf({ locations })).toEqual({ strategy: "priority", split: true, locations })
  })

  it("has its orders committed where its policy says", () => {
    const { state } = shelf(received({ quantity: 2, locationId: north }, { quantity: 9, locationId: south }))
    const channel = ChannelId.make("webshop")
    const placed = fact({ type: "order.placed", data: { orderId: order, channel, lines: lines([{ quantity: 5 }]) } })
    const { changes } = decide(state, placed, 0, (name) => allocationPolicyOf(name === channel ? { locations } : {}))
    for (const change of changes) evolve(state, change)
    expect([north, south].map((at) => levelAt(state, at)!.committed)).toEqual([2, 3])
  })
})
