/**
 * Processes that share an account, on a clock of the test, from a seed: they begin, call, are killed, lose messages, and their clocks
 * differ by hours and lose time. No limit is exceeded over any span, and most of it is used. `HOLDFAST_SEED` runs one seed.
 */
import { assert, describe, it } from "@effect/vitest"
import type { RateBudget } from "@holdfast/domain/Channel"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { AccountBudgets, type AccountMember } from "../src/budget/AccountBudgets.ts"
import type { CallKind, LaneLimit } from "../src/budget/LimitBudget.ts"
import { keptOf, leaseAnswerMillis, leaseMillis, leaseSlackMillis } from "../src/ChannelLimit.ts"
import { AccountLease } from "../src/lease/AccountLease.ts"
import { decideLease } from "../src/lease/LeaseDecision.ts"
import type { AccountState, LeaseAnswer, LeaseRequest } from "../src/lease/LeaseTerms.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"

const stepMillis = 10

interface Call {
  readonly at: number
  readonly until: number
  readonly items: number
  readonly toZero: boolean
}

interface Flight {
  readonly request: LeaseRequest
  readonly sentAt: number
  /** when the store decides, and when its answer is there; `Infinity`: never */
  readonly decidesAt: number
  readonly answersAt: number
  answer?: LeaseAnswer
}

interface World {
  now: number
  state: AccountState | undefined
  readonly random: () => number
  readonly calls: Array<Call>
  /** share of messages that are lost, and milliseconds that others take at most */
  readonly loses: number
  readonly delays: number
  isAway: boolean
  /** longest call */
  readonly callMillis: number
}

/** One process with one channel, that would call all the time. */
class Process {
  readonly lease: AccountLease
  private readonly budgets: AccountBudgets
  private readonly member: AccountMember
  private readonly world: World
  private readonly offset: number
  private lost = 0
  private lease0 = 0
  private readonly flights: Array<Flight> = []
  private readonly ends: Array<number> = []
  appetite = 1
  cutOffUntil = 0

  constructor(world: World, name: string, rate: RateBudget) {
    this.world = world
    this.offset = Math.floor((world.random() - 0.5) * 4 * 3_600_000)
    let names = 0
    this.lease = new AccountLease(rate.account !== undefined, () => `${name}.${(names += 1)}`)
    this.lease.callMillis = () => world.callMillis
    this.budgets = new AccountBudgets(this.lease)
    this.member = this.budgets.join(rate, this.clock, () => {})
  }

  private get clock(): number {
    return 1_790_000_000_000 + this.offset + this.world.now - this.lost
  }

  /** Its clock loses nearly as much as it may within each lease. */
  private drift(): void {
    const { now, random } = this.world
    if (now - this.lease0 < leaseMillis) return
    this.lease0 = now
    this.lost += Math.floor(random() * (leaseSlackMillis - 2 * stepMillis))
  }

  private exchange(): void {
    const { lease, world } = this
    const [flight] = this.flights
    if (flight?.answersAt !== undefined && flight.answersAt <= world.now && flight.answer !== undefined) {
      this.flights.shift()
      lease.accept(flight.answer, flight.request, this.clock)
    } else if (flight !== undefined && world.now - flight.sentAt >= leaseAnswerMillis) {
      late.push(...this.flights.splice(0))
      lease.failed("no answer", this.clock)
    }
    if (this.flights.length > 0 || lease.dueAt(this.clock) > this.clock) return
    const { loses, delays, random } = world
    // some are so late that their sender has given them up, or that its lease is over
    const delay = () => random() * (random() < loses ? 6 * delays : delays)
    const after = (at: number) => (random() < loses ? Infinity : at + delay())
    const decidesAt = world.isAway || world.now < this.cutOffUntil ? Infinity : after(world.now)
    const request = structuredClone(lease.request(this.clock))
    this.flights.push({ request, sentAt: world.now, decidesAt, answersAt: after(decidesAt) })
  }

  private call(): void {
    const { budgets, world, member } = this
    while (this.ends.length > 0 && this.ends[0]! <= world.now) {
      this.ends.shift()
      this.budgets.end(member)
    }
    for (let tries = 0; tries < 3 && world.random() < this.appetite; tries++) {
      const toZero = world.random() < 0.2
      const kind: CallKind = toZero ? "toZero" : world.random() < 0.3 ? "aged" : "other"
      if (budgets.budgets.admitAt(this.clock, kind) > this.clock) continue
      const room = budgets.budgets.room(this.clock, kind)
      const most = toZero ? room.items : Math.min(room.items, room.others)
      const items = 1 + Math.floor(world.random() * Math.min(3, most - 1))
      budgets.spend(member, this.clock, { kind, writes: true, items, others: toZero ? 0 : items })
      const until = world.now + world.random() * world.callMillis
      this.ends.push(until)
      this.ends.sort((a, b) => a - b)
      world.calls.push({ at: world.now, until, items, toZero })
    }
  }

  decide(): void {
    for (const flight of this.flights) decideLate(this.world, flight)
  }

  step(): void {
    this.drift()
    this.exchange()
    this.call()
  }
}

/** Requests that their sender has given up, or that outlived it. */
const late: Array<Flight> = []

const decideLate = (world: World, flight: Flight): void => {
  if (flight.answer !== undefined || flight.decidesAt > world.now) return
  const { state, answer } = decideLease(world.state, flight.request, 1_780_000_000_000 + world.now)
  world.state = JSON.parse(JSON.stringify(state)) as AccountState
  flight.answer = answer
}

const mostIn = (calls: ReadonlyArray<Call>, windowMillis: number, weight: (call: Call) => number): number => {
  let [most, sum, first] = [0, 0, 0]
  for (const call of calls) {
    sum += weight(call)
    for (; calls[first]!.at <= call.at - windowMillis; first++) sum -= weight(calls[first]!)
    most = Math.max(most, sum)
  }
  return most
}

/** How far above its points a bucket was at worst. */
const overdrawn = (
  calls: ReadonlyArray<Call>,
  burst: number,
  perSecond: number,
  cost: (call: Call) => number
): number => {
  let [points, at, worst] = [burst, 0, 0]
  for (const call of calls) {
    points = Math.min(burst, points + ((call.at - at) / 1000) * perSecond) - cost(call)
    at = call.at
    worst = Math.max(worst, -points)
  }
  return worst
}

const keeps = (calls: ReadonlyArray<Call>, limit: LaneLimit, hint: string): void => {
  switch (limit.kind) {
    case "requests":
    case "items": {
      const weight = (call: Call) => (limit.kind === "items" ? call.items : 1)
      assert.isAtMost(mostIn(calls, limit.windowMillis, weight), limit.max, hint)
      const others = mostIn(calls, limit.windowMillis, (call) => (call.toZero ? 0 : weight(call)))
      assert.isAtMost(others, limit.max - keptOf(limit.max), hint)
      return
    }
    case "cost": {
      const cost = ({ items }: Call) => (limit.perRequest ?? 0) + (limit.perItem ?? 0) * items
      return assert.isAtMost(overdrawn(calls, limit.bucket, limit.restorePerSecond, cost), 1e-6, hint)
    }
  }
}

const keepsAll = (calls: ReadonlyArray<Call>, rate: RateBudget, hint: string): void => {
  for (const limit of rate.limits ?? [])
    if (limit.kind !== "listingDay") keeps(calls, limit, `${hint}: ${JSON.stringify(limit)}`)
  if (rate.account === undefined) return
  assert.isAtMost(
    overdrawn(calls, rate.burst, rate.perSecond, () => 1),
    1e-6,
    `${hint}: rate`
  )
  for (const { at } of calls)
    assert.isAtMost(calls.filter((call) => call.at <= at && at < call.until).length, rate.concurrency, `${hint}: calls`)
}

const rateOf = (random: () => number, isNamed: boolean): RateBudget => {
  const among = (least: number, most: number) => least + Math.floor(random() * (most - least + 1))
  const outliving: ReadonlyArray<RateLimit> = [
    { kind: "requests", max: among(1, 400), windowMillis: among(60_000, 120_000) },
    { kind: "items", max: among(3, 900), windowMillis: 60_000 }
  ]
  const short: ReadonlyArray<RateLimit> = [
    { kind: "requests", max: among(3, 60), windowMillis: among(1_000, 20_000) },
    { kind: "items", max: among(3, 300), windowMillis: among(5_000, 50_000) },
    { kind: "cost", bucket: among(20, 200), restorePerSecond: among(5, 60), perRequest: 4, perItem: 1 }
  ]
  // one kind alone is used to its brim
  const kinds = isNamed ? among(0, 2) : 0
  if (kinds === 1) return { perSecond: 1_000, burst: 1_000, concurrency: among(2, 8), account: "seller" }
  if (kinds === 2) return { perSecond: among(2, 12), burst: among(2, 8), concurrency: 1_000, account: "seller" }
  return {
    perSecond: among(1, 12),
    burst: among(1, 8),
    concurrency: among(1, 16),
    limits: isNamed ? [...outliving, ...short].filter(() => random() < 0.3) : outliving,
    ...(isNamed ? { account: "seller" } : {})
  }
}

const seeds =
  process.env["HOLDFAST_SEED"] === undefined
    ? Array.from({ length: 24 }, (_, n) => n + 1)
    : [Number(process.env["HOLDFAST_SEED"])]

describe("budgets that processes share", () => {
  it("are not exceeded over any span, whatever becomes of processes, messages and clocks", { timeout: 120_000 }, () => {
    for (const seed of seeds) {
      const random = seededRandom(seed)
      const world: World = {
        now: 0,
        state: undefined,
        random,
        calls: [],
        loses: 0.1,
        delays: 1_500,
        isAway: false,
        callMillis: 2_500
      }
      late.length = 0
      const rate = rateOf(random, random() < 0.8)
      let born = 0
      let processes: Array<Process> = []
      for (; world.now < 150_000; world.now += stepMillis) {
        if (processes.length < 4 && random() < 0.002) processes.push(new Process(world, `p${(born += 1)}`, rate))
        if (random() < 0.0005) processes = processes.slice(1)
        if (random() < 0.001) world.isAway = !world.isAway && random() < 0.3
        for (const each of processes) {
          if (random() < 0.001) each.appetite = random()
          if (random() < 0.0007) each.cutOffUntil = world.now + random() * 3 * leaseMillis
        }
        for (const flight of late) decideLate(world, flight)
        for (const each of processes) each.decide()
        for (const each of processes) each.step()
      }
      keepsAll(world.calls, rate, `seed ${seed}`)
    }
  })

  it("are used up by processes together, and survive each of them", { timeout: 120_000 }, () => {
    for (const seed of seeds) {
      const random = seededRandom(seed)
      const world: World = {
        now: 0,
        state: undefined,
        random,
        calls: [],
        loses: 0,
        delays: 5,
        isAway: false,
        callMillis: 400
      }
      late.length = 0
      const limit = { kind: "requests", max: 200, windowMillis: 24 * 3_600_000 } as const
      const rate: RateBudget = { perSecond: 20, burst: 5, concurrency: 5, account: "seller", limits: [limit] }
      const processes = ["a", "b", "c"].map((name) => new Process(world, name, rate))
      const run = (until: number, ...running: ReadonlyArray<Process>) => {
        for (; world.now < until; world.now += stepMillis) {
          for (const each of running) each.decide()
          for (const each of running) each.step()
        }
      }
      run(30_000, ...processes)
      assert.strictEqual(world.calls.length, 200, `seed ${seed}`)
      assert.strictEqual(world.calls.filter(({ toZero }) => toZero).length >= 40, true, `seed ${seed}`)
      keepsAll(world.calls, rate, `seed ${seed}`)
      run(60_000, new Process(world, "after a restart", rate))
      assert.strictEqual(world.calls.length, 200, `seed ${seed}`)
    }
  })

  it(
    "come back when one that held them is killed, and all of the rate is used by those that are left",
    { timeout: 120_000 },
    () => {
      for (const seed of seeds) {
        const random = seededRandom(seed)
        const world: World = {
          now: 0,
          state: undefined,
          random,
          calls: [],
          loses: 0,
          delays: 5,
          isAway: false,
          callMillis: 400
        }
        late.length = 0
        const rate: RateBudget = { perSecond: 20, burst: 5, concurrency: 12, account: "seller" }
        const processes = ["a", "b", "c"].map((name) => new Process(world, name, rate))
        const run = (until: number) => {
          const before = world.calls.length
          for (; world.now < until; world.now += stepMillis) {
            for (const each of processes) each.decide()
            for (const each of processes) each.step()
          }
          return world.calls.length - before
        }
        assert.isAtLeast(run(20_000), 0.85 * 20 * 20, `seed ${seed}`)
        processes.splice(0, 2)
        run(30_000)
        assert.isAtLeast(run(50_000), 0.9 * 20 * 20, `seed ${seed}`)
        keepsAll(world.calls, rate, `seed ${seed}`)
      }
    }
  )

  it("are had in turns where there are fewer calls at once, or tokens, than processes", { timeout: 120_000 }, () => {
    for (const seed of seeds) {
      const random = seededRandom(seed)
      const world: World = {
        now: 0,
        state: undefined,
        random,
        calls: [],
        loses: 0,
        delays: 5,
        isAway: false,
        callMillis: 400
      }
      late.length = 0
      const rate: RateBudget = { perSecond: 10, burst: 1, concurrency: 1, account: "seller" }
      const processes = ["a", "b", "c"].map((name) => new Process(world, name, rate))
      const own = processes.map((): number => 0)
      for (; world.now < 60_000; world.now += stepMillis) {
        for (const each of processes) each.decide()
        for (const [n, each] of processes.entries()) {
          const before = world.calls.length
          each.step()
          own[n]! += world.calls.length - before
        }
      }
      keepsAll(world.calls, rate, `seed ${seed}`)
      // a call takes 200 ms on average: 300 by one process alone
      assert.isAtLeast(world.calls.length, 150, `seed ${seed}`)
      assert.isAtLeast(Math.min(...own), 30, `seed ${seed}: ${own.join(" ")}`)
    }
  })
})
