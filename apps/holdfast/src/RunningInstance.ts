/**
 * How commands find the instance that runs in this data directory: a file that it writes, with its URLs.
 *
 * Guarantee: readable by the owner only, since the database's URL holds a password; removed when the instance stops. After
 * a crash the file stays, and its process id tells that nothing runs any more.
 */
import { Config, Effect, Layer, Option, Schema } from "effect"
import { NatsConnection } from "@holdfast/bus/NatsConnection"
import { Database } from "@holdfast/ledger/Database"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { dataDir } from "./Settings.ts"

const Instance = Schema.Struct({
  pid: Schema.Number,
  natsUrl: Schema.String,
  databaseUrl: Schema.String,
  httpUrl: Schema.String,
  /** what it was started with, for whoever looks in; see `checklist/InstanceSettings` */
  settings: Schema.optionalKey(Schema.Unknown)
})
export type RunningInstance = typeof Instance.Type

export class NothingRunning extends Schema.TaggedError<NothingRunning>()("NothingRunning", {
  variable: Schema.String
}) {
  override get message(): string {
    return `nothing runs here: start it with "npm start" in another terminal, or set ${this.variable}`
  }
}

const fileOf = (directory: string): string => join(directory, "running.json")

/** Writes the file for as long as the scope lives. */
export const announceInstance = (directory: string, instance: RunningInstance) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      mkdirSync(directory, { recursive: true })
      writeFileSync(fileOf(directory), JSON.stringify(instance), { mode: 0o600 })
    }),
    () => Effect.sync(() => rmSync(fileOf(directory), { force: true }))
  )

/** After a crash the file is still there. */
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Instance))

/** The instance that runs in the data directory. Fails when none does. */
export const runningInstance = Effect.gen(function* () {
  const directory = yield* dataDir
  const text = yield* Effect.try(() => readFileSync(fileOf(directory), "utf8"))
  return yield* Effect.filterOrFail(decode(text), ({ pid }) => isAlive(pid))
})

/** The URL that the environment gives, else that of the running instance. */
const urlOf = (variable: string, pick: (instance: RunningInstance) => string) =>
  Effect.gen(function* () {
    const given = yield* Config.option(Config.String(variable))
    if (Option.isSome(given) && given.value !== "") return given.value
    const instance = yield* Effect.mapError(runningInstance, () => new NothingRunning({ variable }))
    return pick(instance)
  })

/** NATS of the environment or of the running instance; connects when it is built. */
export const nats = Layer.unwrap(
  Effect.map(
    urlOf("NATS_URL", ({ natsUrl }) => natsUrl),
    (url) => NatsConnection.layer(url, "holdfast command")
  )
)

/** PostgreSQL of the environment or of the running instance. */
export const database = Layer.unwrap(
  Effect.map(
    urlOf("DATABASE_URL", ({ databaseUrl }) => databaseUrl),
    (url) => Database.layer(url)
  )
)
