/**
 * Remembers what each customer ordered and finds the orders that a cancellation gives back, newest first.
 *
 * Guarantee: never gives back more units of an order than it had and kept. What no remembered order explains comes back
 * without an order. A sale without customer explains nothing: there is nobody to find it by.
 */
import type { Sku } from "@holdfast/domain/Identity"
import type { RetailRow } from "./RetailCsv.ts"

export interface RememberedOrder {
  readonly invoice: string
  readonly channel: string
}

export interface CancelledPart {
  readonly order: RememberedOrder | undefined
  readonly sku: Sku
  readonly units: number
}

export class CancellationMatcher {
  private readonly open = new Map<string, Array<{ readonly order: RememberedOrder; units: number }>>()

  remember(rows: ReadonlyArray<RetailRow>, channel: string): void {
    const { invoice, customer } = rows[0]!
    if (customer === "") return
    const order = { invoice, channel }
    for (const { stockCode, quantity } of rows) {
      const key = `${customer} ${stockCode}`
      const held = this.open.get(key)
      if (held === undefined) this.open.set(key, [{ order, units: quantity }])
      else held.push({ order, units: quantity })
    }
  }

  /** @param units how many come back, positive */
  match(customer: string, sku: Sku, units: number): ReadonlyArray<CancelledPart> {
    const parts: Array<CancelledPart> = []
    const held = this.open.get(`${customer} ${sku}`) ?? []
    let left = units
    for (let newest = held.at(-1); newest !== undefined && left > 0; newest = held.at(-1)) {
      const taken = Math.min(newest.units, left)
      parts.push({ order: newest.order, sku, units: taken })
      newest.units -= taken
      left -= taken
      if (newest.units === 0) held.pop()
    }
    return left > 0 ? [...parts, { order: undefined, sku, units: left }] : parts
  }
}
