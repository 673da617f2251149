/**
 * Plays the sample at the front door: opening receipts shelf by shelf, then the day's events, time-scaled.
 *
 * It is an open model: each event is sent when its time has come, whether or not the ones before were acknowledged, and
 * carries that intended time, so that a stall anywhere shows up as latency. It says how late it was itself.
 */
import type { BusError } from "@holdfast/bus/BusError"
import { Clock, Effect, Fiber } from "effect"
import { fileURLToPath } from "node:url"
import { publishEvent } from "../retail/EventPublisher.ts"
import { readRetailCsv, type RetailCsvError } from "../retail/RetailCsv.ts"
import { samplePlan, type SamplePlan } from "./SamplePlan.ts"
import type { OrderChannels } from "./Scenario.ts"

/** Seconds that the day takes at speed 1: long enough to read the table, short enough to wait for. */
const daySeconds = 35

/** Milliseconds between two shelves of the opening stock: a program that has just started has a moment to warm up. */
const shelfMillis = 150

export const samplePath = fileURLToPath(new URL("../../sample/online-retail-sample.csv.gz", import.meta.url))

export interface PlayOptions {
  /** 1 plays the day in `daySeconds`, 2 in half of that */
  readonly speed?: number
  /** called after every stored event, opening receipts included */
  readonly onStored?: (progress: PlayProgress) => void
}

export interface PlayProgress {
  readonly stored: number
  readonly total: number
  /** share of the day that is over, 0 to 1 */
  readonly progress: number
}

export interface PlayTotals {
  readonly events: number
  /** lines of all events: one fact for one SKU each, at most */
  readonly lines: number
  readonly seconds: number
  /** most milliseconds by which an event was sent after its intended time */
  readonly lateMillis: number
  readonly plan: SamplePlan
}

/** A name for a run: when it began, in base 36. */
export const runName = (now: number): string => now.toString(36)

/** How many times faster than in the record the day of a plan goes by. */
export const paceOf = ({ dayMillis }: SamplePlan, speed = 1): number => (dayMillis / (daySeconds * 1_000)) * speed

/** The plan of the sample that ships with Holdfast. @param run a short name that no other run has */
export const readSamplePlan = (run: string, through?: OrderChannels): Effect.Effect<SamplePlan, RetailCsvError> =>
  Effect.map(readRetailCsv(samplePath), (rows) => samplePlan(rows, run, through))

/** Plays a plan. */
export const playPlan = Effect.fn("SamplePlayer.playPlan")(function* (plan: SamplePlan, options: PlayOptions) {
  const { opening, sales } = plan
  const length = plan.dayMillis / paceOf(plan, options.speed)
  const total = opening.length + sales.length
  let stored = 0
  const count = (progress: number) => options.onStored?.({ stored: (stored += 1), total, progress })

  for (const event of opening) {
    yield* publishEvent({ ...event, time: yield* Clock.currentTimeMillis })
    count(0)
    yield* Effect.sleep(shelfMillis)
  }

  const started = yield* Clock.currentTimeMillis
  let lateMillis = 0
  const underWay: Array<Fiber.Fiber<void, BusError>> = []
  for (const { event, at } of sales) {
    const due = started + at * length
    const early = due - (yield* Clock.currentTimeMillis)
    if (early > 0) yield* Effect.sleep(early)
    lateMillis = Math.max(lateMillis, (yield* Clock.currentTimeMillis) - due)
    const send = Effect.andThen(
      publishEvent({ ...event, time: Math.round(due) }),
      Effect.sync(() => count(at))
    )
    underWay.push(yield* Effect.forkChild(send, { startImmediately: true }))
  }
  yield* Fiber.joinAll(underWay)
  const ended = yield* Clock.currentTimeMillis
  const lines = [...opening, ...sales.map(({ event }) => event)].reduce((sum, { data }) => sum + data.lines.length, 0)
  return { events: total, lines, seconds: (ended - started) / 1_000, lateMillis: Math.round(lateMillis), plan }
})
