/**
 * Goal: a group of holds says one thing only, and its lines do what it says, whoever works on it and however messages go astray.
 * Method: thousands of invented histories, judged at every write and every change. `HOLDFAST_SEED` runs the one history that a
 * failure names, `HOLDFAST_HISTORIES` says how many to run.
 */
import { describe, expect, it } from "vitest"
import { groupHistory } from "../src/testing/GroupHistory.ts"

declare const process: { readonly env: Record<string, string | undefined> }

const named = process.env["HOLDFAST_SEED"]
const histories = Math.ceil(Number(process.env["HOLDFAST_HISTORIES"] ?? 10_000) / 4)
const seeds = named === undefined ? Array.from({ length: histories }, (_, index) => index + 1) : [Number(named)]

const run = (seed: number): ReturnType<typeof groupHistory> => {
  try {
    return groupHistory(seed)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`seed ${seed}, ${reason} (run it alone with HOLDFAST_SEED=${seed})`, { cause })
  }
}

/** What histories must reach: a generator that no longer does must not pass in silence. */
const corners = [
  ["pending", "granted", "denied", "aborted", "confirmed", "released", "expired"].map((status) => `group ${status}`),
  [
    "granted in full",
    "granted in part",
    "granted at another attempt",
    "another one wrote first",
    "held for a group that is over"
  ],
  ["consumed", "confirmed", "released", "expired"].map((end) => `line ${end}`),
  ["confirmed", "extended", "pinned", "unpinned", "denied"].map((status) => `said ${status}`),
  ["due hold: confirm", "hold consumed"]
].flat()

describe("groups of holds under invented histories", () => {
  it(
    `${seeds.length} histories leave nothing held, nothing in part, and end each group once`,
    { timeout: 120_000 },
    () => {
      const met = new Map<string, number>()
      for (const seed of seeds) {
        const { judge, shelf } = run(seed)
        const seen = [judge.seen, ...[...shelf.skus.values()].map(({ auditor }) => auditor.seen)]
        for (const one of seen) for (const [name, times] of one) met.set(name, (met.get(name) ?? 0) + times)
      }
      if (named !== undefined) return
      for (const corner of corners) expect(met.get(corner) ?? 0, corner).toBeGreaterThan(histories / 250)
      expect(met.get("due hold: live") ?? 0).toBeGreaterThan(0)
    }
  )
})
