/**
 * `memory`: resident memory of the pipeline's process when every SKU is loaded, announced and listed on one channel.
 *
 * A new process for every run. All SKUs came through the front door and were pushed to the channel before; memory is read
 * after a quiet while, without asking for a garbage collection.
 */
import { setTimeout as wait } from "node:timers/promises"
import { memorySkus, nodeFlags, settleMillis } from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { ChannelHandlers } from "../ChannelProcess.ts"
import type { LoadHandlers } from "../LoadProcess.ts"
import type { Run, Scenario } from "../Scenario.ts"
import type { WholeHandlers } from "../WholeProcess.ts"

/** Lines of one receipt: a lorry's worth. */
const linesPerReceipt = 100

const megabytes = (bytes: number): number => bytes / 1024 / 1024

const resident = async (servers: BenchServers, skus: number, note: (text: string) => void): Promise<Run> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const channel = await processes.keep<ChannelHandlers>("channel", "ChannelProcess.ts").ask("listen", 0)
  const whole = processes.start<WholeHandlers>("WholeProcess.ts", nodeFlags)
  await whole.ask("start", { natsUrl, databaseUrl, channels: [channel.definition], httpPort: 0 }, channel.secrets)
  if (skus > 0) {
    note(`loading ${skus} SKUs`)
    await processes
      .keep<LoadHandlers>("load", "LoadProcess.ts")
      .ask("receive", natsUrl, "memory", skus, linesPerReceipt)
  }
  await whole.ask("quiet", skus)
  await wait(settleMillis)
  const { rss, heapTotal, heapUsed, external } = await whole.ask("memory")
  await whole.ask("stop")
  await whole.stop()
  const [all, heap, used, outside] = [rss, heapTotal, heapUsed, external].map((bytes) => Math.round(megabytes(bytes)))
  note(`${all} MB resident; heap ${heap} MB, of which ${used} MB are used; buffers ${outside} MB`)
  return { value: megabytes(rss) }
}

export const memoryScenario: Scenario = {
  name: "memory",
  unit: "MB",
  title: `resident memory of the pipeline with ${memorySkus} SKUs loaded, announced and listed on one channel`,
  higherIsBetter: false,
  warmUps: 0,
  run: (servers, note) => resident(servers, memorySkus, note),
  baselines: { idle: (servers, note) => resident(servers, 0, note) }
}
