/** The player against a real NATS: what it plays is stored, when it says, as often as it says. */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams, eventsStream } from "@holdfast/bus/StreamTopology"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { playPlan, type PlayProgress, readSamplePlan } from "../src/demo/SamplePlayer.ts"

const nats = Layer.unwrap(Effect.map(TestServers, ({ natsUrl }) => NatsConnection.layer(natsUrl, "player-test"))).pipe(
  Layer.provide(TestServers.layer)
)

describe("the sample player", () => {
  it.live("stores every event of two runs, in the time that it was given", () =>
    Effect.gen(function* () {
      const { manager } = yield* NatsConnection
      yield* ensureStreams(manager)
      const seen: Array<PlayProgress> = []
      const first = yield* playPlan(yield* readSamplePlan("a"), {
        speed: 35,
        onStored: (progress) => seen.push(progress)
      })
      const second = yield* playPlan(yield* readSamplePlan("b"), { speed: 70 })
      const { state } = yield* Effect.promise(() => manager.streams.info(eventsStream))
      expect(state.messages).toBe(first.events + second.events)
      expect(seen).toHaveLength(first.events)
      expect(seen.at(-1)).toMatchObject({ stored: first.events, total: first.events })
      expect(Math.max(...seen.map(({ progress }) => progress))).toBe(1)
      expect(first.seconds).toBeGreaterThanOrEqual(1)
      expect(first.lines).toBeGreaterThan(900)
    }).pipe(Effect.provide(nats))
  )
})
