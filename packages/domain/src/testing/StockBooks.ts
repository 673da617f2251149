/**
 * The auditor's own books of one SKU: what was received and adjusted, which holds were given, what each order asked for
 * and had cancelled. Quantities are not stored but counted from these, each time.
 *
 * It shares no code with the stock rules. It books what it is told; whether the rules did the same, `StockAuditor` judges.
 */
import type { LocationId, OrderId, ReservationId } from "../Identity.ts"
import type { SkuFact } from "../StockEvent.ts"

export interface BookedHold {
  readonly at: LocationId
  readonly units: number
  readonly endsAt: number
  readonly orderId: OrderId | undefined
  readonly end: "open" | "consumed" | "confirmed" | "released" | "expired"
}

/** Units asked of one order at one location, and what of them was cancelled: what is open follows. */
export interface BookedOrder {
  readonly at: LocationId
  readonly placed: boolean
  readonly wanted: number
  readonly cancelled: number
  /** the whole line was cancelled before the order was heard of */
  readonly void: boolean
  /** confirmed units that no order has spoken for yet */
  readonly ahead: number
}

export const home = "main" as LocationId
const mostUnits = 2_000_000_000

/** Units of an order line that are wanted and not cancelled. */
export const openUnits = (order: BookedOrder): number => (order.void ? 0 : Math.max(0, order.wanted - order.cancelled))
const surplus = (order: BookedOrder): number => Math.max(0, order.cancelled - order.wanted)

export class StockBooks {
  onHand = new Map<LocationId, number>()
  holds = new Map<ReservationId, BookedHold>()
  orders = new Map<string, BookedOrder>()

  copy(): StockBooks {
    const same = new StockBooks()
    same.onHand = new Map(this.onHand)
    same.holds = new Map(this.holds)
    same.orders = new Map(this.orders)
    return same
  }

  /** Ends the holds whose time has come and says how many. */
  expireDue(now: number): number {
    let due = 0
    for (const [id, hold] of this.holds) {
      if (hold.end !== "open" || hold.endsAt > now) continue
      this.holds.set(id, { ...hold, end: "expired" })
      due += 1
    }
    return due
  }

  places(): Set<LocationId> {
    const all = new Set<LocationId>(this.onHand.keys())
    for (const hold of this.holds.values()) all.add(hold.at)
    for (const order of this.orders.values()) all.add(order.at)
    return all
  }

  heldAt(at: LocationId): number {
    let units = 0
    for (const hold of this.holds.values()) if (hold.end === "open" && hold.at === at) units += hold.units
    return units
  }

  committedAt(at: LocationId): number {
    let units = 0
    for (const order of this.orders.values()) if (order.at === at) units += openUnits(order)
    return units
  }

  withinRange(): boolean {
    const inside = (units: number) => Math.abs(units) <= mostUnits
    for (const at of this.places()) {
      if (!inside(this.onHand.get(at) ?? 0) || !inside(this.committedAt(at)) || !inside(this.heldAt(at))) return false
    }
    return this.orders.values().every((order) => inside(surplus(order)))
  }

  bookFact(fact: SkuFact): void {
    const { onHand } = this
    switch (fact.type) {
      case "goods.received":
        for (const { locationId: at = home, quantity } of fact.data.lines)
          onHand.set(at, (onHand.get(at) ?? 0) + quantity)
        return
      case "stock.adjusted":
        for (const { locationId: at = home, delta } of fact.data.lines) onHand.set(at, (onHand.get(at) ?? 0) + delta)
        return
      case "order.placed":
        return this.bookOrder(fact.data.orderId, fact.data.lines)
      case "order.cancelled":
        return this.bookCancellation(fact.data.orderId, fact.data.lines)
    }
  }

  order(orderId: OrderId, at: LocationId): BookedOrder {
    const blank = { at, placed: false, wanted: 0, cancelled: 0, void: false, ahead: 0 }
    return this.orders.get(`${orderId}\u0000${at}`) ?? blank
  }

  bookOrder(
    orderId: OrderId,
    lines: ReadonlyArray<{
      readonly locationId?: LocationId
      readonly quantity: number
      readonly reservationId?: ReservationId
    }>
  ): void {
    const demand: Array<readonly [LocationId, number]> = []
    for (const line of lines) {
      const at = line.locationId ?? home
      const hold = line.reservationId === undefined ? undefined : this.holds.get(line.reservationId)
      if (line.reservationId === undefined || hold === undefined || hold.end !== "open") {
        demand.push([at, line.quantity])
        continue
      }
      this.holds.set(line.reservationId, { ...hold, end: "consumed" })
      demand.push([hold.at, Math.min(hold.units, line.quantity)], [at, Math.max(0, line.quantity - hold.units)])
    }
    for (const at of new Set(demand.filter(([, units]) => units > 0).map(([place]) => place))) {
      const units = demand.reduce((sum, [place, more]) => (place === at ? sum + more : sum), 0)
      const order = this.order(orderId, at)
      const spokenFor = Math.min(order.ahead, units)
      const wanted = order.wanted + units - spokenFor
      this.orders.set(`${orderId}\u0000${at}`, {
        at,
        placed: true,
        wanted: order.void ? 0 : wanted,
        cancelled: order.void ? 0 : order.cancelled,
        void: false,
        ahead: order.ahead - spokenFor
      })
    }
  }

  bookCancellation(
    orderId: OrderId,
    lines: ReadonlyArray<{ readonly locationId?: LocationId; readonly quantity?: number }>
  ): void {
    for (const at of new Set(lines.map((line) => line.locationId ?? home))) {
      const here = lines.filter((line) => (line.locationId ?? home) === at)
      const order = this.order(orderId, at)
      const whole = here.some((line) => line.quantity === undefined)
      const units = here.reduce((sum, line) => sum + (line.quantity ?? 0), 0)
      const cancelled = whole ? Math.max(order.cancelled, order.wanted) : order.cancelled + units
      const later = whole ? !order.placed || order.ahead > 0 || surplus(order) > 0 : false
      this.orders.set(`${orderId}\u0000${at}`, {
        ...order,
        cancelled: order.void ? 0 : cancelled,
        void: order.void || later
      })
    }
  }

  confirm(orderId: OrderId, hold: BookedHold): void {
    const order = this.order(orderId, hold.at)
    const wanted = order.void ? 0 : order.wanted + hold.units
    this.orders.set(`${orderId}\u0000${hold.at}`, { ...order, wanted, ahead: order.ahead + hold.units })
  }
}
