/**
 * The events that benchmarks run on: deterministic, over many SKUs, most of them orders.
 *
 * The first event of every SKU is its receipt; after that nine of ten are orders of one line and one is a receipt.
 */
import type { FactContext } from "@holdfast/bus/FactMessage"
import type { SkuFact, StockEvent } from "@holdfast/domain/StockEvent"
import type { Random } from "@holdfast/domain/testing/Random"

export const skuOf = (index: number): string => `SKU-${String(index).padStart(6, "0")}`

/** Event number `index` of a backlog over `skus` SKUs. @param run makes ids unique between runs */
export const eventAt = (run: string, index: number, skus: number, now: number): StockEvent => {
  const sku = skuOf((index * 7919) % skus)
  const received = index < skus || index % 10 === 0
  const data = received
    ? { putaway: "done", lines: [{ sku, quantity: 1_000 }] }
    : { orderId: `${run}-order-${index}`, channel: "webshop", lines: [{ sku, quantity: 1 + (index % 3) }] }
  const type = received ? "goods.received" : "order.placed"
  return { source: "bench", id: `${run}-${index}`, type, time: now, data } as unknown as StockEvent
}

/** The same as one fact. */
export const factAt = (run: string, index: number, skus: number, now: number): SkuFact => {
  const sku = skuOf((index * 7919) % skus)
  return { ...eventAt(run, index, skus, now), sku, parts: 1 } as unknown as SkuFact
}

/** Different SKUs of an order, as many as it has lines. */
export const orderOf = (random: Random, { lines, skus }: { readonly lines: number; readonly skus: number }) => {
  const chosen = new Set<string>()
  while (chosen.size < lines) chosen.add(skuOf(random.whole(0, skus - 1)))
  return [...chosen]
}

/** The number of an event of this run; undefined when it is none. */
export const indexOf = (run: string, id: string): number | undefined => {
  if (!id.startsWith(run) || id.charCodeAt(run.length) !== 45) return undefined
  return Number(id.slice(run.length + 1))
}

/** Context of a fact that nobody traces. @param storedAt milliseconds since the epoch */
export const contextAt = (storedAt: number): FactContext => ({ eventSequence: 1, storedAt, traceparent: "", part: 1 })
