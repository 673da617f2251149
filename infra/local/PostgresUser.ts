/**
 * Which user PostgreSQL runs as. It refuses to run as root, so root lends it an existing unprivileged user; no user is
 * created. Everybody else runs it as themselves.
 */
import { Effect } from "effect"
import { readFileSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { LocalServerError, Unsupported } from "./LocalServerError.ts"
import { run } from "./RunCommand.ts"

export interface PostgresUser {
  readonly uid: number
  readonly gid: number
  /** The user cannot walk to the files by itself and has to be lent the capability to. */
  readonly lendAccess: boolean
}

/**
 * The user for a server that works in `clusterDir` with programs in `home`; `undefined` when we are not root.
 * Prefers the owner of an existing cluster, then the owner of the checkout, then `postgres`, then `nobody`.
 */
export const choose = Effect.fn("PostgresUser.choose")(function* (clusterDir: string, home: string) {
  if (process.getuid?.() !== 0) return undefined
  for (const name of [ownerOf(clusterDir), ownerOf(import.meta.dirname), "postgres", "nobody"]) {
    if (name === undefined || name === "0") continue
    const ids = yield* Effect.result(Effect.all([run("id", ["-u", name]), run("id", ["-g", name])]))
    if (ids._tag === "Failure") continue
    const [uid, gid] = [Number(ids.success[0]), Number(ids.success[1])]
    const lendAccess = ![dirname(clusterDir), home].every((path) => canWalkTo(path, uid, gid))
    if (lendAccess) yield* requireSetpriv(home)
    return { uid, gid, lendAccess } satisfies PostgresUser
  }
  return yield* LocalServerError.because(
    "postgres",
    new Unsupported({ detail: "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`" })
  )
})

const requireSetpriv = (home: string) =>
  run("setpriv", ["--version"]).pipe(
    Effect.mapError(() =>
      LocalServerError.because(
        "postgres",
        new Unsupported({
          detail: `root has to run it as another user, who may not enter ${home}; move the clone to a directory open to all, or install setpriv (util-linux)`
        })
      )
    )
  )

/** The numeric id, which `id` takes like a name. */
const ownerOf = (path: string): string | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? undefined : String(stat.uid)
}

const canWalkTo = (path: string, uid: number, gid: number): boolean => {
  const { mode, uid: owner, gid: group } = statSync(path)
  const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
  return (mode & bit) !== 0 && (dirname(path) === path || canWalkTo(dirname(path), uid, gid))
}

/**
 * What to run so that `file` runs as the user. A checkout below a private directory (`/root`, mode 0700) is closed to
 * every other user; then the process keeps root's right to pass closed directories, and nothing else of root.
 */
export const asUser = (user: PostgresUser | undefined, file: string, args: ReadonlyArray<string>) => {
  if (user === undefined) return { file, args }
  const { gid, uid } = user
  if (!user.lendAccess) return { file, args, uid, gid }
  const lent = `-all,+${passingRight()}`
  const caps = ["--inh-caps", lent, "--ambient-caps", lent, "--bounding-set", lent]
  // Without the secure bit access(2), which initdb asks, answers as if nothing had been lent.
  const rights = ["--securebits=+no_setuid_fixup", ...caps]
  return { file: "setpriv", args: [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", ...rights, file, ...args] }
}

const readSearchBit = 1n << 2n

/** The smaller right where this process has it to give; containers often have only the larger one. */
const passingRight = (): "dac_read_search" | "dac_override" => {
  const held = /^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]
  return held !== undefined && (BigInt(`0x${held}`) & readSearchBit) !== 0n ? "dac_read_search" : "dac_override"
}
