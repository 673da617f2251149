/**
 * Once per run of the integration tests: one PostgreSQL for all of them, and a nats-server binary that is ready to run.
 *
 * Guarantee: what a killed run left behind is stopped and removed first; what this run starts ends with it.
 */
import { Effect, Exit, Scope } from "effect"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import * as LocalNats from "../local/LocalNats.ts"
import * as LocalPostgres from "../local/LocalPostgres.ts"
import * as NatsBinary from "../local/NatsBinary.ts"
import { tryLock } from "../local/PidLock.mjs"
import { provideAdminUrl, testRoot } from "./TestEnvironment.ts"

const onProgress = (line: string): void => void process.stderr.write(`${line}\n`)

export default async function setup(): Promise<() => Promise<void>> {
  mkdirSync(testRoot, { recursive: true })
  await sweep()
  const dataDir = mkdtempSync(join(testRoot, "postgres-"))
  const scope = Scope.makeUnsafe()
  const stop = async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await Effect.runPromise(start(dataDir).pipe(Scope.provide(scope)))
  } catch (error) {
    await stop()
    throw error
  }
  return stop
}

const start = Effect.fnUntraced(function* (dataDir: string) {
  const [binary, database] = yield* Effect.all(
    [NatsBinary.find({ onProgress }), LocalPostgres.start({ dataDir, port: 0, onProgress })],
    { concurrency: 2 }
  )
  process.env["NATS_SERVER_BIN"] = binary
  provideAdminUrl(database.url)
})

const youth = 60_000

/** A run at the same time makes its directory a moment before it owns it. */
const isBeingMade = (path: string): boolean =>
  !existsSync(join(path, "owner.lock")) && Date.now() - statSync(path).mtimeMs < youth

/** A directory that nobody owns any more belongs to a run that was killed. */
const sweep = async (): Promise<void> => {
  for (const name of readdirSync(testRoot)) {
    const path = join(testRoot, name)
    if (isBeingMade(path)) continue
    const lock = tryLock(join(path, "owner.lock"))
    if (lock.release === undefined) continue
    for (const directory of [path, join(path, "nats")]) await Effect.runPromise(LocalNats.stopLeftBehind(directory))
    for (const directory of [path, join(path, "postgres")])
      await Effect.runPromise(LocalPostgres.stopLeftBehind(directory))
    rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  }
}
