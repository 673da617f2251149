/**
 * Finds the processes that work in a directory.
 *
 * Guarantee: on Linux a process counts only if the kernel says that its working directory *is* that directory (same
 * device and inode), so no process of another clone, container or user is ever taken for one of ours. Elsewhere the
 * command line has to name the directory. It reads; it never signals.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"

export interface RunningProcess {
  readonly pid: number
  /** The command line, arguments separated by spaces. */
  readonly command: string
}

/** Every living process whose working directory is `directory`. */
export const processesIn = (directory: string): ReadonlyArray<RunningProcess> =>
  process.platform === "linux" ? fromProc(directory) : fromPs(directory)

const fromProc = (directory: string): ReadonlyArray<RunningProcess> => {
  const home = statSync(directory, { throwIfNoEntry: false })
  if (home === undefined) return []
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const cwd = statSync(`/proc/${name}/cwd`)
        if (cwd.dev !== home.dev || cwd.ino !== home.ino) return []
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim()
        return [{ pid: Number(name), command }]
      } catch {
        // It ended while we looked, or it belongs to somebody else and so is not ours.
        return []
      }
    })
}

const fromPs = (directory: string): ReadonlyArray<RunningProcess> =>
  execFileSync("ps", ["-axo", "pid=,command="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(.*)$/.exec(line)
      return match?.[1] !== undefined && match[2]?.includes(directory) === true
        ? [{ pid: Number(match[1]), command: match[2] }]
        : []
    })
