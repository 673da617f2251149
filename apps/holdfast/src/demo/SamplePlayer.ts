/**
 * Plays the sample at the front door: opening receipts shelf by shelf, then the day's events, time-scaled.
 *
 * It is an open model: each event is sent when its time has come, whether or not the ones before were acknowledged, and
 * carries that intended time, so that a stall anywhere shows up as latency. It says how late it was itself.
 */
import type { BusError } from "@holdfast/bus/BusError"
import type { NatsConnection } from "@holdfast/bus/NatsConnection"
import { Clock, Effect, Fiber } from "effect"
import { fileURLToPath } from "node:url"
import { publishEvent } from "../retail/EventPublisher.ts"
import { readRetailCsv, type RetailCsvError } from "../retail/RetailCsv.ts"
import { samplePlan, type SamplePlan } from "./SamplePlan.ts"

/** Seconds that the day takes at speed 1: long enough to read the table, short enough to wait for. */
const daySeconds = 35

/** Milliseconds between two shelves of the opening stock: a program that has just started has a moment to warm up. */
const shelfMillis = 150

export const samplePath = fileURLToPath(new URL("../../sample/online-retail-sample.csv.gz", import.meta.url))

export interface PlayOptions {
  /** a short name that no other run has: it becomes part of every id */
  readonly run: string
  /** 1 plays the day in `daySeconds`, 2 in half of that */
  readonly speed?: number
  readonly path?: string
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

export const playSample = (
  options: PlayOptions
): Effect.Effect<PlayTotals, RetailCsvError | BusError, NatsConnection> =>
  Effect.gen(function* () {
    const plan = samplePlan(yield* readRetailCsv(options.path ?? samplePath), options.run)
    return yield* playPlan(plan, options)
  })

/** Plays a plan that is at hand. */
export const playPlan = Effect.fn("SamplePlayer.playPlan")(function* (
  plan: SamplePlan,
  options: Omit<PlayOptions, "run" | "path">
) {
  const { opening, sales } = plan
  const length = (daySeconds * 1_000) / (options.speed ?? 1)
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
