/**
 * The life of one local server process: who owns its data directory, how it starts, how it ends.
 *
 * Guarantees:
 * 1. At most one living process runs a server on a data directory (`owner.lock`).
 * 2. A server whose owner was killed is found, stopped and replaced by the next start on the same directory; nothing
 *    but a process that works in that very directory is ever signalled.
 * 3. When the scope closes the server has ended: politely first, by `SIGKILL` to its pid if it does not listen.
 * 4. A terminal's Ctrl-C does not reach the server: the program drains first, then stops it.
 *
 * It knows neither NATS nor PostgreSQL.
 */
import { Duration, Effect, Schedule, type Scope } from "effect"
import { spawn, type ChildProcess } from "node:child_process"
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { choosePort } from "./FreePort.ts"
import { AlreadyRunning, BadDirectory, LocalServerError, StartFailed } from "./LocalServerError.ts"
import { tryLock } from "./PidLock.mjs"
import { processesIn } from "./ProcessTable.ts"

export interface LocalServerSpec {
  readonly server: "nats" | "postgres"
  /** Holds everything the server needs between two starts; created if absent. */
  readonly dataDir: string
  /** How its processes are recognised and ended. `workDir` is `dataDir` or inside it. */
  readonly processes: ServerProcesses
  /** Preferred port; 0 is any. Without it: the port that this data directory had last time, then `defaultPort`. */
  readonly port: number | undefined
  readonly defaultPort: number
  /** Brings configuration up to date for this port and says what to run. */
  readonly command: (port: number) => Effect.Effect<LaunchCommand, LocalServerError>
  /** Succeeds once our server answers on this port; is repeated until then. */
  readonly probe: (port: number) => Effect.Effect<void, unknown>
  /** When set, a server that ends by itself is started again on its port, and this is told. */
  readonly onRestart: ((line: string) => void) | undefined
}

export interface LaunchCommand {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly uid?: number
  readonly gid?: number
  readonly env?: NodeJS.ProcessEnv
}

export interface LocalServer {
  readonly port: number
  readonly pid: number
}

const startTimeout = Duration.seconds(60)
const politeWait = Duration.seconds(15)
const pollEvery = Duration.millis(20)
const restartPause = Duration.seconds(1)
const attempts = 5

/** Makes sure that nobody else uses the data directory, until the scope closes. */
export const own = Effect.fn("LocalServer.own")(function* (server: LocalServerSpec["server"], dataDir: string) {
  const taken = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        mkdirSync(dataDir, { recursive: true })
        // A server that runs as another user has to be able to walk through.
        if (process.getuid?.() === 0) chmodSync(dataDir, 0o755)
        return tryLock(join(dataDir, "owner.lock"))
      },
      catch: (cause) =>
        LocalServerError.because(
          server,
          new BadDirectory({ directory: dataDir, detail: `${cause}. Choose a directory you may write to.` })
        )
    }),
    (lock) => Effect.sync(() => lock.release?.())
  )
  if (taken.holder !== undefined) {
    return yield* LocalServerError.because(server, new AlreadyRunning({ directory: dataDir, holder: taken.holder }))
  }
})

export interface ServerProcesses {
  /** Where they work: it is what identifies them, whoever started them. */
  readonly workDir: string
  /** Tells from a command line whether a process of `workDir` is the server (the one to signal) or a part of it. */
  readonly isServer: (command: string) => boolean
  readonly isPart: (command: string) => boolean
  /** Signals that end the server, politest first; `SIGKILL` follows by itself. */
  readonly stopSignals: ReadonlyArray<NodeJS.Signals>
}

/** Ends whatever still works in the directory: servers left behind by a killed owner. Call it as the owner. */
export const stopOrphans = (spec: ServerProcesses): Effect.Effect<void> => {
  const parts = () => processesIn(spec.workDir).filter(({ command }) => spec.isServer(command) || spec.isPart(command))
  return stopAll({ running: parts, polite: ({ command }) => spec.isServer(command), signals: spec.stopSignals })
}

const stopAll = Effect.fnUntraced(function* <P extends { readonly pid: number }>(spec: {
  readonly running: () => ReadonlyArray<P>
  readonly polite: (process: P) => boolean
  readonly signals: ReadonlyArray<NodeJS.Signals>
}) {
  for (const signal of [...spec.signals, "SIGKILL" as const]) {
    for (const process of spec.running()) {
      if (signal === "SIGKILL" || spec.polite(process)) kill(process.pid, signal)
    }
    const gone = yield* waitUntil(() => spec.running().length === 0).pipe(Effect.timeoutOption(politeWait))
    if (gone._tag === "Some") return
  }
})

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended already.
  }
}

const waitUntil = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.andThen(Effect.sleep(pollEvery), waitUntil(condition))))

/** Starts the server described by `spec`, once the caller owns the directory; stops it when the scope closes. */
export const launch = Effect.fn("LocalServer.launch")(function* (
  spec: LocalServerSpec
): Effect.fn.Return<LocalServer, LocalServerError, Scope.Scope> {
  // Before a port is chosen: an orphan may sit on ours.
  yield* stopOrphans(spec.processes)
  let wanted = spec.port === undefined ? [rememberedPort(spec.dataDir), spec.defaultPort] : [spec.port]
  for (let attempt = 1; ; attempt++) {
    const port = yield* Effect.promise(() => choosePort(wanted))
    const result = yield* launchOnce(spec, port)
    if (result._tag === "started") {
      writeFileSync(portFile(spec.dataDir), String(port))
      if (spec.onRestart !== undefined) yield* Effect.forkScoped(keepRunning(spec, port, result.child, spec.onRestart))
      return { port, pid: result.pid }
    }
    if (!result.portTaken || attempt === attempts) return yield* result.error
    wanted = []
  }
})

type Launch =
  | { readonly _tag: "started"; readonly child: ChildProcess; readonly pid: number }
  | { readonly _tag: "failed"; readonly portTaken: boolean; readonly error: LocalServerError }

const launchOnce = Effect.fnUntraced(function* (spec: LocalServerSpec, port: number) {
  const command = yield* spec.command(port)
  const logFile = freshLog(spec.dataDir)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => run(command, spec.processes.workDir, logFile)),
    (child) => stop(child, spec.processes.stopSignals)
  )
  const failed = (detail: string): Launch => {
    const log = tail(logFile)
    const error = LocalServerError.because(spec.server, new StartFailed({ detail, log, logFile }))
    return { _tag: "failed", portTaken: /address already in use|could not bind/i.test(log), error }
  }
  const ready = spec
    .probe(port)
    .pipe(Effect.retry(Schedule.spaced(pollEvery)), Effect.orDie, Effect.as("ready" as const))
  const ended = exit(child).pipe(Effect.as("ended" as const))
  const outcome = yield* Effect.raceFirst(ready, ended).pipe(Effect.timeoutOption(startTimeout))
  if (outcome._tag === "None") {
    yield* stop(child, spec.processes.stopSignals)
    return failed(`no answer on port ${port} within ${Duration.toSeconds(startTimeout)} s`)
  }
  if (outcome.value === "ended" || child.pid === undefined) return failed(endOf(child))
  return { _tag: "started", child, pid: child.pid } as Launch
})

/** Each new server lives in a scope of this loop's own, so that closing the outer scope ends the loop before a server. */
const keepRunning = Effect.fnUntraced(function* (
  spec: LocalServerSpec,
  port: number,
  first: ChildProcess,
  onRestart: (line: string) => void
) {
  yield* exit(first)
  yield* Effect.gen(function* () {
    onRestart(`${spec.server} ended by itself; starting it again on port ${port}`)
    // Parts of a server that was killed may still be ending.
    yield* stopOrphans(spec.processes)
    const result = yield* launchOnce(spec, port)
    if (result._tag === "failed") {
      onRestart(result.error.message)
      return yield* Effect.sleep(restartPause)
    }
    yield* exit(result.child)
  }).pipe(
    Effect.scoped,
    Effect.catch((error) =>
      Effect.andThen(
        Effect.sync(() => onRestart(error.message)),
        Effect.sleep(restartPause)
      )
    ),
    Effect.forever
  )
})

/** Completes when the process has ended. */
const exit = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const done = () => resume(Effect.void)
    if (hasEnded(child)) return done()
    child.once("exit", done)
    return Effect.sync(() => child.off("exit", done))
  })

const failures = new WeakMap<ChildProcess, Error>()

const run = (command: LaunchCommand, cwd: string, logFile: string): ChildProcess => {
  const log = openSync(logFile, "a")
  try {
    const child = spawn(command.file, command.args, {
      cwd,
      detached: true,
      stdio: ["ignore", log, log],
      env: command.env ?? process.env,
      ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.gid ?? command.uid })
    })
    child.once("error", (error) => failures.set(child, error))
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

const endOf = (child: ChildProcess): string => {
  const failure = failures.get(child)
  if (failure !== undefined) return failure.message
  return child.signalCode === null ? `it ended with exit code ${child.exitCode}` : `it was ended by ${child.signalCode}`
}

const stop = (child: ChildProcess, signals: ReadonlyArray<NodeJS.Signals>): Effect.Effect<void> =>
  stopAll({
    running: () => (hasEnded(child) || child.pid === undefined ? [] : [{ pid: child.pid }]),
    polite: () => true,
    signals
  })

const portFile = (dataDir: string): string => join(dataDir, "port")

const rememberedPort = (dataDir: string): number | undefined => {
  if (!existsSync(portFile(dataDir))) return undefined
  const port = Number(readFileSync(portFile(dataDir), "utf8"))
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined
}

/** The log of the start before this one is kept, because it usually explains why there was another start. */
const freshLog = (dataDir: string): string => {
  const path = join(dataDir, "server.log")
  if (existsSync(path)) renameSync(path, join(dataDir, "server.previous.log"))
  return path
}

const tail = (path: string): string => {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : []
  return lines.slice(-12).join("\n")
}
