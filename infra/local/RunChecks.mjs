/**
 * Everything that can be checked without servers, in parallel: one line for each check, and the output of those that
 * failed. Exit code 1 if one failed.
 */
import { spawn } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const clone = join(dirname(fileURLToPath(import.meta.url)), "../..")

/** Slow ones first, so that the quick ones fill the gaps. */
const checks = [
  ["unit tests", "vitest", "run", "--project", "unit"],
  ["types", "turbo", "run", "typecheck", "--output-logs=errors-only", "--concurrency=2"],
  ["lint", "oxlint", "--type-aware"],
  ["unused code", "knip", "--no-config-hints"],
  ["boundaries", "turbo", "boundaries"],
  ["format", "oxfmt", "--check"],
  ["versions", "sherif", "--fail-on-warnings"]
]

// The machine that matters has two processors, and most checks use more than one thread.
const atOnce = 3

const environment = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: "1",
  TURBO_NO_UPDATE_NOTIFIER: "1",
  DO_NOT_TRACK: "1",
  FORCE_COLOR: "0",
  NO_COLOR: "1"
}

const run = ([name, tool, ...args]) =>
  new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(join(clone, "node_modules/.bin", tool), args, {
      cwd: clone,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"]
    })
    const output = []
    child.stdout.on("data", (chunk) => output.push(chunk))
    child.stderr.on("data", (chunk) => output.push(chunk))
    child.once("error", (error) => resolve({ name, ok: false, seconds: 0, output: error.message }))
    child.once("close", (code) =>
      resolve({
        name,
        ok: code === 0,
        seconds: (performance.now() - started) / 1000,
        output: Buffer.concat(output).toString("utf8")
      })
    )
  })

const report = ({ name, ok, output, seconds }) => {
  process.stdout.write(`${ok ? "ok    " : "FAILED"}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s\n`)
  if (!ok) process.stdout.write(`${output.trimEnd().replace(/^/gm, "        ")}\n`)
}

const waiting = [...checks]
const results = []
const worker = async () => {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const result = await run(check)
    report(result)
    results.push(result)
  }
}
await Promise.all(Array.from({ length: atOnce }, worker))

const failed = results.filter(({ ok }) => !ok)
process.stdout.write(
  failed.length === 0 ? "all checks passed\n" : `${failed.length} of ${results.length} checks failed\n`
)
process.exitCode = failed.length === 0 ? 0 : 1
