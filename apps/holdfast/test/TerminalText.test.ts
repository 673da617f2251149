import { describe, expect, it } from "vitest"
import { momentOf } from "../src/CommandFlags.ts"
import { styleOf } from "../src/terminal/TerminalStyle.ts"
import { cut, spanText, visible } from "../src/terminal/TerminalText.ts"
import { wrapped } from "../src/terminal/TextTable.ts"

describe("texts for a terminal", () => {
  it("are coloured on a terminal, unless NO_COLOR says otherwise", () => {
    const color = (isTTY: boolean | undefined, noColor?: string) => styleOf({ isTTY }, noColor).color
    expect([color(true), color(true, ""), color(true, "1"), color(false), color(undefined)]).toEqual([
      true,
      true,
      false,
      false,
      false
    ])
  })

  it("are no wider than a narrow terminal, nor than is easily read", () => {
    const columns = [80, 240, undefined].map((width) => styleOf({ isTTY: true, columns: width }, undefined).columns)
    expect(columns).toEqual([80, 100, 100])
  })

  it("say a duration in its two largest units", () => {
    const minute = 60_000
    expect([0, 999, 45_999, minute, 9 * minute + 12_000, 185 * minute, 25 * 60 * minute].map(spanText)).toEqual([
      "0 s",
      "0 s",
      "45 s",
      "1 min",
      "9 min 12 s",
      "3 h 5 min",
      "1 d 1 h"
    ])
  })

  it("say a day as a day", () => {
    expect(spanText(86_400_000 + 3_000)).toBe("1 d")
  })

  it("break between pieces only", () => {
    expect(wrapped(["one", "two", "three", "a very long one", "four"], 12)).toEqual([
      "one  two",
      "three",
      "a very long one",
      "four"
    ])
  })

  it("show control characters instead of printing them", () => {
    expect(visible("a\u001b[31mb\u202e")).toBe("a\\u001b[31mb\\u202e")
    expect(cut("abcdef", 4)).toBe("abc…")
  })
})

describe("--since", () => {
  const now = Date.parse("2026-11-27T12:00:00Z")
  const at = (text: string) => new Date(momentOf(text)(now)).toISOString()

  it("takes a time, a day and an age", () => {
    expect(
      ["2026-11-27T09:30:00Z", "2026-11-27T09:30:00.5+01:00", "2026-11-26", "90s", "30m", "6h", "2d"].map(at)
    ).toEqual([
      "2026-11-27T09:30:00.000Z",
      "2026-11-27T08:30:00.500Z",
      "2026-11-26T00:00:00.000Z",
      "2026-11-27T11:58:30.000Z",
      "2026-11-27T11:30:00.000Z",
      "2026-11-27T06:00:00.000Z",
      "2026-11-25T12:00:00.000Z"
    ])
  })

  it("says what it takes", () => {
    for (const text of ["yesterday", "", "2026-13-40", "2h30m", "27.11.2026"])
      expect(() => momentOf(text), text).toThrow("must be a time such as 2026-11-27T09:30:00Z or an age such as 30m")
  })
})
