/**
 * A directory under the test root that belongs to this process: the next run removes what a killed one left there.
 *
 * Guarantee: nobody else takes it while this process lives. Servers may keep their data in it, or in `nats` and `postgres`
 * inside it.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { tryLock } from "../local/PidLock.mjs"
import { testRoot } from "./TestEnvironment.ts"

export interface TestDirectory {
  readonly path: string
  /** Removes it. What runs in it must have ended. */
  readonly remove: () => void
}

/** @param prefix the beginning of its name, such as `stack-` */
export const makeTestDirectory = (prefix: string): TestDirectory => {
  mkdirSync(testRoot, { recursive: true })
  const path = mkdtempSync(join(testRoot, prefix))
  const lock = tryLock(join(path, "owner.lock"))
  if (lock.release === undefined) throw new Error(`${path} belongs to process ${lock.holder}`)
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}
