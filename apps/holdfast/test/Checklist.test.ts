import type { ChannelDefinition } from "@holdfast/domain/Channel"
import { eventTypes } from "@holdfast/domain/EventManifest"
import { emittersOf, type DeclaredEmitter } from "@holdfast/domain/SourceRegistry"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { unwatched } from "../src/checklist/AlertCoverage.ts"
import { readAlertRules, type Rule } from "../src/checklist/AlertRules.ts"
import { channelPoint, looseBudgetMillis } from "../src/checklist/ChannelPoint.ts"
import { checklistText, summaryText } from "../src/checklist/ChecklistText.ts"
import { isComplete, missing, ok, type ChecklistPoint } from "../src/checklist/Finding.ts"
import { monitoringPoint, verificationMillisMax, type MonitoringFacts } from "../src/checklist/MonitoringPoint.ts"
import { reservationPoint, type ReservationFacts } from "../src/checklist/ReservationPoint.ts"
import { triggerPoint } from "../src/checklist/TriggerPoint.ts"

const channel = (id: string, changes: object = {}): ChannelDefinition =>
  ({
    id,
    name: id,
    connector: "webhook",
    endpoint: "http://localhost",
    buffer: 0,
    timing: { model: "realtime" },
    budgetMillis: 1_000,
    objective: 0.99,
    rate: { perSecond: 1, burst: 1, concurrency: 1 },
    timeoutMillis: 100,
    ...changes
  }) as ChannelDefinition

const verdicts = ({ findings }: ChecklistPoint) => findings.map(({ verdict }) => verdict)
const texts = ({ findings }: ChecklistPoint) => findings.map(({ text }) => text).join("\n")
const mends = ({ findings }: ChecklistPoint) => findings.flatMap(({ mend = [] }) => mend).join("\n")

describe("critical channels", () => {
  const pointOf = (...channels: ReadonlyArray<ChannelDefinition>) =>
    channelPoint({ channels, registeredLocations: new Set(["north"]), unregisteredLocations: [] })

  it("have a budget and an objective that are worth the name", () => {
    const point = pointOf(
      channel("shop"),
      channel("late", { budgetMillis: looseBudgetMillis + 1 }),
      channel("seldom", { objective: 0.9 }),
      channel("hourly", { timing: { model: "scheduled" }, budgetMillis: 3_600_000, objective: 0.9 })
    )
    expect(verdicts(point)).toEqual(["ok", "missing", "missing", "ok"])
    expect(texts(point)).toContain("shop: realtime, 99 % of changes are to be there within 1 s")
    expect(mends(point)).toContain("holdfast channel set-budget late --budget 5s")
  })

  it("are missing when there is none", () => {
    expect(verdicts(pointOf())).toEqual(["missing"])
    expect(mends(pointOf())).toContain("holdfast channel apply channels.json")
  })

  it("are not refused for a location that nobody registered, and main needs no registration", () => {
    const point = channelPoint({
      channels: [channel("shop", { locations: ["main", "north", "nroth"] })],
      registeredLocations: new Set(["north"]),
      unregisteredLocations: ["main", "attic"]
    })
    expect(verdicts(point)).toEqual(["ok", "note"])
    expect(isComplete(point)).toBe(true)
    expect(texts(point)).toContain("shop sells from nroth, stock is kept at attic")
    expect(mends(point)).toContain("nroth,nroth\nattic,attic")
  })
})

describe("triggers", () => {
  const now = 1_000_000_000
  const all: ReadonlyArray<DeclaredEmitter> = eventTypes.map((type) => ({
    source: "shop",
    type,
    silenceMinutes: 60,
    note: undefined
  }))
  const heard = eventTypes.map((type) => ({ source: "shop", type, firstSeenAt: 0, lastSeenAt: now, events: 1 }))
  const pointOf = (emitters: ReadonlyArray<DeclaredEmitter>, seen: typeof heard) =>
    triggerPoint(emittersOf({ emitters, unused: [] }, seen, now), now)

  it("are complete when each has an emitter that was heard", () => {
    expect(verdicts(pointOf(all, heard))).toEqual(["ok"])
    const unused = eventTypes.slice(1).map((type) => ({ type, note: undefined }))
    const point = triggerPoint(emittersOf({ emitters: all.slice(0, 1), unused }, heard.slice(0, 1), now), now)
    expect(verdicts(point)).toEqual(["ok", "ok"])
  })

  it("miss what nobody emits, with the lines to write", () => {
    const point = pointOf(all.slice(2), heard.slice(2))
    expect(texts(point)).toContain("nobody emits order.placed, order.changed")
    expect(mends(point)).toContain('{"types":["order.placed","order.changed"],"note":"why"}')
    expect(texts(pointOf([], []))).toContain("nobody emits any of the 20 events")
  })

  it("miss a source that is silent for too long, or was never heard", () => {
    const late = heard.map((row, i) => (i === 0 ? { ...row, lastSeenAt: now - 61 * 60_000 } : row)).slice(0, -1)
    const point = pointOf(all, late)
    expect(verdicts(point)).toEqual(["ok", "missing", "missing"])
    expect(texts(point)).toContain("1 h 1 min, and 1 h are normal")
    expect(texts(point)).toContain("shop is to emit backorder.set, and never did")
  })

  it("miss a type that only an undeclared source emits; another one beside a declared source is a note", () => {
    const point = pointOf(all.slice(1), heard)
    expect(verdicts(point)).toEqual(["ok", "missing"])
    expect(mends(point)).toContain('{"source":"shop","types":["order.placed"],"silenceMinutes":1440}')
    const till = { source: "till", type: eventTypes[0]!, firstSeenAt: 0, lastSeenAt: now, events: 1 }
    expect(verdicts(pointOf(all, [...heard, till]))).toEqual(["ok", "note"])
  })
})

const late: Rule = { alert: "Late", expr: "channel:bad:rate1h > 0.1" }
const failed: Rule = { alert: "Failed", expr: 'stock_channel_circuit{stock_circuit_state="open"} == 1' }
const share: Rule = {
  record: "channel:bad:rate1h",
  expr: 'rate(stock_sync_deliveries_total{stock_budget_met="false"}[1h])'
}

describe("monitoring", () => {
  const well: MonitoringFacts = {
    metrics: { endpoint: "http://localhost:4318", intervalMillis: 15_000 },
    channels: [channel("shop")],
    tracing: { endpoint: "http://localhost:4318", ratio: 1 },
    verification: { verifiedAt: 0, changes: 7, findings: 0 },
    parked: new Map(),
    alertRules: { files: ["infra/alerts/rules.yaml"], unreadable: [], rules: [share, late, failed] },
    now: 60_000
  }
  const pointOf = (changes: Partial<MonitoringFacts>) => verdicts(monitoringPoint({ ...well, ...changes }))

  it("is complete when all of it is there", () => {
    expect(pointOf({})).toEqual(["ok", "ok", "ok", "ok", "ok"])
  })

  it("misses metrics that are off, or that nobody knows of", () => {
    const point = monitoringPoint({ ...well, metrics: null })
    expect(verdicts(point)).toEqual(["missing", "ok", "ok", "ok", "ok"])
    expect(mends(point)).toContain("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=")
    expect(pointOf({ metrics: undefined })[0]).toBe("missing")
  })

  it("misses traces that are off, or that nobody knows of", () => {
    expect(pointOf({ tracing: null })[2]).toBe("missing")
    expect(pointOf({ tracing: undefined })[2]).toBe("missing")
    expect(pointOf({ tracing: { endpoint: "http://localhost:4318", ratio: 0 } })[2]).toBe("note")
  })

  it("misses a verification that never was, is old, or found something", () => {
    expect(pointOf({ verification: undefined })[3]).toBe("missing")
    expect(pointOf({ verification: { verifiedAt: 0, changes: 7, findings: 1 } })[3]).toBe("missing")
    expect(pointOf({ now: verificationMillisMax })[3]).toBe("ok")
    expect(pointOf({ now: verificationMillisMax + 1 })[3]).toBe("missing")
  })

  it("misses nothing that is parked, and says how unknown SKUs become known", () => {
    const point = monitoringPoint({
      ...well,
      parked: new Map([
        ["unknown_sku", 2],
        ["invalid", 1]
      ])
    })
    expect(texts(point)).toContain("3 messages could not be applied and wait: 2 unknown_sku, 1 invalid")
    expect(mends(point)).toContain("holdfast catalogue apply items.csv")
  })

  it("misses alert rules that are not there, cannot be read, or leave a critical channel out", () => {
    expect(pointOf({ alertRules: { files: [], unreadable: [], rules: [share] } })[1]).toBe("missing")
    const broken = { ...well.alertRules, unreadable: ["infra/rules.yaml"] }
    expect(texts(monitoringPoint({ ...well, alertRules: broken }))).toContain("infra/rules.yaml is no file of rules")
    const rules = [share, { ...late, expr: 'channel:bad:rate1h{stock_channel="shop"} > 0.1' }, failed]
    const hourly = channel("hourly", { timing: { model: "scheduled" } })
    const point = monitoringPoint({
      ...well,
      channels: [channel("shop"), channel("market"), hourly],
      alertRules: { ...well.alertRules, rules }
    })
    expect(verdicts(point)[1]).toBe("missing")
    expect(texts(point)).toContain("no alert watches market for late syncs")
    expect(texts(point)).not.toContain("hourly for")
  })

  it("knows by the matchers of an alert, and of what it reads, which channels are watched", () => {
    const watched = (matcher: string) => {
      const narrowed = { ...share, expr: `rate(stock_sync_deliveries_total{${matcher}}[1h])` }
      return unwatched([narrowed, late, failed], ["shop", "market"]).map((each) => each.channel)
    }
    expect(watched("")).toEqual([])
    expect(watched('stock_channel=~"shop|market"')).toEqual([])
    expect(watched('stock_channel=~"sho"')).toEqual(["shop", "market"])
    expect(watched('stock_channel!="shop"')).toEqual(["shop"])
    expect(watched('stock_channel!~"m.*"')).toEqual(["market"])
    expect(unwatched([late, failed], ["shop"])).toEqual([{ channel: "shop", what: "late" }])
    expect(unwatched([share, late], ["shop"])).toEqual([{ channel: "shop", what: "failed" }])
  })

  it("finds rules by the names of their files, and tells apart what are none", async () => {
    const directory = mkdtempSync(join(tmpdir(), "infra-"))
    const write = (name: string, text: string) => writeFileSync(join(directory, "prometheus", name), text)
    mkdirSync(join(directory, "prometheus"))
    write(
      "holdfast-alerts.yaml",
      'groups: [{ name: a, rules: [{ alert: Late, expr: "up == 0", labels: { severity: page } }] }]'
    )
    write("rules-without-groups.yaml", "groups: none")
    write("rules-broken.yaml", "groups: [")
    write("prometheus.yaml", "groups: []")
    const read = await readAlertRules(directory)
    expect(read.files).toEqual([expect.stringMatching(/prometheus\/holdfast-alerts\.yaml$/)])
    expect(read.unreadable).toHaveLength(2)
    expect(read.rules).toEqual([{ alert: "Late", expr: "up == 0", labels: { severity: "page" } }])
    expect(await readAlertRules(join(directory, "nothing"))).toEqual({ files: [], unreadable: [], rules: [] })
    rmSync(directory, { recursive: true })
  })

  it("has rules for every channel in what comes with Holdfast", async () => {
    const { rules } = await readAlertRules()
    expect(unwatched(rules, ["shop", "any other"])).toEqual([])
  })
})

describe("reservations", () => {
  const pointOf = (channels: ReadonlyArray<ChannelDefinition>, use: ReservationFacts["use"] = []) =>
    reservationPoint({ channels, use, days: 7 })

  it("protect a channel most of whose orders had one", () => {
    const use = (orders: number, reserved: number) => [{ channel: "shop", orders, reserved }]
    expect(verdicts(pointOf([channel("shop")], use(10, 5)))).toEqual(["ok"])
    const point = pointOf([channel("shop")], use(10, 4))
    expect(verdicts(point)).toEqual(["missing"])
    expect(texts(point)).toBe(
      "shop (realtime): 4 of its 10 orders in 7 days had a reservation, and it is shown the last unit"
    )
    expect(verdicts(pointOf([channel("shop")]))).toEqual(["note"])
  })

  it("are not needed where the last units are never shown", () => {
    const use = [{ channel: "shop", orders: 10, reserved: 0 }]
    expect(verdicts(pointOf([channel("shop", { buffer: 1 })], use))).toEqual(["ok"])
    expect(verdicts(pointOf([channel("shop", { threshold: 3 })], use))).toEqual(["ok"])
  })

  it("matter to a channel that hears late when it sells what another one sells", () => {
    const late = { timing: { model: "scheduled" } }
    const use = [{ channel: "shop", orders: 10, reserved: 0 }]
    expect(texts(pointOf([channel("shop", late)], use))).toBe("no channel is risky")
    const apart = [channel("shop", { ...late, locations: ["a"] }), channel("till", { ...late, locations: ["b"] })]
    expect(texts(pointOf(apart, use))).toBe("no channel is risky")
    const together = [channel("shop", { ...late, locations: ["a"] }), channel("till", late)]
    expect(texts(pointOf(together, use))).toContain("shop (sells the same stock as till): 0 of its 10 orders")
  })
})

describe("the checklist", () => {
  it("says how many points are complete, and what is missing", () => {
    const points = [
      { name: "First", findings: [ok("a"), missing("b is not there", "write b", "and c")] },
      { name: "Second", findings: [ok("d")] }
    ]
    expect(checklistText(points, { columns: 80, color: false }).split("\n")).toEqual([
      "1. First",
      "   ok       a",
      "   missing  b is not there",
      "            mend: write b",
      "                  and c",
      "",
      "2. Second",
      "   ok       d"
    ])
    expect(summaryText(points)).toBe("1 of 2 points are complete, 1 thing is missing")
    expect(summaryText(points.slice(1))).toBe("all 1 points are complete")
  })
})
