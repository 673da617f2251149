/**
 * A program that starts local servers, says where they are and holds them: what tests kill to see what happens.
 *
 *     node infra/testing/HoldServers.ts <directory of NATS> <directory of PostgreSQL>
 *
 * It prints one line of JSON: `{ nats: { url, pid, port }, postgres: { url, pid, port } }`.
 */
import { Effect } from "effect"
import * as LocalNats from "../local/LocalNats.ts"
import * as LocalPostgres from "../local/LocalPostgres.ts"

const [natsDir = "", postgresDir = ""] = process.argv.slice(2)
const stop = new AbortController()
process.once("SIGTERM", () => stop.abort())

const hold = Effect.gen(function* () {
  const nats = yield* LocalNats.start({ dataDir: natsDir })
  const postgres = yield* LocalPostgres.start({ dataDir: postgresDir })
  process.stdout.write(`${JSON.stringify({ nats, postgres })}\n`)
  return yield* Effect.never
})

// A timer keeps the process alive: the servers do not.
const alive = setInterval(() => undefined, 60_000)
await Effect.runPromiseExit(Effect.scoped(hold), { signal: stop.signal })
clearInterval(alive)
