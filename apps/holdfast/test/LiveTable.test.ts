import { describe, expect, it } from "vitest"
import { durationText, makeLiveTable, plainLine, shareText, tableLines } from "../src/demo/LiveTable.ts"
import { row, snapshot } from "./DemoFixture.ts"

const plain = (columns: number) => tableLines(snapshot(), { columns, color: false })

/** A terminal that remembers what was written to it. */
const target = (isTTY: boolean, columns = 120) => {
  const written: Array<string> = []
  return { isTTY, columns, written, write: (text: string) => written.push(text) }
}

describe("the table", () => {
  it("aligns numbers right under their titles", () => {
    expect(plain(120)).toEqual([
      "[#########...........]  48%  0:17  25 events/s  12,345 committed  7 parked",
      "",
      "channel      timing    budget  events  pushes  coalesced  pending     p50     p99  in time  retries  circuit    oversold",
      "webshop      realtime  500 ms     933     870         63        0   19 ms   61 ms  100.00%        0  closed           11",
      "marketplace  realtime     5 s     933     512        421       31  740 ms   3.4 s  100.00%        2  closed            3",
      "legacy-erp   realtime    15 s     933     198        735       64   7.3 s    15 s   98.66%        0  half-open         0",
      "wholesale    realtime     2 s     933     870         63        0       -       -   99.99%    1,204  closed            0"
    ])
  })

  it.each([80, 90, 100, 110, 120])("fits a terminal of %d characters", (columns) => {
    const lines = plain(columns)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    expect(lines[2]).toMatch(/^channel.*budget.*pushes.*pending.*p50.*p99.*in time.*oversold$/)
  })

  it("drops the least telling columns first where there is no room", () => {
    expect(plain(110)[2]).not.toContain("timing")
    expect(plain(110)[2]).toContain("retries")
    expect(plain(80)[2]).not.toContain("retries")
  })

  it("colours a broken objective and a late p99, and nothing else while no channel stands on the ladder", () => {
    const lines = tableLines(snapshot(), { columns: 120, color: true })
    const colored = lines.filter((line) => line.includes("\u001b"))
    expect(colored).toHaveLength(1)
    expect(colored[0]).toContain("\u001b[33m  15 s\u001b[39m")
    expect(colored[0]).toContain("\u001b[31m 98.66%\u001b[39m")
    expect(
      lines.map((line) =>
        ["\u001b[31m", "\u001b[33m", "\u001b[39m"].reduce((text, code) => text.replaceAll(code, ""), line)
      )
    ).toEqual(plain(120))
  })

  it("has a column for the ladder while a channel stands on it, and a mark in the log", () => {
    const channels = [row("webshop"), row("marketplace", { rung: 3 })]
    for (const columns of [80, 100, 120]) {
      const lines = tableLines(snapshot({ channels }), { columns, color: false })
      const at = lines[2]!.indexOf("rung")
      expect(lines.slice(3).map((line) => line.slice(at, at + 4))).toEqual(["   -", " 3/5"])
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    }
    expect(tableLines(snapshot({ channels }), { columns: 120, color: true })[4]).toContain("\u001b[33m 3/5\u001b[39m")
    expect(plainLine(snapshot({ channels }))).toMatch(/webshop \S+ p99 61 ms pending 0 \| .* pending 0 rung 3\/5$/)
  })

  it("grows with its numbers", () => {
    const channels = [row("a-channel-with-a-rather-long-name", { events: 1_234_567 })]
    const lines = tableLines(snapshot({ channels }), { columns: 120, color: false })
    expect(lines[3]).toContain("1,234,567")
    expect(lines[2]!.indexOf("events") + "events".length).toBe(lines[3]!.indexOf("1,234,567") + "1,234,567".length)
  })
})

describe("numbers for people", () => {
  it.each([
    [undefined, "-"],
    [0.4, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [1_000, "1 s"],
    [9_940, "9.9 s"],
    [9_960, "10 s"],
    [75_000, "75 s"]
  ])("%s milliseconds read %s", (millis, text) => {
    expect(durationText(millis)).toBe(text)
  })

  it("100 % means every one", () => {
    expect([1, 0.99999, 0.9, 0].map(shareText)).toEqual(["100.00%", "99.99%", "90.00%", "0.00%"])
  })
})

describe("the live table", () => {
  it("redraws itself in place on a terminal", () => {
    const terminal = target(true)
    const table = makeLiveTable(terminal, undefined)
    table.show(snapshot(), 0)
    table.show(snapshot(), 200)
    expect(terminal.written).toHaveLength(2)
    expect(terminal.written[0]!.startsWith("\r\u001b[2K[####")).toBe(true)
    expect(terminal.written[1]!.startsWith("\u001b[7A\r\u001b[2K[####")).toBe(true)
    expect(terminal.written[1]!.split("\n")).toHaveLength(8)
  })

  it("respects NO_COLOR", () => {
    const [dull, bright] = [target(true), target(true)]
    makeLiveTable(dull, "1").show(snapshot(), 0)
    makeLiveTable(bright, "").show(snapshot(), 0)
    expect(dull.written[0]).not.toContain("\u001b[31m")
    expect(bright.written[0]).toContain("\u001b[31m")
  })

  it("writes one plain line every five seconds into a log, and the table at the end", () => {
    const log = target(false)
    const table = makeLiveTable(log, undefined)
    for (const now of [0, 200, 4_900, 5_000, 9_999]) table.show(snapshot(), now)
    expect(log.written).toEqual([`${plainLine(snapshot())}\n`, `${plainLine(snapshot())}\n`])
    expect(plainLine(snapshot())).toBe(
      "0:17 48% 25 events/s 12,345 committed 7 parked | webshop 100.00% p99 61 ms pending 0 | marketplace 100.00% p99 3.4 s pending 31" +
        " | legacy-erp 98.66% p99 15 s pending 64 | wholesale 99.99% p99 - pending 0"
    )
    table.finish(snapshot())
    expect(log.written.at(-1)).toBe(`${plain(120).join("\n")}\n`)
  })
})
