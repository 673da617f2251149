import { describe, expect, it } from "vitest"
import { rootContextOf } from "../src/TraceContext.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const event = { source: "shop", id: "e-1" }

describe("the root context of an event", () => {
  it("is the same wherever it is read, and its own for each event", () => {
    const root = rootContextOf(event)
    expect(root).toEqual(rootContextOf({ ...event }))
    expect(root.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(root.parentSpanId).toBeUndefined()
    const all = Array.from({ length: 1_000 }, (_, i) =>
      rootContextOf({ source: "shop", id: `e-${i}` }).traceparent.slice(3, 35)
    )
    expect(new Set(all).size).toBe(1_000)
    expect(rootContextOf({ source: "a", id: "bc" })).not.toEqual(rootContextOf({ source: "ab", id: "c" }))
  })

  it("asks whether a trace that begins here is kept", () => {
    expect(rootContextOf(event, () => true).traceparent).toMatch(/-01$/)
    expect(rootContextOf(event, (id) => id === "other").traceparent).toMatch(/-00$/)
  })

  it.each([
    ["01", true],
    ["00", false],
    ["03", true]
  ])("continues a publisher's trace with flags %s as it is", (flags, sampled) => {
    const root = rootContextOf({ ...event, traceparent: `00-${traceId}-${spanId}-${flags}` }, () => !sampled)
    expect(root.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-0${sampled ? 1 : 0}$`))
    expect(root.traceparent).not.toContain(spanId)
    expect(root.parentSpanId).toBe(spanId)
  })

  it("continues a trace of a later version", () => {
    expect(rootContextOf({ ...event, traceparent: `42-${traceId}-${spanId}-01-more` }).parentSpanId).toBe(spanId)
  })

  it.each([
    "",
    "hello",
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}`
  ])("ignores a traceparent that is not valid: %s", (traceparent) => {
    expect(rootContextOf({ ...event, traceparent })).toEqual(rootContextOf(event))
  })
})
