/**
 * Between a stream of announcements and a reader who may be slow.
 *
 * Guarantee: of each SKU the reader gets the newest that was offered, and never one that is not newer than the last that it
 * got. What waits is bounded by the number of SKUs, however long the reader takes. SKUs come in the order in which they
 * began to wait. For one reader.
 */
import type { Stock } from "./Stock.ts"

type Next = IteratorResult<Stock, undefined>

export class NewestStock {
  private readonly versions = new Map<string, number>()
  private readonly waiting = new Map<string, Stock>()
  private reader: ((next: Next) => void) | undefined
  private isEnded = false

  offer(stock: Stock): void {
    if (this.isEnded || stock.version <= (this.versions.get(stock.sku) ?? -1)) return
    this.versions.set(stock.sku, stock.version)
    const { reader } = this
    this.reader = undefined
    if (reader === undefined) this.waiting.set(stock.sku, stock)
    else reader({ done: false, value: stock })
  }

  /** The next stock; waits for one. Done after `end`. */
  next(): Promise<Next> {
    const [stock] = this.waiting.values()
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined })
    if (stock === undefined) return new Promise((resolve) => (this.reader = resolve))
    this.waiting.delete(stock.sku)
    return Promise.resolve({ done: false, value: stock })
  }

  /** Nothing comes any more; a reader that waits is told so. */
  end(): void {
    this.isEnded = true
    this.waiting.clear()
    this.reader?.({ done: true, value: undefined })
    this.reader = undefined
  }
}
