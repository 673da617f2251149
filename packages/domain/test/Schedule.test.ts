/** Which runs a schedule has, as a table: what a person would expect, the nights on which the clock is set included. */
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { longestGap, nextRun } from "../src/Schedule.ts"
import { Timing, type Scheduled } from "../src/Timing.ts"

const cron = (expression: string, timeZone: string): Scheduled => ({ model: "scheduled", cron: expression, timeZone })
const hourly = cron("0 * * * *", "Europe/Berlin")

const runsFrom = (timing: Scheduled, from: string, count: number): ReadonlyArray<string> => {
  const runs: Array<string> = []
  let at = Date.parse(from)
  for (let i = 0; i < count; i++) {
    at = nextRun(timing, at)
    runs.push(new Date(at).toISOString().slice(0, 16))
  }
  return runs
}

/** [what a person would say, schedule, from, runs in UTC] */
const table: ReadonlyArray<readonly [string, Scheduled, string, ReadonlyArray<string>]> = [
  [
    "every hour, through the night that has 23 hours",
    hourly,
    "2026-03-28T23:30:00Z",
    ["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00", "2026-03-29T03:00"]
  ],
  [
    "every hour, through the night that has 25 hours: 2 o'clock comes twice",
    hourly,
    "2026-10-24T23:30:00Z",
    ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"]
  ],
  [
    "every quarter of an hour, where 2 o'clock comes twice",
    cron("*/15 * * * *", "Europe/Berlin"),
    "2026-10-25T00:40:00Z",
    [
      "2026-10-25T00:45",
      "2026-10-25T01:00",
      "2026-10-25T01:15",
      "2026-10-25T01:30",
      "2026-10-25T01:45",
      "2026-10-25T02:00"
    ]
  ],
  [
    "at 2:30 every night: once where it comes twice, at the first",
    cron("30 2 * * *", "Europe/Berlin"),
    "2026-10-23T12:00:00Z",
    ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]
  ],
  [
    "at 2:30 every night: once where it does not exist, an hour later by the clock",
    cron("30 2 * * *", "Europe/Berlin"),
    "2026-03-27T12:00:00Z",
    ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]
  ],
  [
    "every hour in New York, where 1 o'clock comes twice",
    cron("0 * * * *", "America/New_York"),
    "2026-11-01T04:30:00Z",
    ["2026-11-01T05:00", "2026-11-01T06:00", "2026-11-01T07:00"]
  ],
  [
    "every half hour on Lord Howe, where the clock goes back by half an hour",
    cron("*/30 * * * *", "Australia/Lord_Howe"),
    "2026-04-04T14:00:00Z",
    ["2026-04-04T14:30", "2026-04-04T15:00", "2026-04-04T15:30", "2026-04-04T16:00"]
  ],
  [
    "at 9 on working days, over a weekend",
    cron("0 9 * * 1-5", "Europe/Berlin"),
    "2026-11-27T12:00:00Z",
    ["2026-11-30T08:00", "2026-12-01T08:00"]
  ],
  [
    "at 9 in the morning keeps to the clock when summer ends",
    cron("0 9 * * *", "Europe/Berlin"),
    "2026-10-24T00:00:00Z",
    ["2026-10-24T07:00", "2026-10-25T08:00"]
  ],
  [
    "every ten minutes by interval, from the run before, whatever the clock does",
    { model: "scheduled", everyMillis: 600_000 },
    "2026-10-25T00:55:30Z",
    ["2026-10-25T01:05", "2026-10-25T01:15"]
  ]
]

describe("a schedule", () => {
  it.each(table)("runs %s", (_, timing, from, expected) => {
    expect(runsFrom(timing, from, expected.length)).toEqual(expected)
  })

  it.each([
    ["Europe/Berlin", "2026-03-28"],
    ["Europe/Berlin", "2026-10-24"],
    ["America/New_York", "2026-10-31"],
    ["Australia/Sydney", "2026-04-04"],
    ["America/Havana", "2026-10-31"],
    ["Asia/Kolkata", "2026-10-24"]
  ])("of every hour leaves no gap of more than an hour: %s, from %s", (zone, day) => {
    expect(longestGap(cron("0 * * * *", zone), Date.parse(`${day}T00:00:00Z`), 60)).toBe(3_600_000)
  })

  it("never stands still", () => {
    for (const [, timing] of table) {
      const runs = runsFrom(timing, "2026-10-20T00:00:00Z", 100)
      expect(new Set(runs).size).toBe(100)
      expect(runs).toEqual(runs.toSorted())
    }
  })
})

describe("a timing", () => {
  const decode = Schema.decodeUnknownSync(Timing)

  it.each([
    [{ model: "realtime" }],
    [{ model: "nearRealtime", windowMillis: 2_000, batchSize: 50 }],
    [{ model: "scheduled", cron: "*/15 6-22 * * 1-6", timeZone: "Europe/London" }],
    [{ model: "scheduled", everyMillis: 60_000 }],
    [{ model: "manual" }]
  ])("is understood: %j", (timing) => {
    expect(decode(timing)).toEqual(timing)
  })

  it.each([
    [{ model: "nearRealtime", windowMillis: 0 }, "must be a whole number from 1 to 600000, got 0"],
    [{ model: "scheduled" }, "must have either cron or everyMillis"],
    [{ model: "scheduled", cron: "0 * * * *", everyMillis: 60_000 }, "must have either cron or everyMillis"],
    [{ model: "scheduled", cron: "0 0 * * * *" }, "must have five fields"],
    [{ model: "scheduled", cron: "61 * * * *" }, "is not a cron expression"],
    [{ model: "scheduled", cron: "0 * * * *", timeZone: "Berlin" }, "must be a time zone such as Europe/Berlin"],
    [{ model: "scheduled", everyMillis: 60_000, timeZone: "UTC" }, "which only a cron expression needs"]
  ])("is refused with the reason: %j", (timing, reason) => {
    expect(() => decode(timing)).toThrow(reason)
  })
})
