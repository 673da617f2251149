/** The import against a real NATS: what it publishes is stored once, however often it runs. */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { eventsStream } from "@holdfast/bus/StreamTopology"
import { TestServers } from "@holdfast/infra/testing/TestServers"
import { NodeServices } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { importCommand } from "../src/ImportCommand.ts"
import { csvText, withCsv } from "./RetailFixture.ts"

const nats = Layer.unwrap(Effect.map(TestServers, ({ natsUrl }) => NatsConnection.layer(natsUrl, "import-test")))
const run = Command.runWith(importCommand(nats), { version: "0.0.0" })

const stored = Effect.gen(function* () {
  const { manager } = yield* NatsConnection
  return (yield* Effect.promise(() => manager.streams.info(eventsStream))).state.messages
})

describe("holdfast import online-retail", () => {
  it.live("stores every event once, however often it runs", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<TestServers | Layer.Success<typeof NodeServices.layer>>()
      const importAll = (path: string) => Effect.runPromiseWith(context)(run(["online-retail", path, "--json"]))
      yield* Effect.promise(() =>
        withCsv(csvText, "retail.csv", async (path) => {
          await importAll(path)
          await importAll(path)
        })
      )
      expect(yield* Effect.provide(stored, nats)).toBe(13)
    }).pipe(Effect.provide([NodeServices.layer, TestServers.layer]))
  )
})
