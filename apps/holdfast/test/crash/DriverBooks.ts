/**
 * The load driver's own books: what it was told is done, and therefore what stock must be. They share no code with the rules.
 *
 * Only what was acknowledged or answered is booked. The driver never cancels more than is open, so that the order in which
 * events are applied does not matter. It has one location.
 */
import type { Units } from "../StackClient.ts"

export type DriverEvent = { readonly id: string } & (
  | {
      readonly type: "goods.received"
      readonly data: { readonly putaway: "done"; readonly lines: ReadonlyArray<Line> }
    }
  | {
      readonly type: "order.placed"
      readonly data: { readonly orderId: string; readonly lines: ReadonlyArray<OrderedLine> }
    }
  | {
      readonly type: "order.cancelled"
      readonly data: {
        readonly orderId: string
        readonly lines: ReadonlyArray<Omit<Line, "quantity"> & { readonly quantity?: number }>
      }
    }
  | {
      readonly type: "stock.adjusted"
      readonly data: {
        readonly reason: string
        readonly lines: ReadonlyArray<{ readonly sku: string; readonly delta: number }>
      }
    }
)

interface Line {
  readonly sku: string
  readonly quantity: number
}

interface OrderedLine extends Line {
  readonly reservationId?: string
}

/** How a hold must have ended; `null` while it is open, as in the table. */
export type End = null | "confirmed" | "released" | "consumed" | "expired"

export interface DriverHold extends Line {
  readonly end: End
}

export interface Answered {
  readonly verb: string
  readonly body: string
  readonly answer: string
}

export class DriverBooks {
  readonly events = new Map<string, DriverEvent>()
  readonly holds = new Map<string, DriverHold>()
  /** by idempotency key */
  readonly answers = new Map<string, Answered>()
  private readonly onHand = new Map<string, number>()
  private readonly open = new Map<string, Map<string, number>>()

  bookEvent(event: DriverEvent): void {
    this.events.set(event.id, event)
    switch (event.type) {
      case "goods.received":
        for (const { sku, quantity } of event.data.lines) add(this.onHand, sku, quantity)
        return
      case "stock.adjusted":
        for (const { sku, delta } of event.data.lines) add(this.onHand, sku, delta)
        return
      case "order.placed":
        for (const line of event.data.lines) this.bookOrdered(event.data.orderId, line)
        return
      case "order.cancelled":
        for (const { sku, quantity } of event.data.lines) {
          const order = this.orderOf(event.data.orderId)
          add(order, sku, -(quantity ?? order.get(sku)!))
        }
    }
  }

  bookGrant(reservationId: string, hold: DriverHold): void {
    this.holds.set(reservationId, hold)
  }

  bookEnd(reservationId: string, end: "released" | "confirmed", orderId?: string): void {
    const hold = this.holds.get(reservationId)!
    this.holds.set(reservationId, { ...hold, end })
    if (end === "confirmed") add(this.orderOf(orderId!), hold.sku, hold.quantity)
  }

  /** Open units of a line of an order. */
  openUnits(orderId: string, sku: string): number {
    return this.open.get(orderId)?.get(sku) ?? 0
  }

  /** What every SKU must have. */
  units(): Map<string, Units> {
    const committed = new Map<string, number>()
    for (const lines of this.open.values()) for (const [sku, units] of lines) add(committed, sku, units)
    const held = new Map<string, number>()
    for (const { sku, quantity, end } of this.holds.values()) if (end === null) add(held, sku, quantity)
    return new Map(
      [...this.onHand].map(([sku, onHand]) => [
        sku,
        { onHand, committed: committed.get(sku) ?? 0, held: held.get(sku) ?? 0 }
      ])
    )
  }

  /** `id sku type` of every change that the acknowledged events must have made, once each. */
  causes(): Array<string> {
    return [...this.events.values()].flatMap(({ id, type, data }) =>
      [...new Set(data.lines.map(({ sku }) => sku))].map((sku) => `${id} ${sku} ${type}`)
    )
  }

  private bookOrdered(orderId: string, { sku, quantity, reservationId }: OrderedLine): void {
    add(this.orderOf(orderId), sku, quantity)
    const hold = reservationId === undefined ? undefined : this.holds.get(reservationId)
    if (hold !== undefined) this.holds.set(reservationId!, { ...hold, end: "consumed" })
  }

  private orderOf(orderId: string): Map<string, number> {
    let order = this.open.get(orderId)
    if (order === undefined) this.open.set(orderId, (order = new Map()))
    return order
  }
}

const add = (sums: Map<string, number>, sku: string, units: number): void =>
  void sums.set(sku, (sums.get(sku) ?? 0) + units)
