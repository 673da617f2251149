/**
 * `hot-reserve`: many clients reserve units of one SKU at once, over NATS; how many grants a second?
 *
 * The engine is a process, the clients are another one. Every request has a new idempotency key, and there is always stock.
 */
import { nodeFlags, requesters, reserveSeconds, warmUpSeconds } from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import type { RequesterHandlers } from "../RequesterProcess.ts"
import { reserveByFunction, reserveForUpdate } from "../RowLockReservations.ts"
import type { Run, Scenario } from "../Scenario.ts"

const sku = "SKU-HOT"

/** More units than can be reserved in any run; the most that one line may have. */
const units = 1_000_000

const hotReserve = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const engine = processes.keep<PipelineHandlers>("engine", "PipelineProcess.ts", nodeFlags)
  const clients = processes.keep<RequesterHandlers>("requesters", "RequesterProcess.ts")
  await engine.ask("start", { natsUrl, databaseUrl, parts: ["engine"] })
  await clients.ask("receive", natsUrl, [sku], "receipt", units)
  await engine.ask("committedAt", 1)
  const before = await engine.ask("cpuMicros")
  const answers = await clients.ask("reserve", {
    natsUrl,
    wanted: sku,
    run: "hot",
    requesters,
    warmUpSeconds,
    seconds: reserveSeconds
  })
  const cores = ((await engine.ask("cpuMicros")) - before) / 1e6 / (warmUpSeconds + reserveSeconds)
  await engine.ask("stop")
  const { perSecond, tail, busy, other } = answers
  const asides = `${busy} busy${Object.keys(other).length === 0 ? "" : `, ${JSON.stringify(other)}`}`
  note(
    `${Math.round(perSecond)} grants/s, p50 ${tail.p50.toFixed(1)} p99 ${tail.p99.toFixed(1)} ms, ${asides}, engine ${cores.toFixed(2)} cores`
  )
  return { value: perSecond, tail }
}

export const hotReserveScenario: Scenario = {
  name: "hot-reserve",
  unit: "reservations/s",
  title: `${requesters} clients reserve one SKU over NATS, each answer durable; against row locks with 32 connections`,
  higherIsBetter: true,
  warmUps: 0,
  run: hotReserve,
  baselines: { forUpdate: reserveForUpdate(sku, units), function: reserveByFunction(sku, units) }
}
