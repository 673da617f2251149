import { describe, expect, it } from "vitest"
import { isSampled, isTraceparent, spanIdOf } from "@holdfast/telemetry/SpanIdentity"
import { traceparentOf } from "./Event.ts"

const root = traceparentOf(1, "00")

describe("span identity", () => {
  it("the same stage of the same event has the same id, whether it was sampled or not", () => {
    expect(spanIdOf(root, "deliver", "MUG", "amazon")).toBe(
      spanIdOf(traceparentOf(1, "01"), "deliver", "MUG", "amazon")
    )
    expect(spanIdOf(root, "ingest")).toMatch(/^[0-9a-f]{16}$/)
  })

  it("stages, SKUs, channels and events of one trace do not share ids", () => {
    const ids = new Set<string>()
    let made = 0
    for (let event = 0; event < 50; event++) {
      const traceparent = `00-${"a".repeat(32)}-${event.toString(16).padStart(16, "b")}-00`
      for (const stage of ["process", "commit", "deliver", "push"] as const) {
        for (let n = 0; n < 500; n++) {
          ids.add(spanIdOf(traceparent, stage, `SKU-${n}`, `channel-${n % 4}`))
          made += 1
        }
      }
    }
    expect(ids.size).toBe(made)
  })

  it("names whose joined text is equal are told apart", () => {
    expect(spanIdOf(root, "deliver", "ab", "c")).not.toBe(spanIdOf(root, "deliver", "a", "bc"))
    expect(spanIdOf(root, "deliver", "a", "")).not.toBe(spanIdOf(root, "deliver", "", "a"))
  })

  it("only the last bit of the flags decides whether a trace is sampled", () => {
    const sampled = ["00", "01", "02", "03", "08", "09", "0a", "0b", "fe", "ff"].map((flags) =>
      isSampled(root.slice(0, -2) + flags)
    )
    expect(sampled).toEqual([false, true, false, true, false, true, false, true, false, true])
    expect(isSampled("")).toBe(false)
  })

  it("a traceparent of another shape, or with an id of zeros, makes no spans", () => {
    expect(isTraceparent(root)).toBe(true)
    for (const bad of ["", "00", `${root}-x`, root.toUpperCase(), `00-${"0".repeat(32)}-${"b".repeat(16)}-01`]) {
      expect(isTraceparent(bad), bad).toBe(false)
    }
  })
})
