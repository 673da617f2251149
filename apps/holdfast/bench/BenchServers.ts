/**
 * The servers of a benchmark: a nats-server and a PostgreSQL of its own, with the durability that production has.
 *
 * Guarantee: `fresh` gives an empty database and empty streams, so that runs do not see each other.
 */
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { ensureStreams, streams } from "@holdfast/bus/StreamTopology"
import * as LocalStack from "@holdfast/infra/local/LocalStack"
import { migrate } from "@holdfast/ledger/Migrations"
import { Effect, Exit, Scope } from "effect"
import { mkdtempSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import postgres from "postgres"
import { Processes } from "./Processes.ts"

export interface BenchServers {
  readonly natsUrl: string
  /** Empties the streams and gives the URL of a new, migrated database. */
  readonly fresh: () => Promise<string>
  /** of the scenario that runs; they end with it */
  readonly processes: Processes
  /** Ends everything; the second call waits for the first. */
  readonly stop: () => Promise<void>
}

const root = ".holdfast/bench"

const emptyStreams = (natsUrl: string): Promise<void> =>
  Effect.runPromise(
    NatsConnection.use((nats) =>
      Effect.gen(function* () {
        for (const { name } of streams)
          yield* Effect.promise(() => nats.manager.streams.delete(name).catch(() => false))
        yield* ensureStreams(nats.manager)
      })
    ).pipe(Effect.provide(NatsConnection.layer(natsUrl, "bench set-up")), Effect.orDie)
  )

export const startBenchServers = async (onProgress: (line: string) => void): Promise<BenchServers> => {
  mkdirSync(root, { recursive: true })
  const dataDir = mkdtempSync(join(root, "run-"))
  const scope = Scope.makeUnsafe()
  const { natsUrl, databaseUrl } = await Effect.runPromise(
    LocalStack.start({ dataDir, onProgress }).pipe(Effect.provideService(Scope.Scope, scope))
  )
  const processes = new Processes()
  let databases = 0
  const fresh = async () => {
    const admin = postgres(databaseUrl, { max: 1, onnotice: () => {} })
    const name = `bench_${++databases}`
    if (databases > 1) await admin.unsafe(`drop database if exists bench_${databases - 1} with (force)`)
    await admin.unsafe(`create database ${name}`)
    await admin.unsafe("checkpoint")
    await admin.end()
    const url = new URL(databaseUrl)
    url.pathname = `/${name}`
    await Effect.runPromise(migrate(url.href))
    await emptyStreams(natsUrl)
    return url.href
  }
  const end = async () => {
    await processes.stopAll()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(dataDir, { recursive: true, force: true })
  }
  let ended: Promise<void> | undefined
  return { natsUrl, fresh, processes, stop: () => (ended ??= end()) }
}
