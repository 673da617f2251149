/**
 * Puts right what tools can put right by themselves: format, lint fixes, order of dependencies.
 */
import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const clone = join(dirname(fileURLToPath(import.meta.url)), "../..")
const files = process.argv.slice(2)

const run = (tool, ...args) =>
  spawnSync(join(clone, "node_modules/.bin", tool), args, { cwd: clone, stdio: "inherit" }).status ?? 1

const lint = run("oxlint", "--fix", ...files)
const versions = files.length === 0 ? run("sherif", "--fix") : 0
const format = run("oxfmt", ...files)
process.exitCode = Math.max(lint, versions, format)
