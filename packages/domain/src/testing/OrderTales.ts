/**
 * Invents what happens to orders: they are placed, changed, cancelled, and leave in shipments; in parts, whole, or ahead of
 * themselves.
 *
 * A tale is a chain of facts in the order in which they would plausibly happen. Who tells it may reorder and repeat them.
 */
import { type ChannelId, type DocumentId, OrderId, type LocationId, type ReservationId, type Sku } from "../Identity.ts"
import { channels, destinations } from "./Policies.ts"
import { type Scene, skus, type Tale } from "./Scene.ts"

/** A hold that some order may name. */
export interface KnownHold {
  readonly sku: Sku
  readonly id: ReservationId
  readonly endsAt: number
}

interface KnownShipment {
  readonly shipmentId: DocumentId
  readonly orderId: OrderId
  readonly place: { readonly locationId?: LocationId }
  readonly lines: ReadonlyArray<{ readonly sku: Sku; readonly quantity?: number }>
}

export class OrderTales {
  private readonly orders: Array<{ readonly id: OrderId; readonly skus: ReadonlyArray<Sku> }> = []
  private readonly shipments: Array<KnownShipment> = []
  private readonly scene: Scene

  constructor(scene: Scene) {
    this.scene = scene
  }

  /** @param hold chooses a hold that a line names, if it knows any */
  order(hold: () => KnownHold | undefined): ReadonlyArray<Tale> {
    const { scene } = this
    const again = scene.odd() && scene.chance(0.4) ? this.orders.at(-1) : undefined
    const orderId = again?.id ?? OrderId.make(scene.unique("o"))
    const lines = Array.from({ length: scene.pick([1, 1, 2, 3, 5]) }, () => {
      const named = scene.chance(0.4) ? hold() : undefined
      const line = { sku: named?.sku ?? scene.sku(), ...scene.place(), quantity: scene.units(4) }
      return named === undefined ? line : { ...line, reservationId: named.id }
    })
    this.orders.push({ id: orderId, skus: lines.map((line) => line.sku) })
    const tales: Array<Tale> = [
      {
        type: "order.placed",
        data: { orderId, channel: this.someChannel(), ...this.destination(), lines }
      }
    ]
    if (scene.chance(0.15)) tales.push(...this.cancel())
    if (scene.chance(0.25)) tales.push(...this.ship())
    return tales
  }

  /** An order that is heard of later, if at all: it may be confirmed, cancelled or shipped ahead of itself. */
  announced(): { readonly orderId: OrderId; readonly tales: ReadonlyArray<Tale> } {
    const { scene } = this
    const orderId = OrderId.make(scene.unique("o"))
    const sku = scene.sku()
    this.orders.push({ id: orderId, skus: [sku] })
    const lines = [{ sku, ...scene.place(), quantity: scene.units(4) }]
    return { orderId, tales: scene.chance(0.8) ? [{ type: "order.placed", data: { orderId, lines } }] : [] }
  }

  known(): OrderId | undefined {
    return this.some()?.id
  }

  change(): ReadonlyArray<Tale> {
    const { scene } = this
    const { orderId, of } = this.subject()
    const lines = Array.from({ length: scene.pick([1, 1, 2]) }, () => {
      const line = { sku: scene.pick(of), quantity: scene.chance(0.15) ? 0 : scene.units(6) }
      return scene.odd() ? { ...line, ...scene.place() } : line
    })
    return [{ type: "order.changed", data: { orderId, ...this.channel(), lines } }]
  }

  cancel(): ReadonlyArray<Tale> {
    const { scene } = this
    const { orderId, of } = this.subject()
    const lines = Array.from({ length: scene.pick([1, 1, 2, 3]) }, () => {
      const line = { sku: scene.pick(of), ...scene.place() }
      return scene.chance(0.4) ? line : { ...line, quantity: scene.units(4) }
    })
    return [{ type: "order.cancelled", data: { orderId, ...this.channel(), lines } }]
  }

  /** A shipment of an order is created, and leaves or is called off; or one leaves that nobody announced. */
  ship(): ReadonlyArray<Tale> {
    const { scene } = this
    const shipment = this.someShipment()
    const created: Tale = { type: "shipment.created", data: this.toldOf(shipment) }
    const confirmed: Tale = { type: "shipment.confirmed", data: this.toldOf(shipment) }
    const { shipmentId, orderId, lines } = shipment
    const cancelled: Tale = {
      type: "shipment.cancelled",
      data: { shipmentId, orderId, lines: lines.map(({ sku }) => ({ sku })) }
    }
    return scene.pick([[created], [created, confirmed], [created, confirmed], [created, cancelled], [confirmed]])
  }

  private channel(): { readonly channel?: ChannelId } {
    return this.scene.chance(0.5) ? {} : { channel: this.someChannel() }
  }

  /** mostly one; an order may be said to have come by several */
  private someChannel(): ChannelId {
    return this.scene.pick([channels[0]!, channels[0]!, ...channels])
  }

  private destination(): { readonly destination?: string } {
    return this.scene.chance(0.5) ? {} : { destination: this.scene.pick(destinations) }
  }

  private some(): { readonly id: OrderId; readonly skus: ReadonlyArray<Sku> } | undefined {
    return this.scene.chance(0.6) ? this.orders.at(-1) : this.scene.pick(this.orders)
  }

  private subject(): { readonly orderId: OrderId; readonly of: ReadonlyArray<Sku> } {
    const order = this.some()
    return { orderId: order?.id ?? OrderId.make(this.scene.unique("o")), of: order?.skus ?? skus }
  }

  private someShipment(): KnownShipment {
    const { scene } = this
    const known = scene.odd() ? this.shipments.at(-1) : undefined
    if (known !== undefined) return known
    const { orderId, of } = this.subject()
    const lines = [...new Set(scene.chance(0.7) ? of : [scene.pick(of)])].map((sku) => {
      const all = !scene.settled && scene.chance(0.3)
      return all ? { sku } : { sku, quantity: scene.units(4) }
    })
    const shipment = { shipmentId: scene.id("s"), orderId, place: scene.place(), lines }
    this.shipments.push(shipment)
    return shipment
  }

  /** What one fact says of a shipment: not always where it is, nor the same units as the fact before. */
  private toldOf({ shipmentId, orderId, place, lines }: KnownShipment): Omit<KnownShipment, "place"> {
    const { scene } = this
    const elsewhere = scene.odd() && scene.chance(0.3)
    const told = lines.map(({ sku, quantity }) => {
      if (quantity === undefined) return { sku }
      if (!scene.settled && scene.chance(0.15)) return { sku }
      return { sku, quantity: scene.odd() ? scene.units(4) : quantity }
    })
    // a line without a quantity speaks for all others of its SKU
    if (!scene.settled && scene.odd() && scene.chance(0.1)) told.push({ sku: lines[0]!.sku })
    return { shipmentId, orderId, ...(elsewhere ? scene.place() : place), lines: told }
  }
}
