/**
 * Invents what happens to goods of a few SKUs: they are bought, received, put away, returned, moved, counted and corrected.
 *
 * A tale is a chain of facts in the order in which they would plausibly happen. Who tells it may reorder and repeat them.
 */
import { DocumentId, type Sku } from "../Identity.ts"
import { type Scene, skus, type Tale } from "./Scene.ts"

export class SupplyTales {
  private readonly purchases: Array<DocumentId> = []
  private readonly transfers: Array<Extract<Tale, { readonly type: "transfer.dispatched" }>["data"]> = []
  private readonly scene: Scene

  constructor(scene: Scene) {
    this.scene = scene
  }

  /** Goods arrive: most are put away with their receipt or after it. */
  receive(skus: ReadonlyArray<Sku>): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = skus.map((sku) => ({ sku, ...scene.place(), quantity: scene.units(scene.receipt) }))
    const purchase = scene.chance(0.3) ? { purchaseId: this.somePurchase() } : {}
    if (scene.chance(0.6)) return [{ type: "goods.received", data: { lines, ...purchase, putaway: "done" } }]
    const received: Tale = { type: "goods.received", data: { lines, ...purchase } }
    if (scene.chance(0.15)) return [received]
    const away = lines.map((line) => (scene.chance(0.3) ? { ...line, quantity: scene.whole(1, line.quantity) } : line))
    return [received, { type: "goods.putaway", data: { lines: away } }]
  }

  /** Goods are ordered from a supplier, or the same purchase is changed or called off. */
  purchase(): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = scene.someSkus().map((sku) => {
      const line = { sku, ...scene.place(), quantity: scene.chance(0.1) ? 0 : scene.units(12) }
      return scene.chance(0.3) ? { ...line, expectedAt: scene.time() + scene.whole(0, 9) * 1_000 } : line
    })
    const purchaseId = this.somePurchase()
    const tale: Tale = { type: "purchase.ordered", data: { purchaseId, lines } }
    if (!scene.odd() || scene.chance(0.5)) return [tale]
    const dated = lines.map((line) => ({ ...line, expectedAt: scene.now + scene.whole(0, 9) * 1_000 }))
    return [tale, { type: "purchase.ordered", data: { purchaseId, lines: dated } }]
  }

  /** Customers send goods back, and they are inspected. */
  giveBack(): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = scene.someSkus().map((sku) => ({ sku, ...scene.place(), quantity: scene.units(3) }))
    const received: Tale = { type: "return.received", data: { returnId: scene.id("t"), lines } }
    if (scene.chance(0.2)) return [received]
    const inspected = lines.map((line) => ({
      ...line,
      quantity: scene.odd() ? scene.units(4) : line.quantity,
      disposition: scene.pick(["sellable", "sellable", "damaged", "scrapped"] as const)
    }))
    return [received, { type: "return.restocked", data: { lines: inspected } }]
  }

  adjust(): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = Array.from({ length: scene.pick([1, 1, 2]) }, () => {
      const delta = scene.units(5) * (scene.chance(0.6) ? -1 : 1)
      const line = { sku: scene.sku(), ...scene.place(), delta }
      const status = scene.pick(["receiving", "inspection", "damaged", "quality"] as const)
      return scene.chance(0.3) ? { ...line, status } : line
    })
    return [{ type: "stock.adjusted", data: { reason: "count", lines } }]
  }

  /** Goods go from one location to another: all of them, some of them, or more than were sent. */
  transfer(): ReadonlyArray<Tale> {
    const { scene } = this
    const again = scene.odd() ? this.transfers.at(-1) : undefined
    const lines = scene.someSkus().map((sku) => ({ sku, quantity: scene.units(5) }))
    const transferId = again?.transferId ?? DocumentId.make(scene.id("x"))
    const toLocationId = again !== undefined && !this.elsewhere() ? again.toLocationId : scene.location()
    const sent = { transferId, fromLocationId: scene.location(), toLocationId, lines }
    this.transfers.push(sent)
    const tales: Array<Tale> = [{ type: "transfer.dispatched", data: sent }]
    const parts = scene.pick([0, 1, 1, 1, 2])
    for (let part = 1; part <= parts; part++) {
      tales.push({ type: "transfer.received", data: this.arrival(sent, scene.chance(part === parts ? 0.5 : 0.1)) })
    }
    return tales
  }

  /** Somebody counts, a moment ago or long ago; a clock that is ahead counts in the future. */
  count(): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = Array.from({ length: scene.pick([1, 1, 2, 3]) }, () => ({
      sku: scene.sku(),
      ...scene.place(),
      quantity: scene.chance(0.1) ? 0 : scene.units(scene.receipt)
    }))
    return [
      { type: "count.cycle", data: { countId: DocumentId.make(scene.id("c")), countedAt: scene.countTime(), lines } }
    ]
  }

  /**
   * A location is counted in parts. A settled tale names every SKU and tells each part once: what comes first after an inventory
   * was closed is not in it.
   */
  inventory(): ReadonlyArray<Tale> {
    const { scene } = this
    const countId = DocumentId.make(scene.id("i"))
    const locationId = scene.location()
    const parts = scene.pick([1, 1, 2, 3])
    const numbers = Array.from({ length: parts }, (_, i) => i + 1)
    if (!scene.settled && scene.odd()) numbers.push(scene.pick(numbers))
    return numbers.map((part, index) => {
      const named = scene.settled && part === 1 ? skus : scene.someSkus()
      const lines = [...new Set(named)].map((sku) => ({ sku, quantity: scene.chance(0.2) ? 0 : scene.units(9) }))
      const closing = index === parts - 1 || scene.chance(0.2) ? { parts } : {}
      return {
        type: "count.physical",
        data: { countId, locationId, countedAt: scene.countTime(), part, ...closing, lines }
      }
    })
  }

  register(skus: ReadonlyArray<Sku> = this.scene.someSkus()): ReadonlyArray<Tale> {
    const { scene } = this
    const lines = skus.map((sku) => ({ sku, ...scene.place(), safetyStock: scene.whole(0, 3) }))
    return [{ type: "sku.registered", data: { lines } }]
  }

  private arrival(
    sent: Extract<Tale, { readonly type: "transfer.dispatched" }>["data"],
    closed: boolean
  ): Extract<Tale, { readonly type: "transfer.received" }>["data"] {
    const { scene } = this
    const { transferId, fromLocationId } = sent
    const lines = sent.lines.map((line) => {
      if (closed && scene.chance(0.2)) return { ...line, quantity: 0 }
      return scene.chance(0.6) ? line : { ...line, quantity: scene.whole(1, line.quantity + (scene.odd() ? 2 : 0)) }
    })
    const toLocationId = this.elsewhere() ? scene.location() : sent.toLocationId
    const from = scene.chance(0.5) ? { fromLocationId } : {}
    return { transferId, toLocationId, ...from, lines, ...(closed || scene.chance(0.1) ? { closed } : {}) }
  }

  private elsewhere(): boolean {
    return this.scene.odd() && this.scene.chance(0.2)
  }

  private somePurchase(): DocumentId {
    const known = this.scene.chance(0.6) ? this.purchases.at(-1) : undefined
    if (known !== undefined) return known
    const id = DocumentId.make(this.scene.id("p"))
    this.purchases.push(id)
    return id
  }
}
