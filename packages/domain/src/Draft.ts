/**
 * A decision in the making: the changes so far, and the quantities as they would be after them.
 *
 * Guarantee: the state it was made from is only read. It knows quantities, not rules.
 */
import type { LocationId, OrderId, ReservationId } from "./Identity.ts"
import { levelQuantityMax } from "./Limit.ts"
import type { StockChange, StockChangeKind } from "./StockChange.ts"
import { levelAt, orderLineKey, oversold, type OrderLine, type StockLevel, type StockState } from "./StockState.ts"

type Effects = Partial<Omit<StockChange, "kind" | "locationId" | "oversold">>

export class Draft {
  readonly changes: Array<StockChange> = []
  private readonly state: StockState
  private readonly levels: Array<StockLevel> = []
  private lines: Map<string, OrderLine> | undefined

  constructor(state: StockState) {
    this.state = state
  }

  get version(): number {
    return this.state.version + this.changes.length
  }

  level(locationId: LocationId): StockLevel {
    for (const level of this.levels) if (level.locationId === locationId) return level
    const stored = levelAt(this.state, locationId)
    const level = stored === undefined ? { locationId, onHand: 0, committed: 0, held: 0 } : { ...stored }
    this.levels.push(level)
    return level
  }

  knowsOrderLine(orderId: OrderId, locationId: LocationId): boolean {
    const key = orderLineKey(orderId, locationId)
    return this.lines?.has(key) === true || this.state.orderLines.has(key)
  }

  orderLine(orderId: OrderId, locationId: LocationId): OrderLine {
    const key = orderLineKey(orderId, locationId)
    const line = this.lines?.get(key) ?? this.state.orderLines.get(key)
    return line ?? { orderId, locationId, open: 0, confirmedAhead: 0, cancelledAhead: 0 }
  }

  hasEnded(id: ReservationId): boolean {
    return this.changes.some((change) => change.reservationId === id && change.kind !== "reservation.granted")
  }

  change(kind: StockChangeKind, locationId: LocationId, effects: Effects): void {
    const level = this.level(locationId)
    const before = oversold(level)
    level.onHand += effects.onHand ?? 0
    level.committed += effects.committed ?? 0
    level.held += effects.held ?? 0
    const change = {
      kind,
      locationId,
      onHand: 0,
      committed: 0,
      held: 0,
      ...effects,
      oversold: oversold(level) - before
    }
    this.changes.push(change)
    const { orderId, orderLine } = effects
    if (orderId !== undefined && orderLine !== undefined) {
      this.lines ??= new Map()
      this.lines.set(orderLineKey(orderId, locationId), { orderId, locationId, ...orderLine })
    }
  }

  inRange(): boolean {
    return (
      this.levels.every(
        (level) =>
          Math.abs(level.onHand) <= levelQuantityMax &&
          level.committed <= levelQuantityMax &&
          level.held <= levelQuantityMax
      ) && this.lines?.values().every((line) => line.cancelledAhead <= levelQuantityMax) !== false
    )
  }
}
