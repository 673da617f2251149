/**
 * What an output stream costs: offers changes at a steady rate to a channel over HTTP, and tells processor time and delays.
 *
 *     node packages/channels/bench/OutputStreamBench.ts [rate per second] [seconds] [latency of the channel in ms] [leased]
 *
 * `leased`: the channel's account is named and has a day's budget, all of it leased from a store in memory.
 *
 * Offers leave by an open model: at their intended times, whatever happens to earlier ones.
 */
import type { Availability } from "@holdfast/domain/Availability"
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { ChannelId, defaultLocation, Sku } from "@holdfast/domain/Identity"
import { Effect, Redacted } from "effect"
import { fork } from "node:child_process"
import type { SettledEvent } from "../src/EventAccount.ts"
import { BudgetLeases } from "../src/lease/BudgetLeases.ts"
import { makeLeasedAccounts } from "../src/lease/LeasedAccounts.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { makeSimulatedConnector } from "../src/simulated/SimulatedConnector.ts"

const [rate, seconds, latency] = [
  Number(process.argv[2] ?? 500),
  Number(process.argv[3] ?? 10),
  Number(process.argv[4] ?? 20)
]
const isLeased = process.argv[5] === "leased"
const skus = 5_000
const secret = `whsec_${Buffer.from("a secret of the bench").toString("base64")}`

const stockOf = (n: number, at: number): Availability => ({
  sku: Sku.make(`SKU-${n % skus}`),
  version: n,
  levels: [{ locationId: defaultLocation, onHand: 1_000 + n, committed: 0, held: 0 }],
  committedAt: at,
  events: [
    {
      source: "bench",
      id: String(n),
      type: "order.placed",
      occurredAt: at,
      storedAt: at,
      decidedAt: at,
      committedAt: at,
      parts: 1,
      traceparent: ""
    }
  ],
  more: 0
})

const leased = { account: "bench", limits: [{ kind: "requests", max: 10_000_000, windowMillis: 86_400_000 } as const] }

const definitionOf = (endpoint: string): ChannelDefinition => ({
  id: ChannelId.make("bench"),
  name: "Bench",
  connector: "simulated",
  endpoint,
  buffer: 0,
  timing: { model: "realtime" },
  budgetMillis: 2_000,
  objective: 0.999,
  rate: { perSecond: 10_000, burst: 1_000, concurrency: 200, ...(isLeased ? leased : {}) },
  timeoutMillis: 2_000
})

const quantile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]

const server = fork(new URL("./SimulatedServer.ts", import.meta.url), [String(latency), secret])
const url = await new Promise<string>((resolve) => server.once("message", (message) => resolve(message as string)))

const program = Effect.gen(function* () {
  const definition = definitionOf(url)
  const connector = yield* makeSimulatedConnector(definition, Redacted.make(secret))
  const settled: Array<SettledEvent> = []
  const accountOf = isLeased ? (yield* makeLeasedAccounts)(() => definition) : undefined
  const onSettled = (each: SettledEvent) => void settled.push(each)
  const stream = yield* makeOutputStream({ definition, connector, accountOf, onSettled })
  let version = 1
  const offerFor = (total: number) =>
    Effect.promise(async () => {
      const start = performance.now()
      for (let n = 0; n < total;) {
        const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate))
        for (; n < due; n++) stream.offer(stockOf(version++, Date.now()))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
  const drained = Effect.promise(async () => {
    const until = performance.now() + 30_000
    while (stream.snapshot().pending + stream.snapshot().inFlight > 0) {
      if (performance.now() > until) throw new Error(`not drained: ${JSON.stringify(stream.snapshot())}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
  yield* offerFor(2 * rate)
  yield* drained
  settled.length = 0
  const before = process.cpuUsage()
  const started = performance.now()
  yield* offerFor(rate * seconds)
  yield* drained
  const cpu = process.cpuUsage(before)
  const wall = (performance.now() - started) / 1000
  const waits = settled.map((each) => (each.requestAt ?? each.ackAt) - each.queuedAt).sort((a, b) => a - b)
  const trips = settled.map((each) => each.ackAt - each.queuedAt).sort((a, b) => a - b)
  const busy = (cpu.user + cpu.system) / 1e6 / wall
  console.log(`${settled.length} events in ${wall.toFixed(1)} s at ${rate}/s, channel latency ${latency} ms`)
  console.log(
    `processor: ${(100 * busy).toFixed(1)} % of one core, ${((1e6 * busy * wall) / settled.length).toFixed(0)} µs per push`
  )
  console.log(
    `offer to request: p50 ${quantile(waits, 0.5)} ms, p99 ${quantile(waits, 0.99)} ms, p99.9 ${quantile(waits, 0.999)} ms`
  )
  console.log(
    `offer to acknowledgement: p50 ${quantile(trips, 0.5)} ms, p99 ${quantile(trips, 0.99)} ms, p99.9 ${quantile(trips, 0.999)} ms`
  )
  const { circuit, breaches, pushes, unknown } = stream.snapshot()
  console.log(JSON.stringify({ circuit, breaches, pushes, unknown }))
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide([ListingStore.memory, BudgetLeases.memory])))
server.disconnect()
