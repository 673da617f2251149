/**
 * What all invented facts have in common: SKUs, locations, ids, moments and quantities, from one source of chance.
 *
 * A settled scene tells only what means the same in every order of arrival: nothing is "whatever is open now", and no quantity
 * comes near the limit.
 */
import type { StockEvent, StockEventType } from "../StockEvent.ts"
import { DocumentId, LocationId, Sku } from "../Identity.ts"
import type { Random } from "./Random.ts"

/** One fact before it has an id and a time. */
export type Tale = {
  readonly [T in StockEventType]: {
    readonly type: T
    readonly data: Extract<StockEvent, { readonly type: T }>["data"]
  }
}[StockEventType]

export const skus = ["MUG", "tea & milk/2.5 €", "茶.*>"].map((sku) => Sku.make(sku))
const locations = ["main", "main", "east", "east", "west"].map((location) => LocationId.make(location))

export class Scene {
  now = 1_000_000
  readonly receipt: number
  readonly settled: boolean
  private readonly random: Random
  private readonly hostility: number
  private serial = 0
  private countedAt: number | undefined

  /**
   * @param receipt most units of one receipt
   * @param hostility how often something out of the ordinary happens, 0 to 1
   */
  constructor(random: Random, receipt: number, hostility: number, settled: boolean) {
    this.random = random
    this.receipt = receipt
    this.hostility = hostility
    this.settled = settled
  }

  odd(): boolean {
    return this.random.chance(this.hostility)
  }

  chance(probability: number): boolean {
    return this.random.chance(probability)
  }

  whole(min: number, max: number): number {
    return this.random.whole(min, max)
  }

  pick<A>(items: ReadonlyArray<A>): A {
    return this.random.pick(items)
  }

  unique(prefix: string): string {
    this.serial += 1
    return `${prefix}${this.serial}`
  }

  id(prefix: string): DocumentId {
    return DocumentId.make(this.unique(prefix))
  }

  sku(): Sku {
    return this.random.pick(skus)
  }

  /** one or two SKUs, not always different */
  someSkus(): ReadonlyArray<Sku> {
    return this.random.chance(0.5) ? [this.sku()] : [this.sku(), this.sku()]
  }

  location(): LocationId {
    return this.random.pick(locations)
  }

  /** what a line says of its location: often nothing */
  place(): { readonly locationId?: LocationId } {
    return this.random.chance(0.35) ? {} : { locationId: this.location() }
  }

  /** units of one line; once in a while so many that they leave the range */
  units(most: number): number {
    if (!this.settled && this.odd() && this.random.chance(0.015)) return this.random.pick([1, 3, 4]) * 500_000_000
    return this.random.whole(1, most)
  }

  /** when something happened that is told now: mostly now, sometimes long before, at times by a clock that is wrong */
  time(): number {
    if (!this.odd()) return this.now
    if (this.random.chance(0.06)) return 0
    return this.now + this.random.pick([-3_000, -800, -400, -40, -1, -1, 1, 300])
  }

  /** when somebody counted, at times the same moment as somebody else */
  countTime(): number {
    if (this.countedAt !== undefined && this.random.chance(0.3)) return this.countedAt
    const long = this.odd() && this.random.chance(0.15)
    this.countedAt = long ? 0 : Math.max(0, this.time() - this.random.pick([0, 0, 1, 40, 400, 2_000]))
    return this.countedAt
  }
}
