/** What a reader of announcements gets, quick or slow. */
import { describe, expect, it } from "vitest"
import { NewestStock } from "../src/NewestStock.ts"
import type { Stock } from "../src/Stock.ts"

const stock = (sku: string, version: number): Stock => ({
  sku,
  version,
  available: version,
  locations: [],
  committedAt: new Date(0)
})
const all = async (newest: NewestStock, count: number) => {
  const got: Array<string> = []
  for (let i = 0; i < count; i++) {
    const { value } = await newest.next()
    got.push(`${value?.sku} ${value?.version}`)
  }
  return got
}

describe("the newest stock", () => {
  it("reaches a reader that waits", async () => {
    const newest = new NewestStock()
    const next = newest.next()
    newest.offer(stock("MUG", 1))
    expect((await next).value).toEqual(stock("MUG", 1))
  })

  it("is all that a slow reader gets, SKUs in the order in which they began to wait", async () => {
    const newest = new NewestStock()
    for (const [sku, version] of [
      ["MUG", 1],
      ["BOWL", 1],
      ["MUG", 2],
      ["MUG", 3]
    ] as const)
      newest.offer(stock(sku, version))
    expect(await all(newest, 2)).toEqual(["MUG 3", "BOWL 1"])
  })

  it("never goes back, also not to what was read before", async () => {
    const newest = new NewestStock()
    newest.offer(stock("MUG", 5))
    expect(await all(newest, 1)).toEqual(["MUG 5"])
    for (const version of [5, 4, 6, 5]) newest.offer(stock("MUG", version))
    newest.offer(stock("BOWL", 1))
    expect(await all(newest, 2)).toEqual(["MUG 6", "BOWL 1"])
  })

  it("ends for a reader that waits, and for one that comes later, whatever still waited", async () => {
    const newest = new NewestStock()
    const next = newest.next()
    newest.end()
    newest.offer(stock("MUG", 1))
    expect(await next).toEqual({ done: true, value: undefined })
    expect(await newest.next()).toEqual({ done: true, value: undefined })
  })
})
