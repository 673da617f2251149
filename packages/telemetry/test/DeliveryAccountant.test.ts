import { describe, expect, it } from "vitest"
import { DeliveryAccountant, type ClosedTrace } from "@holdfast/telemetry/DeliveryAccountant"
import { lateGraceMillis, rootGraceMillis } from "@holdfast/telemetry/TracingLimit"
import type { Delivered } from "@holdfast/telemetry/TracedStage"
import { aDelivery, anEvent, t0, traceparentOf } from "./Event.ts"

const channels = [
  { id: "amazon", budgetMillis: 2_000 },
  { id: "shop", budgetMillis: 5_000 }
]

const accounting = (
  expected: ReadonlyArray<{ id: string; budgetMillis: number }> = channels,
  bounds?: { open: number; closed: number }
) => {
  const closed: Array<ClosedTrace> = []
  const accountant = new DeliveryAccountant((trace) => closed.push(trace), bounds)
  accountant.expect(expected)
  const keep = (event = anEvent()) => accountant.keep(event, "head", event.committedAt)
  const settle = (given: Partial<Delivered>) => {
    const delivery = aDelivery(given)
    accountant.settle(accountant.find(delivery.event.traceparent)!, delivery)
  }
  return { accountant, closed, keep, settle }
}

describe("the delivery accountant", () => {
  it("closes a trace when the last channel settled, at the last acknowledgement", () => {
    const { closed, keep, settle } = accounting()
    keep()
    settle({ channel: "amazon", ackAt: t0 + 700 })
    expect(closed).toEqual([])
    settle({ channel: "shop", ackAt: t0 + 300, budgetMillis: 5_000, outcome: "unchanged" })
    expect(closed).toMatchObject([
      { end: t0 + 700, channels: 2, breached: [], failures: 0, incomplete: false, reason: "head" }
    ])
  })

  it("waits for every part of an event on every channel, and counts a repeated report once", () => {
    const { closed, keep, settle } = accounting()
    const event = anEvent({ parts: 2 })
    keep(event)
    for (let i = 0; i < 5; i++) settle({ event, channel: "amazon", sku: "MUG" })
    settle({ event, channel: "shop", sku: "MUG" })
    settle({ event, channel: "shop", sku: "PLATE" })
    expect(closed).toHaveLength(0)
    settle({ event, channel: "amazon", sku: "PLATE", outcome: "superseded" })
    expect(closed).toMatchObject([{ incomplete: false }])
  })

  it("closes without the missing channels once the longest budget is over, and not before", () => {
    const { accountant, closed, keep, settle } = accounting()
    keep()
    settle({ channel: "amazon" })
    accountant.sweep(t0 + 5_000 + rootGraceMillis - 1)
    expect(closed).toHaveLength(0)
    accountant.sweep(t0 + 5_000 + rootGraceMillis)
    expect(closed).toMatchObject([{ end: t0 + 100, incomplete: true, channels: 2 }])
    expect(accountant.openCount).toBe(0)
  })

  it("waits only a moment when the event is kept after all others must have reported", () => {
    const { accountant, closed } = accounting()
    const now = t0 + 10 * 60_000
    accountant.keep(anEvent(), "breach", now)
    accountant.sweep(now + 1_000)
    expect(closed).toHaveLength(0)
    accountant.sweep(now + lateGraceMillis)
    expect(closed).toMatchObject([{ reason: "breach" }])
  })

  it("counts a missed budget until its deadline and names the channel", () => {
    const { closed, keep, settle } = accounting()
    keep()
    settle({ channel: "shop", ackAt: t0 + 300 })
    settle({ channel: "amazon", outcome: "expired", ackAt: t0 + 62_000, breached: true })
    expect(closed).toMatchObject([{ breached: ["amazon"], end: t0 + 2_000 }])
  })

  it("closes each trace once, however late another report comes", () => {
    const { accountant, closed, keep, settle } = accounting()
    keep()
    settle({ channel: "shop" })
    settle({ channel: "amazon", outcome: "expired", ackAt: undefined, breached: true })
    settle({ channel: "amazon", outcome: "delivered", ackAt: t0 + 90_000, breached: true })
    accountant.sweep(t0 + 1e9)
    accountant.flush()
    expect(closed).toHaveLength(1)
  })

  it("does not wait for channels whose budget is long, and names them", () => {
    const { closed, keep, settle } = accounting([...channels, { id: "erp", budgetMillis: 60 * 60 * 1000 }])
    keep()
    settle({ channel: "amazon" })
    settle({ channel: "shop" })
    expect(closed).toMatchObject([{ channels: 3, deferred: ["erp"], end: t0 + 100, incomplete: false }])
  })

  it("closes the oldest as it stands when too many wait", () => {
    const { accountant, closed, keep } = accounting(channels, { open: 3, closed: 2 })
    for (let n = 1; n <= 10; n++) keep(anEvent({ id: `order-${n}`, traceparent: traceparentOf(n, "01") }))
    expect(accountant.openCount).toBe(3)
    expect(closed.map(({ event }) => event.id)).toEqual([
      "order-1",
      "order-2",
      "order-3",
      "order-4",
      "order-5",
      "order-6",
      "order-7"
    ])
    expect(accountant.find(traceparentOf(1, "01"))).toBeUndefined()
    expect(accountant.find(traceparentOf(7, "01"))?.closed).toBe(true)
  })

  it("closes what is open at the end", () => {
    const { accountant, closed, keep } = accounting()
    keep()
    accountant.flush()
    expect(closed).toMatchObject([{ incomplete: true, end: t0 + 40 }])
  })
})
