/**
 * Goal: STOCK has every fact once and in the order of its partition, whatever happens to the processes that write it. Method: two processes at once,
 * killed and frozen at random moments from a seed, while events are published; then STOCK is compared fact by fact.
 */
import { partitionOf } from "@holdfast/domain/Partition"
import { Random } from "@holdfast/domain/testing/Random"
import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import * as Parked from "@holdfast/ledger/Parked"
import { byPartition, IngestHarness } from "./IngestHarness.ts"

const placed = "stock.events.order.placed"
const script = fileURLToPath(new URL("./IngestProcess.ts", import.meta.url))
const rounds = 6
const eventsPerRound = 1_000
const seed = Number(process.env["HOLDFAST_SEED"] ?? 1)

let harness: IngestHarness
const processes = new Set<ChildProcess>()
beforeAll(async () => {
  harness = await IngestHarness.start()
})
afterAll(async () => {
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
  private published = 0
  private readonly random: Random

  constructor(random: Random) {
    this.random = random
  }

  publish(count: number): void {
    for (let left = count; left > 0; left--) this.publishOne(++this.published)
  }

  /** Some events are larger than a batch, some are malformed. */
  private publishOne(i: number): void {
    const { random } = this
    const size = i % 500 === 0 ? 1_300 : random.whole(1, 3)
    const skus = Array.from({ length: size }, (_, part) => `S-${random.whole(0, 40)}-${part}`)
    const isMalformed = random.chance(0.02)
    if (isMalformed) this.malformed++
    else for (const sku of skus) this.expected.push(`${i} ${sku}`)
    const lines = skus.map((sku) => ({ sku, quantity: isMalformed ? 0 : 1 }))
    harness.nats.connection.publish(
      placed,
      JSON.stringify({ source: "shop", id: `e-${i}`, data: { orderId: `o-${i}`, lines } })
    )
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
    const waiting = async () => [...(await Parked.countWaiting(harness.sql)).values()]
    await vi.waitFor(async () => expect(await waiting()).toEqual([publisher.malformed]), { timeout: 20_000 })
    const found = byPartition(await harness.facts())
    expect(found.length).toBe(expected.length)
    expect(found).toEqual(expected.toSorted((a, b) => partitionOfFact(a) - partitionOfFact(b)))
  }
)
