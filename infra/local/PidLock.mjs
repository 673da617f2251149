/**
 * A lock file that names the process holding it.
 *
 * Guarantee: at most one living process holds a given path; a lock whose holder died (even by `kill -9`, even if its
 * pid was given to another process since) is taken over. It does not wait: the caller decides whether to wait or to give up.
 *
 * Plain JavaScript without a dependency, because the bootstrap needs it before anything is installed.
 */
import { execFileSync } from "node:child_process"
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"

/**
 * What tells a process from a later one with the same pid: its start time, as the system spells it.
 * `undefined` when no such process runs.
 */
export const processStamp = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The command name is in parentheses and may hold spaces, so fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] === "Z" ? undefined : fields[19]
  } catch {
    return process.platform === "linux" ? undefined : stampFromPs(pid)
  }
}

const stampFromPs = (pid) => {
  try {
    const out = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    })
    return out.trim() || undefined
  } catch {
    return undefined
  }
}

const holderOf = (text) => {
  const [pid, ...stamp] = text.trim().split(" ")
  const alive = pid !== undefined && stamp.length > 0 && processStamp(Number(pid)) === stamp.join(" ")
  return alive ? Number(pid) : undefined
}

const read = (path) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

let sequence = 0

const claim = (path, pid) => {
  const mine = `${pid} ${processStamp(pid)}`
  const draft = `${path}.${process.pid}.${sequence++}`
  writeFileSync(draft, mine)
  try {
    // A link appears with its content and fails if the name exists; creating the file first would show it empty.
    linkSync(draft, path)
    return () => {
      if (read(path) === mine) rmSync(path, { force: true })
    }
  } catch (error) {
    if (error.code !== "EEXIST") throw error
    return undefined
  } finally {
    rmSync(draft, { force: true })
  }
}

const removeStale = (path, seen) => {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
    // Somebody else may have taken the lock over between our look and our rename: then it goes back.
    if (read(aside) !== seen) linkSync(aside, path)
    rmSync(aside, { force: true })
  } catch {
    // Another process removed it first.
  }
}

/**
 * Takes the lock at `path`: `{ release }` when it is ours, `{ holder }` (a pid) when a living process has it.
 * With `pid` it is taken in the name of that process, a child that may live longer than we do.
 */
export const tryLock = (path, pid = process.pid) => {
  for (;;) {
    const release = claim(path, pid)
    if (release !== undefined) return { release }
    const seen = read(path)
    const holder = seen === undefined ? undefined : holderOf(seen)
    if (holder !== undefined) return { holder }
    if (seen !== undefined) removeStale(path, seen)
  }
}
