/**
 * A nats-server with JetStream for this machine alone.
 *
 * Guarantee: loopback only, one data directory, all streams back after any kind of end. It has no accounts and no
 * TLS: whoever can reach loopback may publish. A production server is configured by `infra/nats`, never by this file.
 */
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join, resolve } from "node:path"
import * as LocalServer from "./LocalServer.ts"
import * as NatsBinary from "./NatsBinary.ts"

export interface LocalNatsOptions {
  /** Directory for the configuration, the log and the JetStream store; created if absent. */
  readonly dataDir: string
  /** Preferred port. Without it: the port of the last start, then 4222. A taken port is replaced by a free one; 0 is any. */
  readonly port?: number
  /** Called with one short line per step that may take long (finding and downloading the server). */
  readonly onProgress?: (line: string) => void
  /** Start the server again when it ends by itself. Default false. */
  readonly keepRunning?: boolean
}

const stopSignals = ["SIGTERM"] as const

const configuration = (name: string, port: number, storeDir: string): string =>
  `server_name: ${JSON.stringify(name)}
listen: "127.0.0.1:${port}"
# The limit on an event is 256 KiB and ingest enforces it; NATS counts headers too, so its own limit is the default.
max_payload: 1MB
write_deadline: "10s"
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
}
`

/** Reads the greeting that every nats-server sends first; fails unless it carries our name. */
const greeted = (name: string, port: number): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    let text = ""
    const finish = (outcome: Effect.Effect<void, Error>) => {
      socket.destroy()
      resume(outcome)
    }
    socket.setTimeout(1000, () => finish(Effect.fail(new Error("no greeting"))))
    socket.on("error", (error) => finish(Effect.fail(error)))
    socket.on("close", () => finish(Effect.fail(new Error("closed before the greeting"))))
    socket.on("data", (chunk) => {
      text += chunk.toString("utf8")
      if (!text.includes("\n")) return
      finish(text.includes(JSON.stringify(name)) ? Effect.void : Effect.fail(new Error("another server has this port")))
    })
    return Effect.sync(() => socket.destroy())
  })

/**
 * Starts a nats-server and stops it when the scope closes.
 * Succeeds when clients can connect; `url` is `nats://127.0.0.1:<port>`. Fails with `LocalServerError`.
 */
export const start = Effect.fn("LocalNats.start")(function* (options: LocalNatsOptions) {
  const dataDir = resolve(options.dataDir)
  yield* LocalServer.own("nats", dataDir)
  const configFile = join(dataDir, "nats.conf")
  const file = yield* NatsBinary.find(options.onProgress === undefined ? {} : { onProgress: options.onProgress })
  const name = `holdfast-${randomUUID()}`
  const { pid, port } = yield* LocalServer.launch({
    server: "nats",
    dataDir,
    processes: processesOf(dataDir),
    port: options.port,
    defaultPort: 4222,
    command: (port) =>
      Effect.sync(() => {
        writeFileSync(configFile, configuration(name, port, join(dataDir, "store")))
        return { file, args: ["-c", configFile] }
      }),
    probe: (port) => greeted(name, port),
    onRestart: options.keepRunning === true ? (options.onProgress ?? (() => undefined)) : undefined
  })
  return { url: `nats://127.0.0.1:${port}`, pid, port }
})

/** Stops the server that a killed owner left behind in `dataDir`. Only for who owns the directory now. */
export const stopLeftBehind = (dataDir: string): Effect.Effect<void> => LocalServer.stopOrphans(processesOf(dataDir))

const processesOf = (dataDir: string): LocalServer.ServerProcesses => ({
  workDir: dataDir,
  isServer: (command) => command.endsWith("/nats.conf"),
  isPart: () => false,
  stopSignals
})
