/**
 * Finds a nats-server that is new enough, and fetches one if the machine has none.
 *
 * Guarantee: what it gives has been run and said that it is supported. What it fetches is verified (pinned checksum,
 * or the signatures of the distribution), kept in `.holdfast/bin` of this clone, and appears there whole or not at all,
 * even when two starts fetch at once. Nothing outside the clone is changed.
 */
import { Duration, Effect } from "effect"
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { LocalServerError, NoBinary } from "./LocalServerError.ts"
import * as NatsPackage from "./NatsPackage.ts"
import * as NatsRelease from "./NatsRelease.ts"
import * as NatsVersion from "./NatsVersion.ts"
import { tryLock } from "./PidLock.mjs"
import { run } from "./RunCommand.ts"

export interface NatsSource {
  /** Names the source in an error. */
  readonly name: string
  /** The path of a supported binary, or an `Error` that says why this source has none. */
  readonly find: Effect.Effect<string, Error>
}

export interface NatsBinaryOptions {
  /** Directory of the cache. Default `.holdfast/bin` of this clone. */
  readonly cacheDir?: string
  readonly env?: NodeJS.ProcessEnv
  /** Called with one short line per step that may take long. */
  readonly onProgress?: (line: string) => void
}

const clone = resolve(import.meta.dirname, "../..")

/** The path of a nats-server >= 2.12, from the first source that has one. Fails with `LocalServerError(NoBinary)`. */
export const find = (options: NatsBinaryOptions = {}): Effect.Effect<string, LocalServerError> =>
  firstOf(sources(options))

/** The sources in the order in which they are asked. */
export const sources = (options: NatsBinaryOptions = {}): ReadonlyArray<NatsSource> => {
  const env = options.env ?? process.env
  const cacheDir = options.cacheDir ?? join(clone, ".holdfast", "bin")
  const onProgress = options.onProgress ?? (() => undefined)
  const chosen = env["NATS_SERVER_BIN"]
  if (chosen !== undefined && chosen !== "") return [{ name: "NATS_SERVER_BIN", find: supported(chosen) }]
  return [
    { name: "PATH", find: onPath(env["PATH"] ?? "") },
    { name: "cache", find: supported(cached(cacheDir)) },
    { name: "release", find: fetched(cacheDir, "release", (dir) => NatsRelease.download(dir, onProgress), onProgress) },
    {
      name: "Debian package",
      find: fetched(cacheDir, "debian", (dir) => NatsPackage.download(dir, onProgress), onProgress)
    }
  ]
}

/** Asks one source after the other; the error has one line for each. */
export const firstOf = Effect.fn("NatsBinary.firstOf")(function* (list: ReadonlyArray<NatsSource>) {
  const tried: Array<string> = []
  for (const source of list) {
    const result = yield* Effect.result(source.find)
    if (result._tag === "Success") return result.success
    tried.push(`${source.name}: ${result.failure.message}`)
  }
  return yield* LocalServerError.because("nats", new NoBinary({ tried }))
})

const cached = (cacheDir: string): string => join(cacheDir, "nats-server")

const supported = Effect.fnUntraced(function* (path: string) {
  if (!existsSync(path)) return yield* Effect.fail(new Error(`${path} does not exist`))
  const version = NatsVersion.parse(yield* run(path, ["--version"], { timeout: 10_000 }))
  if (version === undefined) return yield* Effect.fail(new Error(`${path} does not say which version it is`))
  if (!NatsVersion.isSupported(version))
    return yield* Effect.fail(new Error(`${path} is ${NatsVersion.format(version)}, which is too old`))
  return path
})

const onPath = (path: string): Effect.Effect<string, Error> => {
  const found = path
    .split(delimiter)
    .map((directory) => join(directory, "nats-server"))
    .find((file) => existsSync(file))
  return found === undefined ? Effect.fail(new Error("has no nats-server")) : supported(found)
}

const fetched = Effect.fnUntraced(function* (
  cacheDir: string,
  name: string,
  download: (directory: string) => Effect.Effect<string, Error>,
  onProgress: (line: string) => void
) {
  yield* lockedCache(cacheDir, onProgress)
  const meanwhile = yield* Effect.result(supported(cached(cacheDir)))
  if (meanwhile._tag === "Success") return meanwhile.success
  const directory = join(cacheDir, `.${name}`)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(directory, { recursive: true, force: true })))
  const binary = yield* supported(yield* download(directory))
  return yield* keep(binary, cacheDir)
}, Effect.scoped)

/** The rename is what makes it appear whole. */
const keep = (binary: string, cacheDir: string): Effect.Effect<string, Error> =>
  Effect.try({
    try: () => {
      const draft = join(cacheDir, `.nats-server.${process.pid}`)
      copyFileSync(binary, draft)
      chmodSync(draft, 0o755)
      renameSync(draft, cached(cacheDir))
      return cached(cacheDir)
    },
    catch: (cause) => new Error(`cannot write into ${cacheDir} (${cause})`)
  })

const lockedCache = Effect.fnUntraced(function* (cacheDir: string, onProgress: (line: string) => void) {
  const attempt = Effect.try({
    try: () => {
      mkdirSync(cacheDir, { recursive: true })
      return tryLock(join(cacheDir, "fetch.lock"))
    },
    catch: (cause) => new Error(`cannot write into ${cacheDir} (${cause})`)
  })
  let told = false
  for (;;) {
    const lock = yield* Effect.acquireRelease(attempt, (lock) => Effect.sync(() => lock.release?.()))
    if (lock.release !== undefined) return
    if (!told) onProgress(`waiting for process ${lock.holder}, which is fetching nats-server`)
    told = true
    yield* Effect.sleep(Duration.millis(200))
  }
})
