/**
 * The last deliveries of events whose traces were not kept: when another channel of the same event misses its budget, the
 * trace can also show the channels that were in time.
 *
 * Guarantee: a ring of fixed size; remembering costs one store. Under high load it looks back only a moment.
 */
import { rootKeyOf } from "./SpanIdentity.ts"
import type { Delivered } from "./TracedStage.ts"
import { recentDeliveriesMax } from "./TracingLimit.ts"

export class RecentDeliveries {
  private readonly ring: Array<Delivered | undefined>
  private next = 0

  constructor(size = recentDeliveriesMax) {
    this.ring = Array.from({ length: size }, () => undefined)
  }

  remember(delivery: Delivered): void {
    this.ring[this.next] = delivery
    this.next = this.next + 1 === this.ring.length ? 0 : this.next + 1
  }

  /** Those of one event, oldest first. They are forgotten. */
  take(traceparent: string): ReadonlyArray<Delivered> {
    const key = rootKeyOf(traceparent)
    const found: Array<Delivered> = []
    for (let i = 0; i < this.ring.length; i++) {
      const at = (this.next + i) % this.ring.length
      const delivery = this.ring[at]
      if (delivery === undefined || rootKeyOf(delivery.event.traceparent) !== key) continue
      found.push(delivery)
      this.ring[at] = undefined
    }
    return found
  }
}
