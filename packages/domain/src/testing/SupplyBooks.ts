/**
 * The auditor's count of what is on its way here: transfers between locations, and purchases from suppliers.
 *
 * Guarantee: the count is made anew from the facts each time, and does not depend on their order. Where the facts of one
 * document contradict each other, it goes to the first place by name and is expected last.
 */
import type { TimedUnits } from "../DocumentLine.ts"
import type { LocationId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"
import { home } from "./FactPostings.ts"
import { unitsOf } from "./OrderBooks.ts"

export interface BookedTransfer {
  readonly destinations: Set<LocationId>
  dispatched: number
  received: number
  closed: boolean
}

/** Where it goes, of all places that were told. */
export const destinationOf = ({ destinations }: BookedTransfer): LocationId => [...destinations].toSorted()[0]!

export const unitsInTransit = ({ closed, dispatched, received }: BookedTransfer): number =>
  closed ? 0 : Math.max(0, dispatched - received)

export const countTransfers = (facts: ReadonlyArray<SkuFact>): ReadonlyMap<string, BookedTransfer> => {
  const transfers = new Map<string, BookedTransfer>()
  for (const fact of facts) {
    if (fact.type !== "transfer.dispatched" && fact.type !== "transfer.received") continue
    const { transferId, toLocationId, lines } = fact.data
    const transfer = transfers.get(transferId) ?? {
      destinations: new Set<LocationId>(),
      dispatched: 0,
      received: 0,
      closed: false
    }
    transfers.set(transferId, transfer)
    transfer.destinations.add(toLocationId)
    if (fact.type === "transfer.dispatched") transfer.dispatched += unitsOf(lines)
    else {
      transfer.received += unitsOf(lines)
      if (fact.data.closed === true) transfer.closed = true
    }
  }
  return transfers
}

/** What a purchase is to bring to one location. */
export interface BookedPurchase {
  ordered: TimedUnits | undefined
  received: number
  /** when it was expected by the lines that ordered what counts; several facts may have done so at the same moment */
  expected: ReadonlyArray<number>
}

export const unitsIncoming = ({ ordered, received }: BookedPurchase): number =>
  Math.max(0, (ordered?.units ?? 0) - received)

/** Sums what the lines name, by location. */
export const byLocation = <L extends { readonly locationId?: LocationId }>(
  lines: ReadonlyArray<L>,
  units: (line: L) => number
): ReadonlyMap<LocationId, number> => {
  const sums = new Map<LocationId, number>()
  for (const line of lines) {
    const at = line.locationId ?? home
    sums.set(at, (sums.get(at) ?? 0) + units(line))
  }
  return sums
}

/** The latest of two registered quantities; of the same moment, the larger. */
export const latest = (one: TimedUnits | undefined, other: TimedUnits): TimedUnits => {
  if (one === undefined || other.at > one.at) return other
  return other.at === one.at && other.units > one.units ? other : one
}

type Purchases = ReadonlyMap<string, ReadonlyMap<LocationId, BookedPurchase>>

export const countPurchases = (facts: ReadonlyArray<SkuFact>): Purchases => {
  const purchases = new Map<string, Map<LocationId, BookedPurchase>>()
  const purchaseAt = (id: string, at: LocationId): BookedPurchase => {
    const places = purchases.get(id) ?? new Map<LocationId, BookedPurchase>()
    const purchase = places.get(at) ?? { ordered: undefined, received: 0, expected: [] }
    purchases.set(id, places.set(at, purchase))
    return purchase
  }
  for (const fact of facts) {
    if (fact.type === "goods.received" && fact.data.purchaseId !== undefined) {
      for (const [at, units] of byLocation(fact.data.lines, (line) => line.quantity))
        purchaseAt(fact.data.purchaseId, at).received += units
    }
    if (fact.type !== "purchase.ordered") continue
    for (const [at, units] of byLocation(fact.data.lines, (line) => line.quantity)) {
      const purchase = purchaseAt(fact.data.purchaseId, at)
      const ordered = latest(purchase.ordered, { at: fact.time, units })
      const here = fact.data.lines
        .filter((line) => (line.locationId ?? home) === at)
        .flatMap((line) => line.expectedAt ?? [])
      if (ordered !== purchase.ordered) purchase.expected = here
      else if (ordered.at === fact.time && ordered.units === units) purchase.expected = [...purchase.expected, ...here]
      purchase.ordered = ordered
    }
  }
  return purchases
}
