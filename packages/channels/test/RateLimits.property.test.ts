/**
 * No budget of any kind is exceeded over any span, whatever arrives, and nothing starves: on virtual time, from a seed.
 * `HOLDFAST_SEED` runs one seed.
 */
import { assert, describe, it } from "@effect/vitest"
import type { RateLimit } from "@holdfast/domain/RateLimit"
import { Clock, Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import type { ChannelConnector, PushItem } from "../src/ChannelConnector.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"

const dayMillis = 24 * 60 * 60 * 1000
const skus = Array.from({ length: 12 }, (_, n) => `S${n}`)

interface Sent {
  readonly at: number
  readonly items: ReadonlyArray<PushItem>
}

/** Takes up to four items per call, and remembers them. */
const recording = (): { readonly connector: ChannelConnector; readonly sent: Array<Sent> } => {
  const sent: Array<Sent> = []
  const descriptor = { kind: "recording", batchMax: 4, idempotent: true, settleMillis: 1_000 }
  const push: ChannelConnector["push"] = (items) =>
    Effect.gen(function* () {
      sent.push({ at: yield* Clock.currentTimeMillis, items })
      yield* Effect.sleep(20)
      return items.map(() => ({ _tag: "applied" as const }))
    })
  return { sent, connector: { descriptor, push } }
}

/** The most of `weight` in any span of `windowMillis`. */
const mostIn = (sent: ReadonlyArray<Sent>, windowMillis: number, weight: (call: Sent) => number): number => {
  let most = 0
  for (let i = 0; i < sent.length; i++) {
    let sum = 0
    for (let j = i; j < sent.length && sent[j]!.at < sent[i]!.at + windowMillis; j++) sum += weight(sent[j]!)
    most = Math.max(most, sum)
  }
  return most
}

/** How far above its points a cost bucket was at worst. */
const overdrawn = (sent: ReadonlyArray<Sent>, limit: RateLimit & { kind: "cost" }): number => {
  let points = limit.bucket
  let at = 0
  let worst = 0
  for (const call of sent) {
    points = Math.min(limit.bucket, points + ((call.at - at) / 1000) * limit.restorePerSecond)
    points -= (limit.perRequest ?? 0) + (limit.perItem ?? 0) * call.items.length
    at = call.at
    worst = Math.max(worst, -points)
  }
  return worst
}

const keeps = (sent: ReadonlyArray<Sent>, limit: RateLimit, hint: string): void => {
  switch (limit.kind) {
    case "requests":
      return assert.isAtMost(
        mostIn(sent, limit.windowMillis, () => 1),
        limit.max,
        hint
      )
    case "items":
      return assert.isAtMost(
        mostIn(sent, limit.windowMillis, ({ items }) => items.length),
        limit.max,
        hint
      )
    case "cost":
      return assert.isAtMost(overdrawn(sent, limit), 1e-6, hint)
    case "listingDay":
      for (const sku of skus) {
        const own = (call: Sent) => call.items.filter((item) => item.sku === sku).length
        if (limit.timeZone === undefined) assert.isAtMost(mostIn(sent, dayMillis, own), limit.max, hint)
        else {
          // virtual time begins at midnight UTC
          const days = Map.groupBy(sent, ({ at }) => Math.floor(at / dayMillis))
          for (const calls of days.values())
            assert.isAtMost(
              calls.reduce((sum, call) => sum + own(call), 0),
              limit.max,
              hint
            )
        }
      }
  }
}

const randomLimits = (random: () => number): ReadonlyArray<RateLimit> => {
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  const all: ReadonlyArray<RateLimit> = [
    { kind: "requests", max: whole(1, 20), windowMillis: whole(500, 30_000) },
    { kind: "requests", max: whole(50, 500), windowMillis: 3_600_000 },
    { kind: "items", max: whole(1, 30), windowMillis: whole(1_000, 60_000) },
    { kind: "cost", bucket: whole(14, 60), restorePerSecond: whole(1, 20), perRequest: 10, perItem: whole(1, 4) },
    { kind: "listingDay", max: whole(2, 40), timeZone: "UTC" },
    { kind: "listingDay", max: whole(2, 40) }
  ]
  const some = all.filter(() => random() < 0.5)
  return some.length === 0 ? all : some
}

const run = (seed: number) =>
  Effect.gen(function* () {
    const random = seededRandom(seed)
    const limits = randomLimits(random)
    const { connector, sent } = recording()
    const rate = { perSecond: 20, burst: 5, concurrency: 3, limits }
    const stream = yield* makeOutputStream({ definition: channelDefinition({ rate }), connector })
    const newest = new Map<string, number>()
    let version = 0
    for (let n = 0; n < 400; n++) {
      const sku = skus[Math.floor(random() * skus.length)]!
      const units = random() < 0.3 ? 0 : 1 + Math.floor(random() * 50)
      newest.set(sku, units)
      stream.offer(announce(sku, ++version, units, yield* Clock.currentTimeMillis))
      // floods, and pauses in which budgets fill up
      yield* TestClock.adjust(random() < 0.02 ? Math.floor(random() * 7_200_000) : Math.floor(random() * 200))
    }
    const hint = `seed ${seed}: ${JSON.stringify(limits)}`
    for (let day = 0; day < 3; day++) yield* TestClock.adjust(dayMillis)
    for (const limit of limits) keeps(sent, limit, hint)
    assert.deepInclude(stream.snapshot(), { pending: 0, inFlight: 0, held: 0 }, hint)
    for (const [sku, units] of newest) {
      assert.strictEqual(sent.flatMap(({ items }) => items).findLast((item) => item.sku === sku)?.quantity, units, hint)
    }
  }).pipe(Effect.scoped, Effect.provide(ListingStore.memory), Effect.orDie, Random.withSeed(seed))

const seeds =
  process.env["HOLDFAST_SEED"] === undefined
    ? Array.from({ length: 25 }, (_, n) => n + 1)
    : [Number(process.env["HOLDFAST_SEED"])]

describe("limits of every kind at once", () => {
  it.effect("none is exceeded over any span, and every listing ends on its newest quantity", () =>
    Effect.forEach(seeds, run, { discard: true })
  )
})
