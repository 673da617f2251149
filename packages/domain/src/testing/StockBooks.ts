/**
 * The auditor's own books of one SKU: every fact that was booked, which holds were given, and what was confirmed of them.
 * Quantities are not stored but counted from these, each time.
 *
 * It shares no code with the stock rules. It books what it is told; whether the rules did the same, `StockAuditor` judges.
 */
import type { LocationId, OrderId, ReservationId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"
import type { TimedUnits } from "../DocumentLine.ts"
import { type PostedQuantity, type Posting, postingsOf } from "./FactPostings.ts"
import { type BookedOrder, countOrder, isOrderFact, type OrderFact, withUnits } from "./OrderBooks.ts"
import {
  byLocation,
  countPurchases,
  countTransfers,
  destinationOf,
  latest,
  unitsIncoming,
  unitsInTransit
} from "./SupplyBooks.ts"

export interface BookedHold {
  readonly at: LocationId
  readonly units: number
  readonly endsAt: number
  readonly orderId: OrderId | undefined
  /** it ends as its group does, and is left to it */
  readonly ofGroup: boolean
  readonly guarded: boolean
  readonly end: "open" | "consumed" | "confirmed" | "released" | "expired"
}

/** The books count all but `committed`: where that is, they cannot say. */
export type BookedLevel = Record<
  PostedQuantity | "committed" | "held" | "incoming" | "inTransit" | "safetyStock" | "countedAt" | "safetyStockAt",
  number
>

export const blankLevel = (): BookedLevel => ({
  onHand: 0,
  receiving: 0,
  inspection: 0,
  damaged: 0,
  quality: 0,
  committed: 0,
  held: 0,
  incoming: 0,
  inTransit: 0,
  safetyStock: 0,
  countedAt: -1,
  safetyStockAt: -1
})

/** of any one quantity */
export const mostUnits = 2_000_000_000

const introducing: ReadonlySet<SkuFact["type"]> = new Set(["goods.received", "purchase.ordered", "sku.registered"])

export const introduces = (fact: SkuFact): boolean => introducing.has(fact.type)

export class StockBooks {
  readonly holds = new Map<ReservationId, BookedHold>()
  private readonly facts: Array<SkuFact> = []
  private readonly postings = new Map<SkuFact, ReadonlyArray<Posting>>()
  private readonly confirmed: Array<{ readonly orderId: OrderId; readonly units: number }> = []

  isKnown(): boolean {
    return this.facts.some(introduces)
  }

  /** Remembers a fact, with the units that it means now, and says how. */
  book(told: SkuFact): SkuFact {
    const fact = isOrderFact(told) ? withUnits(told, this.order(told.data.orderId)) : told
    this.facts.push(fact)
    this.postings.set(fact, postingsOf(fact))
    return fact
  }

  /** Takes back what was booked last: it was refused. */
  forgetLast(): void {
    this.facts.pop()
  }

  confirm(orderId: OrderId, units: number): void {
    this.confirmed.push({ orderId, units })
  }

  forgetConfirmation(): void {
    this.confirmed.pop()
  }

  /** Open holds whose time has come. */
  dueAt(now: number): ReadonlyMap<ReservationId, BookedHold> {
    return new Map([...this.holds].filter(([, hold]) => hold.end === "open" && hold.endsAt <= now))
  }

  order(orderId: OrderId): BookedOrder {
    const facts = this.facts.filter(isOrderFact).filter((fact) => fact.data.orderId === orderId)
    return countOrder(facts, this.confirmedFor(orderId))
  }

  private openOrders(): ReadonlyMap<OrderId, number> {
    const heardOf = new Map<OrderId, Array<OrderFact>>(this.confirmed.map(({ orderId }) => [orderId, []]))
    for (const fact of this.facts) {
      if (!isOrderFact(fact)) continue
      const facts = heardOf.get(fact.data.orderId)
      if (facts === undefined) heardOf.set(fact.data.orderId, [fact])
      else facts.push(fact)
    }
    return new Map([...heardOf].map(([id, facts]) => [id, countOrder(facts, this.confirmedFor(id)).open]))
  }

  /** Open units of all orders, wherever they are. */
  openUnits(): number {
    let units = 0
    for (const open of this.openOrders().values()) units += open
    return units
  }

  transfers(): ReturnType<typeof countTransfers> {
    return countTransfers(this.facts)
  }

  purchases(): ReturnType<typeof countPurchases> {
    return countPurchases(this.facts)
  }

  /** Units on hand that a fact moves and no count had seen before it, or that a count had seen, by location. */
  movementsOf(fact: SkuFact): ReadonlyMap<LocationId, { readonly moved: number; readonly seen: number }> {
    const counts = this.counts()
    const movements = new Map<LocationId, { moved: number; seen: number }>()
    for (const { quantity, at, units } of this.postings.get(fact) ?? []) {
      if (quantity !== "onHand") continue
      const movement = movements.get(at) ?? { moved: 0, seen: 0 }
      movements.set(at, movement)
      if (fact.time > (counts.get(at)?.at ?? -1)) movement.moved += units
      else movement.seen += units
    }
    return movements
  }

  /**
   * Counts every quantity but `committed` at every location.
   */
  levels(): ReadonlyMap<LocationId, BookedLevel> {
    const levels = new Map<LocationId, BookedLevel>()
    const add = (at: LocationId, quantity: keyof BookedLevel, units: number): void => {
      const level = levels.get(at) ?? blankLevel()
      level[quantity] += units
      levels.set(at, level)
    }
    const set = (at: LocationId, quantity: "countedAt" | "safetyStockAt", time: number): void =>
      add(at, quantity, time - (levels.get(at)?.[quantity] ?? -1))
    const counts = this.counts()
    for (const [at, count] of counts) {
      add(at, "onHand", count.units)
      set(at, "countedAt", count.at)
    }
    for (const fact of this.facts) {
      for (const { quantity, at, units } of this.postings.get(fact)!) {
        if (quantity !== "onHand" || fact.time > (counts.get(at)?.at ?? -1)) add(at, quantity, units)
      }
    }
    for (const hold of this.holds.values()) if (hold.end === "open") add(hold.at, "held", hold.units)
    for (const transfer of this.transfers().values())
      add(destinationOf(transfer), "inTransit", unitsInTransit(transfer))
    for (const places of this.purchases().values())
      for (const [at, purchase] of places) add(at, "incoming", unitsIncoming(purchase))
    for (const [at, safetyStock] of this.safetyStocks()) {
      add(at, "safetyStock", safetyStock.units)
      set(at, "safetyStockAt", safetyStock.at)
    }
    return levels
  }

  private confirmedFor(orderId: OrderId): number {
    return this.confirmed.reduce((units, one) => (one.orderId === orderId ? units + one.units : units), 0)
  }

  /** The count that holds at each location: of the latest moment, and of these the one that found most. */
  private counts(): ReadonlyMap<LocationId, TimedUnits> {
    const counts = new Map<LocationId, TimedUnits>()
    for (const fact of this.facts) {
      if (fact.type !== "count.cycle") continue
      const { countedAt, lines } = fact.data
      for (const [at, units] of byLocation(lines, (line) => line.quantity)) {
        counts.set(at, latest(counts.get(at), { at: countedAt, units }))
      }
    }
    return counts
  }

  private safetyStocks(): ReadonlyMap<LocationId, TimedUnits> {
    const stocks = new Map<LocationId, TimedUnits>()
    for (const fact of this.facts) {
      if (fact.type !== "sku.registered") continue
      for (const [at, units] of byLocation(fact.data.lines, (line) => line.safetyStock))
        stocks.set(at, latest(stocks.get(at), { at: fact.time, units }))
    }
    return stocks
  }
}
