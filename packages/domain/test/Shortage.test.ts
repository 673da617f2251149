import { describe, expect, it } from "vitest"
import { allowedOf, shortageAt } from "../src/Shortage.ts"

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

describe("an allowance", () => {
  const said = (limit: number, ...shortages: ReadonlyArray<ReturnType<typeof shortageAt<ReturnType<typeof line>>>>) => {
    const { lines, rests } = allowedOf(limit, shortages)
    return { lines: lines.map((one) => `${one.order} ${one.backordered} and ${one.short}`), rests }
  }
  // of 10 oversold units at main, 5 of the second order and 3 of the fourth are not there, and 2 nobody asked for
  const atMain = shortageAt(10, [line("second", 2, 5), line("fourth", 4, 3)])
  // the third order misses 2 of its 6 units at east
  const atEast = shortageAt(2, [line("third", 3, 6), line("first", 1, 9)])

  it("covers who ordered first, whatever location it is short of; who ordered beyond it is short", () => {
    expect(said(6, atMain, atEast)).toEqual({
      lines: ["second 5 and 0", "third 1 and 1", "fourth 0 and 3"],
      rests: [2, 0]
    })
  })

  it("covers what nobody ordered last", () => {
    expect(said(11, atMain, atEast)).toEqual({
      lines: ["second 5 and 0", "third 2 and 0", "fourth 3 and 0"],
      rests: [1, 0]
    })
    expect(said(12, atMain, atEast)).toMatchObject({ rests: [0, 0] })
  })

  it("of none leaves every shortage as it is", () => {
    expect(said(0, atMain, atEast)).toEqual({
      lines: ["second 0 and 5", "third 0 and 2", "fourth 0 and 3"],
      rests: [2, 0]
    })
  })

  it("leaves what is oversold beyond it, whatever it is", () => {
    for (let limit = 0; limit <= 15; limit += 1) {
      const { lines, rests } = allowedOf(limit, [atMain, atEast])
      const beyond = lines.reduce((sum, one) => sum + one.short, 0) + rests.reduce((sum, rest) => sum + rest, 0)
      expect(beyond).toBe(Math.max(0, 12 - limit))
    }
  })
})
