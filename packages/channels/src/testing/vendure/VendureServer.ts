/**
 * A real Vendure server on loopback, for tests: installed on demand, once per version, into `.holdfast/`.
 *
 * Guarantee: an installation that was interrupted is not taken for a finished one; the server ends with its scope, and with this process.
 * Where npm cannot install it, that is said, and nothing fails by it. It does not bring the database.
 */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { hash, randomBytes } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"

const recipe = resolve(import.meta.dirname, "../../../vendure-server")
const cache = resolve(import.meta.dirname, "../../../../../.holdfast")
const files = ["package.json", "package-lock.json", ".npmrc", "server.mjs"] as const

const say = (line: string): void => void process.stderr.write(`holdfast: ${line}\n`)

/** Seconds between two lines that say that npm is still at it. */
const progressSeconds = 15

/** @returns npm's exit code and the end of what it said */
const npmCi = (cwd: string): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((done) => {
    const cli = process.env["npm_execpath"]
    const viaNode = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    const child = viaNode
      ? spawn(process.execPath, [cli, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] })
      : spawn("npm", args, { cwd, stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    const hear = (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2_000))
    child.stdout.on("data", hear)
    child.stderr.on("data", hear)
    child.once("error", (error) => done({ code: null, said: error.message }))
    child.once("close", (code) => done({ code, said: said.trim() }))
  })

const installInto = async (directory: string): Promise<string | undefined> => {
  mkdirSync(cache, { recursive: true })
  const making = mkdtempSync(join(cache, "vendure-installing-"))
  for (const file of files) copyFileSync(join(recipe, file), join(making, file))
  const begun = Date.now()
  const seconds = () => Math.round((Date.now() - begun) / 1000)
  say("installing a Vendure server for the tests of its connector (once, about 140 MB)")
  const timer = setInterval(() => say(`installing Vendure ... ${seconds()} s`), progressSeconds * 1000)
  const { code, said } = await npmCi(making)
  clearInterval(timer)
  if (code === 0) {
    // whoever was first made the same
    if (existsSync(directory)) rmSync(making, { recursive: true, force: true })
    else renameSync(making, directory)
    say(`Vendure is installed, in ${seconds()} s`)
    return undefined
  }
  rmSync(making, { recursive: true, force: true })
  return `npm could not install it (${code ?? "not started"}): ${said.split("\n")[0]}`
}

export type VendureInstallation =
  | { readonly _tag: "installed"; readonly directory: string }
  | { readonly _tag: "absent"; readonly reason: string }

/** Installs it unless it is there. `absent`: tests that need it are to be skipped, which is said. */
export const installVendure = async (): Promise<VendureInstallation> => {
  const text = files.map((file) => readFileSync(join(recipe, file), "utf8")).join("\u0000")
  const directory = join(cache, `vendure-${hash("sha256", text).slice(0, 12)}`)
  const reason = existsSync(directory) ? undefined : await installInto(directory)
  if (reason === undefined) return { _tag: "installed", directory }
  say(`tests against a real Vendure are SKIPPED: ${reason}`)
  return { _tag: "absent", reason }
}

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
