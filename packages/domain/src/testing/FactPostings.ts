/**
 * The auditor's table of facts: how many units each fact puts on hand, or takes, and among which units that cannot be sold.
 *
 * Guarantee: it is read off the fact alone. That a later count has seen a movement already, and what a fact does to orders,
 * transfers and purchases, is counted elsewhere.
 */
import type { LocationId } from "../Identity.ts"
import type { SkuFact, UnavailableReason } from "../StockEvent.ts"

export type PostedQuantity = "onHand" | UnavailableReason

/** Signed units of one quantity at one location. */
export interface Posting {
  readonly quantity: PostedQuantity
  readonly at: LocationId
  readonly units: number
}

/** Where a line without a location is. */
export const home = "main" as LocationId

const posting = (quantity: PostedQuantity, at: LocationId | undefined, units: number): Posting => ({
  quantity,
  at: at ?? home,
  units
})

type Fact<T extends SkuFact["type"]> = Extract<SkuFact, { readonly type: T }>

const received = ({ data: { lines, putaway } }: Fact<"goods.received">): ReadonlyArray<Posting> =>
  lines.flatMap(({ locationId, quantity }) => {
    const onHand = posting("onHand", locationId, quantity)
    return putaway === "done" ? [onHand] : [onHand, posting("receiving", locationId, quantity)]
  })

const returned = ({ data: { lines } }: Fact<"return.received">): ReadonlyArray<Posting> =>
  lines.flatMap(({ locationId, quantity }) => [
    posting("onHand", locationId, quantity),
    posting("inspection", locationId, quantity)
  ])

const restocked = ({ data: { lines } }: Fact<"return.restocked">): ReadonlyArray<Posting> =>
  lines.flatMap(({ locationId, quantity, disposition }) => {
    const inspected = posting("inspection", locationId, -quantity)
    if (disposition === "sellable") return [inspected]
    if (disposition === "damaged") return [inspected, posting("damaged", locationId, quantity)]
    return [inspected, posting("onHand", locationId, -quantity)]
  })

const adjusted = ({ data: { lines } }: Fact<"stock.adjusted">): ReadonlyArray<Posting> =>
  lines.flatMap(({ locationId, delta, status }) => {
    const onHand = posting("onHand", locationId, delta)
    return status === undefined ? [onHand] : [onHand, posting(status, locationId, delta)]
  })

export const postingsOf = (fact: SkuFact): ReadonlyArray<Posting> => {
  switch (fact.type) {
    case "goods.received":
      return received(fact)
    case "goods.putaway":
      return fact.data.lines.map(({ locationId, quantity }) => posting("receiving", locationId, -quantity))
    case "return.received":
      return returned(fact)
    case "return.restocked":
      return restocked(fact)
    case "stock.adjusted":
      return adjusted(fact)
    case "transfer.dispatched":
      return fact.data.lines.map(({ quantity }) => posting("onHand", fact.data.fromLocationId, -quantity))
    case "transfer.received":
      return fact.data.lines.map(({ quantity }) => posting("onHand", fact.data.toLocationId, quantity))
    case "shipment.confirmed":
      return fact.data.lines.map(({ quantity }) => posting("onHand", fact.data.locationId, -(quantity ?? 0)))
    case "order.placed":
    case "order.changed":
    case "order.cancelled":
    case "shipment.created":
    case "shipment.cancelled":
    case "purchase.ordered":
    case "count.cycle":
    case "sku.registered":
    case "allotment.set":
    case "backorder.set":
      return []
  }
}
