/**
 * `intake`: the backlog waits at the front door; how fast does it go through ingest and engine, to committed?
 *
 * Ingest and engine are a process each, as on several machines. The processes are kept over the runs, so that the counted
 * runs find compiled code; the time runs from the moment that both are told to start.
 */
import { backlogEvents, nodeFlags, skus } from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { LoadHandlers } from "../LoadProcess.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import type { Run, Scenario } from "../Scenario.ts"

const fill = (servers: BenchServers): Promise<number> =>
  servers.processes
    .keep<LoadHandlers>("load", "LoadProcess.ts")
    .ask("fill", { natsUrl: servers.natsUrl, run: "intake", from: 0, count: backlogEvents, skus })

const intake = async (servers: BenchServers, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  note("filling the front door")
  await fill(servers)
  const ingest = processes.keep<PipelineHandlers>("ingest", "PipelineProcess.ts", nodeFlags)
  const engine = processes.keep<PipelineHandlers>("engine", "PipelineProcess.ts", nodeFlags)
  const cpuOf = async () => [await ingest.ask("cpuMicros"), await engine.ask("cpuMicros")] as const
  const before = await cpuOf()
  note("taking it in")
  const starting = Promise.all([
    engine.ask("start", { natsUrl, databaseUrl, parts: ["engine"] }),
    ingest.ask("start", { natsUrl, databaseUrl, parts: ["ingest"] })
  ])
  const began = Math.min(...(await starting).map(({ beganAt }) => beganAt))
  const ended = await engine.ask("committedAt", backlogEvents)
  const after = await cpuOf()
  const seconds = (ended - began) / 1_000
  const cores = after.map((micros, i) => ((micros - before[i]!) / 1e6 / seconds).toFixed(2))
  note(`${Math.round(backlogEvents / seconds)} events/s, ingest ${cores[0]} cores, engine ${cores[1]} cores`)
  await ingest.ask("stop")
  await engine.ask("stop")
  return { value: backlogEvents / seconds }
}

/** What a producer can put in at most: the same messages, published with a window, nobody reading. */
const publish = async (servers: BenchServers, note: (text: string) => void): Promise<number> => {
  await servers.fresh()
  const perSecond = backlogEvents / (await fill(servers))
  note(`${Math.round(perSecond)} events/s`)
  return perSecond
}

export const intakeScenario: Scenario = {
  name: "intake",
  unit: "events/s",
  title: "the same backlog at the front door, through ingest and engine in a process each, to committed",
  higherIsBetter: true,
  warmUps: 1,
  run: intake,
  baselines: { publish }
}
