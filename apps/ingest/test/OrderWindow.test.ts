import { partitions } from "@holdfast/domain/Limit"
import { OrderId, Sku } from "@holdfast/domain/Identity"
import { describe, expect, it } from "vitest"
import type { OrderEntry } from "../src/Completion.ts"
import { windowMax } from "../src/IngestLimit.ts"
import { OrderWindow, type StockPlace } from "../src/OrderWindow.ts"

const entry = (order: string, ...skus: ReadonlyArray<string>): OrderEntry => ({
  orderId: OrderId.make(order),
  skus: skus.map((sku) => Sku.make(sku)),
  isOrder: true,
  shipmentId: undefined,
  source: undefined,
  id: undefined
})

const at = (partition: number, sequence: number): StockPlace => ({ partition, sequence })

/** How far the engine is. */
const applied = (...places: ReadonlyArray<StockPlace>) => {
  const sequences = new Array<number>(partitions).fill(0)
  for (const { partition, sequence } of places) sequences[partition] = sequence
  return sequences
}

const everything = applied(...Array.from({ length: partitions }, (_, partition) => at(partition, 1e9)))

const write = (window: OrderWindow, places: ReadonlyArray<StockPlace>, ...entries: ReadonlyArray<OrderEntry>) => {
  for (const one of entries) window.note(one)
  window.add({ places, entries })
}

const of = (window: OrderWindow, order: string) => window.of(OrderId.make(order)).flatMap(({ skus }) => skus)

describe("the window of orders", () => {
  it("knows what waits, and what is in STOCK until all of it is committed", () => {
    const window = new OrderWindow()
    window.note(entry("o-1", "A"))
    window.evict(everything)
    expect(of(window, "o-1")).toEqual(["A"])
    expect(of(window, "o-2")).toEqual([])

    write(window, [at(1, 10), at(2, 11)], entry("o-1", "B", "C"))
    window.evict(applied(at(1, 10), at(2, 10)))
    expect(of(window, "o-1")).toEqual(["A", "B", "C"])
    window.evict(applied(at(1, 10), at(2, 11)))
    expect(of(window, "o-1")).toEqual(["A"])
    expect(window.size).toBe(1)
  })

  it("keeps what is behind something that is not committed: an event may have facts in two batches", () => {
    const window = new OrderWindow()
    const both = entry("o-1", "A", "B")
    window.note(both)
    window.add({ places: [at(1, 10)], entries: [] })
    window.add({ places: [at(2, 11)], entries: [both] })
    window.evict(applied(at(2, 11)))
    expect(of(window, "o-1")).toEqual(["A", "B"])
    window.evict(applied(at(1, 10), at(2, 11)))
    expect(of(window, "o-1")).toEqual([])
  })

  it("takes in what was in STOCK before, and knows what of it is not there", () => {
    const window = new OrderWindow()
    write(window, [at(1, 20)], entry("o-1", "B"))
    window.restore([{ places: [at(1, 10)], entries: [entry("o-1", "A")] }], [at(3, 5)])
    expect(of(window, "o-1").toSorted()).toEqual(["A", "B"])
    expect(window.isWhole(applied(at(3, 4)))).toBe(false)
    expect(window.isWhole(applied(at(3, 5)))).toBe(true)
    window.evict(applied(at(1, 10)))
    expect(of(window, "o-1")).toEqual(["B"])
  })

  it("forgets the oldest beyond its limit, and says until when that matters", () => {
    const window = new OrderWindow()
    const count = windowMax / 2
    for (let i = 1; i <= count + 1; i++) write(window, [at(i % partitions, i)], entry(`o-${i % 10}`, `S-${i}`))
    expect(window.size).toBe(windowMax / 2)
    expect(window.of(OrderId.make("o-3"))).toHaveLength(count / 20)
    const last = count / 2 + 1
    const places = Array.from({ length: partitions }, (_, back) => at((last - back) % partitions, last - back))
    expect(window.isWhole(applied(...places))).toBe(true)
    expect(window.isWhole(applied(...places.slice(1)))).toBe(false)
    window.evict(everything)
    expect(window.size).toBe(0)
    expect(of(window, "o-3")).toEqual([])
  })

  it("keeps nothing of what is about no order", () => {
    const window = new OrderWindow()
    for (let i = 1; i <= 10; i++) write(window, [at(1, i)])
    expect(window.size).toBe(0)
    write(window, [at(1, 11)], entry("o-1", "A"))
    for (let i = 12; i <= 2 * windowMax; i++) write(window, [at(2, i)])
    expect(window.size).toBeLessThanOrEqual(windowMax)
    expect(of(window, "o-1")).toEqual([])
    expect(window.isWhole(applied(at(1, 11)))).toBe(false)
    expect(window.isWhole(everything)).toBe(true)
  })
})
