/**
 * A real Vendure server on loopback, for tests, from where its recipe was installed.
 *
 * Guarantee: it ends with its scope, and with this process. It does not bring the database.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { resolve } from "node:path"
import { createInterface } from "node:readline"

/** Directory of what is to be installed, for `demandPackage`. */
export const vendureRecipe: string = resolve(import.meta.dirname, "../../../vendure-server")

export interface VendureServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** of the user `superadmin` */
  readonly password: string
}

/** The first line of its output; its standard error is kept for when it ends before. */
const started = (child: ChildProcess): Promise<{ readonly port: number }> =>
  new Promise((resolvePort, reject) => {
    let said = ""
    child.stderr!.on("data", (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2_000)))
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`Vendure ended with ${code}: ${said}`)))
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith(`{"port"`)) resolvePort(JSON.parse(line))
    })
  })

const stopped = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once("exit", () => done())
    child.kill("SIGTERM")
    // its shop is thrown away: it need not take its time
    setTimeout(() => child.kill("SIGKILL"), 3_000).unref()
  })

/** @param databaseUrl an empty PostgreSQL database of its own */
export const startVendure = (
  directory: string,
  databaseUrl: string
): Effect.Effect<VendureServer, Error, Scope.Scope> =>
  Effect.gen(function* () {
    const password = randomBytes(16).toString("hex")
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const env = { ...process.env, DATABASE_URL: databaseUrl, VENDURE_PASSWORD: password }
        const spawned = spawn(process.execPath, ["server.mjs"], {
          cwd: directory,
          stdio: ["pipe", "pipe", "pipe"],
          env
        })
        process.once("exit", () => spawned.kill("SIGKILL"))
        return spawned
      }),
      (spawned) => Effect.promise(() => stopped(spawned))
    )
    const { port } = yield* Effect.tryPromise({ try: () => started(child), catch: (cause) => cause as Error })
    return { url: `http://127.0.0.1:${port}`, password }
  })
