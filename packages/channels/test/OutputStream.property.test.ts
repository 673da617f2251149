/**
 * Whatever a channel does to us, on virtual time: random stock, random answers, lost writes that land late.
 *
 * A run follows from its seed alone; a failure names it. `HOLDFAST_SEED` runs one seed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import type { Timing } from "@holdfast/domain/Timing"
import { Clock, Effect, Random } from "effect"
import { TestClock } from "effect/testing"
import type { SettledEvent } from "../src/EventAccount.ts"
import { ListingStore } from "../src/ListingStore.ts"
import { makeOutputStream } from "../src/OutputStream.ts"
import { seededRandom } from "../src/simulated/SimulatedBehaviour.ts"
import { announce, channelDefinition } from "./Announce.ts"
import { applied, type Reply, ScriptedConnector } from "./ScriptedConnector.ts"

const offers = 300
const skus = ["A", "B", "C", "D", "E", "F"]

const randomReply = (random: () => number): Reply => {
  const millis = 1 + Math.floor(random() * 80)
  const dice = random()
  if (dice < 0.6) return { ...applied, millis }
  if (dice < 0.85) return { outcome: { _tag: "unknown", detail: "lost" }, applies: random() < 0.5, millis }
  if (dice < 0.9) {
    return {
      outcome: { _tag: "notApplied", because: "transient", retryAfterMillis: undefined, detail: "refused" },
      applies: false,
      millis
    }
  }
  if (dice < 0.94) {
    const retryAfterMillis = random() < 0.5 ? undefined : Math.floor(random() * 300)
    return {
      outcome: { _tag: "notApplied", because: "throttled", retryAfterMillis, detail: "429" },
      applies: false,
      millis
    }
  }
  if (dice < 0.97)
    return {
      outcome: { _tag: "stale", actual: random() < 0.5 ? undefined : Math.floor(random() * 5) },
      applies: false,
      millis
    }
  if (dice < 0.997)
    return { outcome: { _tag: "rejected", because: "listingState", detail: "closed" }, applies: false, millis }
  return { outcome: { _tag: "blocked", detail: "401" }, applies: false, millis }
}

interface Run {
  readonly channel: ScriptedConnector
  readonly settled: ReadonlyArray<SettledEvent>
  readonly snapshot: ReturnType<Effect.Success<ReturnType<typeof makeOutputStream>>["snapshot"]>
  readonly newest: ReadonlyMap<string, { readonly version: number; readonly units: number }>
}

type Stream = Effect.Success<ReturnType<typeof makeOutputStream>>

const timings: ReadonlyArray<Timing> = [
  { model: "realtime" },
  { model: "nearRealtime", windowMillis: 150, batchSize: 4 },
  { model: "nearRealtime", windowMillis: 40 },
  { model: "scheduled", everyMillis: 1_000 },
  { model: "manual" }
]

/** An operator who cannot make up his mind. */
const meddle = (stream: Stream, random: () => number): void => {
  const dice = random()
  const timing = timings[Math.floor(random() * timings.length)]!
  if (dice < 0.1) stream.redefine({ ...stream.definition(), timing })
  else if (dice < 0.13) stream.operate("paused")
  else if (dice < 0.15) stream.operate("draining")
  else if (dice < 0.2) stream.operate("running")
  else if (dice < 0.23) stream.release()
}

interface Story {
  readonly canReadBack: boolean
  readonly landsLate?: boolean
  readonly isMeddledWith?: boolean
}

/** Random offers to a random channel, then one last change of every SKU to a channel that is well again. */
const run = (seed: number, { canReadBack, landsLate = false, isMeddledWith = false }: Story): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const random = seededRandom(seed)
    const clock = yield* Clock.Clock
    const channel = new ScriptedConnector(canReadBack)
    const late: Array<{ readonly lostAt: number; readonly land: () => void }> = []
    // what has not landed within `settleMillis` of the scripted connector never will
    const landSome = (share: number) => {
      const now = clock.currentTimeMillisUnsafe()
      for (const { lostAt, land } of late.splice(0)) {
        if (now - lostAt < 900 && random() < share) land()
        else if (now - lostAt < 900) late.push({ lostAt, land })
      }
    }
    channel.reply = (item) => {
      const reply = randomReply(random)
      if (!landsLate || reply.outcome._tag !== "unknown" || reply.applies) return reply
      const land = () => channel.shown.set(item.sku, { quantity: item.quantity, version: item.version })
      late.push({ lostAt: clock.currentTimeMillisUnsafe(), land })
      return reply
    }
    const settled: Array<SettledEvent> = []
    const definition = channelDefinition({ rate: { perSecond: 200, burst: 5, concurrency: 3 } })
    const stream = yield* makeOutputStream({
      definition,
      connector: channel.connector,
      onSettled: (each) => settled.push(each)
    })
    stream.caughtUp()
    const newest = new Map<string, { version: number; units: number }>()
    const offer = (sku: string, version: number, units: number) => {
      if (version > (newest.get(sku)?.version ?? -1)) newest.set(sku, { version, units })
      stream.offer(announce(sku, version, units, clock.currentTimeMillisUnsafe()))
    }
    for (let i = 0; i < offers; i++) {
      const sku = skus[Math.floor(random() * skus.length)]!
      // now and then an old announcement comes again
      const version = (newest.get(sku)?.version ?? 0) + (random() < 0.1 ? -1 : 1 + Math.floor(random() * 3))
      if (version > 0) offer(sku, version, Math.floor(random() * 4))
      landSome(0.1)
      if (isMeddledWith) meddle(stream, random)
      yield* TestClock.adjust(Math.floor(random() * 40))
    }
    channel.reply = () => applied
    stream.redefine(definition)
    stream.operate("running")
    for (const sku of skus) offer(sku, (newest.get(sku)?.version ?? 0) + 1, 10 + Math.floor(random() * 5))
    yield* TestClock.adjust(200)
    landSome(1)
    yield* TestClock.adjust(180_000)
    return { channel, settled, snapshot: stream.snapshot(), newest }
  }).pipe(Effect.scoped, Effect.provide(ListingStore.memory), Effect.orDie, Random.withSeed(seed))

const settles = ({ channel, snapshot, newest, settled }: Run, seed: number): void => {
  const expected = Object.fromEntries(skus.map((sku) => [sku, newest.get(sku)!.units]))
  assert.deepStrictEqual(
    { ...expected, ...channel.quantities },
    expected,
    `seed ${seed}: the newest quantities are shown`
  )
  assert.strictEqual(channel.shown.size, skus.length, `seed ${seed}`)
  assert.strictEqual(channel.mostAtOnce, 1, `seed ${seed}: one write at a time per listing`)
  assert.deepInclude(snapshot, { pending: 0, inFlight: 0, quarantined: 0, circuit: "closed" }, `seed ${seed}`)
  assert.strictEqual(snapshot.good + snapshot.breaches, snapshot.events, `seed ${seed}: every event is judged once`)
  assert.strictEqual(settled.length, snapshot.events, `seed ${seed}: every event is reported once`)
  assert.strictEqual(new Set(settled.map((each) => each.event.id)).size, settled.length, `seed ${seed}: and none twice`)
  for (const each of settled) {
    if (each.outcome !== "failed")
      assert.strictEqual(each.late, each.ackAt > each.deadline, `seed ${seed}: ${each.event.id}`)
  }
}

/** At a channel where what is lost has not happened later on. */
const risesOnly = ({ channel }: Run, seed: number): void => {
  assert.strictEqual(channel.olderOverNewer, 0, `seed ${seed}`)
  for (const sku of skus) {
    const versions = channel.calls.filter((call) => call.sku === Sku.make(sku)).map((call) => call.version)
    assert.deepStrictEqual(
      versions,
      versions.toSorted((a, b) => a - b),
      `seed ${seed}: ${sku} is told rising versions`
    )
  }
  const told = channel.calls.filter((_, i) => channel.outcomes[i] === "applied").map(({ key }) => key)
  assert.strictEqual(new Set(told).size, told.length, `seed ${seed}: nothing that was confirmed is told twice`)
}

const seeds =
  process.env["HOLDFAST_SEED"] === undefined
    ? Array.from({ length: 25 }, (_, i) => i + 1)
    : [Number(process.env["HOLDFAST_SEED"])]

describe("OutputStream against a channel that does anything", () => {
  for (const canReadBack of [true, false]) {
    const how = canReadBack ? "that can be read back" : "that cannot be read back"
    it.effect(`never puts an older version over a newer one, and ends on the newest, at a channel ${how}`, () =>
      Effect.gen(function* () {
        for (const seed of seeds) {
          const result = yield* run(seed, { canReadBack })
          settles(result, seed)
          risesOnly(result, seed)
        }
      })
    )
  }

  it.effect("loses, doubles and reverses nothing while its timing is changed, and it is paused and drained", () =>
    Effect.gen(function* () {
      for (const seed of seeds) {
        const result = yield* run(seed, { canReadBack: true, isMeddledWith: true })
        settles(result, seed)
        risesOnly(result, seed)
      }
    })
  )

  it.effect("heals what a lost write that lands late did to a channel that can be read back", () =>
    Effect.gen(function* () {
      for (const seed of seeds) settles(yield* run(seed, { canReadBack: true, landsLate: true }), seed)
    })
  )

  it.effect("says the same for the same seed", () =>
    Effect.gen(function* () {
      const story = { canReadBack: true, landsLate: true, isMeddledWith: true }
      const [first, second] = [yield* run(5, story), yield* run(5, story)]
      assert.deepStrictEqual(second.channel.calls.length, first.channel.calls.length)
      assert.deepStrictEqual({ ...second.snapshot }, { ...first.snapshot })
    })
  )
})
