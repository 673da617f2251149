/**
 * `steady`: events at a constant rate; how long from the instant that an event is meant for until it is durable?
 *
 * Ingest and engine share a process, as on one machine; the generator is another one. The process lives as long as the run
 * and warms up under the same load before it is measured.
 */
import { nodeFlags, skus, steadyRate, steadySeconds, warmUpSeconds } from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import { describeStages } from "../EventWatch.ts"
import type { LoadHandlers, OpenResult } from "../LoadProcess.ts"
import { invalidBecause } from "../OpenModel.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import type { Run, Scenario } from "../Scenario.ts"

const run = "steady"
const warmUpEvents = Math.round(steadyRate * warmUpSeconds)
const events = Math.round(steadyRate * steadySeconds)
/** the first events of a backlog are the receipts of its SKUs */
const measuredFrom = skus + warmUpEvents

const load = ({ processes }: BenchServers) => processes.keep<LoadHandlers>("load", "LoadProcess.ts")

const open = (servers: BenchServers, from: number, count: number): Promise<OpenResult> =>
  load(servers).ask("open", { natsUrl: servers.natsUrl, run, from, count, skus, rate: steadyRate })

const describe = ({ late, ack }: OpenResult): string =>
  `PubAck p50 ${ack.p50.toFixed(1)} p99 ${ack.p99.toFixed(1)} ms, generator late p50 ${late.p50.toFixed(1)} p99 ${late.p99.toFixed(1)} max ${late.max.toFixed(0)} ms`

const steady = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const pipeline = processes.keep<PipelineHandlers>("pipeline", "PipelineProcess.ts", nodeFlags)
  await pipeline.ask("start", { natsUrl, databaseUrl, parts: ["ingest", "engine"] })
  await load(servers).ask("fill", { natsUrl, run, from: 0, count: skus, skus })
  await pipeline.ask("committedAt", skus)
  await open(servers, skus, warmUpEvents)
  await pipeline.ask("committedAt", measuredFrom)
  await pipeline.ask("watch", run, measuredFrom, events, "committed")
  const before = await pipeline.ask("cpuMicros")
  const sent = await open(servers, measuredFrom, events)
  const { stages } = await pipeline.ask("latencies", { startAt: sent.startAt, rate: steadyRate })
  const cores = ((await pipeline.ask("cpuMicros")) - before) / 1e6 / steadySeconds
  await pipeline.ask("stop")
  const tail = stages.committed
  note(
    `p50/p99 ms: ${describeStages(stages)}; p99.9 ${tail.p999.toFixed(1)}; ${cores.toFixed(2)} cores; ${describe(sent)}`
  )
  return { value: tail.p50, tail, invalid: invalidBecause(sent.late) }
}

/** The same load on the broker alone: until it has stored an event, before anybody reads it. */
const publishAck = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  await servers.fresh()
  await open(servers, skus, warmUpEvents)
  const sent = await open(servers, measuredFrom, events)
  note(describe(sent))
  return { value: sent.ack.p50, tail: sent.ack, invalid: invalidBecause(sent.late) }
}

export const steadyScenario: Scenario = {
  name: "steady",
  unit: "ms",
  title: `${steadyRate} events/s, intended instant of the publish to durable commit; ingest and engine in one process`,
  higherIsBetter: false,
  warmUps: 0,
  run: steady,
  baselines: { publishAck }
}
