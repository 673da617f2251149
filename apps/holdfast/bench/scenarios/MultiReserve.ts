/**
 * `multi-reserve`: many clients reserve orders of ten SKUs at once, over NATS; how many orders a second are granted whole?
 *
 * The engine is a process, the clients are another one. Every request has a new idempotency key, and there is always stock.
 */
import { skuOf } from "../Backlog.ts"
import { nodeFlags, orderShape, requesters, reserveSeconds, warmUpSeconds } from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import type { RequesterHandlers } from "../RequesterProcess.ts"
import { reserveLinesForUpdate } from "../RowLockReservations.ts"
import type { Run, Scenario } from "../Scenario.ts"

const skus = Array.from({ length: orderShape.skus }, (_, index) => skuOf(index))

/** More units than can be reserved in any run; the most that one line may have. */
const units = 1_000_000

const multiReserve = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const engine = processes.keep<PipelineHandlers>("engine", "PipelineProcess.ts", nodeFlags)
  const clients = processes.keep<RequesterHandlers>("requesters", "RequesterProcess.ts")
  await engine.ask("start", { natsUrl, databaseUrl, parts: ["engine"] })
  await clients.ask("receive", natsUrl, skus, "receipt", units)
  await engine.ask("committedAt", skus.length)
  const before = await engine.ask("cpuMicros")
  const answers = await clients.ask("reserve", {
    natsUrl,
    wanted: orderShape,
    run: "multi",
    requesters,
    warmUpSeconds,
    seconds: reserveSeconds
  })
  const cores = ((await engine.ask("cpuMicros")) - before) / 1e6 / (warmUpSeconds + reserveSeconds)
  await engine.ask("stop")
  const { perSecond, tail, busy, other } = answers
  const asides = `${busy} busy${Object.keys(other).length === 0 ? "" : `, ${JSON.stringify(other)}`}`
  note(
    `${Math.round(perSecond)} orders/s, p50 ${tail.p50.toFixed(1)} p99 ${tail.p99.toFixed(1)} ms, ${asides}, engine ${cores.toFixed(2)} cores`
  )
  return { value: perSecond, tail }
}

export const multiReserveScenario: Scenario = {
  name: "multi-reserve",
  unit: "orders/s",
  title: `${requesters} clients reserve orders of ${orderShape.lines} SKUs over NATS, whole or not at all; against row locks with 32 connections`,
  higherIsBetter: true,
  warmUps: 0,
  run: multiReserve,
  baselines: { forUpdate: reserveLinesForUpdate(orderShape, units) }
}
