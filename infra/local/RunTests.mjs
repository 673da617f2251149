/**
 * All tests, with vitest's own report and a last line that a machine can read: `N passed, N failed[, N skipped]`.
 *
 * Guarantee: exit code 0 only if at least one test ran and nothing failed, be it a test, a file that cannot be loaded
 * or an error outside of every test. Arguments go to vitest (`npm test -- packages/bus`, `-- --project unit`).
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const clone = join(dirname(fileURLToPath(import.meta.url)), "../..")
const scratch = mkdtempSync(join(tmpdir(), "holdfast-report-"))
const reportFile = join(scratch, "report.json")

const runVitest = () =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        join(clone, "node_modules/vitest/vitest.mjs"),
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${reportFile}`,
        ...process.argv.slice(2)
      ],
      { cwd: clone, stdio: "inherit" }
    )
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
    child.once("exit", (code) => resolve(code ?? 1))
  })

const readReport = () => {
  try {
    return JSON.parse(readFileSync(reportFile, "utf8"))
  } catch {
    return { testResults: [] }
  }
}

const count = (report, exitCode) => {
  const of = (status) =>
    report.testResults.flatMap((file) => file.assertionResults).filter((test) => test.status === status).length
  // A file that cannot be loaded has no test that could fail, and an error outside of tests fails none either.
  const brokenFiles = report.testResults.filter(
    ({ assertionResults, status }) => status === "failed" && !assertionResults.some((test) => test.status === "failed")
  ).length
  const failed = of("failed") + brokenFiles
  return {
    passed: of("passed"),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: of("pending") + of("skipped") + of("todo")
  }
}

const exitCode = await runVitest()
const { failed, passed, skipped } = count(readReport(), exitCode)
rmSync(scratch, { recursive: true, force: true })
process.exitCode = failed > 0 || passed === 0 || exitCode !== 0 ? 1 : 0
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`)
