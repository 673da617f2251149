import { Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { eventTypes } from "../src/EventManifest.ts"
import {
  emittersOf,
  sourceContradictions,
  SourceFile,
  type DeclaredEmitter,
  type SeenEmitter,
  type SourceRegistry
} from "../src/SourceRegistry.ts"
import type { StockEventType } from "../src/StockEvent.ts"

const minute = 60_000
const now = 1_000 * minute

const declared = (source: string, type: StockEventType, silenceMinutes?: number): DeclaredEmitter => ({
  source,
  type,
  silenceMinutes,
  note: undefined
})

const seen = (source: string, type: string, minutesAgo: number): SeenEmitter => ({
  source,
  type,
  firstSeenAt: 0,
  lastSeenAt: now - minutesAgo * minute,
  events: 3
})

const registry = (...emitters: ReadonlyArray<DeclaredEmitter>): SourceRegistry => ({ emitters, unused: [] })

const statusOf = (given: SourceRegistry, ...heard: ReadonlyArray<SeenEmitter>) =>
  emittersOf(given, heard, now)
    .filter(({ type }) => type === "order.placed")
    .map(({ source, status }) => [source, status])

describe("who emits what", () => {
  it("names every type of event, with nobody where there is nobody", () => {
    const rows = emittersOf(registry(), [], now)
    expect(rows.map(({ type }) => type)).toEqual(eventTypes)
    expect(rows.every(({ status, source }) => status === "no emitter" && source === undefined)).toBe(true)
  })

  it("is ok up to the last minute of its silence, and silent after", () => {
    const shop = registry(declared("shop", "order.placed", 60))
    expect(statusOf(shop, seen("shop", "order.placed", 60))).toEqual([["shop", "ok"]])
    expect(statusOf(shop, seen("shop", "order.placed", 61))).toEqual([["shop", "silent"]])
  })

  it("was never heard, which is normal where any silence is", () => {
    expect(statusOf(registry(declared("shop", "order.placed", 60)))).toEqual([["shop", "never"]])
    expect(statusOf(registry(declared("shop", "order.placed")))).toEqual([["shop", "ok"]])
  })

  it("tells a source that was not declared for this type beside those that were", () => {
    const shop = registry(declared("shop", "order.placed", 60), declared("till", "order.cancelled", 60))
    expect(statusOf(shop, seen("shop", "order.placed", 1), seen("till", "order.placed", 1))).toEqual([
      ["shop", "ok"],
      ["till", "undeclared"]
    ])
  })

  it("is not used when nobody emits it, as was said; and is undeclared when somebody does all the same", () => {
    const none: SourceRegistry = { emitters: [], unused: [{ type: "order.placed", note: "no shop" }] }
    expect(emittersOf(none, [], now)[0]).toEqual({
      type: "order.placed",
      declared: false,
      status: "not used",
      note: "no shop"
    })
    expect(statusOf(none, seen("till", "order.placed", 1))).toEqual([["till", "undeclared"]])
  })
})

describe("a file of sources", () => {
  const decode = Schema.decodeUnknownResult(SourceFile)

  it("knows only the events that there are", () => {
    const wrong = decode({ sources: [{ source: "shop", types: ["order.plcaed"] }] })
    expect(Result.isFailure(wrong) && wrong.failure.message).toContain("order.plcaed")
    expect(Result.isFailure(decode({ sources: [{ source: "shop", types: [] }] }))).toBe(true)
    expect(
      Result.isFailure(decode({ sources: [{ source: "shop", types: ["order.placed"], silenceMinutes: 0 }] }))
    ).toBe(true)
  })

  it("must not contradict itself", () => {
    const file = Result.getOrThrow(
      decode({
        sources: [
          { source: "shop", types: ["order.placed"], silenceMinutes: 5 },
          { source: "shop", types: ["order.cancelled", "order.placed"], silenceMinutes: 500 },
          { source: "till", types: ["order.placed"] }
        ],
        unused: [{ types: ["count.cycle", "order.cancelled"] }]
      })
    )
    expect(sourceContradictions(file)).toEqual([
      "sources[1].types[1]: order.placed of shop is at sources[0].types[0] already",
      "unused[0].types[1]: order.cancelled is emitted by shop"
    ])
  })
})
