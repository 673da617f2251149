/**
 * `ailing`: three channels that ail beside three that do not, through the whole pipeline: one is dead, one answers after 30 s, one
 * answers 429. What do the healthy ones feel of it, and what happens to the ailing ones, meanwhile and when they are well again?
 *
 * The same channels at the same rate, first all of them well, then three ailing for as long. Latencies as in `channels`.
 */
import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import { type BehaviourChange, wellBehaved } from "@holdfast/channels/simulated/SimulatedBehaviour"
import { ChannelId } from "@holdfast/domain/Identity"
import { setTimeout as wait } from "node:timers/promises"
import {
  ailingRate,
  ailingSeconds,
  ailingSkus,
  channelsWarmUpSeconds,
  countedRuns,
  deliverChannelMillis,
  nodeFlags,
  patienceMillis
} from "../BenchLimit.ts"
import type { BenchServers } from "../BenchServers.ts"
import type { ChannelHandlers } from "../ChannelProcess.ts"
import { type ChannelShape, unhindered } from "../ChannelShape.ts"
import type { ChannelResult } from "../ChannelTally.ts"
import { median, round } from "../Distribution.ts"
import type { LoadHandlers } from "../LoadProcess.ts"
import { invalidBecause } from "../OpenModel.ts"
import type { PipelineHandlers } from "../PipelineProcess.ts"
import { believed, type LinesScenario, type Measurement, type Note, spanOf } from "../Scenario.ts"

const run = "ailing"
const usual = { perSecond: 100, burst: 20, concurrency: 4 }

const ailments: Readonly<Record<string, BehaviourChange>> = {
  dead: { outage: "refusing" },
  slow: { latencyMillis: 30_000 },
  throttled: { throttledShare: 1 }
}
const well: BehaviourChange = { ...wellBehaved, latencyMillis: deliverChannelMillis, jitterMillis: 0 }

const ailing: ReadonlyArray<ChannelShape> = Object.keys(ailments).map((name) => ({
  id: ChannelId.make(name),
  timing: { model: "realtime" },
  budgetMillis: 5_000,
  rate: usual,
  // an answer that is waited for is the worse case
  timeoutMillis: name === "slow" ? 60_000 : 5_000
}))

const shapes = [...unhindered, ...ailing]
const healthyIds = unhindered.map(({ id }) => id)
const events = Math.round(ailingRate * ailingSeconds)

/** What became of one that ailed. Shares are 0 to 1. */
interface Ailed {
  /** share of the events judged meanwhile that were in time */
  readonly attained: number
  /** listings that waited or were under way at the end */
  readonly waiting: number
  /** calls meanwhile */
  readonly pushes: number
  /** milliseconds until nothing waited, once it was well */
  readonly recoveryMillis: number
  /** of as many of the writes that were made first then as there were of them, the share that told it zero; undefined: none */
  readonly zeroesFirst: number | undefined
}

interface Outcome {
  readonly before: Readonly<Record<string, ChannelResult>>
  readonly beside: Readonly<Record<string, ChannelResult>>
  readonly ailed: ReadonlyArray<Ailed>
  readonly residentBefore: number
  readonly residentBeside: number
}

const zeroesFirstOf = (taken: ReadonlyArray<number>): number | undefined => {
  const zeroes = taken.filter((quantity) => quantity === 0).length
  return zeroes === 0 ? undefined : taken.slice(0, zeroes).filter((quantity) => quantity === 0).length / zeroes
}

const waitingOf = ({ collecting, inFlight, pending }: ChannelSnapshot): number => collecting + inFlight + pending

const attainedOf = (before: ChannelSnapshot, after: ChannelSnapshot): number => {
  const good = after.good - before.good
  const judged = good + after.breaches - before.breaches
  return judged === 0 ? 1 : good / judged
}

/** Milliseconds after which each of the ailing had nothing left. */
const recovered = async (snapshots: () => Promise<ReadonlyArray<ChannelSnapshot>>): Promise<ReadonlyArray<number>> => {
  const began = performance.now()
  const took = new Map<number, number>()
  while (took.size < ailing.length) {
    const now = (await snapshots()).slice(unhindered.length)
    const millis = performance.now() - began
    for (const [i, snapshot] of now.entries()) if (!took.has(i) && waitingOf(snapshot) === 0) took.set(i, millis)
    if (millis > patienceMillis) throw new Error(`channels had not recovered within ${patienceMillis} ms`)
    await wait(20)
  }
  return ailing.map((_, i) => took.get(i)!)
}

interface Stage {
  readonly results: Readonly<Record<string, ChannelResult>>
  readonly invalid: string | undefined
}

const once = async (servers: BenchServers, note: Note): Promise<Outcome & { readonly invalid: string | undefined }> => {
  const { natsUrl, processes } = servers
  const databaseUrl = await servers.fresh()
  const channel = processes.keep<ChannelHandlers>("channel", "ChannelProcess.ts")
  const { definitions, secrets } = await channel.ask("listenAll", deliverChannelMillis, shapes)
  const pipeline = processes.keep<PipelineHandlers>("pipeline", "PipelineProcess.ts", nodeFlags)
  const load = processes.keep<LoadHandlers>("load", "LoadProcess.ts")
  const parts = ["ingest", "engine", "outbound"] as const
  const skus = ailingSkus
  await pipeline.ask("start", { natsUrl, databaseUrl, parts, channels: definitions, secrets })
  await load.ask("fill", { natsUrl, run, from: 0, count: skus, skus })
  await pipeline.ask("settledAt", skus * shapes.length)
  const behaveAs = (change: (name: string) => BehaviourChange) =>
    Promise.all(ailing.map(({ id }) => channel.ask("behave", id, change(id))))
  const stage = async (from: number, uncounted: number): Promise<Stage> => {
    await pipeline.ask("tally", { run, from: from + uncounted, count: events, skus }, healthyIds)
    const count = uncounted + events
    const { late } = await load.ask("open", { natsUrl, run, from, count, skus, rate: ailingRate, events: "channels" })
    note(`generator late p99 ${late.p99.toFixed(1)} max ${late.max.toFixed(0)} ms`)
    return { results: await pipeline.ask("tallied"), invalid: invalidBecause(late) }
  }
  const uncounted = Math.round(ailingRate * channelsWarmUpSeconds)
  const before = await stage(skus, uncounted)
  const residentBefore = await pipeline.ask("residentBytes")
  const wellThen = await pipeline.ask("snapshots")
  await behaveAs((name) => ailments[name]!)
  const beside = await stage(skus + uncounted + events, 0)
  const residentBeside = await pipeline.ask("residentBytes")
  const ailingThen = await pipeline.ask("snapshots")
  const wellAt = Date.now()
  await behaveAs(() => well)
  const tookMillis = await recovered(() => pipeline.ask("snapshots"))
  const taken = await Promise.all(ailing.map(({ id }) => channel.ask("takenSince", id, wellAt)))
  await pipeline.ask("stop")
  const ailed = ailing.map((_, i): Ailed => {
    const [from, to] = [wellThen[unhindered.length + i]!, ailingThen[unhindered.length + i]!]
    return {
      attained: attainedOf(from, to),
      waiting: waitingOf(to),
      pushes: to.pushes - from.pushes,
      recoveryMillis: tookMillis[i]!,
      zeroesFirst: zeroesFirstOf(taken[i]!)
    }
  })
  const invalid = before.invalid ?? beside.invalid
  return { before: before.results, beside: beside.results, ailed, residentBefore, residentBeside, invalid }
}

const megabyte = 1_000_000

const healthyLine = (id: ChannelId, runs: ReadonlyArray<Outcome>): Measurement => {
  const beside = runs.map((outcome) => outcome.beside[id]!)
  const middle = (of: (result: ChannelResult) => number, results = beside) => round(median(results.map(of)))
  const before = runs.map((outcome) => outcome.before[id]!)
  const [p99, p99Before] = [middle(({ tail }) => tail.p99), middle(({ tail }) => tail.p99, before)]
  const [p50, p50Before] = [middle(({ tail }) => tail.p50), middle(({ tail }) => tail.p50, before)]
  return {
    scenario: `ailing beside ${id}`,
    unit: "ms",
    ...spanOf(beside.map(({ tail }) => tail.p50)),
    p50,
    p99,
    p999: middle(({ tail }) => tail.p999),
    baseline: { allWell: p50Before, allWellP99: p99Before },
    ratio: { allWell: round(p50Before / p50), allWellP99: round(p99Before / p99) },
    details: {
      withinBudget: round(median(beside.map(({ late }) => 1 - late / events)), 3),
      residentMegabytesBefore: round(median(runs.map(({ residentBefore }) => residentBefore / megabyte))),
      residentMegabytesBeside: round(median(runs.map(({ residentBeside }) => residentBeside / megabyte)))
    }
  }
}

const ailingLine = ({ id }: ChannelShape, i: number, runs: ReadonlyArray<Outcome>): Measurement => {
  const ailed = runs.map((outcome) => outcome.ailed[i]!)
  const middle = (of: (one: Ailed) => number) => round(median(ailed.map(of)), 3)
  const shares = ailed.flatMap(({ zeroesFirst }) => (zeroesFirst === undefined ? [] : [zeroesFirst]))
  return {
    scenario: `ailing ${id}`,
    unit: "ms to recover",
    ...spanOf(ailed.map(({ recoveryMillis }) => recoveryMillis)),
    baseline: {},
    ratio: {},
    details: {
      seconds: ailingSeconds,
      events,
      attained: middle(({ attained }) => attained),
      waitingListings: middle(({ waiting }) => waiting),
      listings: ailingSkus,
      pushes: middle(({ pushes }) => pushes),
      ...(shares.length === 0 ? {} : { zeroesFirst: round(median(shares), 3) })
    }
  }
}

export const ailingScenario: LinesScenario = {
  name: "ailing",
  title: `${ailingRate} events/s to six channels, three of which are dead, slow or throttling: what the others feel of it`,
  lines: async (servers, note) => {
    const started = await servers()
    try {
      const runs: Array<Outcome> = []
      for (let i = 1; i <= countedRuns; i++) {
        const say: Note = (text) => note(`run ${i}: ${text}`)
        runs.push(await believed(() => once(started, say), say))
      }
      return [...healthyIds.map((id) => healthyLine(id, runs)), ...ailing.map((shape, i) => ailingLine(shape, i, runs))]
    } finally {
      await started.processes.stopAll()
    }
  }
}
