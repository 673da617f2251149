/**
 * Goal: whatever moment an engine is killed at, no reservation of several SKUs is left in part, and the same keys hear the truth.
 * Method: orders and confirmations at once, each stopped for good between two steps that a seed picks, and then their engine;
 * the next one sweeps, hears the same keys again, and the books are compared. `HOLDFAST_KILLS` says how many are stopped.
 * The seed picks what is asked and where it is stopped; how the rest interleaves is the machine's.
 */
import { Random } from "@holdfast/domain/testing/Random"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { requestKey } from "../src/RequestKey.ts"
import type { GroupStep, Reached } from "../src/GroupSteps.ts"
import { EngineHarness, type Answer, type RunningEngine } from "./EngineHarness.ts"

const kills = Number(process.env["HOLDFAST_KILLS"] ?? 100)
const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000)

const skus = ["A", "B", "C", "D", "E", "F"]
/** Each stops one coordinator at a step of its own; then the engine goes with whatever is under way. */
const killsPerEngine = 25

/** A run of so many must have stopped somebody at each of these. */
const manyKills = 400
const steps: ReadonlyArray<GroupStep> = ["begin", "ask lines", "ask a line", "decide", "end", "tell a line", "answer"]

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
const never = new Promise<never>(() => {})

type Verb = Parameters<RunningEngine["ask"]>[0]

interface Call {
  readonly verb: Verb
  readonly request: { readonly key: string; readonly reservationId?: string }
  answer?: Answer
}

/** Stops the work on a group for good at one of its steps, and at last all work. */
class Killer {
  /** where each was stopped */
  readonly stopped = new Map<GroupStep, number>()
  private readonly left = new Map<string, number>()
  private dead = false

  /** @param steps that are let pass */
  condemn(group: string, steps: number): void {
    this.left.set(group, steps)
  }

  killAll(): void {
    this.dead = true
  }

  readonly reached: Reached = (step, group) => {
    if (this.dead) return never
    const left = this.left.get(group)
    if (left === undefined) return undefined
    this.left.set(group, left - 1)
    if (left > 0) return undefined
    if (left === 0) this.stopped.set(step, (this.stopped.get(step) ?? 0) + 1)
    return never
  }
}

const isDecided = (answer: Answer | undefined): boolean =>
  answer !== undefined && !["unknown", "busy"].includes(String(answer["status"]))

describe(`reservations of several SKUs whose engine is killed ${kills} times (HOLDFAST_SEED=${seed})`, () => {
  let harness: EngineHarness
  const random = new Random(seed)
  /** granted, and nobody asked for their end */
  const open: Array<string> = []
  let keys = 0

  beforeAll(async () => {
    harness = await EngineHarness.start()
  })
  afterAll(() => harness.stop())

  const key = (): string => `${seed}-${++keys}`

  const order = (): Call => {
    const lines = random
      .shuffled(skus)
      .slice(0, random.whole(1, 5))
      .map((sku) => ({ sku, quantity: random.whole(1, 3) }))
    const ttl = random.chance(0.1) ? { ttlMillis: random.whole(100, 400) } : {}
    const request = { key: key(), lines, partial: random.chance(0.2), guard: random.chance(0.2), ...ttl }
    return { verb: "reserve", request }
  }

  const ending = (): Call => {
    const reservationId = open.splice(random.whole(0, open.length - 1), 1)[0]!
    const verb = random.pick(["confirm", "confirm", "release", "extend", "pin", "unpin"] as const)
    const more = verb === "confirm" ? { orderId: `o-${keys}` } : verb === "extend" ? { ttlMillis: 600_000 } : {}
    return { verb, request: { key: key(), reservationId, ...more } }
  }

  const ask = async (engine: RunningEngine, call: Call): Promise<void> => {
    call.answer = await engine.ask(call.verb, call.request)
  }

  const insist = async (engine: RunningEngine, { verb, request }: Call): Promise<Answer> =>
    vi.waitUntil(
      async () => {
        const answer = await engine.ask(verb, request)
        return isDecided(answer) ? answer : undefined
      },
      { timeout: 20_000, interval: 20 }
    )

  const sweepAll = async (engine: RunningEngine): Promise<void> => {
    await vi.waitUntil(
      async () => {
        await harness.sql`update reservation_group set due_at = clock_timestamp()
          where not settled and (status <> 'granted' or ended is not null) and due_at > clock_timestamp()`
        await engine.sweep()
        const left = await harness.sql`select 1 from reservation_group
          where not settled and (status <> 'granted' or ended is not null or expires_at <= clock_timestamp())`
        return left.length === 0
      },
      { timeout: 20_000, interval: 20 }
    )
  }

  /** What the registers, the holds and the levels say must be one thing. */
  const compare = async (): Promise<void> => {
    const { findings } = await harness.verify()
    expect(findings).toEqual([])
    // a line that was asked late, by somebody who was killed before he could take it back, lives until its own time is over, no longer
    const partial = () => harness.sql`
      select encode(uuid_send(g.id), 'hex') as id, g.status, g.ended, h.reservation_id, h.expires_at
      from reservation_group g join hold h on substr(h.reservation_id, 5, 33) = 'g' || encode(uuid_send(g.id), 'hex')
      where h.ended is null and (g.status <> 'granted' or g.ended is not null)
        and (h.expires_at <= clock_timestamp() or h.expires_at > clock_timestamp() + interval '1 hour')`
    await vi.waitFor(async () => expect(await partial()).toEqual([]), { timeout: 20_000, interval: 50 })
  }

  const truth = async (engine: RunningEngine, call: Call): Promise<void> => {
    const answer = await insist(engine, call)
    if (isDecided(call.answer)) expect(answer).toEqual(call.answer)
    call.answer = answer
    const [row] = await harness.sql`select status, ended from reservation_group where id = ${groupOf(call)}::uuid`
    if (call.verb === "reserve") {
      expect(answer["status"]).toBe(row!["status"])
      if (answer["status"] === "granted" && row!["ended"] === null) open.push(String(answer["reservationId"]))
    } else if (["confirmed", "released"].includes(String(answer["status"])))
      expect(answer["status"]).toBe(row!["ended"])
    else if (answer["status"] !== "denied") open.push(call.request.reservationId!)
  }

  const replenish = (round: number): Promise<void> =>
    harness.publish({
      id: `r-${round}`,
      type: "goods.received",
      data: { putaway: "done", lines: skus.map((sku) => ({ sku, quantity: 4 })) }
    })

  const groupOf = ({ verb, request }: Call): string =>
    verb === "reserve" ? requestKey(request.key) : request.reservationId!.slice(1)

  /** Asks and kills: what was answered by then is in the calls. */
  const disturb = async (engine: RunningEngine, killer: Killer): Promise<ReadonlyArray<Call>> => {
    const now = Array.from({ length: killsPerEngine }, () =>
      open.length > 0 && random.chance(0.5) ? ending() : order()
    )
    for (const call of now) killer.condemn(groupOf(call), random.whole(0, call.verb === "reserve" ? 14 : 8))
    for (const call of now) void ask(engine, call)
    await pause(random.whole(60, 500))
    killer.killAll()
    await engine.stop()
    await harness.forgetConsumers()
    return now.map((call) => ({ ...call }))
  }

  const recover = async (engine: RunningEngine, calls: ReadonlyArray<Call>): Promise<void> => {
    // some ask again before anybody swept, some after
    const early = random.whole(0, calls.length)
    await Promise.all(calls.slice(0, early).map((call) => truth(engine, call)))
    await sweepAll(engine)
    await compare()
    await Promise.all(calls.slice(early).map((call) => truth(engine, call)))
    await sweepAll(engine)
    await compare()
  }

  it("leaves none in part", { timeout: 60_000 + kills * 1_000 }, async () => {
    const stopped = new Map<GroupStep, number>()
    const all: Array<Call> = []
    let unanswered = 0
    let before: ReadonlyArray<Call> = []
    for (let round = 0; round * killsPerEngine < kills; round++) {
      const killer = new Killer()
      const engine = await harness.startEngine([], killer.reached)
      await recover(engine, before)
      await replenish(round)
      before = random.shuffled(await disturb(engine, killer))
      all.push(...before)
      unanswered += before.filter(({ answer }) => !isDecided(answer)).length
      for (const [step, times] of killer.stopped) stopped.set(step, (stopped.get(step) ?? 0) + times)
    }
    const last = await harness.startEngine()
    await recover(last, before)
    console.log("stopped at", Object.fromEntries(stopped), `${unanswered} of ${all.length} calls were not answered`)
    for (const call of all) expect(await last.ask(call.verb, call.request)).toEqual(call.answer)
    await last.stop()
    await harness.forgetConsumers()
    if (kills >= manyKills) for (const step of steps) expect(stopped.get(step) ?? 0, step).toBeGreaterThan(0)
  })

  it("does by its lines what was written, when nobody tells them before they are due", async () => {
    const nobodyTells: Reached = (step) => (step === "tell a line" ? never : undefined)
    const engine = await harness.startEngine([], nobodyTells)
    await harness.publish({
      id: "untold",
      type: "goods.received",
      data: { putaway: "done", lines: ["X", "Y"].map((sku) => ({ sku, quantity: 9 })) }
    })
    const shelf = async (sku: string) => {
      const answer = await engine.ask("availability", { sku })
      const [level] = (answer["locations"] ?? []) as ReadonlyArray<{ committed: number; held: number }>
      return { committed: level?.committed, held: level?.held }
    }
    await vi.waitFor(async () => expect(await shelf("Y")).toEqual({ committed: 0, held: 0 }))
    const reserve = async (quantity: number) => {
      const lines = ["X", "Y"].map((sku) => ({ sku, quantity }))
      return String((await engine.ask("reserve", { key: key(), lines, ttlMillis: 700 }))["reservationId"])
    }
    const [bought, dropped, forgotten, extended] = [
      await reserve(1),
      await reserve(2),
      await reserve(2),
      await reserve(3)
    ]
    const asked = [
      await engine.ask("confirm", { key: key(), reservationId: bought, orderId: "untold" }),
      await engine.ask("release", { key: key(), reservationId: dropped }),
      await engine.ask("extend", { key: key(), reservationId: extended, ttlMillis: 60_000 })
    ]
    expect(asked.map(({ status }) => status)).toEqual(["confirmed", "released", "extended"])
    expect(await shelf("X")).toEqual({ committed: 0, held: 8 })
    await vi.waitFor(
      async () => {
        for (const sku of ["X", "Y"]) expect(await shelf(sku)).toEqual({ committed: 1, held: 3 })
      },
      { timeout: 10_000 }
    )
    const late = { key: key(), reservationId: forgotten, orderId: "late" }
    expect(await engine.ask("confirm", late)).toEqual({ status: "denied", reason: "reservation_expired" })
    expect((await harness.verify()).findings).toEqual([])
  })
})
