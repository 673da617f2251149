/**
 * Edits behind our back, writes that were confirmed and are not there, lost writes that land late, readings that race with
 * writes: on virtual time, from a seed. `HOLDFAST_SEED` runs one seed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import { Clock, Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import type { ReconciliationReport } from "../src/ReconciliationReport.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, ScriptedConnector } from "./ScriptedConnector.ts"

const histories = 500
const offers = 60
const skus = ["A", "B", "C", "D", "E", "F"]

/** What made the channel show another quantity than it confirmed. */
interface Tamper {
  readonly sku: string
  readonly at: number
  /** null: it is no longer listed */
  readonly shows: number | null
}

interface History {
  readonly reports: ReadonlyArray<ReconciliationReport>
  readonly tampers: ReadonlyArray<Tamper>
  /** at the end, in quiet: what was done to which SKU, what was found, and what was found once more */
  readonly done: ReadonlyMap<string, "lost" | "externalEdit" | "mapping">
  readonly found: ReconciliationReport
  readonly again: ReconciliationReport
  readonly shown: Record<string, number>
  readonly wanted: Record<string, number>
  readonly mostAtOnce: number
}

class Adversary {
  readonly tampers: Array<Tamper> = []
  readonly channel = new ScriptedConnector()
  private readonly late: Array<{ readonly lostAt: number; readonly land: () => void }> = []
  private readonly random: () => number
  private readonly now: () => number
  private edits = 0

  constructor(random: () => number, now: () => number) {
    this.random = random
    this.now = now
    this.channel.readBackMillis = () => [Math.floor(random() * 60), Math.floor(random() * 60)]
    this.channel.readBackReply = () => (random() < 0.05 ? "unreachable" : "shown")
    this.channel.reply = ({ sku, quantity, version }) => {
      const millis = 1 + Math.floor(random() * 60)
      const dice = random()
      if (dice < 0.7) return { ...applied, millis }
      if (dice < 0.78) {
        this.note(sku)
        return { ...applied, applies: false, millis }
      }
      if (dice < 0.95) {
        const applies = random() < 0.5
        const land = () => {
          this.channel.shown.set(sku, { quantity, version })
          this.note(sku)
        }
        if (!applies) this.late.push({ lostAt: now(), land })
        return { outcome: { _tag: "unknown", detail: "lost" }, applies, millis }
      }
      const because = "transient" as const
      const outcome = { _tag: "notApplied", because, retryAfterMillis: undefined, detail: "refused" } as const
      return { outcome, applies: false, millis }
    }
  }

  private note(sku: string): void {
    const shows = this.channel.shown.get(Sku.make(sku))?.quantity ?? null
    this.tampers.push({ sku, at: this.now(), shows })
  }

  /** What has not landed within the channel's settle time never will. */
  landSome(): void {
    for (const { lostAt, land } of this.late.splice(0)) {
      if (this.now() - lostAt >= 900) continue
      if (this.random() < 0.1) land()
      else this.late.push({ lostAt, land })
    }
  }

  edit(name: string): void {
    const sku = Sku.make(name)
    if (!this.channel.shown.has(sku)) return
    this.edits += 1
    if (this.random() < 0.2) this.channel.shown.delete(sku)
    else this.channel.shown.set(sku, { quantity: 1_000 + this.edits, version: 0 })
    this.note(name)
  }
}

const play = (seed: number): Effect.Effect<History> =>
  Effect.gen(function* () {
    const random = seededRandom(seed)
    const clock = yield* Clock.Clock
    const now = () => clock.currentTimeMillisUnsafe()
    const adversary = new Adversary(random, now)
    const { channel, tampers } = adversary
    const rate = { perSecond: 200, burst: 1 + Math.floor(random() * 6), concurrency: 1 + Math.floor(random() * 3) }
    // every third history reconciles by itself
    const reconcile = seed % 3 === 0 ? { reconcile: { everyMillis: 1_500, stopAbove: 1 } } : {}
    const definition = channelDefinition({ rate, ...reconcile })
    const stream = yield* makeOutputStream({ definition, connector: channel.connector })
    stream.caughtUp()
    const reports = new Map<number, ReconciliationReport>()
    const keep = () => {
      const { reconciliation } = stream.snapshot()
      if (reconciliation?.endedAt !== undefined) reports.set(reconciliation.begunAt, reconciliation)
    }
    const newest = new Map<string, { version: number; units: number }>()
    const offer = (sku: string, units: number) => {
      const version = (newest.get(sku)?.version ?? 0) + 1
      newest.set(sku, { version, units })
      stream.offer(announce(sku, version, units, now()))
    }
    for (let i = 0; i < offers; i++) {
      if (random() < 0.5) offer(skus[Math.floor(random() * skus.length)]!, Math.floor(random() * 4))
      if (random() < 0.15) adversary.edit(skus[Math.floor(random() * skus.length)]!)
      adversary.landSome()
      if (random() < 0.1) stream.reconcile({ by: "test", heal: random() < 0.8 ? "all" : "none" })
      // now and then it rests for long enough to be compared
      yield* TestClock.adjust(Math.floor(random() * (random() < 0.2 ? 2_500 : 60)))
      keep()
    }
    channel.reply = () => applied
    channel.readBackReply = () => "shown"
    for (const sku of skus) offer(sku, 10 + Math.floor(random() * 5))
    stream.redefine(channelDefinition({ rate }))
    yield* TestClock.adjust(40_000)
    keep()
    const checked = Effect.gen(function* () {
      const started = stream.reconcile({ by: "test", heal: "all" })
      assert.strictEqual(started._tag, "begun", `seed ${seed}`)
      yield* TestClock.adjust(10_000)
      return stream.snapshot().reconciliation!
    })
    const quiet = yield* checked
    reports.set(quiet.begunAt, quiet)
    for (const sku of skus) offer(sku, 20 + Math.floor(random() * 5))
    yield* TestClock.adjust(10_000)
    const done = new Map<string, "lost" | "externalEdit" | "mapping">()
    for (const name of skus) {
      const dice = random()
      const sku = Sku.make(name)
      const before = channel.calls.filter((call) => call.sku === sku).at(-2)!.quantity
      if (dice < 0.2) {
        channel.shown.set(sku, { quantity: before, version: 0 })
        done.set(name, "lost")
      } else if (dice < 0.4) {
        channel.shown.set(sku, { quantity: 5_000, version: 0 })
        done.set(name, "externalEdit")
      } else if (dice < 0.5) {
        channel.shown.delete(sku)
        done.set(name, "mapping")
      }
    }
    const found = yield* checked
    const again = yield* checked
    const wanted = Object.fromEntries(skus.map((sku) => [sku, newest.get(sku)!.units]))
    const all = [...reports.values()]
    return {
      reports: all,
      tampers,
      done,
      found,
      again,
      shown: channel.quantities,
      wanted,
      mostAtOnce: channel.mostAtOnce
    }
  }).pipe(Effect.scoped, Effect.provide(ListingStore.memory), Effect.orDie, Random.withSeed(seed))

/** Longest call of the adversary: a write that was not applied is noted when it begins. */
const callMillis = 60

const isReal = (report: ReconciliationReport, each: ReconciliationReport["worst"][number], history: History): boolean =>
  history.tampers.some(
    ({ sku, at, shows }) =>
      sku === each.sku && shows === each.shown && at >= each.since - callMillis && at <= report.endedAt!
  )

const seeds =
  process.env["HOLDFAST_SEED"] === undefined
    ? Array.from({ length: histories }, (_, i) => i + 1)
    : [Number(process.env["HOLDFAST_SEED"])]

describe("reconciliation against a channel that is edited behind our back", () => {
  it.effect(
    "finds and heals every edit, and raises none that is not there",
    () =>
      Effect.gen(function* () {
        let raised = 0
        let raced = 0
        for (const seed of seeds) {
          const history = yield* play(seed)
          for (const report of history.reports) {
            const { agrees, inFlight, lost, externalEdit, mapping, unknown } = report.counts
            raised += report.discrepancies
            raced += report.reads - report.compared
            assert.strictEqual(agrees + lost + externalEdit + mapping + inFlight + unknown, report.listings)
            assert.strictEqual(report.compared, agrees + report.discrepancies)
            for (const each of report.worst)
              assert.isTrue(isReal(report, each, history), `seed ${seed}: ${JSON.stringify(each)} is raised falsely`)
          }
          const { done, found, again } = history
          const verdicts = new Map(found.worst.map(({ sku, verdict }) => [String(sku), verdict]))
          assert.deepStrictEqual(
            Object.fromEntries(verdicts),
            Object.fromEntries(done),
            `seed ${seed}: what was done is what is found`
          )
          assert.deepInclude(found, { compared: skus.length, healed: done.size, listings: skus.length }, `seed ${seed}`)
          assert.deepInclude(again, { compared: skus.length, discrepancies: 0, rate: 0 }, `seed ${seed}: healed`)
          assert.deepStrictEqual(
            { ...history.wanted, ...history.shown },
            history.wanted,
            `seed ${seed}: the newest is shown`
          )
          assert.strictEqual(history.mostAtOnce, 1, `seed ${seed}: one write at a time per listing`)
        }
        if (seeds.length < histories) return
        assert.isAbove(raised, histories / 2, "histories in which something was found while writes went on")
        assert.isAbove(raced, histories / 2, "readings in vain: they raced with writes, or gave way to one")
      }),
    120_000
  )
})
