/**
 * The auditor's judgement of what is remembered of one order, transfer or purchase: it must be what the books count.
 *
 * Guarantee: everything that counts is compared, but for the places of an order's units: those, `AllocationJudge` judges.
 * What an order's last change made meaningless may be forgotten or not.
 */
import type { DocumentLine, OrderLine, PurchaseLine, TimedUnits, TransferLine } from "../DocumentLine.ts"
import type { OrderId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"
import { must } from "./AuditFailure.ts"
import { after, type BookedOrder, isOrderFact } from "./OrderBooks.ts"
import type { StockBooks } from "./StockBooks.ts"
import { destinationOf } from "./SupplyBooks.ts"

/** Which document a fact is about. */
export interface DocumentName {
  readonly kind: DocumentLine["kind"]
  readonly id: string
}

export const documentOf = (fact: SkuFact): DocumentName | undefined => {
  if (isOrderFact(fact)) return { kind: "order", id: fact.data.orderId }
  if (fact.type === "transfer.dispatched" || fact.type === "transfer.received")
    return { kind: "transfer", id: fact.data.transferId }
  if (fact.type === "purchase.ordered") return { kind: "purchase", id: fact.data.purchaseId }
  if (fact.type === "goods.received" && fact.data.purchaseId !== undefined)
    return { kind: "purchase", id: fact.data.purchaseId }
  return undefined
}

export const nameOf = (line: DocumentLine): DocumentName => {
  if (line.kind === "order") return { kind: "order", id: line.orderId }
  return line.kind === "transfer"
    ? { kind: "transfer", id: line.transferId }
    : { kind: "purchase", id: line.purchaseId }
}

/** Names of different kinds of documents may be equal. */
export const keyOf = ({ kind, id }: DocumentName): string => `${kind} ${id}`

const listed = (all: ReadonlyArray<TimedUnits>): string =>
  all
    .map((one) => timed(one))
    .toSorted()
    .join(", ") || "none"

const timed = (one: TimedUnits | undefined): string => (one === undefined ? "none" : `${one.units} at ${one.at}`)

const same = (what: string, got: unknown, counted: unknown): void =>
  must(got === counted, `${what} is ${String(got)}, the books say ${String(counted)}`)

const judgeOrder = (line: OrderLine, order: BookedOrder): void => {
  same("the channel that it came by", line.channel, [...order.channels].toSorted()[0])
  same("placed", listed(after(line.placed, order.set)), listed(after(order.placed, order.set)))
  same("cancelled", listed(after(line.cancelled, order.set)), listed(after(order.cancelled, order.set)))
  same("confirmed", line.confirmed, order.confirmed)
  same("what it was changed to", timed(line.set), timed(order.set))
  same("when it was cancelled whole", line.voidAt, order.voidAt)
  const known = line.shipments.map(({ shipmentId }) => shipmentId)
  same("the list of shipments", known.toSorted().join(" "), [...order.shipments.keys()].toSorted().join(" "))
  for (const shipment of line.shipments) {
    const booked = order.shipments.get(shipment.shipmentId)!
    const what = `of shipment ${shipment.shipmentId}`
    same(`created ${what}`, shipment.created, booked.created)
    same(`confirmed ${what}`, shipment.confirmed, booked.confirmed)
    same(`cancelled ${what}`, shipment.cancelled, booked.cancelled)
    if (booked.at !== undefined) same(`location ${what}`, shipment.locationId, booked.at)
  }
}

const judgeTransfer = (line: TransferLine, books: StockBooks): void => {
  const transfer = books.transfers().get(line.transferId)
  must(transfer !== undefined, "nobody told of it")
  same("dispatched", line.dispatched, transfer.dispatched)
  same("received", line.received, transfer.received)
  same("closed", line.closed, transfer.closed)
  same("its destination", line.to, destinationOf(transfer))
}

const judgePurchase = (line: PurchaseLine, books: StockBooks): void => {
  const places = books.purchases().get(line.purchaseId)
  must(places !== undefined, "nobody told of it")
  const told = [...places.keys()].toSorted().join(" ")
  same(
    "the list of locations",
    line.locations
      .map((at) => at.locationId)
      .toSorted()
      .join(" "),
    told
  )
  for (const { locationId, ordered, received, expectedAt } of line.locations) {
    const purchase = places.get(locationId)!
    same(`ordered at ${locationId}`, timed(ordered), timed(purchase.ordered))
    same(`received at ${locationId}`, received, purchase.received)
    const last = purchase.expected.length === 0 ? undefined : Math.max(...purchase.expected)
    same(`when it is expected at ${locationId}`, expectedAt, last)
  }
}

/**
 * Judges what is remembered of one document.
 * @throws AuditFailure
 */
export const judgeDocument = (line: DocumentLine, books: StockBooks): void => {
  if (line.kind === "order") judgeOrder(line, books.order(line.orderId as OrderId))
  else if (line.kind === "transfer") judgeTransfer(line, books)
  else judgePurchase(line, books)
}
