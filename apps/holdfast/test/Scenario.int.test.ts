/**
 * Each scenario as its user meets it: `holdfast start --scenario`, one after the other in one data directory. Whether budgets are
 * held depends on what else the machine does: that is for `npm start` itself to judge.
 */
import { afterAll, describe, expect, it } from "vitest"
import type { DemoResult } from "../src/demo/DemoVerdict.ts"
import { StackProcess } from "./StackProcess.ts"

describe("holdfast start --scenario", () => {
  const stack = StackProcess.make()
  afterAll(() => stack.remove())

  it.each([
    ["dtc", ["webshop", "amazon"]],
    ["b2b", ["portal", "erp", "field-sales"]]
  ])(
    "%s ends with every channel showing what it should, and a clean audit",
    async (name, ids) => {
      const { stdout, stderr } = await stack.command(["start", "--once", "--json", "--speed", "3", "--scenario", name])
      const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as DemoResult
      expect(
        result.channels.map(({ id }) => id),
        stderr
      ).toEqual(ids)
      expect(result.audit.findings).toEqual([])
      expect(result.audit.skus).toBeGreaterThanOrEqual(80)
      for (const { id, events, mismatches, pending, pushes } of result.channels) {
        expect({ id, mismatches, pending }).toEqual({ id, mismatches: 0, pending: 0 })
        expect(events).toBeGreaterThan(800)
        expect(pushes).toBeGreaterThanOrEqual(80)
      }
    },
    180_000
  )
})
