/** The retailer's record with the riskiest update first and first in, first out: same orders, same draw, same requests. */
import { firstInFirstOut, riskFirst } from "@holdfast/channels/QueueOrder"
import type { StockEvent } from "@holdfast/domain/StockEvent"
import { openingEvents } from "../src/retail/OnlineRetail.ts"
import { riskOrder } from "./BenchLimit.ts"
import { replay, type ReplayInput, type ReplayOutcome } from "./RetailReplay.ts"

/** Milliseconds without an order after which the shop counts as closed. */
const closedMillis = 60 * 60 * 1000

/** Requests per second that are no limit. */
const unlimited = 1_000_000

export interface RiskOrders {
  /** requests per second that the marketplace would need while the shop is open, and those that it takes */
  readonly neededPerSecond: number
  readonly perSecond: number
  readonly risky: ReplayOutcome
  readonly fifo: ReplayOutcome
}

/** Seconds during which orders came, of the record's own time. */
const openSeconds = (sales: ReadonlyArray<StockEvent>): number => {
  let open = 0
  for (let i = 1; i < sales.length; i++) {
    const gap = sales[i]!.time - sales[i - 1]!.time
    if (gap < closedMillis) open += gap
  }
  return open / 1000
}

/**
 * @param sales what happened, in order of time, without opening receipts
 * @param shortShare share of SKUs that open with half of what they will need, 0 to 1
 * @param rateShare requests that the marketplace takes, as a share of those that it would need
 */
export const compareOrders = (
  sales: ReadonlyArray<StockEvent>,
  shortShare: number,
  rateShare: number,
  seed: number
): RiskOrders => {
  const { budgetMillis, marketplaceShare, pace } = riskOrder
  const events = [...openingEvents(sales, shortShare), ...sales]
  const input: Omit<ReplayInput, "order" | "perSecond"> = { events, pace, budgetMillis, marketplaceShare, seed }
  const free = replay({ ...input, order: riskFirst, perSecond: unlimited })
  const neededPerSecond = (free.pushes * pace) / openSeconds(sales)
  const perSecond = neededPerSecond * rateShare
  return {
    neededPerSecond,
    perSecond,
    risky: replay({ ...input, order: riskFirst, perSecond }),
    fifo: replay({ ...input, order: firstInFirstOut, perSecond })
  }
}
