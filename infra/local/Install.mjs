/**
 * Brings `node_modules` to what `package-lock.json` says.
 *
 * Guarantees: nothing runs and no network is touched when it is up to date, whoever installed it; two at once in one
 * clone wait for each other; an install that was interrupted is not taken for a finished one. It does not repair
 * packages that were changed by hand.
 */
import { spawn } from "node:child_process"
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { tryLock } from "./PidLock.mjs"
import { progress } from "./Progress.mjs"

/** The path of the pinned Node, or `undefined` after an explanation on standard error. */
export const install = async (clone) => {
  const node = join(clone, "node_modules/node/bin/node")
  if (isCurrent(clone) && existsSync(node)) return node
  mkdirSync(join(clone, ".holdfast"), { recursive: true })
  const release = await waitForLock(clone)
  try {
    const current = isCurrent(clone) || (await installPackages(clone))
    if (!current) return undefined
    if (!existsSync(node) && !(await fetchNode(clone))) return undefined
    return node
  } finally {
    release()
  }
}

/** npm writes its own record last, so a record that agrees with the lockfile is a finished install. */
const isCurrent = (clone) => {
  const record = read(join(clone, "node_modules/.package-lock.json"))
  if (record === undefined) return false
  const wanted = JSON.parse(readFileSync(join(clone, "package-lock.json"), "utf8")).packages
  const found = JSON.parse(record).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes("node_modules/")) return true
    const there = found[path]
    // Programs for other platforms are in the lockfile but not installed.
    if (there === undefined) return entry.optional === true
    return there.version === entry.version && there.integrity === entry.integrity
  })
}

const read = (path) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

const bootstrapLock = (clone) => join(clone, ".holdfast/install.lock")
const npmLock = (clone) => join(clone, ".holdfast/install.npm.lock")

/** npm has a lock of its own, because it goes on when the bootstrap that started it is killed. */
const waitForLock = async (clone) => {
  let line
  for (;;) {
    const ours = tryLock(bootstrapLock(clone))
    const npm = ours.release === undefined ? ours : tryLock(npmLock(clone))
    if (npm.release !== undefined) {
      npm.release()
      line?.end()
      return ours.release
    }
    ours.release?.()
    line ??= progress(`waiting for process ${npm.holder}, which is installing`)
    await sleep(300)
  }
}

// Without the development dependencies there is no Node to run, whatever the machine's npm is told to leave out.
const npmOptions = ["--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"]

/**
 * `npm ci` insists that the lockfile lists the programs of every platform. One that was written where the registry
 * has only some of them does not, and is as good for this platform: `npm install` then takes the same versions.
 */
const installPackages = async (clone) => {
  const line = progress("installing dependencies (once per change of package-lock.json)")
  let code = await npm(clone, ["ci", ...npmOptions])
  if (code !== 0 && /Missing: .* from lock file/.test(read(logFile(clone)) ?? "")) {
    code = await npm(clone, ["install", "--no-save", ...npmOptions])
  }
  line.end()
  if (code !== 0) explain(clone, `npm could not install the dependencies (${code})`)
  return code === 0
}

/** The package `node` fetches its binary in an install script; where scripts are blocked, we do it ourselves. */
const fetchNode = async (clone) => {
  const line = progress("fetching the pinned Node")
  const code = await runLogged(
    clone,
    process.execPath,
    ["installArchSpecificPackage.js"],
    join(clone, "node_modules/node")
  )
  line.end()
  if (code !== 0) explain(clone, `the pinned Node could not be fetched (${code})`)
  return code === 0
}

const npm = (clone, args) => {
  const cli = process.env.npm_execpath
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    ? runLogged(clone, process.execPath, [cli, ...args], clone)
    : runLogged(clone, "npm", args, clone)
}

const logFile = (clone) => join(clone, ".holdfast/install.log")

const runLogged = (clone, file, args, cwd) =>
  new Promise((resolve) => {
    const log = openSync(logFile(clone), "w")
    const child = spawn(file, args, { cwd, stdio: ["ignore", log, log] })
    closeSync(log)
    const lock = child.pid === undefined ? undefined : tryLock(npmLock(clone), child.pid)
    const forward = (signal) => child.kill(signal)
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
    for (const signal of signals) process.on(signal, forward)
    const finish = (outcome) => {
      for (const signal of signals) process.off(signal, forward)
      lock?.release?.()
      resolve(outcome)
    }
    child.once("error", (error) => finish(error.message))
    child.once("exit", (code, signal) => finish(signal ?? code))
  })

const explain = (clone, what) => {
  const tail = (read(logFile(clone)) ?? "").trimEnd().split("\n").slice(-15).join("\n")
  process.stderr.write(
    `\nholdfast: ${what}.\n${tail === "" ? "" : `${tail.replace(/^/gm, "  ")}\n`}` +
      `The whole output is in ${logFile(clone)}.\n` +
      "What to do: check that this machine reaches the npm registry it is configured for (npm ping), then run the same command\n" +
      "again. Behind a proxy set HTTPS_PROXY; with a mirror, npm config set registry <url>. If a package is at fault, remove\n" +
      "node_modules and try again.\n"
  )
}
