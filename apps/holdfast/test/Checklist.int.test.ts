/** Sources and the checklist on the whole stack: what a newcomer sees, mends, and then does not see any more. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { EmitterReport } from "@holdfast/domain/SourceRegistry"
import { eventTypes } from "@holdfast/domain/EventManifest"
import { startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { connectTo, type StackClient } from "./StackClient.ts"
import { StackProcess } from "./StackProcess.ts"

interface Point {
  readonly complete: boolean
  readonly findings: ReadonlyArray<{ readonly verdict: string; readonly text: string }>
}

describe("sources and the checklist of a running stack", { timeout: 120_000 }, () => {
  let channel: ChannelFixture
  let stack: StackProcess
  let client: StackClient
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "checklist-"))
    channel = await startChannel()
    stack = StackProcess.make({ channels: [channel.definition], env: channel.env })
    client = await connectTo(await stack.start())
  })
  afterAll(async () => {
    await client?.close()
    await stack.remove()
    await channel.close()
    rmSync(directory, { recursive: true })
  })

  const send = async (source: string, id: string, type: string, data: object) => {
    const response = await fetch(`${client.httpUrl}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ source, id, type, data })
    })
    expect(response.status).toBe(202)
  }

  const emitters = async () => {
    const response = await fetch(`${client.httpUrl}/v1/sources`)
    return ((await response.json()) as { emitters: ReadonlyArray<EmitterReport> }).emitters
  }

  const statusOf = async (type: string) =>
    (await emitters()).filter((row) => row.type === type).map(({ source, status }) => [source, status])

  const apply = (declared: object, ...flags: ReadonlyArray<string>) => {
    const path = join(directory, "sources.json")
    writeFileSync(path, JSON.stringify(declared))
    return stack.command(["sources", "apply", path, ...flags])
  }

  const checklist = async () => {
    const { code, stdout, stderr } = await stack.command(["checklist", "--json"])
    const { complete, points } = JSON.parse(stdout) as { complete: boolean; points: ReadonlyArray<Point> }
    return {
      code,
      stderr,
      complete,
      points,
      texts: points.map(({ findings }) => findings.map(({ text }) => text).join("\n"))
    }
  }

  it("begins with no emitter for any of the events", async () => {
    expect((await emitters()).map(({ type, status }) => [type, status])).toEqual(
      eventTypes.map((type) => [type, "no emitter"])
    )
    const { code, stdout } = await stack.command(["sources"])
    expect(code).toBe(0)
    expect(stdout).toContain("20 no emitter")
    expect(stdout).toContain("holdfast sources apply sources.json")
  })

  it("notices who emits, and whether it was declared", async () => {
    await send("wms", "r-1", "goods.received", { putaway: "done", lines: [{ sku: "MUG", quantity: 10 }] })
    await send("shop", "o-1", "order.placed", {
      orderId: "1",
      channel: channel.definition.id,
      lines: [{ sku: "MUG", quantity: 1 }]
    })
    await vi.waitFor(async () => expect(await statusOf("order.placed")).toEqual([["shop", "undeclared"]]), 15_000)
    const declared = {
      sources: [
        { source: "shop", types: ["order.placed", "order.cancelled"], silenceMinutes: 60 },
        { source: "wms", types: ["goods.received"] }
      ],
      unused: [{ types: ["count.cycle"], note: "we never count" }]
    }
    expect((await apply(declared, "--dry-run")).stdout).toContain("nothing was applied (dry run)")
    expect(await statusOf("order.placed")).toEqual([["shop", "undeclared"]])
    expect((await apply(declared)).stdout).toContain("new 4, changed 0, removed 0, unchanged 0\napplied")
    expect((await apply(declared)).stdout).toContain("nothing to do")
    expect(await statusOf("order.placed")).toEqual([["shop", "ok"]])
    expect(await statusOf("order.cancelled")).toEqual([["shop", "never"]])
    expect(await statusOf("count.cycle")).toEqual([[undefined, "not used"]])
    await client.sql`update event_source_seen set last_seen_at = last_seen_at - interval '2 hours' where source = 'shop'`
    expect(await statusOf("order.placed")).toEqual([["shop", "silent"]])
  })

  it("refuses a file that is wrong, and a source that it does not know", async () => {
    const wrong = await apply({ sources: [{ source: "shop", types: ["order.eaten"] }] })
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("sources[0].types[0]: must be one of") })
    expect(await stack.command(["sources", "forget", "nobody"])).toMatchObject({ code: 1 })
  })

  it("walks through the four points, and says what is missing", async () => {
    const { code, complete, stderr, points, texts } = await checklist()
    expect({ code, complete }).toEqual({ code: 1, complete: false })
    expect(stderr).toMatch(/of 4 points are complete, \d+ things are missing/)
    expect(points.map((point) => point.complete)).toEqual([true, false, false, true])
    expect(texts[0]).toBe("outlast: realtime, 99 % of changes are to be there within 5 s")
    expect(texts[1]).toContain("shop has not emitted order.placed since")
    expect(texts[2]).toContain("tracing is off")
    expect(texts[2]).toContain("the ledger was never verified")
    expect(texts[3]).toBe("outlast (realtime): 3 units are never shown to it")
    const { stdout } = await stack.command(["checklist"])
    expect(stdout).toContain("1. Critical channels are known")
    expect(stdout).toContain("mend: holdfast verify")
  })

  it("misses no more what was mended", async () => {
    expect((await stack.command(["verify"])).code).toBe(0)
    const unused = eventTypes.filter((type) => !["order.placed", "goods.received"].includes(type))
    const sources = [
      { source: "shop", types: ["order.placed"], silenceMinutes: 600 },
      { source: "wms", types: ["goods.received"] }
    ]
    expect((await apply({ sources, unused: [{ types: unused }] })).code).toBe(0)
    const { points, texts } = await checklist()
    expect(points[1]!.complete).toBe(true)
    expect(texts[2]).toContain("changes, and is clean")
    expect((await stack.command(["sources", "forget", "shop"])).code).toBe(0)
    expect(await statusOf("order.placed")).toEqual([[undefined, "no emitter"]])
  })
})
