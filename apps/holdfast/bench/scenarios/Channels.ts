/**
 * `channels`: the same events through the whole pipeline to five channels at once, one of each timing model and one in real time
 * that takes half of the requests it would need: how long until each acknowledges, and how many calls does it save?
 *
 * A latency counts from the instant that an event is meant for to the acknowledgement of the quantity that follows from it, or of
 * a newer one. One event in twenty takes the last of its SKU: those are counted for themselves, too.
 */
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import { ageingMillisOf, safeAgeingMillisOf } from "@holdfast/channels/ChannelLimit"
import { ChannelId } from "@holdfast/domain/Identity"
import {
  channelsRate,
  channelsSeconds,
  channelsSkus,
  channelsWarmUpSeconds,
  countedRuns,
  deliverChannelMillis,
  nodeFlags,
  releaseMillis
} from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { ChannelHandlers } from "../ChannelProcess.ts"
import { ample, type ChannelShape, unhindered } from "../ChannelShape.ts"
import type { ChannelResult } from "../ChannelTally.ts"
import { median, round } from "../Distribution.ts"
import type { LoadHandlers } from "../LoadProcess.ts"
import { invalidBecause } from "../OpenModel.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import { believed, type LinesScenario, type Measurement, type Note, spanOf } from "../Scenario.ts"

const run = "channels"
const manual = ChannelId.make("manual")

const shapes: ReadonlyArray<ChannelShape> = [
  ...unhindered,
  { id: manual, timing: { model: "manual" }, budgetMillis: releaseMillis + 4_000, rate: ample },
  {
    id: ChannelId.make("halfrate"),
    timing: { model: "realtime" },
    budgetMillis: 2_000,
    // an event is a push where nothing holds it back
    rate: { perSecond: channelsRate / 2, burst: 10, concurrency: 64 }
  }
]

interface Outcome extends ChannelResult {
  readonly events: number
  readonly pushes: number
  readonly coalesced: number
  readonly throttled: number
}

const outcomeOf = (result: ChannelResult, before: ChannelSnapshot, after: ChannelSnapshot): Outcome => ({
  ...result,
  events: after.events - before.events,
  pushes: after.pushes - before.pushes,
  coalesced: after.coalesced - before.coalesced,
  throttled: after.throttled - before.throttled
})

const once = async (servers: BenchServers, note: Note) => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const channel = processes.keep<ChannelHandlers>("channel", "ChannelProcess.ts")
  const { definitions, secrets } = await channel.ask("listenAll", deliverChannelMillis, shapes)
  const pipeline = processes.keep<PipelineHandlers>("pipeline", "PipelineProcess.ts", nodeFlags)
  const load = processes.keep<LoadHandlers>("load", "LoadProcess.ts")
  const parts = ["ingest", "engine", "outbound"] as const
  await pipeline.ask("start", { natsUrl, databaseUrl, parts, channels: definitions, secrets })
  await pipeline.ask("releaseEvery", manual, releaseMillis)
  const skus = channelsSkus
  await load.ask("fill", { natsUrl, run, from: 0, count: skus, skus })
  await pipeline.ask("settledAt", skus * shapes.length)
  const warmUp = Math.round(channelsRate * channelsWarmUpSeconds)
  const count = Math.round(channelsRate * channelsSeconds)
  await pipeline.ask("tally", { run, from: skus + warmUp, count, skus })
  const before = await pipeline.ask("snapshots")
  const open = { natsUrl, run, from: skus, count: warmUp + count, skus, rate: channelsRate, events: run } as const
  const { late } = await load.ask("open", open)
  const results = await pipeline.ask("tallied")
  const after = await pipeline.ask("snapshots")
  await pipeline.ask("stop")
  note(`generator late p99 ${late.p99.toFixed(1)} max ${late.max.toFixed(0)} ms`)
  const outcomes = shapes.map(({ id }, i) => outcomeOf(results[id]!, before[i]!, after[i]!))
  return { outcomes, invalid: invalidBecause(late) }
}

const lineOf = ({ budgetMillis, id, rate, timing }: ChannelShape, runs: ReadonlyArray<Outcome>): Measurement => {
  const middle = (of: (outcome: Outcome) => number) => round(median(runs.map(of)), 3)
  const count = channelsRate * channelsSeconds
  return {
    scenario: `channels ${id}`,
    unit: "ms",
    ...spanOf(runs.map(({ tail }) => tail.p50)),
    p50: middle(({ tail }) => tail.p50),
    p99: middle(({ tail }) => tail.p99),
    p999: middle(({ tail }) => tail.p999),
    baseline: {},
    ratio: {},
    details: {
      timing: JSON.stringify(timing),
      budgetMillis,
      perSecond: rate.perSecond,
      withinBudget: middle(({ late }) => 1 - late / count),
      coalescingRatio: middle(({ coalesced, events }) => coalesced / events),
      callsSaved: middle(({ events, pushes }) => 1 - pushes / events),
      pushes: middle(({ pushes }) => pushes),
      events: middle(({ events }) => events),
      throttled: middle(({ throttled }) => throttled),
      longestMillis: middle(({ longest }) => longest),
      statedAgeMillis: budgetMillis + ageingMillisOf(budgetMillis) + safeAgeingMillisOf(budgetMillis),
      toZeroEvents: middle(({ zeroes }) => zeroes),
      toZeroP99Millis: middle(({ zeroP99 }) => zeroP99),
      toZeroLongestMillis: middle(({ zeroLongest }) => zeroLongest),
      toZeroToldP99Millis: middle(({ zeroToldP99 }) => zeroToldP99),
      heardP50Millis: middle(({ heard }) => heard.p50),
      heardP99Millis: middle(({ heard }) => heard.p99),
      toldP50Millis: middle(({ told }) => told.p50),
      toldP99Millis: middle(({ told }) => told.p99)
    }
  }
}

export const channelsScenario: LinesScenario = {
  name: "channels",
  title: `${channelsRate} events/s to five channels at once: each timing model, and one with half the requests it needs`,
  lines: async (servers, note) => {
    const started = await servers()
    try {
      const runs: Array<ReadonlyArray<Outcome>> = []
      for (let i = 1; i <= countedRuns; i++) {
        const say: Note = (text) => note(`run ${i}: ${text}`)
        runs.push((await believed(() => once(started, say), say)).outcomes)
      }
      return shapes.map((shape, i) =>
        lineOf(
          shape,
          runs.map((outcomes) => outcomes[i]!)
        )
      )
    } finally {
      await started.processes.stopAll()
    }
  }
}
