/**
 * Runs a program to its end and gives its output, without a shell and without a terminal.
 */
import { Effect } from "effect"
import { execFile } from "node:child_process"

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
  /** Milliseconds after which the program is ended and the effect fails. Default 120,000. */
  readonly timeout?: number
}

/** Standard output. Fails with an `Error` whose message has the last line of standard error. */
export const run = (
  file: string,
  args: ReadonlyArray<string>,
  options: CommandOptions = {}
): Effect.Effect<string, Error> =>
  Effect.callback((resume) => {
    const child = execFile(
      file,
      [...args],
      { encoding: "utf8", maxBuffer: 16 * 1024 * 1024, timeout: 120_000, ...options },
      (error, stdout, stderr) =>
        resume(error === null ? Effect.succeed(stdout) : Effect.fail(describe(file, error, stderr)))
    )
    return Effect.sync(() => child.kill())
  })

const describe = (file: string, error: Error, stderr: string): Error => {
  const said = stderr.trim().split("\n").at(-1)
  return new Error(said === undefined || said === "" ? error.message.split("\n")[0] : `${file}: ${said}`)
}
