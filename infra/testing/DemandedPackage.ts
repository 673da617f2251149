/**
 * Npm packages that a few tests need and nobody else should download: installed once per lockfile into `.holdfast/`, on demand.
 *
 * Guarantee: exactly what the lockfile says, without running its install scripts; one that was interrupted is not taken for a finished one;
 * two test processes at once install it once. Where npm cannot, that is said, and nothing fails by it. An older version's
 * directory stays until `.holdfast/` is removed.
 */
import { spawn } from "node:child_process"
import { hash } from "node:crypto"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { tryLock } from "../local/PidLock.mjs"
import { makeTestDirectory } from "./TestDirectory.ts"

const cache = resolve(import.meta.dirname, "../../.holdfast")

export type DemandedPackage =
  | { readonly _tag: "installed"; readonly directory: string }
  | { readonly _tag: "absent"; readonly reason: string }

const say = (line: string): void => void process.stderr.write(`holdfast: ${line}\n`)

/** Seconds between two lines that say that npm is still at it. */
const progressSeconds = 15

/** Not many minutes where there is no network: whoever runs the tests waits. */
const patience = ["--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000"]

const npmCi = (cwd: string): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((done) => {
    const cli = process.env["npm_execpath"]
    const viaNode = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...patience]
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

/** Its files, not what somebody installed beside them. */
const filesOf = (recipe: string): ReadonlyArray<string> =>
  readdirSync(recipe, { withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    .toSorted()

/** @returns why it could not; undefined: it is there */
const install = async (what: string, recipe: string, directory: string): Promise<string | undefined> => {
  // what a killed run leaves of it is swept by the next one
  const making = makeTestDirectory("installing-")
  const within = join(making.path, "package")
  mkdirSync(within)
  for (const file of filesOf(recipe)) copyFileSync(join(recipe, file), join(within, file))
  const begun = Date.now()
  const seconds = () => Math.round((Date.now() - begun) / 1000)
  say(`installing ${what} for tests, once`)
  const timer = setInterval(() => say(`installing ${what} ... ${seconds()} s`), progressSeconds * 1000)
  const { code, said } = await npmCi(within)
  clearInterval(timer)
  if (code === 0) renameSync(within, directory)
  making.remove()
  if (code === 0) say(`${what} is installed, in ${seconds()} s`)
  return code === 0 ? undefined : `npm could not install it (${code ?? "not started"}): ${said.split("\n")[0]}`
}

/**
 * Installs it unless it is there. `absent`: tests that need it are to be skipped, which is said on standard error.
 * @param what it is, for people @param recipe directory of a `package.json`, its lockfile, and files that go along
 */
export const demandPackage = async (what: string, recipe: string): Promise<DemandedPackage> => {
  const text = filesOf(recipe).map((file) => readFileSync(join(recipe, file), "utf8"))
  const { name } = JSON.parse(readFileSync(join(recipe, "package.json"), "utf8")) as { readonly name: string }
  const directory = join(cache, `${name}-${hash("sha256", text.join("\u0000")).slice(0, 12)}`)
  mkdirSync(cache, { recursive: true })
  while (!existsSync(directory)) {
    const lock = tryLock(`${directory}.lock`)
    if (lock.release === undefined) {
      await sleep(500)
      continue
    }
    const reason = existsSync(directory) ? undefined : await install(what, recipe, directory)
    lock.release()
    if (reason === undefined) continue
    say(`tests against ${what} are SKIPPED: ${reason}`)
    return { _tag: "absent", reason }
  }
  return { _tag: "installed", directory }
}
