/** The retailer's sample day through a marketplace that takes half of the requests that it would need, on virtual time. */
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { compareOrders } from "../bench/RiskOrders.ts"
import { salesEvents, shortShareDefault } from "../src/retail/OnlineRetail.ts"
import { readRetailCsv } from "../src/retail/RetailCsv.ts"

const sample = fileURLToPath(new URL("../sample/online-retail-sample.csv.gz", import.meta.url))
const sales = salesEvents(await Effect.runPromise(readRetailCsv(sample)))

describe.each([
  { shortShare: shortShareDefault, seed: 1 },
  { shortShare: 0.3, seed: 1 },
  { shortShare: 0.3, seed: 2 }
])("half the requests, a share of $shortShare runs short, seed $seed: the riskiest first", ({ shortShare, seed }) => {
  const { fifo, perSecond, neededPerSecond, risky } = compareOrders(sales, shortShare, 0.5, seed)

  it("shows a tenth or less of what is sold out, and oversells less", () => {
    expect(perSecond).toBeCloseTo(neededPerSecond / 2)
    expect(fifo.oversoldUnits).toBeGreaterThan(0)
    expect(risky.oversoldUnits).toBeLessThan(fifo.oversoldUnits)
    expect(10 * risky.soldOutUnitSeconds).toBeLessThan(fifo.soldOutUnitSeconds)
  })

  it("tells sooner what sold out, with as many requests, and starves nothing for it", () => {
    expect(risky.zeroP99Millis).toBeLessThan(fifo.zeroP99Millis / 3)
    expect(Math.abs(risky.pushes - fifo.pushes)).toBeLessThan(0.1 * fifo.pushes)
    expect(risky.longestWaitMillis).toBeLessThan(1.2 * fifo.longestWaitMillis)
  })

  it("is the same again", () => {
    expect(compareOrders(sales, shortShare, 0.5, seed)).toEqual({ fifo, perSecond, neededPerSecond, risky })
  })
})
