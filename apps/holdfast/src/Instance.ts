/**
 * One running instance: servers, pipeline, and the file by which commands find it.
 *
 * It shows progress on standard error, one line per step that takes time.
 */
import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { currentChannels } from "@holdfast/ledger/ChannelDefinitions"
import { Database, query } from "@holdfast/ledger/Database"
import { migrate } from "@holdfast/ledger/Migrations"
import * as LocalStack from "@holdfast/infra/local/LocalStack"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { HttpServer } from "effect/http"
import { createServer } from "node:net"
import { settingsOf } from "./checklist/InstanceSettings.ts"
import * as Pipeline from "./Pipeline.ts"
import { announceInstance } from "./RunningInstance.ts"
import { dataDir, defaultHttpPort, httpPort } from "./Settings.ts"

export interface InstanceOptions {
  /** `known`: all that the ledger knows */
  readonly channels: ReadonlyArray<ChannelDefinition> | "known"
  /** variable -> secret, beside those of the environment */
  readonly secrets?: Readonly<Record<string, string>>
  /** milliseconds since the epoch: budgets count events from then on; from when each channel was first defined when absent */
  readonly promisedFrom?: number
}

export const progress = (line: string): void => void process.stderr.write(`${line}\n`)

const isFree = (port: number): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const probe = createServer()
    probe.once("error", () => resume(Effect.succeed(false)))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resume(Effect.succeed(true))))
  })

const portToUse = Effect.gen(function* () {
  const wanted = yield* httpPort
  if (Option.isSome(wanted)) return wanted.value
  return (yield* isFree(defaultHttpPort)) ? defaultHttpPort : 0
})

const announce = (urls: { readonly natsUrl: string; readonly databaseUrl: string }) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : 0
      const httpUrl = `http://127.0.0.1:${port}`
      const settings = yield* settingsOf()
      yield* announceInstance(yield* dataDir, { pid: process.pid, ...urls, httpUrl, settings })
      progress(`NATS    ${urls.natsUrl}`)
      progress(`HTTP    ${httpUrl}/v1/events`)
    })
  )

const knownChannels = (databaseUrl: string) =>
  Effect.gen(function* () {
    yield* migrate(databaseUrl)
    const { sql } = yield* Database
    return (yield* query(() => currentChannels(sql))).map(({ definition }) => definition)
  }).pipe(Effect.provide(Database.layer(databaseUrl)))

/** Starts what is missing, migrates, and runs the pipeline for as long as the layer lives. */
export const layer = (options: InstanceOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const urls = yield* LocalStack.start({ dataDir: yield* dataDir, onProgress: progress })
      const port = yield* portToUse
      const channels = options.channels === "known" ? yield* knownChannels(urls.databaseUrl) : options.channels
      progress(`${channels.length} channels; Ctrl-C ends it`)
      return announce(urls).pipe(Layer.provideMerge(Pipeline.layer({ ...options, ...urls, channels, httpPort: port })))
    })
  ).pipe(Layer.provide(ConfigProvider.layerAdd(ConfigProvider.fromUnknown(options.secrets ?? {}))))
