/**
 * `holdfast start`: everything on one machine, with the sample played against simulated channels (`Scenario`) and a live table.
 *
 * With `--once` it ends when the sample is through and drained: exit code 0 only if every channel shows what it should, every
 * budget held and the audit is clean.
 */
import { Database } from "@holdfast/ledger/Database"
import { EngineObserver } from "@holdfast/engine/EngineObserver"
import { Outbound } from "@holdfast/outbound/Outbound"
import { Clock, Console, Effect, Fiber, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { channelEvidence, demoAudit, oversoldByChannel, rowOf } from "./demo/DemoEvidence.ts"
import { startDemoServers, type DemoServers } from "./demo/DemoServers.ts"
import type { DemoSnapshot } from "./demo/DemoSnapshot.ts"
import { demoVerdict, type DemoVerdict } from "./demo/DemoVerdict.ts"
import { makeLiveTable } from "./demo/LiveTable.ts"
import type { SamplePlan } from "./demo/SamplePlan.ts"
import { paceOf, playPlan, type PlayProgress, readSamplePlan, runName } from "./demo/SamplePlayer.ts"
import { orderChannels, scenarioChannels, type ScenarioName, scenarioNames } from "./demo/Scenario.ts"
import * as Instance from "./Instance.ts"
import { untilQuiet } from "./Quiescence.ts"
import { dataDir } from "./Settings.ts"

/** Milliseconds between two pictures of the table. */
const redrawMillis = 250

/** Milliseconds that the pipeline may take to drain after the last event: longer than any channel's budget as it is played. */
const drainMillis = 40_000

export class PromiseBroken extends Schema.TaggedError<PromiseBroken>()("PromiseBroken", {
  findings: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `not as promised:\n${this.findings.map((finding) => `  - ${finding}`).join("\n")}`
  }
}

const snapshotAt = Effect.fnUntraced(function* (began: number, played: PlayProgress, now: number) {
  const { sql } = yield* Database
  const { counts } = yield* EngineObserver
  const outbound = yield* Outbound
  const oversold = yield* oversoldByChannel(sql, began)
  const elapsedSeconds = (now - began) / 1000
  return {
    elapsedSeconds,
    progress: played.progress,
    eventsPerSecond: played.stored / Math.max(elapsedSeconds, 0.001),
    committed: counts.facts - counts.duplicates - counts.parked,
    parked: counts.parked,
    channels: outbound.snapshots().map((channel) => rowOf(channel, oversold.get(channel.channel) ?? 0))
  } satisfies DemoSnapshot
})

/** Plays the sample while the table is drawn. */
const play = Effect.fnUntraced(function* (plan: SamplePlan, speed: number) {
  const table = makeLiveTable(process.stderr, process.env["NO_COLOR"])
  const began = yield* Clock.currentTimeMillis
  let played: PlayProgress = { stored: 0, total: 0, progress: 0 }
  const draw = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    table.show(yield* snapshotAt(began, played, now), now)
    yield* Effect.sleep(redrawMillis)
  }).pipe(Effect.forever)
  const drawing = yield* Effect.forkChild(draw)
  const totals = yield* playPlan(plan, { speed, onStored: (progress) => (played = progress) })
  const drained = yield* untilQuiet(drainMillis)
  yield* Fiber.interrupt(drawing)
  const last = yield* snapshotAt(began, { ...played, progress: 1 }, yield* Clock.currentTimeMillis)
  table.finish(last)
  return { totals, last, drained }
})

const judge = Effect.fnUntraced(function* (demo: DemoServers, played: Effect.Success<ReturnType<typeof play>>) {
  const { sql } = yield* Database
  const { last, totals, drained } = played
  const channels = yield* channelEvidence(sql, demo.definitions, demo.servers, last.channels)
  const audit = yield* demoAudit(sql)
  const verdict = demoVerdict({ seconds: totals.seconds, events: totals.events, parked: last.parked, channels, audit })
  if (drained) return verdict
  const findings = ["the pipeline did not drain in time", ...verdict.findings]
  return { ok: false, findings, result: { ...verdict.result, ok: false } } satisfies DemoVerdict
})

const say = (verdict: DemoVerdict, json: boolean) =>
  json
    ? Console.log(JSON.stringify(verdict.result))
    : Console.log(verdict.ok ? "every channel shows what it should, every budget held, the audit is clean" : "")

interface StartFlags {
  readonly once: boolean
  readonly json: boolean
  readonly speed: number
  readonly scenario: ScenarioName
}

const demo = (flags: StartFlags) =>
  Effect.gen(function* () {
    const promisedFrom = yield* Clock.currentTimeMillis
    const plan = yield* readSamplePlan(runName(promisedFrom), orderChannels[flags.scenario])
    const channels = yield* scenarioChannels(flags.scenario, paceOf(plan, flags.speed))
    const servers = yield* startDemoServers(yield* dataDir, channels)
    yield* Effect.gen(function* () {
      for (const server of servers.servers) Instance.progress(`channel ${server.id.padEnd(12)} ${server.url}/`)
      const verdict = yield* judge(servers, yield* play(plan, flags.speed))
      yield* say(verdict, flags.json)
      if (flags.once) return verdict.ok ? undefined : yield* new PromiseBroken({ findings: verdict.findings })
      for (const finding of verdict.findings) Instance.progress(`not as promised: ${finding}`)
      Instance.progress("the sample is through; everything keeps running, Ctrl-C ends it")
      yield* Effect.never
    }).pipe(Effect.provide(Instance.layer({ channels: servers.definitions, secrets: servers.secrets, promisedFrom })))
  }).pipe(Effect.scoped)

export const startCommand = Command.make(
  "start",
  {
    once: Flag.Boolean("once").pipe(
      Flag.withDescription("End when the sample is through and drained; exit code 0 only if every promise was kept"),
      Flag.withDefault(false)
    ),
    scenario: Flag.Literals("scenario", scenarioNames).pipe(
      Flag.withDescription(
        "demo: four channels that differ; dtc: a brand with its own shop and Amazon, in real time; b2b: a wholesaler with hourly batches"
      ),
      Flag.withDefault("demo")
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print the result as one JSON line"), Flag.withDefault(false)),
    speed: Flag.Finite("speed").pipe(
      Flag.withDescription("1 plays the sample's day in about 35 seconds, 2 in half of that"),
      Flag.withDefault(1)
    )
  },
  demo
).pipe(Command.withDescription("Run everything on this machine and play the sample against simulated channels"))
