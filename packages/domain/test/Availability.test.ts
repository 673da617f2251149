import { describe, expect, it } from "vitest"
import {
  announcedEventsMax,
  announcedLevel,
  availableOver,
  budgetStart,
  mergeAvailability,
  type AnnouncedEvent,
  type Availability
} from "../src/Availability.ts"
import { ChannelId, LocationId, Sku } from "../src/Identity.ts"
import { lateEventMillis } from "../src/Limit.ts"
import { publishable } from "../src/Publishable.ts"
import { emptyLevel } from "../src/StockState.ts"

const main = LocationId.make("main")
const east = LocationId.make("east")
const levels = [
  { locationId: main, onHand: 10, committed: 3, held: 2 },
  { locationId: east, onHand: 4, committed: 9, held: 0 }
]

const event = (id: number): AnnouncedEvent => ({
  source: "test",
  id: `e${id}`,
  type: "order.placed",
  occurredAt: id,
  storedAt: id,
  decidedAt: id,
  committedAt: id,
  parts: 1,
  traceparent: ""
})
const announcement = (version: number, events: number, more = 0): Availability => ({
  sku: Sku.make("MUG"),
  version,
  levels,
  committedAt: version,
  events: Array.from({ length: events }, (_, index) => event(version * 100 + index)),
  more
})

describe("available units", () => {
  it("are counted over the locations that a channel sells from, signed", () => {
    expect(availableOver(levels)).toBe(0)
    expect(availableOver(levels, [main])).toBe(5)
    expect(availableOver(levels, [east])).toBe(-5)
    expect(availableOver(levels, [])).toBe(0)
  })
})

describe("an announced level", () => {
  const usual = { locationId: main, onHand: 9, committed: 1, held: 0 }

  it("says only what is not nothing", () => {
    expect(announcedLevel({ ...emptyLevel(main), onHand: 9, committed: 1 })).toEqual(usual)
    expect(
      announcedLevel({ ...emptyLevel(main), onHand: 9, committed: 1, damaged: 2, receiving: 1, incoming: 4 })
    ).toEqual({
      ...usual,
      unavailable: 3,
      incoming: 4
    })
  })

  it("has no more units available than may be sold", () => {
    expect(availableOver([{ ...usual, unavailable: 3, safetyStock: 2, incoming: 50, inTransit: 50 }])).toBe(3)
  })
})

describe("publishable units", () => {
  it.each([
    ["all that is available", { buffer: 0, locations: [main] }, 5],
    ["less the buffer", { buffer: 2, locations: [main] }, 3],
    ["at most the cap, after the buffer", { buffer: 2, cap: 1, locations: [main] }, 1],
    ["nothing when the buffer takes all", { buffer: 9, locations: [main] }, 0],
    ["nothing at the threshold", { buffer: 0, threshold: 5, locations: [main] }, 0],
    ["all that is available above the threshold", { buffer: 0, threshold: 4, locations: [main] }, 5],
    ["nothing when stock is oversold", { buffer: 0, locations: [east] }, 0]
  ])("are %s", (_, policy, units) => {
    expect(publishable({ id: ChannelId.make("shop"), ...policy }, { levels })).toBe(units)
  })
})

describe("an announcement that replaces an older one", () => {
  it("speaks for the events of both, oldest first", () => {
    const merged = mergeAvailability(announcement(1, 2), announcement(2, 1, 3))
    expect(merged.version).toBe(2)
    expect(merged.events.map(({ id }) => id)).toEqual(["e100", "e101", "e200"])
    expect(merged.more).toBe(3)
  })

  it("counts what it no longer lists", () => {
    const merged = mergeAvailability(announcement(1, announcedEventsMax - 1), announcement(2, 5, 7))
    expect(merged.events).toHaveLength(announcedEventsMax)
    expect(merged.more).toBe(7 + 4)
  })
})

describe("the latency budget of an event", () => {
  it("starts when it happened", () => {
    expect(budgetStart({ occurredAt: 1_000, storedAt: 1_020 })).toBe(1_000)
    expect(budgetStart({ occurredAt: 0, storedAt: lateEventMillis })).toBe(0)
  })

  it("starts when the broker stored it if the source's clock is ahead", () => {
    expect(budgetStart({ occurredAt: 5_000, storedAt: 1_000 })).toBe(1_000)
  })

  it("starts when the broker stored it if it is late or historical", () => {
    expect(budgetStart({ occurredAt: 0, storedAt: lateEventMillis + 1 })).toBe(lateEventMillis + 1)
  })
})
