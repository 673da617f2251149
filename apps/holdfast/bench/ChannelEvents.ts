/**
 * Events for channels to be told of: orders that leave enough, and, one in ten, an adjustment that takes all of a SKU away or
 * brings it back. Deterministic; the first `skus` events are receipts, those of `Backlog`.
 */
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { eventAt, skuOf } from "./Backlog.ts"

/** One event in so many is an adjustment, and one SKU in so many is only ever adjusted. */
const adjustedEvery = 10
const adjustedSkuShare = 1 / 5

/** Units of the receipt of every SKU. */
const received = 1_000

/** Which adjustment an event is, and how often its SKU was adjusted before; undefined: it is an order. */
const adjustmentOf = (index: number, skus: number): { readonly sku: string; readonly round: number } | undefined => {
  const number = index - skus
  if (number < 0 || number % adjustedEvery !== 0) return undefined
  const adjusted = Math.max(1, Math.round(skus * adjustedSkuShare))
  const turn = number / adjustedEvery
  return { sku: skuOf(turn % adjusted), round: Math.floor(turn / adjusted) }
}

/** Whether nothing is left of its SKU after this event. */
export const isToZero = (index: number, skus: number): boolean => {
  const adjustment = adjustmentOf(index, skus)
  return adjustment !== undefined && adjustment.round % 2 === 0
}

/** Event number `index`. @param run makes ids unique between runs */
export const channelEventAt = (run: string, index: number, skus: number, now: number): StockEvent => {
  if (index < skus) return eventAt(run, index, skus, now)
  const head = { source: "bench", id: `${run}-${index}`, time: now }
  const adjustment = adjustmentOf(index, skus)
  if (adjustment !== undefined) {
    const { round, sku } = adjustment
    const lines = [{ sku, delta: round % 2 === 0 ? -received : received }]
    return { ...head, type: "stock.adjusted", data: { reason: "counted", lines } } as unknown as StockEvent
  }
  const adjusted = Math.max(1, Math.round(skus * adjustedSkuShare))
  const sku = skuOf(adjusted + ((index * 7919) % (skus - adjusted)))
  const lines = [{ sku, quantity: 1 + (index % 3) }]
  const data = { orderId: `${run}-order-${index}`, channel: "webshop", lines }
  return { ...head, type: "order.placed", data } as unknown as StockEvent
}
