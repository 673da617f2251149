/**
 * Goal: STOCK has every fact once and in the order of its partition, whatever happens to the processes that write it; so have
 * events without lines, which are completed from what their orders were at that moment, and events about a bundle, which are
 * about what it was made of at that moment. Method: two processes at once, killed
 * and frozen at random moments from a seed, while events are published and what is in STOCK is committed now and then; then
 * STOCK is compared fact by fact.
 */
import { partitionOf } from "@holdfast/domain/Partition"
import { Random } from "@holdfast/domain/testing/Random"
import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import * as Parked from "@holdfast/ledger/Parked"
import { EngineStandIn } from "./EngineStandIn.ts"
import { byPartition, IngestHarness } from "./IngestHarness.ts"

const placed = "stock.events.order.placed"
const cancelled = "stock.events.order.cancelled"
const script = fileURLToPath(new URL("./IngestProcess.ts", import.meta.url))
const rounds = 6
const eventsPerRound = 1_000
const seed = Number(process.env["HOLDFAST_SEED"] ?? 1)

let harness: IngestHarness
let stopCommitting = async () => {}
const processes = new Set<ChildProcess>()
beforeAll(async () => {
  harness = await IngestHarness.start()
})
afterAll(async () => {
  await stopCommitting()
  for (const child of processes) child.kill("SIGKILL")
  await harness.stop()
})

const startProcess = (): ChildProcess => {
  const { natsUrl, databaseUrl } = harness.servers
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, NATS_URL: natsUrl, DATABASE_URL: databaseUrl },
    stdio: "ignore"
  })
  processes.add(child)
  child.once("exit", () => processes.delete(child))
  return child
}

const inStock = async () => (await harness.facts()).length

const partitionOfFact = (fact: string) => partitionOf(fact.split(" ")[1]!)

const inStockAtLeast = (count: number) =>
  vi.waitFor(async () => expect(await inStock()).toBeGreaterThanOrEqual(count), { timeout: 60_000, interval: 20 })

/** Publishes events and remembers what STOCK must have in the end. */
class Publisher {
  readonly expected: Array<string> = []
  malformed = 0
  /** events without lines, of orders that nobody has heard of */
  waiting = 0
  /** of the bundle; one of none is itself */
  private components: ReadonlyArray<string> = ["KIT"]
  private readonly orders = new Map<number, Array<string>>()
  private published = 0
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  publish(count: number): void {
    for (let left = count; left > 0; left--) this.publishOne(++this.published)
  }

  /** Some events are larger than a batch, some are malformed, some name no lines, some a bundle. */
  private publishOne(i: number): void {
    const { random } = this
    if (i % 61 === 3) this.publishDefinition(i)
    else if (i % 500 === 7) this.publishWhole(i, i - 7)
    else if (i > 1 && random.chance(0.2)) this.publishWhole(i, random.whole(Math.max(1, i - 60), i - 1))
    else this.publishOrder(i)
  }

  /** What the bundle is made of from now on: other SKUs each time. */
  private publishDefinition(i: number): void {
    this.components = Array.from({ length: this.random.whole(1, 4) }, (_, part) => `B-${i}-${part}`)
    const components = this.components.map((sku) => ({ sku, quantity: 2 }))
    this.send("stock.events.bundle.defined", i, { lines: [{ sku: "KIT", components }] })
  }

  private publishOrder(i: number): void {
    const { random } = this
    const size = i % 500 === 0 ? 1_300 : random.whole(1, 3)
    const named = Array.from({ length: size }, (_, part) => `S-${random.whole(0, 40)}-${part}`)
    const withBundle = random.chance(0.2)
    const skus = withBundle ? [...named, ...this.components] : named
    // sometimes it is more of an order that was placed before
    const earlier = i - random.whole(1, 10)
    const order = random.chance(0.1) && this.orders.has(earlier) ? earlier : i
    const isMalformed = random.chance(0.02)
    if (isMalformed) this.malformed++
    else {
      this.expect(i, skus)
      this.orders.set(order, [...(this.orders.get(order) ?? []), ...skus])
    }
    const lines = (withBundle ? [...named, "KIT"] : named).map((sku) => ({ sku, quantity: isMalformed ? 0 : 1 }))
    this.send(placed, i, { orderId: `o-${order}`, lines })
  }

  private publishWhole(i: number, order: number): void {
    const skus = this.orders.get(order)
    if (skus === undefined) this.waiting++
    else this.expect(i, [...new Set(skus)].toSorted())
    this.send(cancelled, i, { orderId: `o-${order}` })
  }

  private expect(i: number, skus: ReadonlyArray<string>): void {
    for (const sku of skus) this.expected.push(`${i} ${sku}`)
  }

  private send(subject: string, i: number, data: object): void {
    harness.nats.connection.publish(subject, JSON.stringify({ source: "shop", id: `e-${i}`, data }))
  }
}

/** Commits what is in STOCK at random moments, until it is told to stop. */
const commitNowAndThen = (random: Random): (() => Promise<void>) => {
  const engine = new EngineStandIn(harness)
  let isOver = false
  const run = async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, random.whole(1, 700)))
      await engine.commit()
    }
  }
  const running = run()
  return () => {
    isOver = true
    return running
  }
}

it(
  `keeps every fact once and in order while processes are killed and frozen (seed ${seed})`,
  { timeout: 120_000 },
  async () => {
    const random = new Random(seed)
    const publisher = new Publisher(random)
    const { expected } = publisher
    const running = [startProcess(), startProcess()]
    stopCommitting = commitNowAndThen(new Random(seed + 1))
    for (let round = 0; round < rounds; round++) {
      const before = expected.length
      publisher.publish(eventsPerRound)
      await inStockAtLeast(before + random.whole(1, (expected.length - before) / 2))
      const victim = random.whole(0, 1)
      if (random.chance(0.3)) {
        running[victim]!.kill("SIGSTOP")
        publisher.publish(eventsPerRound)
        await inStockAtLeast(expected.length)
        running[victim]!.kill("SIGCONT")
      } else {
        running[victim]!.kill("SIGKILL")
        running[victim] = startProcess()
      }
    }
    await harness.waitForFacts(expected.length, 60_000)
    const waiting = async () => Object.fromEntries(await Parked.countWaiting(harness.sql))
    const { malformed: invalid, waiting: unknown_order } = publisher
    await vi.waitFor(async () => expect(await waiting()).toEqual({ invalid, unknown_order }), { timeout: 20_000 })
    const found = byPartition(await harness.facts())
    expect(found.length).toBe(expected.length)
    expect(found).toEqual(expected.toSorted((a, b) => partitionOfFact(a) - partitionOfFact(b)))
  }
)
