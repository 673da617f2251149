/**
 * Invents histories of a few SKUs from a seed: plausible ones (goods arrive, orders and cancellations follow) and hostile
 * ones (cancellations first, events twice, requests about foreign or ended holds, deadlines hit to the millisecond).
 *
 * The same seed and the same answers give the same history. It knows nothing of the rules: it only remembers the ids
 * that it heard in answers. Time is its own, in milliseconds, and never goes back.
 */
import {
  ChannelId,
  EventId,
  EventSource,
  IdempotencyKey,
  LocationId,
  OrderId,
  ReservationId,
  Sku
} from "../Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../Reservation.ts"
import type { StockEvent } from "../StockEvent.ts"
import { Random } from "./Random.ts"

export type WorkloadStep = { readonly now: number } & (
  | { readonly _tag: "Event"; readonly event: StockEvent }
  | { readonly _tag: "Request"; readonly sku: Sku; readonly request: ReservationRequest; readonly unique: string }
  | { readonly _tag: "Expire"; readonly sku: Sku }
)

type Action = "receive" | "adjust" | "order" | "cancel" | "deliver" | "reserve" | "confirm" | "release" | "expire"

interface Profile {
  readonly weights: Readonly<Record<Action, number>>
  /** most units of one receipt */
  readonly receipt: number
  /** how often something out of the ordinary happens, 0 to 1 */
  readonly hostility: number
}

const profiles: ReadonlyArray<Profile> = [
  {
    weights: { receive: 3, adjust: 1, order: 5, cancel: 2, deliver: 8, reserve: 5, confirm: 3, release: 1, expire: 1 },
    receipt: 50,
    hostility: 0.05
  },
  {
    weights: { receive: 2, adjust: 2, order: 6, cancel: 3, deliver: 9, reserve: 9, confirm: 4, release: 2, expire: 1 },
    receipt: 6,
    hostility: 0.2
  },
  {
    weights: { receive: 2, adjust: 2, order: 4, cancel: 5, deliver: 10, reserve: 6, confirm: 6, release: 3, expire: 2 },
    receipt: 9,
    hostility: 0.5
  }
]

const skus = ["MUG", "tea & milk/2.5 €", "茶.*>"].map((sku) => Sku.make(sku))
const places = [undefined, LocationId.make("main"), LocationId.make("east")]
const source = EventSource.make("workload")

interface KnownHold {
  readonly sku: Sku
  readonly id: ReservationId
  readonly endsAt: number
}

const at = (locationId: LocationId | undefined) => (locationId === undefined ? {} : { locationId })

export class StockWorkload {
  private now = 1_000_000
  private serial = 0
  private readonly random: Random
  private readonly profile: Profile
  /** published and not yet delivered: any of them may come next */
  private readonly underWay: Array<StockEvent> = []
  private readonly holds: Array<KnownHold> = []
  private readonly orders: Array<{ readonly id: OrderId; readonly skus: ReadonlyArray<Sku> }> = []

  constructor(seed: number) {
    this.random = new Random(seed)
    this.profile = this.random.pick(profiles)
    // most SKUs are received first; one that is not meets all that can go wrong with an unknown SKU
    for (const sku of skus) if (!this.odd()) this.receive([sku])
  }

  next(): WorkloadStep {
    this.passTime()
    const action = this.random.weighted(this.profile.weights)
    switch (action) {
      case "receive":
        this.receive([this.random.pick(skus), this.random.pick(skus)])
        return this.deliver()
      case "adjust":
        this.adjust()
        return this.deliver()
      case "order":
        this.order()
        return this.deliver()
      case "cancel":
        this.cancel()
        return this.deliver()
      case "deliver":
        return this.deliver()
      case "expire":
        return this.expire()
      case "reserve":
      case "confirm":
      case "release":
        return this.request(action)
    }
  }

  /** Events still under way, in any order: to be delivered at the end, so that none is lost. */
  rest(): ReadonlyArray<WorkloadStep> {
    return this.random.shuffled(this.underWay.splice(0)).map((event) => ({ _tag: "Event", now: this.now, event }))
  }

  learn(answer: ReservationAnswer): void {
    if (answer.status === "granted")
      this.holds.push({ sku: answer.sku, id: answer.reservationId, endsAt: answer.expiresAt })
  }

  private odd(): boolean {
    return this.random.chance(this.profile.hostility)
  }

  private unique(prefix: string): string {
    this.serial += 1
    return `${prefix}${this.serial}`
  }

  private passTime(): void {
    const due = this.holds.find((hold) => hold.endsAt > this.now)
    if (due !== undefined && this.random.chance(0.08)) this.now = due.endsAt - (this.random.chance(0.5) ? 1 : 0)
    else this.now += this.random.pick([0, 0, 1, 40, 400])
  }

  private publish(event: Omit<Extract<StockEvent, { type: StockEvent["type"] }>, "id" | "source" | "time">): void {
    const whole = { ...event, source, id: EventId.make(this.unique("e")), time: this.now } as StockEvent
    this.underWay.push(whole)
    if (this.odd()) this.underWay.push(whole)
  }

  private deliver(): WorkloadStep {
    const { underWay, now } = this
    if (underWay.length === 0) return this.expire()
    const which = this.odd() ? this.random.whole(0, underWay.length - 1) : 0
    return { _tag: "Event", now, event: underWay.splice(which, 1)[0]! }
  }

  private expire(): WorkloadStep {
    return { _tag: "Expire", now: this.now, sku: this.random.pick(skus) }
  }

  private receive(which: ReadonlyArray<Sku>): void {
    const lines = which.map((sku) => ({
      sku,
      ...at(this.random.pick(places)),
      quantity: this.random.whole(1, this.profile.receipt)
    }))
    this.publish({ type: "goods.received", data: { lines } })
  }

  private adjust(): void {
    const { random } = this
    const delta = random.whole(1, 5) * (random.chance(0.6) ? -1 : 1)
    this.publish({
      type: "stock.adjusted",
      data: { reason: "count", lines: [{ sku: random.pick(skus), ...at(random.pick(places)), delta }] }
    })
  }

  private order(): void {
    const { random } = this
    const again = this.odd() && random.chance(0.2) ? this.orders.at(-1) : undefined
    const orderId = again?.id ?? OrderId.make(this.unique("o"))
    const lines = Array.from({ length: random.pick([1, 1, 2, 3, 5]) }, () => {
      const hold = random.chance(0.4) ? this.someHold() : undefined
      const sku = hold?.sku ?? random.pick(skus)
      const line = { sku, ...at(random.pick(places)), quantity: random.whole(1, 4) }
      return hold === undefined ? line : { ...line, reservationId: hold.id }
    })
    this.orders.push({ id: orderId, skus: lines.map((line) => line.sku) })
    this.publish({ type: "order.placed", data: { orderId, channel: ChannelId.make("webshop"), lines } })
    if (random.chance(0.15)) this.cancel()
  }

  private cancel(): void {
    const { random } = this
    const order = random.chance(0.6) ? this.orders.at(-1) : random.pick(this.orders)
    const of = order?.skus ?? skus
    const orderId = order?.id ?? OrderId.make(this.unique("o"))
    const lines = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => {
      const line = { sku: random.pick(of), ...at(random.pick(places)) }
      return random.chance(0.5) ? line : { ...line, quantity: random.whole(1, 4) }
    })
    this.publish({ type: "order.cancelled", data: { orderId, lines } })
  }

  private someHold(): KnownHold | undefined {
    const { holds, random } = this
    return this.odd() ? random.pick(holds.concat()) : holds.at(-1 - random.whole(0, 2))
  }

  private request(verb: "reserve" | "confirm" | "release"): WorkloadStep {
    const { random, now } = this
    const unique = this.unique("k")
    const key = IdempotencyKey.make(unique)
    const orderId = random.chance(0.5) ? this.someOrder() : undefined
    const named = orderId === undefined ? {} : { orderId }
    if (verb === "reserve") {
      const sku = random.pick(skus)
      const ttl = random.chance(0.8) ? { ttlMillis: random.whole(100, 2_000) } : {}
      const request = { verb, key, sku, quantity: random.whole(1, 4), ...at(random.pick(places)), ...ttl, ...named }
      return { _tag: "Request", now, sku, request, unique }
    }
    const hold = this.someHold() ?? { sku: random.pick(skus), id: ReservationId.make("r00-never") }
    const request =
      verb === "confirm" ? { verb, key, reservationId: hold.id, ...named } : { verb, key, reservationId: hold.id }
    return { _tag: "Request", now, sku: hold.sku, request, unique }
  }

  private someOrder(): OrderId {
    const fresh = this.random.chance(0.4)
    if (!fresh) return this.random.pick(this.orders)?.id ?? OrderId.make(this.unique("o"))
    // an order that is heard of later: it may be confirmed or cancelled ahead of itself
    const id = OrderId.make(this.unique("o"))
    const sku = this.random.pick(skus)
    this.orders.push({ id, skus: [sku] })
    const lines = [{ sku, ...at(this.random.pick(places)), quantity: this.random.whole(1, 4) }]
    if (this.random.chance(0.8)) this.publish({ type: "order.placed", data: { orderId: id, lines } })
    return id
  }
}
