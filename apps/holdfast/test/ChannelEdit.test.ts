/** Which setting an undo goes back to, and how a timing is named on the command line. */
import { ChannelId } from "@holdfast/domain/Identity"
import { Timing } from "@holdfast/domain/Timing"
import type { ChannelRevision } from "@holdfast/ledger/ChannelDefinitions"
import { Effect, Option, Result, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { revisionBefore } from "../src/channel/ChannelEdit.ts"
import { channelsText, timingText } from "../src/channel/ChannelText.ts"
import { durationOf, durationText, timingOf, type TimingFlags } from "../src/channel/TimingFlags.ts"

const revision = (id: number, buffer: number, undoes: number | null = null): ChannelRevision => ({
  id,
  definition: {
    id: ChannelId.make("shop"),
    name: "Shop",
    connector: "webhook",
    endpoint: "http://127.0.0.1:1",
    buffer,
    timing: { model: "realtime" },
    budgetMillis: 5_000,
    objective: 0.99,
    rate: { perSecond: 1, burst: 1, concurrency: 1 },
    timeoutMillis: 1_000
  },
  operation: "running",
  since: Date.parse("2026-11-25T08:00:00Z"),
  by: "olga",
  reason: null,
  undoes
})

/** What one undo after another comes to. */
const undone = (begun: ReadonlyArray<ChannelRevision>): ReadonlyArray<number> => {
  const history = [...begun]
  const buffers: Array<number> = []
  for (;;) {
    const target = revisionBefore(history)
    if (target === undefined) return buffers
    buffers.push(target.setting.definition.buffer)
    history.unshift(revision(history[0]!.id + 1, target.setting.definition.buffer, target.undoes))
  }
}

describe("undo", () => {
  it("goes back change by change, to the first", () => {
    expect(undone([revision(3, 30), revision(2, 20), revision(1, 10)])).toEqual([20, 10])
  })

  it("passes over what was taken back already", () => {
    const history = [revision(5, 50), revision(4, 10, 2), revision(3, 20, 3), revision(2, 20), revision(1, 10)]
    expect(
      undone([
        revision(6, 60),
        revision(5, 10, 2),
        revision(4, 20, 3),
        revision(3, 30),
        revision(2, 20),
        revision(1, 10)
      ])
    ).toEqual([10])
    expect(revisionBefore(history.slice(1))).toBeUndefined()
  })

  it("has nothing to go back to where nothing was changed", () => {
    expect(revisionBefore([revision(1, 10)])).toBeUndefined()
    expect(revisionBefore([])).toBeUndefined()
  })
})

const none = Option.none()
const flags = (given: Partial<TimingFlags>): TimingFlags => ({
  model: "realtime",
  window: none,
  batch: none,
  cron: none,
  timeZone: none,
  every: none,
  ...given
})

const named = (given: Partial<TimingFlags>) => Result.getOrThrow(Effect.runSync(Effect.result(timingOf(flags(given)))))
const text = (given: Partial<TimingFlags>) => timingText(Schema.decodeUnknownSync(Timing)(named(given)))

describe("a timing on the command line", () => {
  it.each([
    [{ model: "realtime" }, "in real time"],
    [{ model: "manual" }, "when an operator says so"],
    [{ model: "near-realtime", window: Option.some(2_000), batch: Option.some(500) }, "every 2 s, or 500 listings"],
    [{ model: "scheduled", every: Option.some(600_000) }, "every 10 min"],
    [
      { model: "scheduled", cron: Option.some("0 * * * *"), timeZone: Option.some("Europe/Berlin") },
      "at 0 * * * * Europe/Berlin"
    ]
  ] as ReadonlyArray<readonly [Partial<TimingFlags>, string]>)("is understood, and said: %j", (given, said) => {
    expect(text(given)).toBe(said)
  })

  it("refuses a flag of another model by its name", () => {
    expect(() => named({ model: "scheduled", window: Option.some(2_000) })).toThrow(
      "--window belongs to near-realtime, not to scheduled"
    )
    expect(() => named({ timeZone: Option.some("UTC") })).toThrow("--time-zone belongs to scheduled, not to realtime")
  })
})

describe("a duration", () => {
  it.each([
    ["250ms", 250, "250 ms"],
    ["2s", 2_000, "2 s"],
    ["90s", 90_000, "90 s"],
    ["5m", 300_000, "5 min"],
    ["1h", 3_600_000, "1 h"],
    ["7d", 604_800_000, "7 d"]
  ])("%s is %d ms", (typed, millis, said) => {
    expect(durationOf(typed)).toBe(millis)
    expect(durationText(millis)).toBe(said)
  })

  it.each(["5", "1.5s", "s", "-2s", "2 s"])("%s is none", (typed) => {
    expect(() => durationOf(typed)).toThrow("must be a duration such as 250ms, 2s, 5m, 1h, 7d")
  })
})

describe("channels in a table", () => {
  const shop = revision(1, 0)
  const style = { columns: 400, color: false }

  it("names the rung that a channel stands on, and raises that wait for its orders, while there are any", () => {
    const now = { rung: "widerBuffer", raisesHeld: { unseenOrders: 2, ladder: 0 } } as const
    const text = channelsText([shop], new Map([[shop.definition.id, now]]), style)
    expect(text.split("\n")[0]).toMatch(/BY +RUNG +RAISES THAT WAIT FOR ORDERS$/)
    expect(text.split("\n")[1]).toMatch(/olga +3\/5 wider buffer +2$/)
    const calm = { rung: "none", raisesHeld: { unseenOrders: 0, ladder: 0 } } as const
    expect(channelsText([shop], new Map([[shop.definition.id, calm]]), style)).not.toContain("RUNG")
    expect(channelsText([shop], new Map(), style)).not.toContain("RUNG")
  })

  it("says what to do when there is none", () => {
    expect(channelsText([], new Map(), { columns: 100, color: false })).toContain(
      "holdfast channel apply channels.json"
    )
  })
})
