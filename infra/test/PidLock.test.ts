import { spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { processStamp, tryLock } from "../local/PidLock.mjs"

describe("PidLock", () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "holdfast-lock-"))
    path = join(directory, "a.lock")
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it("is held by one at a time and leaves nothing behind", () => {
    const first = tryLock(path)
    expect(first.release).toBeDefined()
    expect(tryLock(path)).toEqual({ holder: process.pid })
    first.release?.()
    const second = tryLock(path)
    expect(second.release).toBeDefined()
    second.release?.()
    expect(readdirSync(directory)).toEqual([])
  })

  it("is taken over from a process that ended without releasing it", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])
    const held = tryLock(path, child.pid)
    expect(held.release).toBeDefined()
    expect(tryLock(path)).toEqual({ holder: child.pid })
    const gone = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await gone
    expect(tryLock(path).release).toBeDefined()
  })

  it("is taken over when the pid belongs to another process now", () => {
    writeFileSync(path, `${process.pid} ${processStamp(process.pid)}0`)
    expect(tryLock(path).release).toBeDefined()
  })

  it("is not removed by a former holder", () => {
    const first = tryLock(path)
    writeFileSync(path, "1 other")
    first.release?.()
    expect(readdirSync(directory)).toEqual(["a.lock"])
  })
})
