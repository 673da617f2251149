/** What a channel is shown of a bundle whose components are sold on terms. The numbers are worked by hand. */
import { describe, expect, it } from "vitest"
import type { Availability } from "../src/Availability.ts"
import { BundleBook } from "../src/Bundle.ts"
import { bundleAvailability } from "../src/BundleAvailability.ts"
import { bundleSaleable } from "../src/BundleSaleable.ts"
import { ChannelId, LocationId, Sku } from "../src/Identity.ts"
import { publishable } from "../src/Publishable.ts"
import type { AnnouncedTerms } from "../src/SkuTerms.ts"

type Units = Readonly<Record<string, number>>

const book = (definitions: Readonly<Record<string, Units>>): BundleBook => {
  const heard = new BundleBook()
  for (const [i, [bundle, parts]] of Object.entries(definitions).entries())
    heard.hear({
      bundle: Sku.make(bundle),
      at: i,
      serial: i + 1,
      components: Object.entries(parts).map(([sku, quantity]) => ({ sku: Sku.make(sku), quantity }))
    })
  return heard
}

const stock = (sku: string, units: Units, terms?: AnnouncedTerms): Availability => ({
  sku: Sku.make(sku),
  version: 1,
  levels: Object.entries(units).map(([at, onHand]) => ({
    locationId: LocationId.make(at),
    onHand,
    committed: 0,
    held: 0
  })),
  ...(terms === undefined ? {} : { terms }),
  committedAt: 0,
  events: [],
  more: 0
})

const announced = (heard: BundleBook, bundle: string, components: ReadonlyArray<Availability>) => {
  const newest = new Map(components.map((one) => [one.sku, one]))
  return bundleAvailability(heard, Sku.make(bundle), (sku) => newest.get(sku), undefined, 0)
}

const policy = (channel: string, locations?: ReadonlyArray<string>) => ({
  id: ChannelId.make(channel),
  buffer: 0,
  ...(locations === undefined ? {} : { locations: locations.map((at) => LocationId.make(at)) })
})

const quota = (channel: string, units: number, used: number): AnnouncedTerms => ({
  allotments: [{ channel, quota: units, used }]
})
const fence = (channel: string, units: number, used: number): AnnouncedTerms => ({
  allotments: [{ channel, ringFence: units, used }]
})
const backorder = (units: number): AnnouncedTerms => ({ allotments: [], backorder: units })

/** A kit is two mugs and a tray. */
const kits = book({ KIT: { MUG: 2, TRAY: 1 } })

const told = (components: ReadonlyArray<Availability>, channel = "shop", locations?: ReadonlyArray<string>) =>
  publishable(policy(channel, locations), announced(kits, "KIT", components))

describe("a channel is shown of a bundle", () => {
  it("what can be built, where no component has terms", () => {
    const made = announced(kits, "KIT", [stock("MUG", { main: 9 }), stock("TRAY", { main: 7 })])
    expect(made.parts).toBeUndefined()
    expect(publishable(policy("shop"), made)).toBe(4)
  })

  it("no more than makes what is left of its quota of a component", () => {
    const components = [stock("MUG", { main: 100 }, quota("shop", 9, 2)), stock("TRAY", { main: 50 })]
    // 9 - 2 = 7 mugs make 3
    expect(told(components)).toBe(3)
    expect(told(components, "market")).toBe(50)
    expect(told([stock("MUG", { main: 100 }, quota("shop", 9, 12)), stock("TRAY", { main: 50 })])).toBe(0)
  })

  it("not what another channel's ring-fence keeps of a component", () => {
    const components = [stock("MUG", { main: 20 }), stock("TRAY", { main: 8 }, fence("market", 5, 1))]
    // of 8 trays 5 - 1 = 4 are kept; 20 mugs would make 10
    expect(told(components)).toBe(4)
    expect(told(components, "market")).toBe(8)
  })

  it("what a component's allowance makes beyond what is there, as far as the others are there", () => {
    // 3 + 8 = 11 mugs make 5; there are 4 trays, then 9
    expect(told([stock("MUG", { main: 3 }, backorder(8)), stock("TRAY", { main: 4 })])).toBe(4)
    expect(told([stock("MUG", { main: 3 }, backorder(8)), stock("TRAY", { main: 9 })])).toBe(5)
    // 6 of the 8 are promised already: 2 are left
    expect(told([stock("MUG", { main: -6 }, backorder(8)), stock("TRAY", { main: 9 })])).toBe(1)
  })

  it("an allowance once, whatever number of locations it could be spent at", () => {
    const mugs = stock("MUG", { main: 1, east: 1 }, backorder(4))
    // at east 1 + 4 make 2 and spend 3; at main 1 + 1 make 1: six mugs in all
    expect(told([mugs, stock("TRAY", { main: 9, east: 9 })])).toBe(3)
    expect(told([mugs, stock("TRAY", { main: 9, east: 9 })], "shop", ["main"])).toBe(2)
    // each component is missing somewhere else, and each has an allowance
    const apart = [stock("MUG", { east: 20 }, backorder(6)), stock("TRAY", { main: 20 }, backorder(6))]
    // at east 6 trays beyond make 6; at main 6 mugs beyond make 3
    expect(told(apart)).toBe(9)
  })

  it("an allowance less what is used where the channel does not sell from", () => {
    const mugs = stock("MUG", { main: 0, east: -3 }, backorder(8))
    // 8 - 3 = 5 mugs make 2
    expect(told([mugs, stock("TRAY", { main: 9 })], "shop", ["main"])).toBe(2)
  })

  it("what its allowances make at a location where nothing ever was", () => {
    const components = [stock("MUG", { main: 0 }, backorder(8)), stock("TRAY", { main: 0 }, backorder(3))]
    expect(told(components, "shop", ["east"])).toBe(3)
  })

  it("the same of every bundle that shares the component", () => {
    const both = book({ PAIR: { MUG: 2 }, SET: { MUG: 3, TRAY: 1 } })
    const components = [stock("MUG", { main: 40 }, quota("shop", 12, 2)), stock("TRAY", { main: 9 })]
    // 10 mugs are left
    expect(publishable(policy("shop"), announced(both, "PAIR", components))).toBe(5)
    expect(publishable(policy("shop"), announced(both, "SET", components))).toBe(3)
  })

  it("no more than the terms leave of what a nested bundle is made of, all ways to it together", () => {
    const nested = book({ KIT: { MUG: 2, TRAY: 1 }, CRATE: { KIT: 2, MUG: 1 } })
    const components = [stock("MUG", { main: 50 }, fence("market", 12, 0)), stock("TRAY", { main: 30 })]
    // a crate is 5 mugs and 2 trays; 50 - 12 = 38 mugs make 7, without the fence 10
    expect(publishable(policy("shop"), announced(nested, "CRATE", components))).toBe(7)
    expect(publishable(policy("market"), announced(nested, "CRATE", components))).toBe(10)
  })

  it("the tightest of all, less its buffer and not above its cap", () => {
    const components = [
      stock("MUG", { main: 40 }, { allotments: [{ channel: "shop", quota: 15, used: 1 }], backorder: 10 }),
      stock("TRAY", { main: 20 }, fence("market", 11, 0))
    ]
    const made = announced(kits, "KIT", components)
    // 14 mugs make 7, and 9 trays are free
    expect(publishable(policy("shop"), made)).toBe(7)
    expect(publishable({ ...policy("shop"), buffer: 2 }, made)).toBe(5)
    expect(publishable({ ...policy("shop"), buffer: 2, cap: 3 }, made)).toBe(3)
  })

  it("its own terms once it is a bundle no more", () => {
    const dissolved = book({ KIT: { MUG: 2 } })
    dissolved.hear({ bundle: Sku.make("KIT"), at: 9, serial: 9, components: [] })
    expect(
      publishable(policy("shop"), announced(dissolved, "KIT", [stock("KIT", { main: 9 }, quota("shop", 4, 1))]))
    ).toBe(3)
  })
})

it("a bundle of one component is shown as that component is, on any terms at any locations", () => {
  const single = book({ ONE: { MUG: 1 } })
  let judged = 0
  for (const main of [-4, 0, 3])
    for (const east of [-2, 0, 5])
      for (const limit of [undefined, 1, 6])
        for (const terms of [quota("shop", 5, 3), fence("market", 4, 1), fence("shop", 4, 1)])
          for (const locations of [undefined, ["main"], ["main", "east"], ["north"]]) {
            const mug = stock("MUG", { main, east }, limit === undefined ? terms : { ...terms, backorder: limit })
            const bundle = announced(single, "ONE", [mug])
            const shop = policy("shop", locations)
            expect(publishable(shop, bundle)).toBe(publishable(shop, mug))
            const { units } = bundleSaleable(shop, bundle.levels, bundle.parts!)
            expect(Math.max(0, units)).toBe(publishable(shop, mug))
            judged += 1
          }
  expect(judged).toBe(3 * 3 * 3 * 3 * 4)
})
