import type { IngestedEvent } from "@holdfast/ingest/Ingest"
import { emittersOf, type SourceFile, type SourceRegistry } from "@holdfast/domain/SourceRegistry"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { sourceFileOf } from "../src/sources/SourceFile.ts"
import { sourcePlanOf } from "../src/sources/SourcePlan.ts"
import { SourceTally } from "../src/sources/SourceTally.ts"
import { sourcesText } from "../src/sources/SourceText.ts"

const ingested = (source: string, type: string, storedAt: number): IngestedEvent =>
  ({ outcome: "split", storedAt, event: { source, type } }) as unknown as IngestedEvent

describe("what is heard of sources", () => {
  it("is counted by source and type, from the first to the last", () => {
    const tally = new SourceTally()
    tally.add(ingested("shop", "order.placed", 20))
    tally.add(ingested("shop", "order.placed", 30))
    tally.add(ingested("shop", "order.placed", 10))
    tally.add(ingested("till", "order.placed", 40))
    expect(tally.take()).toEqual([
      { source: "shop", type: "order.placed", firstSeenAt: 10, lastSeenAt: 30, events: 3 },
      { source: "till", type: "order.placed", firstSeenAt: 40, lastSeenAt: 40, events: 1 }
    ])
    expect(tally.take()).toEqual([])
  })

  it("is kept when it could not be written", () => {
    const tally = new SourceTally()
    tally.add(ingested("shop", "order.placed", 20))
    const rows = tally.take()
    tally.add(ingested("shop", "order.placed", 30))
    for (const row of rows) tally.addRow(row)
    expect(tally.take()).toMatchObject([{ firstSeenAt: 20, lastSeenAt: 30, events: 2 }])
  })

  it("says nothing of a source whose event was not understood", () => {
    const tally = new SourceTally()
    tally.add({ outcome: "parked", source: "shop", storedAt: 1 } as unknown as IngestedEvent)
    expect(tally.take()).toEqual([])
  })

  it("is bounded however many sources are invented", () => {
    const tally = new SourceTally()
    for (let i = 0; i < 5_000; i++) tally.add(ingested(`shop ${i}`, "order.placed", i))
    expect(tally.take()).toHaveLength(2_000)
    tally.add(ingested("shop", "order.placed", 1))
    expect(tally.take()).toHaveLength(1)
  })
})

describe("a file of sources", () => {
  it("says every field that is wrong", () => {
    const text = JSON.stringify({
      sources: [{ source: "", types: ["order.plcaed"], silenceMinutes: 1.5, notes: "x" }],
      unusd: []
    })
    const problems = Result.merge(sourceFileOf(text)) as ReadonlyArray<string>
    expect(problems).toEqual([
      "unusd: is not known: fields are sources, unused",
      "sources[0].notes: is not known: fields are source, types, silenceMinutes, note",
      "sources[0].source: must not be empty",
      expect.stringMatching(/^sources\[0\]\.types\[0\]: must be one of order\.placed, .*, got "order\.plcaed"$/),
      "sources[0].silenceMinutes: must be a whole number from 1 to 527040, got 1.5"
    ])
    expect(Result.merge(sourceFileOf("{"))).toEqual([expect.stringContaining("file: must be JSON")])
  })

  it("replaces what was said of the sources that it names, and leaves the others", () => {
    const registry: SourceRegistry = {
      emitters: [
        { source: "shop", type: "order.placed", silenceMinutes: 5, note: undefined },
        { source: "shop", type: "order.changed", silenceMinutes: 5, note: undefined },
        { source: "erp", type: "goods.received", silenceMinutes: 5, note: undefined }
      ],
      unused: [{ type: "count.cycle", note: undefined }]
    }
    const file = { sources: [{ source: "shop", types: ["order.placed", "order.cancelled"], silenceMinutes: 5 }] }
    const plan = sourcePlanOf(file as unknown as SourceFile, registry)
    expect(plan.changes.map(({ kind, source, type }) => [kind, source, type])).toEqual([
      ["new", "shop", "order.cancelled"],
      ["removed", "shop", "order.changed"]
    ])
    expect(plan).toMatchObject({ unchanged: 1, unused: undefined })
    const silenced = sourcePlanOf({ sources: [], unused: [] }, registry)
    expect(silenced.changes).toEqual([{ kind: "removed", type: "count.cycle", note: undefined }])
    expect(silenced.emitters).toEqual([])
  })
})

it("prints sources whatever their names are", () => {
  const seen = { source: "a\u001b[2J", type: "order.placed", firstSeenAt: 0, lastSeenAt: 0, events: 1 }
  const rows = emittersOf({ emitters: [], unused: [] }, [seen], 3 * 3_600_000)
  const text = sourcesText(rows, 3 * 3_600_000, { columns: 100, color: false })
  expect(text).not.toContain("\u001b")
  expect(text).toMatch(/order\.placed +a\\u001b\[2J +no +3 h ago +- +undeclared/)
  expect(text).toContain("1 undeclared, 19 no emitter")
})
