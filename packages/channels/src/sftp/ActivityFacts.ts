/**
 * What one quantity of product activity data is here.
 *
 * 1. `QS` was sold: an order, placed and shipped at once, so that it counts as demand of this channel and takes from what is on hand. Less than
 *    none came back on balance: an adjustment.
 * 2. `QR` was received and can be sold, `QU` came back from customers and is to be inspected, `QT` adjusts.
 * 3. `QA` is there: a count, at the end of the period and after the movements that it contains.
 * 4. Other known codes are plans and balances, and no facts: they become nothing.
 *
 * Guarantee: pure. It does not say whether the front door takes what it says.
 */
import type { ToldEvent } from "../inbound/InboundCall.ts"

/** Levels wished for, orders, forecasts, balances of a period: what did not happen to stock. */
export const noFacts: ReadonlySet<string> = new Set([
  "QB",
  "QC",
  "QD",
  "QE",
  "QF",
  "QH",
  "QI",
  "QL",
  "QM",
  "QO",
  "QP",
  "QX"
])

/** One quantity of one item at one place. */
export interface Activity {
  readonly code: string
  readonly sku: string
  readonly quantity: number
  readonly locationId: string | undefined
  /** of its event */
  readonly id: string
}

/** Times of a set's events, RFC 3339. */
export interface Period {
  /** of what moved */
  readonly moved: string
  /** of what was counted */
  readonly counted: string
}

type Told = Omit<ToldEvent, "id">

const sold = (
  { sku, quantity, locationId, id }: Activity,
  { moved: time }: Period,
  channel: string
): ReadonlyArray<Told> => {
  const place = locationId === undefined ? {} : { locationId }
  const orderId = `${channel}-${id}`
  return [
    { type: "order.placed", time, data: { orderId, channel, lines: [{ sku, quantity, ...place }] } },
    { type: "shipment.confirmed", time, data: { shipmentId: orderId, orderId, ...place, lines: [{ sku, quantity }] } }
  ]
}

const moved = (type: string, { sku, quantity, locationId, id }: Activity, time: string, head: object): Told => ({
  type,
  time,
  data: {
    ...head,
    reference: id,
    lines: [
      {
        sku,
        ...(type === "stock.adjusted" ? { delta: quantity } : { quantity }),
        ...(locationId === undefined ? {} : { locationId })
      }
    ]
  }
})

/** What happened; nothing: none of it, or nothing at all. Undefined: nobody knows the code. */
export const factsOf = (activity: Activity, period: Period, channel: string): ReadonlyArray<Told> | undefined => {
  const { code, quantity } = activity
  if (code === "QA") return [moved("count.cycle", activity, period.counted, { countedAt: period.counted })]
  if (noFacts.has(code)) return []
  if (!["QS", "QR", "QU", "QT"].includes(code)) return undefined
  if (quantity === 0) return []
  if (code === "QT") return [moved("stock.adjusted", activity, period.moved, { reason: "852 QT" })]
  if (code === "QS" && quantity < 0)
    return [
      moved("stock.adjusted", { ...activity, quantity: -quantity }, period.moved, {
        reason: "852 QS: more came back than was sold"
      })
    ]
  if (code === "QS") return sold(activity, period, channel)
  if (code === "QU") return [moved("return.received", activity, period.moved, {})]
  return [moved("goods.received", activity, period.moved, { putaway: "done" })]
}
