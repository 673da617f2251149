/**
 * Real servers for one test file: a nats-server with a store of its own and an empty database of its own.
 *
 * Guarantee: nothing is shared with another caller but the PostgreSQL process, and nothing is left when they stop.
 * Only for tests that vitest's project `int` runs (`*.int.test.ts`): its global set-up provides that PostgreSQL.
 */
import { Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import postgres from "postgres"
import * as LocalNats from "../local/LocalNats.ts"
import type { LocalServerError } from "../local/LocalServerError.ts"
import { adminUrl, testRoot } from "./TestEnvironment.ts"

/** URLs as the applications take them in `NATS_URL` and `DATABASE_URL`. */
export class TestServers extends Context.Service<
  TestServers,
  {
    readonly natsUrl: string
    readonly databaseUrl: string
  }
>()("@holdfast/infra/testing/TestServers") {
  static readonly layer: Layer.Layer<TestServers, LocalServerError> = Layer.effect(
    TestServers,
    Effect.suspend(() =>
      Effect.all(
        {
          natsUrl: ownNats,
          databaseUrl: ownDatabase
        },
        { concurrency: 2 }
      )
    )
  )
}

export interface RunningTestServers {
  readonly natsUrl: string
  readonly databaseUrl: string
  /** Process id of the nats-server that runs now. */
  readonly natsPid: number
  /** `kill -9` of the nats-server; resolves when it has ended. It stays down until `restartNats`. */
  killNats(): Promise<void>
  /** Ends the nats-server if it runs and starts it again with its store and its port. */
  restartNats(): Promise<void>
  /** Ends and removes everything. */
  stop(): Promise<void>
}

/** The same as `TestServers.layer` for `beforeAll`, with ways to break NATS. Rejects with `LocalServerError`. */
export const startTestServers = async (): Promise<RunningTestServers> => {
  const scope = Scope.makeUnsafe()
  const dataDir = await inScope(scope, ownDirectory)
  const [databaseUrl, first] = await Promise.all([inScope(scope, ownDatabase), startNats(dataDir, 0)])
  let nats = first
  const endNats = async (signal?: "SIGKILL") => {
    if (signal !== undefined) process.kill(nats.pid, signal)
    await Effect.runPromise(Scope.close(nats.scope, Exit.void))
  }
  return {
    natsUrl: first.url,
    databaseUrl,
    get natsPid() {
      return nats.pid
    },
    killNats: () => endNats("SIGKILL"),
    restartNats: async () => {
      await endNats()
      nats = await startNats(dataDir, first.port)
    },
    stop: async () => {
      await endNats()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  }
}

const ownNats = Effect.gen(function* () {
  const dataDir = yield* ownDirectory
  return (yield* LocalNats.start({ dataDir, port: 0 })).url
})

const inScope = <A, E>(scope: Scope.Scope, effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Scope.provide(effect, scope))

const startNats = async (dataDir: string, port: number) => {
  const scope = Scope.makeUnsafe()
  return { scope, ...(await inScope(scope, LocalNats.start({ dataDir, port }))) }
}

const ownDirectory = Effect.acquireRelease(
  Effect.sync(() => {
    mkdirSync(testRoot, { recursive: true })
    return mkdtempSync(join(testRoot, "nats-"))
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }))
)

const ownDatabase = Effect.acquireRelease(
  Effect.promise(async () => {
    const name = `test_${randomBytes(6).toString("hex")}`
    await asAdmin((sql) => sql`create database ${sql(name)}`)
    const url = new URL(adminUrl())
    url.pathname = `/${name}`
    return { name, url: url.href }
  }),
  ({ name }) =>
    Effect.promise(() => asAdmin((sql) => sql`drop database if exists ${sql(name)} with (force)`)).pipe(
      Effect.timeoutOption(Duration.seconds(20))
    )
).pipe(Effect.map(({ url }) => url))

const asAdmin = async (use: (sql: postgres.Sql) => Promise<unknown>): Promise<void> => {
  const sql = postgres(adminUrl(), { max: 1, onnotice: () => undefined, fetch_types: false })
  try {
    await use(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
