/** An instance for which nothing of the checklist is missing: the command ends with 0. */
import { eventTypes } from "@holdfast/domain/EventManifest"
import { OtlpReceiver } from "@holdfast/telemetry/testing/OtlpReceiver"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { startChannel, type ChannelFixture } from "./ChannelFixture.ts"
import { StackProcess } from "./StackProcess.ts"

describe("the checklist of an instance that has everything", { timeout: 120_000 }, () => {
  const scope = Scope.makeUnsafe()
  let collector: OtlpReceiver["Service"]
  let channel: ChannelFixture
  let stack: StackProcess
  let httpUrl: string
  let directory: string

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "checklist-"))
    const context = await Effect.runPromise(Scope.provide(Layer.build(OtlpReceiver.layer), scope))
    collector = Context.get(context, OtlpReceiver)
    channel = await startChannel()
    const env = { ...channel.env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_METRIC_EXPORT_INTERVAL: "500" }
    stack = StackProcess.make({ channels: [channel.definition], env })
    httpUrl = (await stack.start()).httpUrl
  })
  afterAll(async () => {
    await stack.remove()
    await channel.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true })
  })

  const checklist = () => stack.command(["checklist"])

  it("misses what is not declared and not verified, but no metrics and no alerts", async () => {
    const { code, stdout } = await checklist()
    expect(code).toBe(1)
    expect(stdout).toContain(`metrics go to ${collector.endpoint} every`)
    expect(stdout).toContain("alert rules to load, for every critical channel")
    expect(stdout).toContain("infra/prometheus/alert-rules.yaml")
  })

  it("ends with 0 once the source is declared and heard, and the ledger is verified", async () => {
    const unused = eventTypes.filter((type) => type !== "goods.received")
    const path = join(directory, "sources.json")
    writeFileSync(
      path,
      JSON.stringify({
        sources: [{ source: "wms", types: ["goods.received"], silenceMinutes: 600 }],
        unused: [{ types: unused }]
      })
    )
    expect((await stack.command(["sources", "apply", path])).code).toBe(0)
    const response = await fetch(`${httpUrl}/v1/events`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        source: "wms",
        id: "r-1",
        type: "goods.received",
        data: { putaway: "done", lines: [{ sku: "MUG", quantity: 10 }] }
      })
    })
    expect(response.status).toBe(202)
    await vi.waitFor(() => expect(channel.channel.listings.get("MUG")?.quantity).toBe(7), 15_000)
    expect((await stack.command(["verify"])).code).toBe(0)
    await vi.waitFor(async () => {
      const { code, stdout } = await checklist()
      expect(stdout).toContain("all 4 points are complete")
      expect(stdout).not.toContain("missing")
      expect(code).toBe(0)
    }, 60_000)
  })

  it("is right about the metrics: the collector has them, those of declared sources too", async () => {
    const named = (name: string) => collector.points().filter((point) => point.name === name)
    await vi.waitFor(() => {
      expect(named("stock.source.silence.limit").map(({ value }) => value)).toEqual([36_000])
      expect(named("stock.source.last_heard.age")).toHaveLength(1)
      expect(named("stock.channel.slo.objective").map(({ value }) => value)).toEqual([0.99])
    }, 15_000)
  })
})
