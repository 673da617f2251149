/**
 * Invents the life of a few groups of holds from a seed, amid everything else that happens to their SKUs: several coordinators
 * and sweeps take turns, are killed between two steps, and hear each other's messages late, twice or never.
 *
 * The same seed gives the same history. It ends when everybody has gone home, and nothing is left to do.
 */
import { attemptMillis } from "../GroupRules.ts"
import { EventId, EventSource, IdempotencyKey, LocationId, type Sku } from "../Identity.ts"
import { groupReservationId } from "../Partition.ts"
import { demandOf, type GroupRequest, type ReservationGroup } from "../ReservationGroup.ts"
import { atStep } from "./AuditFailure.ts"
import { type Worker, GroupWorkers } from "./GroupWorkers.ts"
import { GroupWorld } from "./GroupWorld.ts"
import { Random } from "./Random.ts"
import { skus } from "./Scene.ts"

const locations = ["main", "main", "main", "east", "west"].map((place) => LocationId.make(place))

/** Milliseconds that holds may be asked to live: shorter and longer than an attempt may take. */
const lives = [400, 2_000, 9_000, 12_000]

const hasty = {
  trade: 1,
  deliver: 14,
  work: 9,
  reserve: 1,
  request: 1.5,
  sweep: 0.5,
  kill: 0.3,
  wait: 0.4,
  restock: 1
}

/** Much happens to few groups before any of them is due. */
const calm: typeof hasty = { ...hasty, trade: 0.1, wait: 0.05, reserve: 1.5, restock: 2.5, kill: 0.6 }

interface Goods {
  readonly sku: Sku
  readonly locationId: LocationId
  readonly quantity: number
}

class GroupHistory {
  readonly world: GroupWorld
  private readonly random: Random
  private readonly workers: GroupWorkers
  private readonly seed: number
  private readonly calm: boolean
  private receipts = 0
  private readonly begun: Array<ReservationGroup> = []
  private readonly atWork: Array<Worker> = []

  constructor(seed: number) {
    this.seed = seed
    this.calm = seed % 2 === 0
    this.random = new Random(seed ^ 0x5bd1e995)
    this.world = new GroupWorld(seed, this.random)
    this.workers = new GroupWorkers(this.world, this.random)
  }

  step(): void {
    const { random, world, atWork } = this
    const action = random.weighted(this.calm ? calm : hasty)
    if (action === "trade") this.trade()
    else if (action === "wait") this.wait()
    else if (action === "restock") this.restock()
    else if (action === "deliver") world.deliver()
    else if (action === "reserve") this.reserve()
    else if (action === "request") this.request()
    else if (action === "sweep") atWork.push(...world.due().map((group) => this.workers.sweep(group)))
    else if (action === "kill") atWork.splice(random.whole(0, atWork.length), 1)
    else this.work()
  }

  /** A little of everything arrives, at some locations. */
  stock(): void {
    const places = [...new Set(locations)].flatMap((at) => skus.map((sku) => this.goods(sku, at, 4)))
    this.arrive([places[0]!, ...places.slice(1).filter(() => this.random.chance(this.calm ? 0.6 : 0.9))])
  }

  /** Goods arrive where a group may have missed them. */
  private restock(): void {
    const lines = this.begun.flatMap((group) => group.lines)
    if (lines.length === 0) return
    const { sku, locationId } = this.random.pick(lines)
    this.arrive([this.goods(sku, locationId, 3)])
  }

  private goods(sku: Sku, locationId: LocationId, most: number): Goods {
    return { sku, locationId, quantity: this.random.whole(1, most) }
  }

  private arrive(lines: ReadonlyArray<Goods>): void {
    const { world } = this
    this.receipts += 1
    const header = { id: EventId.make(`receipt${this.receipts}`), source: EventSource.make("test"), time: world.now }
    world.take({
      _tag: "Event",
      now: world.now,
      event: { ...header, type: "goods.received", data: { putaway: "done", lines } }
    })
  }

  private trade(): void {
    this.world.take(this.world.workload.next())
  }

  /** Time passes to the millisecond at which a group is due, or to the one before. */
  private wait(): void {
    const { random, world } = this
    const times = [...world.registers.values()].flatMap(({ dueAt, expiresAt }) => [dueAt, expiresAt])
    const next = times.filter((at) => at > world.now && at < Infinity)
    if (next.length > 0) this.passTo(random.pick(next) - (random.chance(0.5) ? 1 : 0))
  }

  /** Lets sweeps finish the rest, and the last holds come to their end. */
  finish(): void {
    const { world } = this
    for (const step of world.workload.rest()) world.take(step)
    this.atWork.length = 0
    for (let round = 0; round < 100; round++) {
      const open = [...world.registers.values()].filter((group) => !group.settled)
      if (open.length === 0) break
      for (const { id } of open.filter(({ dueAt }) => dueAt === Infinity))
        this.complete(this.workers.end(id, this.unpin(id)))
      const dueAt = Math.min(...open.map((group) => group.dueAt))
      this.passTo(dueAt === Infinity ? world.now : Math.max(world.now, dueAt))
      for (const group of world.due()) this.complete(this.workers.sweep(group))
    }
    world.loseLetters()
    // what was held for somebody who was late, and then killed, lives as long as its attempt was to
    this.passTo(world.now + Math.max(...lives))
    world.judge.judgeEnded(world.registers)
  }

  private passTo(now: number): void {
    for (const sku of skus) this.world.take({ _tag: "Expire", now, sku })
  }

  private complete(worker: Worker): void {
    while (worker.next().done !== true) this.world.deliver()
  }

  private work(): void {
    const { atWork, random } = this
    if (atWork.length === 0) return
    const worker = random.pick(atWork)
    if (worker.next().done === true) atWork.splice(atWork.indexOf(worker), 1)
  }

  /** At times the client asks again before it heard anything. */
  private reserve(): void {
    const group = this.someGroup()
    const times = this.random.pick([1, 1, 2, 3])
    for (let asked = 0; asked < times; asked++) this.atWork.push(this.workers.reserve(group))
  }

  /** A new one, or one that was asked for before: a client that heard nothing asks again. */
  private someGroup(): ReservationGroup {
    const { random, world, begun } = this
    if (begun.length > 0 && random.chance(this.calm ? 0.9 : 0.55)) return random.pick(begun)
    const id = `${this.seed.toString(16)}${begun.length.toString(16).padStart(4, "0")}`.padStart(32, "0")
    const lines = Array.from({ length: random.whole(1, 4) }, () => ({
      sku: random.pick(skus),
      locationId: random.pick(locations),
      quantity: random.pick([1, 1, 1, 2, 2, 6])
    }))
    const ttlMillis = random.pick(this.calm ? lives.slice(2) : lives)
    const expiresAt = world.now + ttlMillis
    const group: ReservationGroup = {
      id,
      revision: 1,
      body: id,
      lines: demandOf({ lines }),
      partial: random.chance(this.calm ? 0.7 : 0.4),
      guard: random.chance(0.2),
      orderId: random.chance(0.7) ? world.workload.someOrder() : undefined,
      channel: undefined,
      ttlMillis,
      attempt: 1,
      status: "pending",
      ended: undefined,
      expiresAt,
      dueAt: Math.min(expiresAt, world.now + attemptMillis),
      answer: undefined,
      settled: false
    }
    begun.push(group)
    return group
  }

  private request(): void {
    const { random, begun } = this
    if (begun.length === 0) return
    const open = [...this.world.registers.values()].filter(({ status, ended }) => status === "granted" && !ended)
    const { id } = random.pick(open.length > 0 && random.chance(0.8) ? open : begun)
    const about = { key: IdempotencyKey.make("k"), reservationId: groupReservationId(id) }
    const verb = random.pick(["confirm", "confirm", "confirm", "release", "extend", "pin", "unpin"] as const)
    const orderId = random.chance(0.5) ? { orderId: this.world.workload.someOrder() } : {}
    const ttlMillis = random.pick([100, 400, 2_000])
    const request = { verb, ...about, ...orderId, ttlMillis } as GroupRequest
    this.atWork.push(this.workers.end(id, request))
  }

  private unpin(id: string): GroupRequest {
    const key = IdempotencyKey.make("k")
    return { verb: "unpin", key, reservationId: groupReservationId(id), ttlMillis: 100 }
  }
}

/** @throws AuditFailure which says at which step */
export const groupHistory = (seed: number): GroupWorld => {
  const history = new GroupHistory(seed)
  const steps = 80 + (seed % 120)
  atStep(0, () => history.stock())
  for (let step = 1; step <= steps; step++) atStep(step, () => history.step())
  atStep(steps + 1, () => history.finish())
  return history.world
}
