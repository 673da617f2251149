/**
 * What every script of the root package runs: `node infra/local/bootstrap.mjs <script> [arguments]`.
 *
 * It installs what is missing, then runs the script with the pinned Node. It works with any Node >= 20, needs nothing
 * installed, and touches no network when everything is there. Its own words go to standard error: standard output
 * belongs to the script.
 */
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { install } from "./Install.mjs"
import { serviceFlags } from "./NodeFlags.mjs"
import { runChild } from "./RunChild.mjs"

const here = dirname(fileURLToPath(import.meta.url))
const clone = join(here, "../..")
const local = (file) => join(here, file)
const app = (file) => join(clone, "apps/holdfast", file)

/** The arguments of Node for each script. */
const scripts = {
  start: (args) => [...serviceFlags, app("src/main.ts"), "start", ...args],
  dev: (args) => [...serviceFlags, "--watch", "--watch-preserve-output", app("src/main.ts"), "up", ...args],
  holdfast: (args) => [...serviceFlags, app("src/main.ts"), ...args],
  bench: (args) => [...serviceFlags, app("bench/main.ts"), ...args],
  test: (args) => [local("RunTests.mjs"), ...args],
  check: (args) => [local("RunChecks.mjs"), ...args],
  fix: (args) => [local("RunFixes.mjs"), ...args]
}

const [name, ...args] = process.argv.slice(2)

if (name === undefined || !Object.hasOwn(scripts, name)) {
  process.stderr.write(`usage: node infra/local/bootstrap.mjs ${Object.keys(scripts).join("|")} [arguments]\n`)
  process.exit(2)
}

const node = await install(clone)
if (node === undefined) process.exit(1)
process.exitCode = await runChild(node, scripts[name](args), clone)
