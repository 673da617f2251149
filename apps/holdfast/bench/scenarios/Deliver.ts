/**
 * `deliver`: events at a constant rate; how long from the instant that an event is meant for until a channel has
 * acknowledged the quantity that follows from it?
 *
 * The whole pipeline is one process, the channel another, the generator a third. The channel takes its time to answer; its
 * rate and its connections hold nothing back.
 */
import {
  deliverChannelMillis,
  deliverRate,
  deliverSeconds,
  deliverSkus,
  nodeFlags,
  warmUpSeconds
} from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { ChannelHandlers } from "../ChannelProcess.ts"
import { describeStages } from "../EventWatch.ts"
import type { LoadHandlers } from "../LoadProcess.ts"
import { invalidBecause, type Lateness } from "../OpenModel.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import type { Run, Scenario } from "../Scenario.ts"

const run = "deliver"
const warmUpEvents = Math.round(deliverRate * warmUpSeconds)
const events = Math.round(deliverRate * deliverSeconds)
const measuredFrom = deliverSkus + warmUpEvents

const load = ({ processes }: BenchServers) => processes.keep<LoadHandlers>("load", "LoadProcess.ts")
const listen = ({ processes }: BenchServers) =>
  processes.keep<ChannelHandlers>("channel", "ChannelProcess.ts").ask("listen", deliverChannelMillis)

const describe = (late: Lateness): string => `generator late p99 ${late.p99.toFixed(1)} max ${late.max.toFixed(0)} ms`

const deliver = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const { definition, secrets } = await listen(servers)
  const pipeline = processes.keep<PipelineHandlers>("pipeline", "PipelineProcess.ts", nodeFlags)
  await pipeline.ask("start", {
    natsUrl,
    databaseUrl,
    parts: ["ingest", "engine", "outbound"],
    channels: [definition],
    secrets
  })
  const open = (from: number, count: number) =>
    load(servers).ask("open", { natsUrl, run, from, count, skus: deliverSkus, rate: deliverRate })
  await load(servers).ask("fill", { natsUrl, run, from: 0, count: deliverSkus, skus: deliverSkus })
  await pipeline.ask("settledAt", deliverSkus)
  await open(deliverSkus, warmUpEvents)
  await pipeline.ask("settledAt", measuredFrom)
  await pipeline.ask("watch", run, measuredFrom, events, "acknowledged")
  const before = await pipeline.ask("cpuMicros")
  const { startAt, late } = await open(measuredFrom, events)
  const { stages, outcomes } = await pipeline.ask("latencies", { startAt, rate: deliverRate })
  const cores = ((await pipeline.ask("cpuMicros")) - before) / 1e6 / deliverSeconds
  await pipeline.ask("stop")
  const tail = stages.acknowledged
  const ends = Object.entries(outcomes).map(([outcome, count]) => `${count} ${outcome}`)
  note(
    `p50/p99 ms: ${describeStages(stages)}; p99.9 ${tail.p999.toFixed(1)}; ${ends.join(", ")}; ${cores.toFixed(2)} cores; ${describe(late)}`
  )
  return { value: tail.p50, tail, invalid: invalidBecause(late) }
}

/** The same channel, called by the same client at the same rate, with nothing between. */
const direct = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { definition, secret } = await listen(servers)
  await load(servers).ask("direct", definition, secret, deliverRate, warmUpEvents)
  const { late, ack } = await load(servers).ask("direct", definition, secret, deliverRate, events)
  note(`p50 ${ack.p50.toFixed(1)} p99 ${ack.p99.toFixed(1)} p99.9 ${ack.p999.toFixed(1)} ms, ${describe(late)}`)
  return { value: ack.p50, tail: ack, invalid: invalidBecause(late) }
}

export const deliverScenario: Scenario = {
  name: "deliver",
  unit: "ms",
  title: `${deliverRate} events/s, intended instant of the publish to the acknowledgement of a channel that takes ${deliverChannelMillis} ms`,
  higherIsBetter: false,
  warmUps: 0,
  run: deliver,
  baselines: { direct }
}
