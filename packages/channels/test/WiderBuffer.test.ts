/** How much less is shown while a queue is long, and when a window closes for a whole call. */
import { assert, describe, it } from "@effect/vitest"
import { Sku } from "@holdfast/domain/Identity"
import { demandWith } from "@holdfast/domain/OversellRisk"
import { widerShare } from "../src/ChannelLimit.ts"
import { LagBuffers } from "../src/LagBuffers.ts"
import { emptyListing, type Listing } from "../src/Listing.ts"
import { OutputWindow } from "../src/OutputWindow.ts"
import { widened, widerUnits } from "../src/WiderBuffer.ts"

const now = 1_000_000

const listing = (change: Partial<Listing> = {}): Listing => ({ ...emptyListing(Sku.make("MUG")), ...change })

/** It sold so many units just now. */
const selling = (units: number, saleable: number): Listing =>
  listing({ saleable, demand: demandWith(undefined, units, now) })

describe("the wider buffer of a channel without one", () => {
  it("keeps nothing of what does not sell, nor of what is not there", () => {
    assert.strictEqual(widerUnits(listing({ saleable: 100 }), now, 60), 0)
    assert.strictEqual(widerUnits(selling(10, 0), now, 60), 0)
  })

  it("grows with what sells and with the queue, up to a share of what is there", () => {
    const short = widerUnits(selling(60, 1_000), now, 10)
    const long = widerUnits(selling(60, 1_000), now, 60)
    assert.isAbove(short, 0)
    assert.isAbove(long, short)
    assert.isAbove(widerUnits(selling(600, 1_000), now, 60), long)
    assert.strictEqual(widerUnits(selling(600, 50), now, 600), 50 * widerShare)
    assert.strictEqual(widerUnits(selling(60, 2), now, 600), 1)
  })

  it("leaves what the channel shows as it is between the wider number and the usual one", () => {
    assert.strictEqual(widened(listing({ confirmed: 9 }), 10, 8), 9)
    assert.strictEqual(widened(listing({ confirmed: 10 }), 10, 8), 10)
    assert.strictEqual(widened(listing({ confirmed: 11 }), 10, 8), 8)
    assert.strictEqual(widened(listing({ confirmed: 7 }), 10, 8), 8)
    assert.strictEqual(widened(listing(), 10, 8), 8)
  })
})

describe("a lag buffer", () => {
  it("reckons with the queue where that is longer than what was measured, and never with less", () => {
    const buffers = new LagBuffers({ target: 0.01, cap: 1_000 }, 2_000)
    const sold = listing({ saleable: 500 })
    for (let second = 0; second < 60; second++) buffers.sold(sold, 2, now + second * 1_000)
    const at = now + 60_000
    const usual = buffers.keep(sold, at).units
    assert.isAbove(usual, 0)
    assert.strictEqual(buffers.keep(sold, at, 1).units, usual)
    assert.isAbove(buffers.keep(sold, at, 60).units, usual)
  })
})

describe("a window", () => {
  it("closes for a whole call where that is more than its batch size, and at its time all the same", () => {
    const window = new OutputWindow({ model: "nearRealtime", windowMillis: 500, batchSize: 2 }, now)
    window.fill(4)
    const add = (sku: string) => window.add(listing({ sku: Sku.make(sku) }), now)
    for (const sku of ["A", "B", "C"]) add(sku)
    assert.strictEqual(window.closesAt, now + 500)
    add("D")
    assert.isAtMost(window.closesAt, now)
    window.fill(0)
    window.close(now)
    for (const sku of ["A", "B"]) add(sku)
    assert.isAtMost(window.closesAt, now)
  })
})
