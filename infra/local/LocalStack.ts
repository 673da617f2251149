/**
 * NATS and PostgreSQL for one machine: the given ones, else local ones.
 *
 * Guarantee: what `NATS_URL` or `DATABASE_URL` names is used as it is and nothing is started for it. Local servers run
 * until the scope closes, come back by themselves when they end before, and keep their data in `dataDir`.
 */
import { Config, Effect, Option } from "effect"
import { join } from "node:path"
import * as LocalNats from "./LocalNats.ts"
import * as LocalPostgres from "./LocalPostgres.ts"

export interface LocalStackOptions {
  /** Directory that holds the data of both servers, usually `.holdfast`. */
  readonly dataDir: string
  /** Called with one short line per step that may take long, and when a server had to be started again. */
  readonly onProgress?: (line: string) => void
}

/**
 * Gives `{ natsUrl, databaseUrl }` of servers that answer (local ones) or are configured (given ones: not checked here).
 * Fails with `LocalServerError`, or `ConfigError` when a variable cannot be read.
 */
export const start = Effect.fn("LocalStack.start")(function* ({
  dataDir,
  onProgress = () => undefined
}: LocalStackOptions) {
  const [natsUrl, databaseUrl] = yield* Effect.all(
    [
      given("NATS_URL", LocalNats.start({ dataDir: join(dataDir, "nats"), keepRunning: true, onProgress })),
      given("DATABASE_URL", LocalPostgres.start({ dataDir: join(dataDir, "postgres"), keepRunning: true, onProgress }))
    ],
    { concurrency: 2 }
  )
  return { natsUrl, databaseUrl }
})

const given = Effect.fnUntraced(function* <E, R>(
  variable: string,
  local: Effect.Effect<{ readonly url: string }, E, R>
) {
  const url = Option.filter(yield* Config.option(Config.String(variable)), (text) => text !== "")
  return Option.isSome(url) ? url.value : (yield* local).url
})
