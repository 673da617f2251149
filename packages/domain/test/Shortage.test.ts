import { describe, expect, it } from "vitest"
import { shortageAt } from "../src/Shortage.ts"

const line = (order: string, placedAt: number, units: number, heard = placedAt) => ({ order, placedAt, heard, units })

const shortOf = (oversold: number, ...lines: ReadonlyArray<ReturnType<typeof line>>) => {
  const { lines: short, rest } = shortageAt(oversold, lines)
  return { short: short.map((one) => `${one.order} ${one.short} of ${one.units}`), rest }
}

describe("a shortage", () => {
  it("is nobody's when nothing is oversold", () => {
    expect(shortOf(0, line("first", 1, 5))).toEqual({ short: [], rest: 0 })
  })

  it("falls on who ordered last, and on one before only with what is left", () => {
    const lines = [line("second", 2, 3), line("third", 3, 2), line("first", 1, 5)]
    expect(shortOf(1, ...lines)).toEqual({ short: ["third 1 of 2"], rest: 0 })
    expect(shortOf(4, ...lines)).toEqual({ short: ["second 2 of 3", "third 2 of 2"], rest: 0 })
    expect(shortOf(10, ...lines)).toEqual({ short: ["first 5 of 5", "second 3 of 3", "third 2 of 2"], rest: 0 })
  })

  it("falls on who was heard of last among those who ordered at the same moment", () => {
    expect(shortOf(2, line("late", 7, 2, 12), line("early", 7, 2, 11))).toEqual({ short: ["late 2 of 2"], rest: 0 })
  })

  it("leaves over what no order asked for", () => {
    expect(shortOf(4, line("only", 1, 1))).toEqual({ short: ["only 1 of 1"], rest: 3 })
    expect(shortOf(4)).toEqual({ short: [], rest: 4 })
  })

  it("passes over lines that have nothing at the location", () => {
    expect(shortOf(1, line("here", 1, 1), line("elsewhere", 2, 0))).toEqual({ short: ["here 1 of 1"], rest: 0 })
  })
})
