/** What bundles are made of, as a specification: definitions, what is wrong with one, and events as they concern components. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { BundleBook } from "../src/Bundle.ts"
import { bundleAvailability, bundleVersion } from "../src/BundleAvailability.ts"
import { exploded } from "../src/BundleExplosion.ts"
import type { Availability } from "../src/Availability.ts"
import { bundleOf, decodeEvent, factsOf } from "../src/EventManifest.ts"
import { defaultLocation, LocationId, Sku } from "../src/Identity.ts"
import { lineQuantityMax, linesMax } from "../src/Limit.ts"
import type { StockEvent } from "../src/StockEvent.ts"

type Parts = Readonly<Record<string, number>>

const sku = (id: string) => Sku.make(id)
const components = (parts: Parts) => Object.entries(parts).map(([id, quantity]) => ({ sku: sku(id), quantity }))

const book = (...definitions: ReadonlyArray<readonly [bundle: string, parts: Parts, at?: number]>): BundleBook => {
  const heard = new BundleBook()
  for (const [i, [bundle, parts, at = i]] of definitions.entries())
    heard.hear({ bundle: sku(bundle), components: components(parts), at, serial: i + 1 })
  return heard
}

const partsOf = (heard: BundleBook, bundle: string): Parts =>
  Object.fromEntries(heard.componentsOf(sku(bundle)).map(({ sku: part, each }) => [part, each]))

const problems = (heard: BundleBook, lines: Readonly<Record<string, Parts>>, at = 100) =>
  heard
    .problemsOf(
      { lines: Object.entries(lines).map(([id, parts]) => ({ sku: sku(id), components: components(parts) })) },
      at
    )
    .map(({ field, message }) => `${field} ${message}`)

describe("a bundle", () => {
  it("is made of what was said last by the event's time, whenever it was heard", () => {
    expect(partsOf(book(["X", { A: 1 }, 5], ["X", { A: 2, B: 1 }, 3]), "X")).toEqual({ A: 1 })
    expect(partsOf(book(["X", { A: 1 }, 5], ["X", { B: 4 }, 5]), "X")).toEqual({ B: 4 })
  })

  it("resolves a bundle inside, and adds up several ways to one SKU", () => {
    const heard = book(["X", { A: 1, B: 2 }], ["Y", { X: 2, B: 1, C: 3 }])
    expect(partsOf(heard, "Y")).toEqual({ A: 2, B: 5, C: 3 })
    expect(heard.bundlesOf(sku("B"))).toEqual(["X", "Y"])
    expect(heard.bundlesOf(sku("C"))).toEqual(["Y"])
  })

  it("follows the bundle inside, whichever is heard first", () => {
    const heard = book(["Y", { X: 2 }], ["X", { A: 3 }])
    expect(partsOf(heard, "Y")).toEqual({ A: 6 })
    heard.hear({ bundle: sku("X"), components: components({ B: 1 }), at: 9, serial: 9 })
    expect(partsOf(heard, "Y")).toEqual({ B: 2 })
    expect(heard.everOf(sku("Y"))).toEqual([
      { sku: "X", each: 2 },
      { sku: "A", each: 6 },
      { sku: "B", each: 2 }
    ])
    expect(heard.serialOf(sku("Y"))).toBe(9)
  })

  it("that is dissolved is none, and is remembered", () => {
    const heard = book(["X", { A: 1 }], ["X", {}])
    expect([heard.isBundle(sku("X")), heard.wasBundle(sku("X"))]).toEqual([false, true])
    expect(partsOf(heard, "X")).toEqual({ A: 1 })
    expect(heard.bundlesOf(sku("A"))).toEqual([])
  })
})

describe("a definition", () => {
  it("is right when it is nested once", () => {
    expect(problems(book(["X", { A: 1 }]), { Y: { X: 1, B: 1 } })).toEqual([])
    expect(problems(book(), { X: { A: 1 }, Y: { X: 2 } })).toEqual([])
  })

  it.each([
    ["of itself", book(), { X: { X: 1 } }, "data.lines[0].components[0].sku must not be the bundle itself"],
    [
      "of a bundle that is made of it",
      book(["Y", { X: 1 }]),
      { X: { A: 1, Y: 1 } },
      "data.lines[0].components[1].sku must not be made of the bundle itself, as Y is"
    ],
    [
      "of a bundle of bundles",
      book(["X", { A: 1 }], ["Y", { X: 1 }]),
      { Z: { Y: 1 } },
      "data.lines[0].components[0].sku must not be a bundle of bundles: Y has X in it"
    ],
    [
      "that makes another one a bundle of bundles",
      book(["X", { A: 1 }], ["Z", { Y: 1 }]),
      { Y: { X: 1 } },
      "data.lines[0].components[0].sku must not be a bundle, as Y is in bundle Z: bundles are nested once"
    ],
    [
      "of more units than a line may have",
      book(["X", { A: lineQuantityMax }]),
      { Y: { X: 2 } },
      `data.lines[0].components[0].quantity must come to at most ${lineQuantityMax} units of each SKU, got ${2 * lineQuantityMax}`
    ]
  ] as const)("%s is wrong by its field", (_, heard, lines, problem) => {
    expect(problems(heard, lines)).toEqual([problem])
  })

  it("that is older than what is known changes nothing, and so is judged by what is known", () => {
    const heard = book(["X", { A: 1 }, 50])
    expect(problems(heard, { X: { Y: 1 }, Y: { B: 1 } }, 10)).toEqual([])
  })
})

const event = (type: string, data: object): StockEvent =>
  Result.getOrThrow(decodeEvent({ id: "e", source: "test", type, time: "2026-11-25T10:00:00Z", data }, 0))

const linesOf = (heard: BundleBook, type: string, data: object) => {
  const { data: after } = Result.getOrThrow(exploded(event(type, data), heard))
  return (after.lines as ReadonlyArray<Record<string, unknown>>).map(({ sku: id, quantity, bundle, each }) => [
    id,
    quantity,
    ...(bundle === undefined ? [] : [bundle, each])
  ])
}

describe("an event that names a bundle", () => {
  const heard = book(["X", { A: 1, B: 2 }], ["X", { B: 3, C: 1 }])
  const lines = [
    { sku: "X", quantity: 2 },
    { sku: "B", quantity: 1 }
  ]

  it("places an order for what the bundle is made of", () => {
    expect(linesOf(heard, "order.placed", { orderId: "o", lines })).toEqual([
      ["B", 6, "X", 3],
      ["C", 2, "X", 1],
      ["B", 1]
    ])
  })

  it("changes an order to what it is made of now: of what it was made of, none", () => {
    expect(linesOf(heard, "order.changed", { orderId: "o", lines: [lines[0]] })).toEqual([
      ["A", 0, "X", 0],
      ["B", 6, "X", 3],
      ["C", 2, "X", 1]
    ])
  })

  it("cancels and ships what it was ever made of: the order knows what it was", () => {
    expect(linesOf(heard, "order.cancelled", { orderId: "o", lines: [lines[0]] })).toEqual([
      ["A", 2, "X", 1],
      ["B", 6, "X", 3],
      ["C", 2, "X", 1]
    ])
    expect(linesOf(heard, "shipment.confirmed", { shipmentId: "s", orderId: "o", lines: [{ sku: "X" }] })).toEqual([
      ["A", undefined, "X", 1],
      ["B", undefined, "X", 3],
      ["C", undefined, "X", 1]
    ])
  })

  it("brings back what it is made of", () => {
    expect(linesOf(heard, "return.received", { lines: [lines[0]] })).toEqual([
      ["B", 6, "X", 3],
      ["C", 2, "X", 1]
    ])
  })

  it("is one fact for each SKU by name and through each bundle, but for a SKU that is meant as a whole", () => {
    const both = book(["X", { B: 3 }], ["Y", { B: 1, C: 1 }])
    const cut = (...named: ReadonlyArray<object>) => {
      const told = event("order.cancelled", { orderId: "o", lines: named })
      return factsOf(Result.getOrThrow(exploded(told, both))).map((fact) => [fact.sku, bundleOf(fact), fact.parts])
    }
    const some = [{ sku: "Y" }, { sku: "B", quantity: 1 }, { sku: "X", quantity: 2 }]
    expect(cut(...some)).toEqual([
      ["B", "Y", 4],
      ["C", "Y", 4],
      ["B", undefined, 4],
      ["B", "X", 4]
    ])
    expect(cut(...some, { sku: "B" })).toEqual([
      ["B", undefined, 2],
      ["C", "Y", 2]
    ])
  })

  it("receives and counts the SKU as it is named", () => {
    expect(linesOf(heard, "goods.received", { lines })).toEqual([
      ["X", 2],
      ["B", 1]
    ])
  })

  it("is refused when it comes to more units or lines than an event may have", () => {
    const many = book(["X", { A: lineQuantityMax }])
    const placed = (quantity: number) => event("order.placed", { orderId: "o", lines: [{ sku: "X", quantity }] })
    expect(Result.getFailure(exploded(placed(2), many))).toMatchObject({
      value: { reason: "invalid", error: { field: "data.lines[0].quantity" } }
    })
    const wide = book(["X", Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`P${i}`, 1]))])
    const all = Array.from({ length: Math.floor(linesMax / 50) + 1 }, () => ({ sku: "X", quantity: 1 }))
    expect(Result.getFailure(exploded(event("order.placed", { orderId: "o", lines: all }), wide))).toMatchObject({
      value: { reason: "too_large", error: { field: "data.lines" } }
    })
  })
})

const [main, east] = [defaultLocation, LocationId.make("east")]

const announced = (id: string, version: number, units: Readonly<Record<string, number>>): Availability => ({
  sku: sku(id),
  version,
  levels: Object.entries(units).map(([at, onHand]) => ({
    locationId: LocationId.make(at),
    onHand,
    committed: 0,
    held: 0
  })),
  committedAt: version,
  events: [],
  more: 0
})

describe("what there is of a bundle", () => {
  const heard = book(["X", { A: 1, B: 2 }])

  const of = (stock: ReadonlyArray<Availability>) => {
    const newest = new Map(stock.map((each) => [each.sku, each]))
    const { levels, version } = bundleAvailability(heard, sku("X"), (part) => newest.get(part), undefined, 0)
    return { version, units: Object.fromEntries(levels.map(({ locationId, onHand }) => [locationId, onHand])) }
  }

  it("is as many as its components make, at each location", () => {
    const { units } = of([announced("A", 3, { [main]: 5, [east]: 9 }), announced("B", 4, { [main]: 7, [east]: 1 })])
    expect(units).toEqual({ main: 3, east: 0 })
  })

  it("is nothing where a component is not, and less than nothing where one is oversold", () => {
    expect(of([announced("A", 3, { main: 5 })]).units).toEqual({ main: 0 })
    expect(of([announced("A", 3, { main: -2 }), announced("B", 4, { main: 9 })]).units).toEqual({ main: -2 })
  })

  it("has versions that rise with any component's, and with a definition above all of them", () => {
    const first = of([announced("A", 3, { main: 5 }), announced("B", 4, { main: 7 })]).version
    const later = of([announced("A", 3, { main: 5 }), announced("B", 5, { main: 6 })]).version
    expect(later).toBeGreaterThan(first)
    expect(bundleVersion(2, [0])).toBeGreaterThan(bundleVersion(1, [2 ** 31, 2 ** 31 - 1]))
    expect(Number.isSafeInteger(bundleVersion(2 ** 20, [2 ** 31]))).toBe(true)
  })
})
