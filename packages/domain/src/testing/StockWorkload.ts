/**
 * Invents histories of a few SKUs from a seed: plausible ones (goods arrive, orders and shipments follow) and hostile
 * ones (everything late, twice and in the wrong order, requests about foreign or ended holds, deadlines hit to the
 * millisecond).
 *
 * The same seed and the same answers give the same history. It knows nothing of the rules: it only remembers the ids
 * that it heard in answers. Time is its own, in milliseconds, and never goes back.
 */
import type { AllocationPolicy } from "../AllocationPolicy.ts"
import { EventId, EventSource, IdempotencyKey, type OrderId, ReservationId, type Sku } from "../Identity.ts"
import type { ReservationAnswer, ReservationRequest } from "../Reservation.ts"
import type { StockEvent } from "../StockEvent.ts"
import { type KnownHold, OrderTales } from "./OrderTales.ts"
import { inventedPolicies } from "./Policies.ts"
import { Random } from "./Random.ts"
import { Scene, skus, type Tale } from "./Scene.ts"
import { SupplyTales } from "./SupplyTales.ts"

export type WorkloadStep = { readonly now: number } & (
  | { readonly _tag: "Event"; readonly event: StockEvent }
  | { readonly _tag: "Request"; readonly sku: Sku; readonly request: ReservationRequest; readonly unique: string }
  | { readonly _tag: "Expire"; readonly sku: Sku }
)

type Business = "receive" | "purchase" | "giveBack" | "adjust" | "transfer" | "count" | "inventory" | "register"
type Trade = "order" | "change" | "cancel" | "ship"
type Verb = ReservationRequest["verb"]
type Action = Business | Trade | Verb | "deliver" | "expire"

interface Profile {
  readonly weights: Readonly<Record<Action, number>>
  /** most units of one receipt */
  readonly receipt: number
  /** how often something out of the ordinary happens, 0 to 1 */
  readonly hostility: number
}

const even: Profile["weights"] = {
  receive: 4,
  purchase: 1.5,
  giveBack: 1.5,
  adjust: 1.5,
  transfer: 2,
  count: 1.5,
  inventory: 0.7,
  register: 0.7,
  order: 5,
  change: 1.5,
  cancel: 2,
  ship: 3,
  reserve: 6,
  confirm: 4,
  release: 1.5,
  extend: 1.2,
  pin: 0.9,
  unpin: 1.2,
  expire: 1,
  deliver: 9
}

const profiles: ReadonlyArray<Profile> = [
  { weights: even, receipt: 60, hostility: 0.05 },
  { weights: { ...even, receive: 3, reserve: 9, order: 6, deliver: 10 }, receipt: 15, hostility: 0.2 },
  { weights: { ...even, cancel: 4, ship: 5, confirm: 6, deliver: 11 }, receipt: 25, hostility: 0.5 }
]

const source = EventSource.make("workload")

export class StockWorkload {
  /** from where channels' orders are served */
  readonly policies: ReadonlyMap<string, AllocationPolicy>
  private readonly random: Random
  private readonly profile: Profile
  private readonly scene: Scene
  private readonly supply: SupplyTales
  private readonly trade: OrderTales
  /** published and not yet delivered: any of them may come next */
  private readonly underWay: Array<StockEvent> = []
  private readonly holds: Array<KnownHold> = []

  /** @param settled tells only what means the same in every order of arrival */
  constructor(seed: number, settled = false) {
    this.random = new Random(seed)
    this.profile = this.random.pick(profiles)
    this.scene = new Scene(this.random, this.profile.receipt, this.profile.hostility, settled)
    this.policies = inventedPolicies(this.random)
    this.supply = new SupplyTales(this.scene)
    this.trade = new OrderTales(this.scene)
    // most SKUs are made known first; one that is not meets all that can go wrong with an unknown SKU
    for (const sku of skus) {
      if (this.scene.odd() && this.random.chance(0.4)) continue
      this.publish(this.random.chance(0.8) ? this.supply.receive([sku]) : this.supply.register([sku]))
    }
  }

  /** milliseconds, by its own clock */
  get now(): number {
    return this.scene.now
  }

  next(): WorkloadStep {
    this.passTime()
    const action = this.random.weighted(this.profile.weights)
    switch (action) {
      case "receive":
        return this.tell(this.supply.receive(this.scene.someSkus()))
      case "register":
        return this.tell(this.supply.register())
      case "purchase":
      case "giveBack":
      case "adjust":
      case "transfer":
      case "count":
      case "inventory":
        return this.tell(this.supply[action]())
      case "order":
        return this.tell(this.trade.order(() => this.someHold()))
      case "change":
      case "cancel":
      case "ship":
        return this.tell(this.trade[action]())
      case "deliver":
        return this.deliver()
      case "expire":
        return this.expire()
      case "reserve":
      case "confirm":
      case "release":
      case "extend":
      case "pin":
      case "unpin":
        return this.request(action)
    }
  }

  /** Events still under way, in any order: to be delivered at the end, so that none is lost. */
  rest(): ReadonlyArray<WorkloadStep> {
    const { now } = this.scene
    return this.random.shuffled(this.underWay.splice(0)).map((event) => ({ _tag: "Event", now, event }))
  }

  learn(answer: ReservationAnswer): void {
    if (answer.status === "denied" || answer.status === "released") return
    if (answer.status === "confirmed" && answer.left === undefined) return
    // when the rest of a hold ends is not said: it is asked about soon
    const unsaid = answer.status === "confirmed" ? this.scene.now + 1 : Infinity
    const endsAt = ("expiresAt" in answer ? answer.expiresAt : undefined) ?? unsaid
    this.holds.push({ sku: answer.sku, id: answer.reservationId, endsAt })
  }

  private passTime(): void {
    const { random, scene } = this
    const due = this.holds.find((hold) => hold.endsAt > scene.now && hold.endsAt < Infinity)
    if (due !== undefined && random.chance(0.08)) scene.now = due.endsAt - (random.chance(0.5) ? 1 : 0)
    else scene.now += random.pick([0, 0, 1, 40, 400])
  }

  private publish(tales: ReadonlyArray<Tale>): void {
    for (const tale of tales) {
      const time = this.scene.time()
      const event = { ...tale, source, id: EventId.make(this.scene.unique("e")), time } as StockEvent
      this.underWay.push(event)
      if (this.scene.odd()) this.underWay.push(event)
    }
  }

  private tell(tales: ReadonlyArray<Tale>): WorkloadStep {
    this.publish(tales)
    return this.deliver()
  }

  private deliver(): WorkloadStep {
    const { underWay, scene } = this
    if (underWay.length === 0) return this.expire()
    const which = scene.odd() ? this.random.whole(0, underWay.length - 1) : 0
    return { _tag: "Event", now: scene.now, event: underWay.splice(which, 1)[0]! }
  }

  private expire(): WorkloadStep {
    return { _tag: "Expire", now: this.scene.now, sku: this.scene.sku() }
  }

  /** Mostly a hold that should be open still, and that is seldom spoken of again. */
  private someHold(): KnownHold | undefined {
    const { holds, random, scene } = this
    const open = holds.filter((hold) => hold.endsAt > scene.now)
    const hold = random.pick(open.length === 0 || random.chance(0.2) || scene.odd() ? holds : open)
    if (hold !== undefined && random.chance(0.7)) holds.splice(holds.indexOf(hold), 1)
    return hold
  }

  /** Without a hold to speak of, most clients ask for one. */
  private request(asked: Verb): WorkloadStep {
    const { random, scene } = this
    const { now } = scene
    const verb = this.holds.length === 0 && random.chance(0.8) ? "reserve" : asked
    const unique = scene.unique("k")
    const key = IdempotencyKey.make(unique)
    const orderId = random.chance(0.5) ? this.someOrder() : undefined
    const named = orderId === undefined ? {} : { orderId }
    if (verb === "reserve") {
      const sku = scene.sku()
      const ttl = random.chance(0.8) ? { ttlMillis: random.pick([100, 400, 2_000, 9_000]) } : {}
      const guard = random.chance(0.2) ? { guard: true } : {}
      const request = { verb, key, sku, quantity: random.whole(1, 4), ...scene.place(), ...ttl, ...named, ...guard }
      return { _tag: "Request", now, sku, request, unique }
    }
    const hold = this.someHold() ?? { sku: scene.sku(), id: ReservationId.make("r00-never") }
    return { _tag: "Request", now, sku: hold.sku, request: this.aboutHold(verb, key, hold.id, named), unique }
  }

  private aboutHold(
    verb: Exclude<Verb, "reserve">,
    key: IdempotencyKey,
    reservationId: ReservationId,
    named: { readonly orderId?: OrderId }
  ): ReservationRequest {
    const { random } = this
    const about = { key, reservationId }
    if (verb === "confirm") {
      const part = random.chance(0.4) ? { quantity: random.whole(1, 4) } : {}
      return { verb, ...about, ...named, ...part }
    }
    const ttlMillis = random.pick([100, 400, 2_000, 9_000])
    if (verb === "extend") return { verb, ...about, ttlMillis }
    return verb === "unpin" && random.chance(0.7) ? { verb, ...about, ttlMillis } : { verb, ...about }
  }

  /** An order that somebody may speak of; it is heard of before, later or never. */
  someOrder(): OrderId {
    const known = this.random.chance(0.4) ? undefined : this.trade.known()
    if (known !== undefined) return known
    const { orderId, tales } = this.trade.announced()
    this.publish(tales)
    return orderId
  }
}
