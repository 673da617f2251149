import type { ChannelSnapshot } from "@holdfast/channels/ChannelSnapshot"
import { ChannelId } from "@holdfast/domain/Identity"
import type { MetricPoint } from "@holdfast/telemetry/MetricPoint"
import { describe, expect, it } from "vitest"
import { channelPoints } from "../src/metrics/ChannelPoints.ts"
import { enginePoints } from "../src/metrics/EnginePoints.ts"
import { storePoints } from "../src/metrics/StorePoints.ts"

const valuesOf = (points: ReadonlyArray<MetricPoint>, key: MetricPoint["metric"]) =>
  points
    .filter(({ metric }) => metric === key)
    .map(({ attributes, value }) => [Object.values(attributes).at(-1), value])

const counts = { facts: 10, duplicates: 2, parked: 1, requests: 5, commits: 4, partitionsLost: 0 }

describe("metrics of a channel", () => {
  const snapshot: ChannelSnapshot = {
    channel: ChannelId.make("shop"),
    name: "Shop",
    timing: "realtime",
    budgetMillis: 2_000,
    objective: 0.99,
    circuit: "open",
    circuitDetail: "500",
    pausedUntil: undefined,
    operation: "draining",
    raisesHeld: { unseenOrders: 3, ladder: 0 },
    ordersSeenUntil: 1_000_000,
    rung: "onlyRisky",
    rungSince: 0,
    shownLess: 0,
    collecting: 0,
    closesAt: undefined,
    waitsFor: undefined,
    held: 0,
    heldUntil: undefined,
    reconciliation: undefined,
    listings: 5,
    quarantined: 1,
    pending: 2,
    inFlight: 1,
    oldestPendingMillis: 4_500,
    events: 12,
    good: 7,
    breaches: 3,
    attained: 0.7,
    delivered: 6,
    superseded: 1,
    unchanged: 0,
    failed: 1,
    expired: 0,
    offers: 12,
    ignored: 0,
    coalesced: 0,
    runs: 0,
    pushes: 9,
    applied: 6,
    retries: 1,
    readBacks: 0,
    throttled: 1,
    stale: 0,
    rejected: 1,
    transient: 1,
    unknown: 0,
    blocked: 0,
    healed: 0,
    p50: 1,
    p99: 1,
    p999: 1,
    total: { count: 8, p50: 1, p99: 1, p999: 1, max: 1 }
  }
  const points = channelPoints(snapshot, { counts: [8], count: 8, sum: 4_000 }, 1_090_000)

  it("are in seconds, with late events apart from those in time", () => {
    expect(valuesOf(points, "deliveries")).toEqual([
      [true, 7],
      [false, 3]
    ])
    expect(valuesOf(points, "oldestAge")).toEqual([["shop", 4.5]])
    expect(valuesOf(points, "budget")).toEqual([["shop", 2]])
    expect(valuesOf(points, "pending")).toEqual([["shop", 3]])
    expect(valuesOf(points, "latency")).toEqual([["shop", expect.objectContaining({ count: 8, sum: 4 })]])
  })

  it("have a series for each state and each outcome, also for those that it is not in", () => {
    expect(valuesOf(points, "circuit")).toEqual([
      ["closed", 0],
      ["open", 1],
      ["halfOpen", 0],
      ["blocked", 0]
    ])
    expect(Object.fromEntries(valuesOf(points, "ladder"))).toEqual({
      none: 0,
      largerBatches: 0,
      onlyRisky: 1,
      widerBuffer: 0,
      stopRaising: 0,
      alert: 0
    })
    expect(valuesOf(points, "operation")).toEqual([
      ["running", 0],
      ["paused", 0],
      ["draining", 1]
    ])
    expect(Object.fromEntries(valuesOf(points, "pushes"))).toEqual({
      applied: 6,
      throttled: 1,
      stale: 0,
      rejected: 1,
      transient: 1,
      unknown: 0,
      blocked: 0
    })
  })

  it("tell which raises are held, and how far its orders were seen, of a channel that is asked for them", () => {
    expect(Object.fromEntries(valuesOf(points, "raisesHeld"))).toEqual({ unseenOrders: 3, ladder: 0 })
    expect(valuesOf(points, "ordersSeenAge")).toEqual([["shop", 90]])
    const unasked = channelPoints({ ...snapshot, ordersSeenUntil: undefined }, { counts: [], count: 0, sum: 0 }, 0)
    expect(valuesOf(unasked, "ordersSeenAge")).toEqual([])
  })
})

describe("metrics of the engine", () => {
  it("tell facts apart by what became of them", () => {
    expect(valuesOf(enginePoints(counts, new Map(), []), "facts")).toEqual([
      ["applied", 7],
      ["duplicate", 2],
      ["parked", 1]
    ])
  })

  it("count what is oversold by channel, from 0 on, and what is not configured as other", () => {
    const units = new Map([
      ["shop", 3],
      ["misspelled", 2],
      ["", 4]
    ])
    expect(valuesOf(enginePoints(counts, units, ["shop", "till"]), "oversold")).toEqual([
      ["shop", 3],
      ["till", 0],
      ["other", 6]
    ])
  })
})

describe("metrics of the database", () => {
  it("say how long a declared source has been silent, and nothing of others", () => {
    const points = storePoints({
      parked: new Map([["unknown_sku", 2]]),
      now: 100_000,
      emitters: [
        {
          type: "order.placed",
          source: "shop",
          declared: true,
          status: "silent",
          silenceMinutes: 1,
          lastSeenAt: 10_000
        },
        { type: "order.changed", source: "shop", declared: true, status: "never", silenceMinutes: 5 },
        { type: "order.placed", source: "anybody", declared: false, status: "undeclared", lastSeenAt: 20_000 },
        { type: "count.cycle", declared: false, status: "no emitter" }
      ]
    })
    expect(valuesOf(points, "parked")).toEqual([["unknown_sku", 2]])
    expect(valuesOf(points, "heardAge")).toEqual([["order.placed", 90]])
    expect(valuesOf(points, "silenceLimit")).toEqual([
      ["order.placed", 60],
      ["order.changed", 300]
    ])
  })
})
